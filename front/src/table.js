// One table of all sets: sorted, searched and filtered in memory, of which only what is looked at is drawn.
import { copyButton } from "./copy.js";
import { make } from "./dom.js";
import { fileName, save } from "./download.js";
import { commandOf, panel, ucscOf } from "./panel.js";
import { termButton } from "./terms.js";
import { toTsv } from "./tsv.js";
import { CALLS, NATURES, VERDICTS, number, peaksNeeded, percent, range, shortPercent, tellsNothing } from "./words.js";

const AT_ONCE = 50; // rows that are added when the end comes into view
const ORDER = { borne_out: 0, overstated: 1, undecided: 2, not_judged: 3, contradicted: 4 };

/** A value and, softer below it, its interval. */
function ranged(value, low, high, words) {
  if (!Number.isFinite(value)) return "–";
  return Number.isFinite(low) ? [words(value), make("span", { class: "range" }, range(low, high, words))] : words(value);
}

/** What is said of redundancy; of a set that measured cells contradict nothing is found. */
function callOf(set) {
  if (!set.call) return "not asked";
  if (set.verdict === "contradicted") return "no finding";
  return CALLS[set.call] ?? set.call;
}

/** Where an interval is so wide that the slope says nothing, no number. */
function slopeOf(set) {
  return tellsNothing(set) ? "cannot tell" : ranged(set.slope, set.slope_low, set.slope_high, number);
}

const signed = (share) => percent(share, true);

/** `narrow` columns stay on a phone; the others are in the row's panel there. */
export const COLUMNS = [
  { title: "Gene", narrow: true, value: (set) => set.gene, show: (set) => make("i", {}, set.gene) },
  { title: "Cell type", narrow: true, value: (set) => set.cell_type, show: (set) => set.cell_type },
  { title: "Verdict", narrow: true, value: (set) => ORDER[set.verdict] ?? 9, show: (set) => badge(set) },
  { title: "Predicted change", narrow: true, number: true, value: (set) => set.change, show: (set) => ranged(set.change, set.change_low, set.change_high, signed) },
  { title: "Slope", number: true, value: (set) => set.slope, show: slopeOf },
  { title: "q", number: true, rising: true, value: (set) => set.q, show: (set) => number(set.q) },
  { title: "Peaks", number: true, value: (set) => set.minimal || set.peaks, show: peaksNeeded },
  { title: "In window", number: true, value: (set) => set.near_share, show: (set) => shortPercent(set.near_share) },
  { title: "Redundancy", value: callOf, show: callOf },
  { title: "Hidden share", number: true, value: (set) => set.hidden_share, show: (set) => ranged(set.hidden_share, set.hidden_low, set.hidden_high, number) },
  { title: "Partners", number: true, value: (set) => set.partners, show: (set) => number(set.partners) },
];

const FILTERS = [
  { title: "borne out", keep: (set) => set.verdict === "borne_out" },
  { title: "cis only", keep: (set) => set.domain === "cis" && set.gate === "" },
  { title: "redundant", keep: (set) => set.verdict !== "contradicted" && (set.call === "redundant" || set.call === "quorum") },
];

/** The verdict, and below it what keeps the set from being a statement about elements. */
function badge(set) {
  const verdict = make("span", { class: `verdict ${set.verdict}` }, VERDICTS[set.verdict] ?? set.verdict);
  const nature = NATURES[set.nature];
  return nature ? [verdict, make("span", { class: "range" }, nature)] : verdict;
}

const LETTERS = new Intl.Collator("en", { numeric: true });

/** The place of each set in a column's order, ties alike: texts are compared once, not at each sort. */
function ranksOf(sets, value) {
  const values = sets.map(value);
  const texts = [...new Set(values.filter((entry) => typeof entry === "string" && entry !== ""))].sort(LETTERS.compare);
  const place = new Map(texts.map((text, i) => [text, i]));
  return Float64Array.from(values, (entry) => (typeof entry === "string" ? place.get(entry) ?? NaN : entry));
}

function classOf(column) {
  return `${column.number ? "n" : ""}${column.narrow ? "" : " w"}`.trim();
}

/** The row's columns that a phone has no room for. */
function factsOf(set) {
  return COLUMNS.filter((column) => !column.narrow).map((column) => [column.title, column.show(set)]);
}

/** Ascending by rank, missing ones last in either direction; ties as they stand. */
function compare(a, b, descending) {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number.isNaN(a) - Number.isNaN(b);
  return descending ? b - a : a - b;
}

export class SetTable {
  constructor(place, data) {
    this.data = data;
    this.sort = null; // { column, descending }: nothing = as they stand
    this.words = "";
    this.filters = new Set();
    this.open = null;
    this.ranks = [];
    this.texts = data.sets.map((set) => `${set.gene} ${set.cell_type}`.toLowerCase());
    this.build(place);
    this.show();
  }

