// Measured rates by which of the switched peaks are open.
import { make } from "../dom.js";
import { figure, fileName } from "../download.js";
import { dots } from "../figures.js";
import { toTsv } from "../tsv.js";
import { interval, number } from "../words.js";
import { Newest } from "./api.js";
import { counted, grid } from "./table.js";
import { Told } from "./told.js";

const NOTE = "Rates of training and validation cells by which of the switched peaks are open. The surrogate has seen these cells: they show what it was fitted to, and prove nothing.";

const COLUMNS = [{ title: "Open" }, { title: "Cells", number: true }, { title: "Counts", number: true }, { title: "Measured, 95 % interval", number: true }, { title: "In the fit", number: true }];

/** Which elements are open, by letters: their names are long. */
function letters(elements) {
  const of = new Map(elements.map((element, i) => [element.name, String.fromCharCode(65 + i)]));
  return (row) => (row.open.length === 0 ? "none open" : row.open.map((name) => of.get(name) ?? name).join(" + "));
}

function drawn({ rows, elements, cells, note }, gene) {
  const nameOf = letters(elements);
  const points = rows.map((row) => ({ name: nameOf(row), value: row.rate, low: row.rate_low, high: row.rate_high, beside: row.rate_fit }));
  const columns = ["open", "rate", "rate_low", "rate_high", "rate_fit", "cells", "counts"];
  const table = () => toTsv(columns, rows.map((row) => [row.open.length === 0 ? "none" : row.open.join(","), row.rate, row.rate_low, row.rate_high, row.rate_fit, row.cells, row.counts]));
  const key = elements.map((element) => make("li", {}, make("b", {}, nameOf({ open: [element.name] })), ` ${element.name}: ${counted(element.peaks.length, "peak")}`,
    element.peaks.length > 1 || element.peaks[0] !== element.name ? ` (${element.peaks.join(", ")})` : ""));
  const drawing = figure(dots(points, `Expression of ${gene} by which elements are open`),
    `${gene} in counts per 100,000 by which elements are open: measured (dots, 95 % interval) and in the fit (diamonds), in ${cells} cells.`, fileName("what_if", gene, "settings"), table);
  const list = grid(COLUMNS, rows.map((row) => [nameOf(row), number(row.cells), number(row.counts), interval(row.rate, row.rate_low, row.rate_high, number), number(row.rate_fit)]));
  return [note ? make("p", { class: "note" }, `No measured rates: ${note}.`) : "", make("div", { class: "pair" }, drawing, make("div", {}, list, make("ul", { class: "key-of-elements" }, key)))];
}

export class Settings {
  constructor() {
    this.newest = new Newest("api/settings", 300);
    this.told = new Told();
    this.shown = make("div");
    this.place = make("section", { class: "part" }, make("h4", {}, "What cells that hold each setting express"), make("p", { class: "note" }, NOTE), this.shown, this.told.place);
  }

  /** `peaks`: those that are switched. */
  async show(target, peaks) {
    this.newest.giveUp();
    this.told.clear();
    if (peaks.length === 0) return this.clear();
    this.shown.setAttribute("aria-busy", "true");
    try {
      const answer = await this.newest.ask({ ...target, peaks });
      if (answer === undefined) return undefined;
      this.#put(drawn(answer, target.gene));
    } catch (error) {
      const refused = error.status === 400; // these peaks, with the reason
      this.#put(refused ? [make("p", { class: "note" }, error.message)] : []);
      if (!refused) this.told.say(error, () => this.show(target, peaks));
    }
    return undefined;
  }

  clear() {
    this.#put([make("p", { class: "note" }, "Switch one or more peaks.")]);
  }

  #put(content) {
    this.shown.removeAttribute("aria-busy");
    this.shown.replaceChildren(...content);
  }
}
