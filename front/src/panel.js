// What is known of one set, as wide as the page: the sentence first.
import { make } from "./dom.js";
import { figure, fileName } from "./download.js";
import * as figures from "./figures.js";
import { linksOf, locus } from "./locus.js";
import { number, toTsv } from "./tsv.js";
import { CALLS, VERDICTS, distance, interval, number as spelt, percent, place } from "./words.js";

const UCSC = "https://genome.ucsc.edu/cgi-bin/hgTracks";

function sentence(data, set) {
  const words = [
    `Masking ${spelt(set.peaks)} peak${set.peaks === 1 ? "" : "s"} in the surrogate changes the prediction of ${set.gene} by `,
    make("b", {}, percent(set.change, true)),
    Number.isFinite(set.change_low) ? ` (90 % over refits: ${percent(set.change_low, true)} to ${percent(set.change_high, true)})` : "",
    set.cell_type === "all" ? " over cells of all types" : ` in ${set.cell_type}`,
    `; measured expression of test cells: `,
    make("b", {}, VERDICTS[set.verdict] ?? "not judged"),
    Number.isFinite(set.slope) ? `, ${interval(set.slope, set.slope_low, set.slope_high)} of the predicted change.` : ".",
  ];
  if (set.verdict === "contradicted") words.push(" This is no finding.");
  if (set.gate === "B") words.push(" Unconfirmed: the gene fails gate B of the cis path.");
  if (set.domain === "all") words.push(" These peaks mark the state of the cell as much as elements of the gene.");
  return make("p", { class: "sentence" }, words);
}

function redundancySentence(set) {
  if (!set.call) return null;
  const reason = set.call_reason ? `: ${set.call_reason}` : "";
  const hidden = Number.isFinite(set.hidden_share)
    ? `; measured hidden share ${interval(set.hidden_share, set.hidden_low, set.hidden_high, spelt)}`
    : "";
  return make("p", {}, "Do its elements stand in for one another? ", make("b", {}, (CALLS[set.call] ?? set.call) + reason), hidden + ".");
}

/** Part of a panel, made when there is something in it. */
function part(title, ...content) {
  const kept = content.flat().filter(Boolean);
  return kept.length === 0 ? null : make("section", { class: "part" }, make("h4", {}, title), kept);
}

function grid(columns, rows) {
  return make("div", { class: "table" }, make("table", {},
    make("thead", {}, make("tr", {}, columns.map(({ title, number: right }) => make("th", { scope: "col", class: right ? "n" : "" }, title)))),
    make("tbody", {}, rows.map((row) => make("tr", {}, row.map((cell, i) => make("td", { class: columns[i].number ? "n" : "" }, cell)))))));
}

function placeLink(data, link) {
  const words = place(link.chrom, link.start, link.end);
  if (!data.genome) return words;
  const query = new URLSearchParams({ db: data.genome, position: `${link.chrom}:${link.start + 1}-${link.end}` });
  return make("a", { href: `${UCSC}?${query}`, rel: "noreferrer noopener", target: "_blank" }, words);
}

function membersPart(data, links) {
  const rows = links.map((link) => [
    link.partner ? "partner" : spelt(link.rank), link.peak, placeLink(data, link), Number.isFinite(link.tss) ? distance(link.distance) : "–", link.kind,
    link.minimal ? "●" : "", percent(link.weight, true),
  ]);
  const columns = [{ title: "Rank" }, { title: "Peak" }, { title: "Place" }, { title: "From TSS", number: true }, { title: "Class" },
    { title: "Minimal" }, { title: "Alone", number: true }];
  return part("Members", grid(columns, rows),
    make("p", { class: "note" }, "Alone: predicted change when its element alone is masked in the surrogate, in cells as they are."));
}

function redundancyParts(data, set, name) {
  const members = data.of("members", set).filter((row) => row.judged === "yes")
    .map((row) => ({ name: row.element, loss: number(row.loss_from_whole), gain: number(row.gain_on_nothing) }));
  const settings = data.of("settings", set).map((row) => ({
    name: row.open === "none" ? "none open" : row.open.replaceAll(",", " + "), value: number(row.rate), low: number(row.rate_low),
    high: number(row.rate_high), beside: number(row.rate_fit), cells: number(row.cells),
  }));
  const drawn = [];
  if (members.some((member) => Number.isFinite(member.loss))) {
    drawn.push(figure(figures.memberBars(members), "Measured share of the joint change that is lost when an element alone is closed, and that it gives alone.",
      fileName(name, "elements"), () => toTsv(["element", "loss_from_whole", "gain_on_nothing"], members.map((row) => [row.name, row.loss, row.gain]))));
  }
  if (settings.length > 0) {
    drawn.push(figure(figures.dots(settings, "Expression by which elements are open"),
      "Counts per 100,000 by which elements are open: measured (dots, 95 % interval) and in the fit (diamonds).", fileName(name, "settings"),
      () => toTsv(["open", "rate", "rate_low", "rate_high", "rate_fit", "cells"], settings.map((row) => [row.name, row.value, row.low, row.high, row.beside, row.cells]))));
  }
  return part("Do they stand in for one another?", redundancySentence(set), drawn.length > 0 ? make("div", { class: "pair" }, drawn) : null);
}

