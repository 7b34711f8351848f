// One table of all sets: sorted, searched and filtered in memory, of which only what is looked at is drawn.
import { make } from "./dom.js";
import { fileName, save } from "./download.js";
import { panel } from "./panel.js";
import { toTsv } from "./tsv.js";
import { CALLS, GLOSSARY, VERDICTS, interval, number, percent } from "./words.js";

const AT_ONCE = 100; // rows that are added when the end comes into view
const ORDER = { borne_out: 0, overstated: 1, undecided: 2, not_judged: 3, contradicted: 4 };

const COLUMNS = [
  { title: "Gene", value: (set) => set.gene, show: (set) => make("i", {}, set.gene) },
  { title: "Cell type", value: (set) => set.cell_type },
  { title: "Verdict", value: (set) => ORDER[set.verdict] ?? 9, show: (set) => badge(set) },
  { title: "Slope", number: true, value: (set) => set.slope, show: (set) => interval(set.slope, set.slope_low, set.slope_high, number) },
  { title: "q", number: true, value: (set) => set.q, show: (set) => number(set.q) },
  { title: "Predicted change", number: true, value: (set) => set.change, show: (set) => percent(set.change, true) },
  { title: "Minimal peaks", number: true, value: (set) => set.minimal, show: (set) => `${number(set.minimal)} of ${number(set.peaks)}` },
  { title: "In window", number: true, value: (set) => set.near_share, show: (set) => percent(set.near_share) },
  { title: "Redundancy", value: (set) => CALLS[set.call] ?? "", show: (set) => CALLS[set.call] ?? "not asked" },
  { title: "Hidden share", number: true, value: (set) => set.hidden_share, show: (set) => (Number.isFinite(set.hidden_share) ? interval(set.hidden_share, set.hidden_low, set.hidden_high, number) : "–") },
  { title: "Partners", number: true, value: (set) => set.partners, show: (set) => number(set.partners) },
];

const FILTERS = [
  { title: "borne out", keep: (set) => set.verdict === "borne_out" },
  { title: "cis only", keep: (set) => set.domain === "cis" && set.gate === "" },
  { title: "redundant", keep: (set) => set.call === "redundant" || set.call === "quorum" },
];

function badge(set) {
  return make("span", { class: `verdict ${set.verdict}` }, VERDICTS[set.verdict] ?? set.verdict);
}

/** Ascending by value, missing ones last in either direction; ties as they stand. */
function compare(a, b, descending) {
  const missing = (value) => value === "" || Number.isNaN(value);
  if (missing(a) || missing(b)) return missing(a) - missing(b);
  const order = typeof a === "string" ? a.localeCompare(b, "en", { numeric: true }) : a - b;
  return descending ? -order : order;
}

export class SetTable {
  constructor(place, data) {
    this.data = data;
    this.sort = null; // { column, descending }: nothing = as they stand
    this.words = "";
    this.filters = new Set();
    this.open = null;
    this.build(place);
    this.show();
  }

  build(place) {
    this.count = make("p", { class: "count", "aria-live": "polite" });
    this.head = make("tr");
    COLUMNS.forEach((column, i) => {
      const button = make("button", { type: "button", title: GLOSSARY[column.title], onclick: () => this.sortBy(i) }, column.title);
      this.head.append(make("th", { scope: "col", class: column.number ? "n" : "" }, button));
    });
    this.body = make("tbody");
    this.end = make("div", { class: "end" });
    place.replaceChildren(
      this.controls(),
      this.count,
      make("div", { class: "table" }, make("table", { class: "sets" }, make("thead", {}, this.head), this.body)),
      this.end,
    );
    new IntersectionObserver((seen) => seen.some((entry) => entry.isIntersecting) && this.more()).observe(this.end);
  }

