// The candidate peaks as a list of switches: what the track shows, for keyboards and readers.
import { make } from "../dom.js";
import { distance, percent, place } from "../words.js";

const STATES = { observed: "as observed", closed: "✕ closed", open: "▲ open" };

/** A number's order, missing ones last. */
function byValue(of) {
  return (a, b) => {
    const [x, y] = [of(a), of(b)].map((value) => (Number.isFinite(value) ? value : Infinity));
    return x === y ? 0 : x - y;
  };
}

const ORDERS = [
  { title: "by place", compare: byValue((peak) => peak.start) },
  { title: "by change when closed alone, largest fall first", compare: byValue((peak) => peak.change_alone) },
  { title: "by distance from the start of transcription", compare: byValue((peak) => Math.abs(peak.distance)) },
  { title: "switched first", compare: null },
];

export class PeakList {
  constructor(switches, turn) {
    this.switches = switches;
    this.turn = turn;
    this.peaks = [];
    this.order = ORDERS[0];
    this.body = make("tbody");
    this.count = make("p", { class: "count" });
    this.openHead = make("th", { scope: "col", class: "n" });
    const select = make("select", { "aria-label": "Order of the peaks", onchange: () => { this.order = ORDERS[select.selectedIndex]; this.fill(); } },
      ORDERS.map((order) => make("option", {}, order.title)));
    const heads = [make("th", { scope: "col" }, "Switch"), make("th", { scope: "col" }, "Peak"), make("th", { scope: "col", class: "n" }, "Closed alone"),
      this.openHead, make("th", { scope: "col", class: "n" }, "From TSS")];
    this.place = make("div", { class: "peaks" }, make("p", { class: "controls" }, select), this.count,
      make("div", { class: "table tall" }, make("table", {}, make("thead", {}, make("tr", {}, heads)), this.body)));
  }

  /** `answer`: of /api/gene; `type`: whose openness is shown. */
  show(answer, type) {
    this.peaks = answer.peaks;
    this.at = answer.types.indexOf(type);
    this.openHead.textContent = this.at < 0 ? "Open" : `Open in ${type}`;
    this.fill();
  }

  fill() {
    const near = new Set(this.peaks.map((peak) => peak.peak));
    const far = this.switches.switched.filter((peak) => !near.has(peak)).map((peak) => ({ peak }));
    const order = this.order.compare ?? ((a, b) => (this.switches.of(a.peak) === "observed") - (this.switches.of(b.peak) === "observed"));
    this.rows = new Map();
    this.body.replaceChildren(...[...far, ...[...this.peaks].sort(order)].map((peak) => this.row(peak)));
    this.again();
  }

  row(peak) {
    const button = make("button", { type: "button", class: "switch", onclick: () => this.turn(peak.peak) });
    const known = peak.chrom !== undefined;
    const spot = known ? place(peak.chrom, peak.start, peak.end) : "elsewhere";
    const away = known ? distance(peak.distance) : "elsewhere";
    const cells = [button, make("span", { title: spot }, peak.peak), percent(peak.change_alone, true), known && this.at >= 0 ? percent(peak.openness[this.at]) : "–",
      known && !peak.in_cis ? [away, make("span", { class: "outside" }, "outside window")] : away];
    const row = make("tr", {}, cells.map((cell, i) => make("td", { class: i > 1 ? "n" : "" }, cell)));
    this.rows.set(peak.peak, { row, button });
    return row;
  }

  /** After a switch. A peak of elsewhere that is taken appears with its row. */
  again() {
    if (this.switches.switched.some((peak) => !this.rows.has(peak))) return this.fill();
    for (const [peak, { row, button }] of this.rows) {
      const state = this.switches.of(peak);
      row.dataset.state = state;
      button.textContent = STATES[state];
      button.setAttribute("aria-label", `${peak}: ${state === "observed" ? "as observed" : state}`);
    }
    const { closed, open } = this.switches;
    const far = this.rows.size - this.peaks.length;
    this.count.textContent = `${this.peaks.length} candidate peaks near the gene${far > 0 ? `, ${far} elsewhere` : ""}; ${closed.length} closed, ${open.length} open`;
    return undefined;
  }
}