  build(place) {
    this.count = make("p", { class: "count", "aria-live": "polite" });
    this.head = make("tr");
    COLUMNS.forEach((column, i) => {
      const button = make("button", { type: "button", class: "sort", onclick: () => this.sortBy(i) }, column.title);
      this.head.append(make("th", { scope: "col", class: classOf(column) }, [button, termButton(this.data.glossary, column.title)]));
    });
    this.head.append(make("th", { scope: "col", class: "w" }, make("span", {}, "Take")));
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
    const sorter = make("select", { onchange: (event) => event.target.value !== "" && this.sortBy(Number(event.target.value)) },
      make("option", { value: "" }, "as they stand"), COLUMNS.map((column, i) => make("option", { value: i }, column.title)));
    const download = make("button", { type: "button", class: "small", onclick: () => this.download() }, "TSV of these rows");
    return make("div", { class: "controls" }, search, chips, make("label", { class: "sorter" }, "Sort by ", sorter), download);
  }

  toggle(filter, chip) {
    const on = !this.filters.delete(filter);
    if (on) this.filters.add(filter);
    chip.setAttribute("aria-pressed", String(on));
    this.show();
  }

  sortBy(column) {
    const again = this.sort?.column === column;
    this.sort = { column, descending: again ? !this.sort.descending : Boolean(COLUMNS[column].number && !COLUMNS[column].rising) };
    [...this.head.children].forEach((cell, i) => {
      if (i === column) cell.setAttribute("aria-sort", this.sort.descending ? "descending" : "ascending");
      else cell.removeAttribute("aria-sort");
    });
    this.show();
  }

  chosen() {
    const words = this.words.split(/\s+/).filter(Boolean);
    const kept = this.data.sets.filter((set) => words.every((word) => this.texts[set.index].includes(word))
      && [...this.filters].every((filter) => filter.keep(set)));
    if (this.sort === null) return kept;
    const { column, descending } = this.sort;
    const ranks = (this.ranks[column] ??= ranksOf(this.data.sets, COLUMNS[column].value));
    return kept.sort((a, b) => compare(ranks[a.index], ranks[b.index], descending));
  }

  show() {
    this.rows = this.chosen();
    this.drawn = 0;
    this.open = null;
    this.body.replaceChildren(...(this.rows.length === 0 ? [this.emptyRow()] : []));
    this.count.textContent = `${this.rows.length.toLocaleString("en-GB")} of ${this.data.sets.length.toLocaleString("en-GB")} sets`;
    this.more();
  }

  /** Why nothing is listed, and what to do. */
  emptyRow() {
    const asked = [...this.filters].map((filter) => `“${filter.title}”`).concat(this.words ? [`“${this.words}”`] : []);
    const words = `None of the ${this.data.sets.length.toLocaleString("en-GB")} sets is ${asked.join(" and ")}. Take a filter off, or search for something else.`;
    return make("tr", { class: "none" }, make("td", { colspan: COLUMNS.length + 1 }, words));
  }

  more() {
    const next = this.rows.slice(this.drawn, this.drawn + AT_ONCE);
    this.body.append(...next.map((set) => this.row(set)));
    this.drawn += next.length;
  }

  row(set) {
    const row = make("tr", { class: "set", "data-set": set.index });
    COLUMNS.forEach((column, i) => {
      const shown = column.show(set);
      const content = i === 0 ? make("button", { type: "button", class: "opener", "aria-expanded": "false" }, shown) : shown;
      row.append(make("td", { class: classOf(column) }, content));
    });
    row.append(make("td", { class: "w" }, make("div", { class: "acts" }, this.acts(row, set))));
    row.addEventListener("click", (event) => {
      if (event.target.closest(".acts")) return;
      if (!getSelection().toString() || event.target.closest("button")) this.openRow(row, set);
    });
    return row;
  }

  /** What may be taken along without opening the row: the command, and the place in a browser of genomes. */
  acts(row, set) {
    const shown = () => {
      if (this.open?.row !== row) this.openRow(row, set);
      return this.open.panel.querySelector(".command code");
    };
    const address = ucscOf(this.data, set);
    return [
      copyButton("Command", () => commandOf(this.data, set), shown),
      address ? make("a", { class: "small", href: address, rel: "noreferrer noopener", target: "_blank" }, "UCSC") : null,
    ];
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
    const holder = make("tr", { class: "panel" }, make("td", { colspan: COLUMNS.length + 1 }, panel(this.data, set, factsOf(set))));
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
      "measured", "measured_low", "measured_high", "peaks", "minimal", "near_share", "call", "hidden_share", "hidden_low", "hidden_high", "partners", "domain", "nature", "gate", "method"];
    const rows = this.rows.map((set) => columns.map((name) => set[name]));
    save(fileName("sets") + ".tsv", toTsv(columns, rows), "text/tab-separated-values");
  }
}