  controls() {
    const search = make("input", {
      type: "search", placeholder: "Gene or cell type", "aria-label": "Search gene or cell type",
      oninput: (event) => { this.words = event.target.value.trim().toLowerCase(); this.show(); },
    });
    const chips = FILTERS.map((filter) => make("button", {
      type: "button", class: "chip", "aria-pressed": "false",
      onclick: (event) => this.toggle(filter, event.currentTarget),
    }, filter.title));
    const download = make("button", { type: "button", class: "small", onclick: () => this.download() }, "TSV of these rows");
    return make("div", { class: "controls" }, search, chips, download);
  }

  toggle(filter, chip) {
    const on = !this.filters.delete(filter);
    if (on) this.filters.add(filter);
    chip.setAttribute("aria-pressed", String(on));
    this.show();
  }

  sortBy(column) {
    const again = this.sort?.column === column;
    this.sort = { column, descending: again ? !this.sort.descending : Boolean(COLUMNS[column].number && COLUMNS[column].title !== "q") };
    [...this.head.children].forEach((cell, i) => {
      if (i === column) cell.setAttribute("aria-sort", this.sort.descending ? "descending" : "ascending");
      else cell.removeAttribute("aria-sort");
    });
    this.show();
  }

  chosen() {
    const words = this.words.split(/\s+/).filter(Boolean);
    const kept = this.data.sets.filter((set) => {
      const text = `${set.gene} ${set.cell_type}`.toLowerCase();
      return words.every((word) => text.includes(word)) && [...this.filters].every((filter) => filter.keep(set));
    });
    if (this.sort === null) return kept;
    const { value } = COLUMNS[this.sort.column];
    const keyed = kept.map((set) => [value(set), set]);
    return keyed.sort((a, b) => compare(a[0], b[0], this.sort.descending)).map(([, set]) => set);
  }

  show() {
    this.rows = this.chosen();
    this.drawn = 0;
    this.open = null;
    this.body.replaceChildren();
    this.count.textContent = `${this.rows.length} of ${this.data.sets.length} sets`;
    this.more();
  }

  more() {
    const next = this.rows.slice(this.drawn, this.drawn + AT_ONCE);
    this.body.append(...next.map((set) => this.row(set)));
    this.drawn += next.length;
  }

  row(set) {
    const row = make("tr", { class: "set", "data-set": set.index });
    COLUMNS.forEach((column, i) => {
      const shown = column.show ? column.show(set) : set.cell_type;
      const content = i === 0 ? make("button", { type: "button", class: "opener", "aria-expanded": "false" }, shown) : shown;
      row.append(make("td", { class: column.number ? "n" : "" }, content));
    });
    row.addEventListener("click", (event) => {
      if (!getSelection().toString() || event.target.closest("button")) this.openRow(row, set);
    });
    return row;
  }

  /** Opens the panel of a row; another click closes it, and one is open at a time. */
  openRow(row, set) {
    const was = this.open;
    if (was) {
      was.row.querySelector(".opener").setAttribute("aria-expanded", "false");
      was.panel.remove();
      this.open = null;
      if (was.row === row) return;
    }
    const holder = make("tr", { class: "panel" }, make("td", { colspan: COLUMNS.length }, panel(this.data, set)));
    row.after(holder);
    row.querySelector(".opener").setAttribute("aria-expanded", "true");
    this.open = { row, panel: holder };
  }

  /** Shows the row of a set and opens it. */
  find(set) {
    const at = this.rows.indexOf(set);
    if (at < 0) return;
    while (this.drawn <= at) this.more();
    const row = this.body.querySelector(`[data-set="${set.index}"]`);
    if (this.open?.row !== row) this.openRow(row, set);
    row.scrollIntoView({ block: "start" });
  }

  download() {
    const columns = ["gene", "cell_type", "verdict", "slope", "slope_low", "slope_high", "q", "change", "change_low", "change_high",
      "peaks", "minimal", "near_share", "call", "hidden_share", "hidden_low", "hidden_high", "partners", "domain", "gate", "method"];
    const rows = this.rows.map((set) => columns.map((name) => set[name]));
    save(fileName("sets") + ".tsv", toTsv(columns, rows), "text/tab-separated-values");
  }
}
