import { make } from "../dom.js";

/** A small table: columns are { title, number }, rows are lists of texts or elements. */
export function grid(columns, rows) {
  const head = columns.map(({ title, number }) => make("th", { scope: "col", class: number ? "n" : "" }, title));
  const body = rows.map((row) => make("tr", {}, row.map((cell, i) => make("td", { class: columns[i].number ? "n" : "" }, cell))));
  return make("div", { class: "table" }, make("table", {}, make("thead", {}, make("tr", {}, head)), make("tbody", {}, body)));
}

/** The same, folded, under a figure: what it shows for those who do not see it. */
export function folded(columns, rows) {
  return make("details", {}, make("summary", {}, "The same as a table"), grid(columns, rows));
}

/** "1 peak", "2 peaks". */
export function counted(count, word) {
  return `${count} ${word}${count === 1 ? "" : "s"}`;
}

/** "1st", "2nd", "11th". */
export function ordinal(count) {
  const teen = count % 100 > 10 && count % 100 < 14;
  return `${count}${teen ? "th" : (["th", "st", "nd", "rd"][count % 10] ?? "th")}`;
}