function evidencePart(data, set, name) {
  const rows = data.of("evidence", set).map((row) => ({
    open: row.open, cells: number(row.cells), measured: number(row.measured), low: number(row.measured_low), high: number(row.measured_high), predicted: number(row.predicted),
  }));
  if (rows.length === 0) return null;
  return part("Evidence", figure(figures.evidence(rows), "Test cells by how many of the set's elements are open: mean measured expression (counts per 100,000) beside the mean prediction. Not held constant: type and depth; the verdict holds them.",
    fileName(name, "evidence"), () => toTsv(["open", "cells", "measured", "measured_low", "measured_high", "predicted"], rows.map((row) => Object.values(row)))));
}

function typesPart(data, set, name) {
  const rows = data.of("types", set).map((row) => ({ name: row.tested_in, value: number(row.relative_change), strong: row.tested_in === set.cell_type }));
  if (rows.length < 2) return null;
  return part("In other cell types", figure(figures.dots(rows, "Predicted change by cell type", (share) => percent(share).replace(".0", "")),
    "Predicted change when the set is masked in the surrogate, in test cells of each type.", fileName(name, "types"),
    () => toTsv(["tested_in", "relative_change"], rows.map((row) => [row.name, row.value]))));
}

function trustPart(data, set) {
  const rows = data.trust().get(set.gene) ?? [];
  if (rows.length === 0) return null;
  return part("Can the model be trusted for this gene?", grid([{ title: "On held-out cells" }, { title: "Value", number: true }],
    rows.map((row) => [row.what, spelt(number(row.value))])));
}

function designPart(data, set) {
  const rows = data.of("design", set);
  if (rows.length === 0) return null;
  const columns = ["arm", "knocked_down", "fold_redundant", "fold_additive", "fold_multiplicative", "cells_redundant", "cells_additive", "cells_multiplicative"];
  const shown = (name, value) => (Number.isFinite(number(value)) ? spelt(number(value)) : value === "NA" ? "–" : value);
  return part("The experiment that would tell", grid(columns.map((name, i) => ({ title: name.replaceAll("_", " "), number: i > 1 })),
    rows.map((row) => columns.map((name) => shown(name, row[name])))));
}

function command(data, set) {
  const words = `grids explain ${data.inputs.map(quoted).join(" ")} --cell-type ${quoted(set.cell_type)} --gene ${quoted(set.gene)} -o ${quoted(fileName(set.cell_type, set.gene))}/`;
  const button = make("button", { type: "button", class: "small", onclick: async () => {
    await navigator.clipboard.writeText(words);
    button.textContent = "copied";
  } }, "copy");
  return part("Again on the command line", make("p", {}, make("code", {}, words), " ", button));
}

/** A word for a shell. */
function quoted(word) {
  return /^[A-Za-z0-9._/+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

function locusPart(data, set, links) {
  const gene = geneOf(data, set, links);
  if (!gene || links.every((link) => link.chrom !== gene.chrom)) return null;
  const place_ = make("div", { class: "locus" });
  // igv.js measures its parent, which must be on the page first.
  requestAnimationFrame(() => locus(place_, data, set, links, gene).catch((error) => {
    place_.textContent = `The genome could not be drawn: ${error.message}`;
  }));
  return part("On the genome", place_, make("p", { class: "note" },
    "Arcs lead from members to the start of transcription, thicker where more is predicted to change; peaks by rank (blue: minimal sub-set; orange: partners; grey: not in the set); below, the share of training cells in which each is open."));
}

function geneOf(data, set, links) {
  const known = links.find((link) => Number.isFinite(link.tss));
  const row = data.genes().get(set.gene);
  if (!known || !row) return null;
  return { chrom: row.chrom, start: number(row.start), end: number(row.end), tss: known.tss };
}

/** All of a set's panel; of a set without details the sentence and where these are. */
export function panel(data, set) {
  const name = fileName(set.cell_type, set.gene);
  const links = linksOf(data.of("links", set));
  const parts = set.detailed
    ? [locusPart(data, set, links), redundancyParts(data, set, name),
      make("div", { class: "pair" }, [evidencePart(data, set, name), typesPart(data, set, name)].filter(Boolean)),
      trustPart(data, set), links.length > 0 ? membersPart(data, links) : null, designPart(data, set), command(data, set)]
    : [make("p", { class: "note" }, "The page holds details of the best sets only (--report-sets); those of this one are in links.tsv, members.tsv and settings.tsv beside it."), command(data, set)];
  return make("div", { class: "panel-body" }, sentence(data, set), data.whatIf?.(set, links), parts.filter(Boolean));
}
