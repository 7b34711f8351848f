// What the surrogate predicts when the switched peaks are closed or open.
import { make } from "../dom.js";
import { figure, fileName } from "../download.js";
import { dots } from "../figures.js";
import { toTsv } from "../tsv.js";
import { number, percent } from "../words.js";
import { counted, folded } from "./table.js";

const WHAT = "predicted change when closed in the surrogate (training and validation cells)";

const axis = (share) => `${number(100 * share)}%`;

/** "closing 2 peaks and opening 1 peak" */
function done(closed, open) {
  const words = [];
  if (closed > 0) words.push(`closing ${counted(closed, "peak")}`);
  if (open > 0) words.push(`opening ${counted(open, "peak")}`);
  return words.join(" and ");
}

function typesFigure(types, { gene, cell_type: type }) {
  const rows = types.map((row) => ({ name: row.cell_type, value: row.rate_change, strong: row.cell_type === type }));
  const drawing = dots(rows, `Predicted change of ${gene} by cell type`, axis);
  const table = () => toTsv(["cell_type", "cells", "before", "after", "rate_change"],
    types.map((row) => [row.cell_type, row.cells, row.before, row.after, row.rate_change]));
  return make("div", {}, figure(drawing, `${gene} in each cell type: ${WHAT}.`, fileName("what_if", gene, "types"), table),
    folded([{ title: "Cell type" }, { title: "Cells", number: true }, { title: "Before", number: true }, { title: "After", number: true }, { title: "Change", number: true }],
      types.map((row) => [row.cell_type, number(row.cells), number(row.before), number(row.after), percent(row.rate_change, true)])));
}

function othersFigure(others, { gene, cell_type: type }) {
  const rows = others.map((row) => ({ name: row.gene, value: row.rate_change }));
  const where = type === "all" ? "over cells of all types" : `in ${type}`;
  const table = () => toTsv(["gene", "rate_change"], others.map((row) => [row.gene, row.rate_change]));
  if (rows.length === 0) return "";
  return make("div", {}, figure(dots(rows, "Other genes that change most", axis), `The other genes that change most ${where}: ${WHAT}.`, fileName("what_if", gene, "genes"), table),
    folded([{ title: "Gene" }, { title: "Change", number: true }], others.map((row) => [row.gene, percent(row.rate_change, true)])));
}

function baselineFigure(baseline, { gene, cell_type: type }) {
  const rows = baseline.map((row) => ({ name: row.cell_type, value: row.rate, strong: row.cell_type === type }));
  const table = () => toTsv(["cell_type", "cells", "rate"], baseline.map((row) => [row.cell_type, row.cells, row.rate]));
  return make("div", {}, figure(dots(rows, `Prediction of ${gene} by cell type`), `${gene} as predicted with every peak as observed, in counts per 100,000 (training and validation cells).`,
    fileName("what_if", gene, "baseline"), table),
  folded([{ title: "Cell type" }, { title: "Cells", number: true }, { title: "Rate", number: true }], baseline.map((row) => [row.cell_type, number(row.cells), number(row.rate)])));
}

export class Answer {
  constructor() {
    this.sentence = make("p", { class: "sentence", role: "status", "aria-live": "polite" });
    this.types = make("div");
    this.others = make("div");
  }

  /** Nothing is switched: the prediction as it is. */
  showBaseline(baseline, target) {
    const row = baseline.find((each) => each.cell_type === target.cell_type);
    const rate = row ? [`In ${row.cell_type} ${target.gene} is predicted at `, make("b", {}, number(row.rate)), " counts per 100,000"] : [`${target.gene} stands here as predicted`];
    this.#show([...rate, " with every peak as observed. Switch a peak to see what changes."],
      baselineFigure(baseline, target));
  }

  /** `change`: of /api/change; `switches` as they were when it was asked for. */
  show(change, target, closed, open) {
    const row = change.types.find((each) => each.cell_type === target.cell_type);
    const where = target.cell_type === "all" ? "over cells of all types" : `in ${target.cell_type}`;
    const words = done(closed.length, open.length);
    const sentence = [`${words[0].toUpperCase()}${words.slice(1)} changes the prediction of ${target.gene} ${where} by `, make("b", {}, percent(row?.rate_change, true)),
      `: ${number(row?.after)} instead of ${number(row?.before)} counts per 100,000.`];
    this.#show(sentence, typesFigure(change.types, target), othersFigure(change.others, target));
  }

  /** The figures are of before the last switch until the answer comes. */
  wait() {
    for (const place of [this.sentence, this.types, this.others]) place.setAttribute("aria-busy", "true");
  }

  clear() {
    this.#show([]);
  }

  #show(sentence, types = "", others = "") {
    for (const place of [this.sentence, this.types, this.others]) place.removeAttribute("aria-busy");
    this.sentence.replaceChildren(...sentence);
    this.types.replaceChildren(types);
    this.others.replaceChildren(others);
  }
}
