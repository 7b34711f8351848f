// Drawings of one set, in the colours that most colour-blind readers tell apart (Okabe and Ito 2008).
import { draw } from "./dom.js";
import { counted, interval, number as spelt, percent, shortPercent } from "./words.js";

const FIRST = "#0072b2";
const SECOND = "#e69f00";

const WIDTH = 460;

function scale(low, high, from, to) {
  const span = high > low ? high - low : 1;
  return (value) => from + ((value - low) / span) * (to - from);
}

/** Round values that cover low to high. */
export function ticks(low, high, count = 5) {
  const span = high - low || Math.abs(high) || 1;
  const raw = span / count;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= raw);
  const marks = [];
  for (let i = Math.floor(low / step + 1e-9); i <= Math.ceil(high / step - 1e-9); i += 1) marks.push(i * step);
  return marks;
}

function text(x, y, words, anchor = "start", kind = "") {
  return draw("text", { x, y, "text-anchor": anchor, class: kind }, words);
}

function titled(element, words) {
  element.append(draw("title", {}, words));
  return element;
}

function frame(height, label) {
  return draw("svg", { viewBox: `0 0 ${WIDTH} ${height}`, role: "img", "aria-label": label });
}

function shortened(words, length) {
  return words.length <= length ? words : `${words.slice(0, length - 1)}…`;
}

function axis(svg, x, marks, top, bottom, words) {
  for (const mark of marks) {
    svg.append(
      draw("line", { x1: x(mark), x2: x(mark), y1: top, y2: bottom, class: Math.abs(mark) < 1e-12 ? "zero" : "grid" }),
      text(x(mark), bottom + 15, words(mark), "middle"),
    );
  }
}

/** Bars of what each element loses from the whole and gives on nothing. */
export function memberBars(members) {
  const left = 200, top = 24, row = 38;
  const bottom = top + row * members.length;
  const values = members.flatMap((member) => [member.loss, member.gain]).filter(Number.isFinite);
  const marks = ticks(Math.min(0, ...values), Math.max(1, ...values));
  const x = scale(marks[0], marks.at(-1), left, WIDTH - 16);
  const svg = frame(bottom + 24, "Shares of the joint change that each element loses and gives");
  axis(svg, x, marks, top, bottom, shortPercent);
  svg.append(
    draw("rect", { x: 8, y: 4, width: 10, height: 10, fill: FIRST }),
    text(23, 13, "lost when it alone is closed"),
    draw("rect", { x: left + 60, y: 4, width: 10, height: 10, fill: SECOND }),
    text(left + 75, 13, "given alone"),
  );
  members.forEach((member, i) => {
    const y = top + row * i + 6;
    svg.append(titled(text(left - 8, y + 17, shortened(member.name, 25), "end"), member.name));
    [[member.loss, FIRST, 0], [member.gain, SECOND, 14]].forEach(([value, fill, below]) => {
      if (!Number.isFinite(value)) return;
      const [from, to] = [x(0), x(value)].sort((a, b) => a - b);
      svg.append(titled(draw("rect", { x: from, y: y + below, width: Math.max(1.5, to - from), height: 12, fill }),
        `${member.name}: ${percent(value)}`));
    });
  });
  return svg;
}

/** A line of what the signs of a drawing mean: a dot, a diamond; null for a sign that does not occur. */
function signs(svg, left, [dot, diamond]) {
  let at = left;
  if (dot) {
    svg.append(draw("circle", { cx: at + 5, cy: 10, r: 4.2, class: "first" }), text(at + 15, 14, dot));
    at += 170;
  }
  if (diamond) svg.append(draw("path", { d: `M${at + 5} 4l5 6l-5 6l-5 -6z`, fill: SECOND }), text(at + 15, 14, diamond));
}

/** Dots with intervals, one a row: settings of the elements, or other cell types. `key`: what dot and diamond mean. */
export function dots(rows, label, words = spelt, key = null) {
  const left = 200, top = key ? 28 : 8, row = 22;
  const bottom = top + row * rows.length;
  const values = rows.flatMap(({ value, low, high, beside }) => [value, low, high, beside]).filter(Number.isFinite);
  const marks = ticks(Math.min(0, ...values), Math.max(0, ...values));
  const x = scale(marks[0], marks.at(-1), left, WIDTH - 16);
  const svg = frame(bottom + 24, label);
  axis(svg, x, marks, top, bottom, words);
  if (key) signs(svg, left, key);
  rows.forEach(({ name, value, low, high, beside, strong }, i) => {
    const y = top + row * i + 11;
    svg.append(titled(text(left - 8, y + 4, shortened(name, 25), "end", strong ? "st" : ""), name));
    if (Number.isFinite(low)) svg.append(draw("line", { x1: x(low), x2: x(high), y1: y, y2: y, class: "interval" }));
    if (Number.isFinite(beside)) {
      svg.append(titled(draw("path", { d: `M${x(beside)} ${y - 6}l5 6l-5 6l-5 -6z`, fill: SECOND }), `in the fit ${words(beside)}`));
    }
    if (Number.isFinite(value)) svg.append(titled(draw("circle", { cx: x(value), cy: y, r: 4.2, class: "first" }), `${name}: ${words(value)}`));
  });
  return svg;
}

/** Measured and predicted expression by how many elements are open. */
export function evidence(rows) {
  const left = 64, top = 22, bottom = 190;
  const drawn = (value) => Math.max(0, value); // no count lies below 0, whatever a normal interval says
  const values = rows.flatMap((row) => [row.measured, row.low, row.high, row.predicted]).filter(Number.isFinite);
  const marks = ticks(0, Math.max(0, ...values));
  const y = scale(marks[0], marks.at(-1), bottom, top);
  const x = scale(-0.5, rows.length - 0.5, left, WIDTH - 16);
  const svg = frame(bottom + 54, "Expression of test cells by how many elements are open");
  for (const mark of marks) {
    svg.append(draw("line", { x1: left, x2: WIDTH - 16, y1: y(mark), y2: y(mark), class: "grid" }),
      text(left - 8, y(mark) + 4, spelt(mark), "end"));
  }
  svg.append(
    draw("circle", { cx: left + 8, cy: 8, r: 4.2, class: "first" }), text(left + 18, 12, "measured, 95 % interval"),
    draw("path", { d: `M${left + 190} 2l5 6l-5 6l-5 -6z`, fill: SECOND }), text(left + 202, 12, "predicted"),
    draw("polyline", { fill: "none", stroke: SECOND, "stroke-width": 1.5,
      points: rows.map((row, i) => `${x(i)},${y(drawn(row.predicted))}`).join(" ") }),
    text((left + WIDTH - 16) / 2, bottom + 50, "elements open, whichever", "middle"),
  );
  rows.forEach((row, i) => {
    svg.append(
      Number.isFinite(row.low) ? draw("line", { x1: x(i), x2: x(i), y1: y(drawn(row.low)), y2: y(drawn(row.high)), class: "interval" }) : "",
      draw("path", { d: `M${x(i)} ${y(drawn(row.predicted)) - 6}l5 6l-5 6l-5 -6z`, fill: SECOND }),
      titled(draw("circle", { cx: x(i), cy: y(drawn(row.measured)), r: 4.2, class: "first" }), `${row.open} open: ${interval(row.measured, row.low, row.high, spelt)} in ${row.cells} cells`),
      text(x(i), bottom + 16, row.open, "middle"),
      text(x(i), bottom + 31, counted(row.cells, "cell"), "middle", "soft"),
    );
  });
  return svg;
}
