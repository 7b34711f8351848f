// What is known of one set, as wide as the page: the sentence first.
import { copyButton, quoted } from "./copy.js";
import { make } from "./dom.js";
import { figure, fileName } from "./download.js";
import * as figures from "./figures.js";
import { linksOf, locus } from "./locus.js";
import { termed } from "./terms.js";
import { trustOf } from "./trust.js";
import { number, toTsv } from "./tsv.js";
import {
  CALLS, VERDICTS, cannotTell, cellsOfArm, counted, distance, interval, number as spelt, percent, place, placesIn, range, shortPercent, tellsNothing,
} from "./words.js";

const UCSC = "https://genome.ucsc.edu/cgi-bin/hgTracks";

function ucsc(genome, chromosome, start, end) {
  return `${UCSC}?${new URLSearchParams({ db: genome, position: `${chromosome}:${start + 1}-${end}` })}`;
}

const NEAR = 1000000; // base pairs from the gene to what is shown with it
const BESIDE = 50000; // base pairs beside what is shown

/** The place of a set's gene, with its members nearby, in a browser of genomes; null where the build or the gene's place is not known. */
export function ucscOf(data, set) {
  const gene = data.ofGene("genes", set)[0];
  if (!data.genome || !gene) return null;
  const start = number(gene.start), end = number(gene.end);
  const members = linksOf(data.of("links", set)).filter((link) =>
    Number.isFinite(link.rank) && link.chrom === gene.chrom && link.end > start - NEAR && link.start < end + NEAR);
  const from = Math.min(start, ...members.map((link) => link.start)), to = Math.max(end, ...members.map((link) => link.end));
  return ucsc(data.genome, gene.chrom, Math.max(0, from - BESIDE), to + BESIDE);
}

const signed = (share) => percent(share, true);

/** What was measured, per cent and slope, each with what it is measured on. */
function measuredWords(set) {
  if (!Number.isFinite(set.slope)) return ".";
  if (tellsNothing(set)) return `: ${cannotTell(set)}.`;
  const slope = `slope ${interval(set.slope, set.slope_low, set.slope_high, spelt)} of measured on predicted log change, 1 = as predicted`;
  if (!Number.isFinite(set.measured)) return `: ${slope}.`;
  return `: in the average test cell ${percent(set.average, true)} is predicted and ${percent(set.measured, true)}` +
    ` (95\u00a0%: ${range(set.measured_low, set.measured_high, signed)}) measured between cells that have these peaks open and closed; ${slope}.`;
}

function sentence(data, set) {
  const needed = set.minimal > 0 && set.minimal < set.peaks ? ` (${spelt(set.minimal)} of them needed)` : "";
  const words = [
    `Masking ${counted(set.peaks, "peak")}${needed} in the surrogate changes the prediction of `, make("i", {}, set.gene), " by ",
    make("b", {}, percent(set.change, true)),
    Number.isFinite(set.change_low) ? ` (90\u00a0% over refits: ${range(set.change_low, set.change_high)})` : "",
    set.cell_type === "all" ? " over cells of all types" : ` in ${set.cell_type}`,
    ". By measured expression of test cells this is ",
    make("b", {}, VERDICTS[set.verdict] ?? "not judged"),
    measuredWords(set),
  ];
  return make("p", { class: "sentence" }, words);
}

/** What keeps the set from being a finding, each in a line. */
function reservations(set) {
  const lines = [];
  if (set.verdict === "contradicted") lines.push(["This is no finding: ", "these cells would have shown half of the change, and do not."]);
  if (set.remark && !tellsNothing(set)) lines.push([`${VERDICTS[set.verdict]}: `, `${set.remark}.`]);
  if (set.gate === "A") lines.push(["Gate failed: ", "the surrogate predicts this gene no better than depth, type, donor and batch do."]);
  if (set.gate === "B") lines.push(["Unconfirmed: ", "the gene fails gate B of the cis path."]);
  if (set.caution) lines.push(["Forced: ", `${set.caution}.`]);
  if (set.nature === "state") lines.push(["No statement about elements: ", "these peaks, searched wherever they lie, mark the state of the cell."]);
  return lines.map(([first, rest]) => make("p", { class: set.verdict === "contradicted" ? "note stop" : "note" }, make("b", {}, first), rest));
}

function redundancySentence(set) {
  const question = "Do its elements stand in for one another? ";
  if (!set.call) return make("p", {}, question, make("b", {}, "Not asked."));
  if (set.verdict === "contradicted") {
    return make("p", {}, question, make("b", {}, "No finding"), ": measured expression contradicts the set as a whole, whatever its elements do.");
  }
  const reason = set.call_reason ? `: ${placesIn(set.call_reason)}` : "";
  const hidden = Number.isFinite(set.hidden_share)
    ? `; measured hidden share ${interval(set.hidden_share, set.hidden_low, set.hidden_high, spelt)}`
    : "";
  return make("p", {}, question, make("b", {}, CALLS[set.call] ?? set.call), `${reason}${hidden}.`);
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
  return make("a", { href: ucsc(data.genome, link.chrom, link.start, link.end), rel: "noreferrer noopener", target: "_blank" }, words);
}

const HITS = { loops: "loop", eqtl: "variant", bed: "place" };

/** "loop, 2 variants": what the peak overlaps of what sets were validated with. */
function overlapWords(hits, link) {
  const counts = new Map();
  for (const hit of hits) {
    if (hit.peak === link.peak) counts.set(hit.what, (counts.get(hit.what) ?? 0) + 1);
  }
  return [...counts].map(([what, count]) => (count === 1 ? HITS[what] ?? what : counted(count, HITS[what] ?? what))).join(", ") || "none";
}

function membersPart(data, set, links) {
  const hits = data.of("hits", set);
  const validated = data.tables.hits.rows.length > 0;
  const rows = links.map((link) => [
    link.partner ? "partner" : spelt(link.rank), placeLink(data, link), Number.isFinite(link.tss) ? distance(link.distance) : "–",
    Number.isFinite(link.tss) ? link.kind : "unknown", link.partner ? "" : link.minimal ? "●" : "", percent(link.weight, true), ...(validated ? [overlapWords(hits, link)] : []),
  ]);
  const term = (name) => termed(data.glossary, name);
  const columns = [{ title: "Rank" }, { title: data.genome ? `Place (${data.genome})` : "Place" }, { title: term("From TSS"), number: true }, { title: term("Class") },
    { title: term("Needed") }, { title: term("Alone"), number: true }, ...(validated ? [{ title: term("Overlaps") }] : [])];
  const table = grid(columns, rows);
  table.querySelectorAll("tbody tr").forEach((row, i) => row.classList.toggle("spare", !links[i].partner && !links[i].minimal && set.minimal > 0));
  return part("Members and partners", make("div", { class: "beside" }, [table, opennessOf(data, set, links)].filter(Boolean)),
    validated ? null : make("p", { class: "note" }, "Not held beside loops or variants in this folder: ", make("code", {}, "grids validate"), " does that."));
}

/** The share of training cells of each type in which each member is open. */
function opennessOf(data, set, links) {
  if (data.types.length === 0) return null;
  const types = [...data.types].sort((a, b) => (b === set.cell_type) - (a === set.cell_type));
  const known = links.filter((link) => data.peak(link.peak));
  if (known.length === 0) return null;
  const cells = links.map((link) => [
    link.partner ? "partner" : spelt(link.rank),
    ...types.map((type) => {
      const share = number(data.peak(link.peak)?.[type]);
      return make("span", { class: type === set.cell_type ? "own" : "" }, Number.isFinite(share) ? shortPercent(share) : "–");
    }),
  ]);
  const unknown = known.length < links.length ? " (a dash: not on the page, as loci.tsv holds the peaks around genes that were explained)" : "";
  return make("div", { class: "openness" }, make("p", { class: "note" }, `Open in this share of the training cells of each type${unknown}:`),
    grid([{ title: "Rank" }, ...types.map((type) => ({ title: type, number: true }))], cells));
}

/** "A", "B": the judged elements of a set, as the figures call them. */
function lettersOf(members) {
  return new Map(members.map((member, i) => [member.element, String.fromCharCode(65 + i)]));
}

/** " (rank 2)", " (ranks 2, 4)": the peaks of an element as the table of members numbers them. */
function ranksOf(links, element) {
  const ranks = links.filter((link) => link.element === element && Number.isFinite(link.rank)).map((link) => link.rank).sort((a, b) => a - b);
  return ranks.length === 0 ? "" : ` (rank${ranks.length > 1 ? "s" : ""} ${ranks.join(", ")})`;
}

/** Why no setting of a set was measured. */
function unmeasuredWords(set) {
  return `Measured: none, because ${set.call_reason ? placesIn(set.call_reason) : "it was not asked"}. Only what the fit says is drawn.`;
}

function redundancyParts(data, set, links, name) {
  const judged = data.of("members", set).filter((row) => row.judged === "yes");
  const letters = lettersOf(judged);
  const members = judged.map((row) => ({ name: `${letters.get(row.element)}${ranksOf(links, row.element)}`, place: placesIn(row.element), loss: number(row.loss_from_whole), gain: number(row.gain_on_nothing) }));
  const settings = data.of("settings", set).map((row) => ({
    name: row.open === "none" ? "none open" : row.open.split(",").map((element) => letters.get(element) ?? element).join(" + "), open: row.open, value: number(row.rate), low: number(row.rate_low),
    high: number(row.rate_high), beside: number(row.rate_fit), cells: number(row.cells),
  }));
  const drawn = [];
  // Shares of a joint change that is too uncertain for one are shown nowhere.
  if (Number.isFinite(set.hidden_share) && members.some((member) => Number.isFinite(member.loss))) {
    drawn.push(figure(figures.memberBars(members), "Measured share of the joint change that is lost when an element alone is closed, and that it gives alone.",
      fileName(name, "elements"), () => toTsv(["element", "loss_from_whole", "gain_on_nothing"], members.map((row, i) => [judged[i].element, row.loss, row.gain]))));
  }
  if (settings.length > 0) {
    const legend = members.map((member) => `${member.name}: ${member.place}`).join("; ");
    const measured = settings.some((row) => Number.isFinite(row.value));
    drawn.push(figure(figures.dots(settings, "Expression by which elements are open", spelt, measured ? ["measured, 95 % interval", "in the fit"] : [null, "in the fit"]),
      `Counts per 100,000 by which of the judged elements are open. ${measured ? "" : `${unmeasuredWords(set)} `}${legend}${data.genome ? ` (${data.genome})` : ""}.`, fileName(name, "settings"),
      () => toTsv(["open", "rate", "rate_low", "rate_high", "rate_fit", "cells"], settings.map((row) => [row.open, row.value, row.low, row.high, row.beside, row.cells]))));
  }
  return part("Do they stand in for one another?", redundancySentence(set), drawn.length > 0 ? make("div", { class: "pair" }, drawn) : null);
}

function evidencePart(data, set, name) {
  const rows = data.of("evidence", set).map((row) => ({
    open: row.open, cells: number(row.cells), measured: number(row.measured), low: number(row.measured_low), high: number(row.measured_high), predicted: number(row.predicted),
  }));
  if (rows.length === 0) return null;
  return part(termed(data.glossary, "Element", "Evidence"), figure(figures.evidence(rows), "Test cells by how many elements of the set, whichever, are open: mean measured expression (counts per 100,000) beside the mean prediction. Counted are all elements of the peaks that are needed and of partners; whether elements stand in for one another is asked of the judged ones alone, one choice of them after another, so that its cells are fewer. Not held constant: type and depth; the verdict holds them.",
    fileName(name, "evidence"), () => toTsv(["open", "cells", "measured", "measured_low", "measured_high", "predicted"], rows.map((row) => Object.values(row)))));
}

function typesPart(data, set, name) {
  const rows = data.of("types", set).map((row) => ({ name: row.tested_in, value: number(row.rate_change ?? row.relative_change), strong: row.tested_in === set.cell_type }));
  if (rows.length < 2) return null;
  return part("In other cell types", figure(figures.dots(rows, "Predicted change by cell type", shortPercent),
    "Predicted change when the set is masked in the surrogate, in test cells of each type. Between types it is not tested.", fileName(name, "types"),
    () => toTsv(["tested_in", "change"], rows.map((row) => [row.name, row.value]))));
}

const Z = 1.96; // standard errors of a 95 % interval

/** By groups of cells that the user named (--contrast-groups): what was measured in each, or where these are too few, predicted. */
function groupsPart(data, set, name) {
  const rows = data.of("groups", set).map((row) => {
    const log = number(row.log_change), error = number(row.log_change_error);
    return { name: row.group, column: row.column, cells: number(row.cells), change: Math.expm1(log), low: Math.expm1(log - Z * error), high: Math.expm1(log + Z * error),
      predicted: number(row.change_as_cells), q: number(row.change_q), note: row.note === "NA" ? "" : row.note };
  });
  if (rows.length === 0) return null;
  const measured = rows.some((row) => Number.isFinite(row.change));
  const told = rows.filter((row) => Number.isFinite(row.q)).map((row) => `${row.name}: q ${spelt(row.q)}`).join("; ");
  const unmeasured = rows.filter((row) => row.note).map((row) => `${row.name}: ${row.note}`).join("; ");
  const drawn = measured
    ? figures.dots(rows.map((row) => ({ ...row, value: row.change })), `Measured change by ${rows[0].column}`, shortPercent)
    : figures.dots(rows.map((row) => ({ name: row.name, value: row.predicted })), `Predicted change by ${rows[0].column}`, shortPercent);
  const caption = measured
    ? "Measured change of expression with all judged elements open beside none, in the cells of each group, 95 % interval."
    : "Predicted change when all judged elements are masked in the surrogate, in the cells of each group; no group has the cells to measure it.";
  return part(`By ${rows[0].column}`, figure(drawn,
    `${caption}${told ? ` Difference from ${rows[0].name}: ${told}.` : ""}${unmeasured ? ` Not measured: ${unmeasured}.` : ""}`,
    fileName(name, "groups"), () => toTsv(["group", "cells", "change", "low", "high", "q_difference", "change_as_cells"],
      rows.map((row) => [row.name, row.cells, row.change, row.low, row.high, row.q, row.predicted]))));
}

function trustPart(data, set, links, name) {
  const { words, rows, within } = trustOf({
    set, gates: data.ofGene("gates", set)[0], accuracy: data.ofGene("accuracy", set), contrast: data.of("contrasts", set)[0],
    call: data.of("calls", set)[0], links, stability: data.of("stability", set),
  });
  const table = grid([{ title: "Asked" }, { title: "Answer" }, { title: "Figures" }], rows.map((row) => [
    row.question.startsWith("Gate") ? termed(data.glossary, row.question) : row.question,
    make("span", { class: row.fails ? "fails" : "" }, row.answer), row.figures]));
  table.classList.add("trust");
  const bars = within.values.length < 2 ? null : figure(
    figures.dots(within.values.map(({ name: predictor, value }) => ({ name: predictor, value, strong: predictor === "surrogate" })), "r within type of each predictor"),
    "Correlation of predicted and measured expression of this gene over held-out cells of one type, depth taken out: the surrogate beside simple predictors.",
    fileName(name, "accuracy"), () => toTsv(["predictor", "within_type_r_partial"], within.values.map(({ name: predictor, value }) => [predictor, value])));
  return part("Can the model be trusted for this gene?", make("p", {}, make("b", {}, words)), make("div", { class: "pair" }, [table, bars].filter(Boolean)));
}

const TRUTHS = ["redundant", "additive", "multiplicative"];
const ARMS = { none: "control", one: "one alone", pair: "a pair", all: "all" };

/** How many cells an arm tell whether elements stand in for one another. */
function tellWords(cells) {
  const what = "Knock down each element alone and all together: ";
  const text = cellsOfArm(cells);
  if (!/^[0-9]/.test(text)) return make("p", {}, what, make("b", {}, "more cells than can be had"), " are needed to tell redundant from additive.");
  return make("p", {}, what, make("b", {}, `${text} cell${text === "1" ? "" : "s"}`), " an arm tell redundant from additive (power 0.8, one-sided at 0.05).");
}

/** What to knock down; of what measured cells contradict there is nothing to follow up. */
function designPart(data, set) {
  const rows = data.of("design", set);
  if (rows.length === 0 || set.verdict === "contradicted") return null;
  const fold = (row, truth) => { const value = number(row[`fold_${truth}`]); return Number.isFinite(value) ? `${spelt(value)}${value === 1 ? "" : ` (${percent(value - 1, true)})`}` : "–"; };
  const tell = number(rows[0].tell_from_additive);
  const columns = [{ title: "Arm" }, { title: "Knocked down" },
    ...TRUTHS.map((truth) => ({ title: `Fold if ${truth}`, number: true })),
    ...TRUTHS.map((truth) => ({ title: `Cells if ${truth}`, number: true }))];
  return part("The experiment that would tell",
    Number.isFinite(tell) ? tellWords(tell) : null,
    grid(columns, rows.map((row) => [ARMS[row.arm] ?? row.arm, row.knocked_down === "NA" ? "–" : placesIn(row.knocked_down).replaceAll(/,(?=\D)/g, " + "),
      ...TRUTHS.map((truth) => fold(row, truth)), ...TRUTHS.map((truth) => cellsOfArm(number(row[`cells_${truth}`])))])),
    make("p", { class: "note" }, `Fold: expected expression beside the control, cells with all judged elements open, by the rates ${rows[0].rates_from === "measured" ? "measured in test cells" : "of the fit, as nothing was measured"}, for knock-downs that go 70 % of the way to closed. It is another scale than the predicted change above, which masks every peak of the set wholly and in cells as they are, where many are closed already. Cells: an arm that shows this fold with a power of 0.8, two-sided at 0.05.`));
}

/** The command that finds this set again. */
export function commandOf(data, set) {
  return `grids explain ${data.inputs.map(quoted).join(" ")} --cell-type ${quoted(set.cell_type)} --gene ${quoted(set.gene)} -o ${quoted(fileName(set.cell_type, set.gene))}/`;
}

function commandPart(data, set) {
  const code = make("code", {}, commandOf(data, set));
  return part("Again on the command line", make("p", { class: "command" }, code, " ", copyButton("Copy", () => code.textContent, () => code)));
}

function locusPart(data, set, links) {
  const gene = geneOf(data, set, links);
  if (!gene || links.every((link) => link.chrom !== gene.chrom)) return null;
  const place_ = make("div", { class: "locus" });
  // igv.js measures its parent, which must be on the page first.
  requestAnimationFrame(() => locus(place_, data, set, links, gene, data.of("hits", set)).catch((error) => {
    place_.textContent = `The genome could not be drawn: ${error.message}`;
  }));
  return part("On the genome", place_, make("p", { class: "note" },
    `Arcs lead from members to the start of transcription, thicker where more is predicted to change when their element alone is masked: blue where the prediction falls, orange-red where it rises, grey where that was not asked, light blue to members that can be spared; dashed: partners. Peaks by rank (dark blue: needed; light blue: members that can be spared; orange: partners; grey: not in the set); the gene itself is dark. Below, the share of training cells in which each is open, by type.${data.of("hits", set).some((hit) => hit.what === "loops") ? " Green arcs: loops of chromatin that join a member and the gene." : ""}`));
}

function geneOf(data, set, links) {
  const known = links.find((link) => Number.isFinite(link.tss));
  const row = data.ofGene("genes", set)[0];
  if (!known || !row) return null;
  return { chrom: row.chrom, start: number(row.start), end: number(row.end), tss: known.tss };
}

function factsList(facts) {
  return make("dl", { class: "facts" }, facts.map(([title, shown]) => [make("dt", {}, title), make("dd", {}, shown)]).flat());
}

/** All of a set's panel; of a set without details the sentence and where these are. `facts`: what a phone's table leaves out. */
export function panel(data, set, facts = []) {
  const name = fileName(set.cell_type, set.gene);
  const links = linksOf(data.of("links", set));
  const parts = set.detailed
    ? [locusPart(data, set, links), redundancyParts(data, set, links, name),
      make("div", { class: "pair" }, [evidencePart(data, set, name), typesPart(data, set, name), groupsPart(data, set, name)].filter(Boolean)),
      trustPart(data, set, links, name), links.length > 0 ? membersPart(data, set, links) : null, designPart(data, set), commandPart(data, set)]
    : [redundancySentence(set),
      make("p", { class: "note" }, "The page holds details of the best sets only (--report-sets); those of this one are in links.tsv, members.tsv and settings.tsv beside it."), commandPart(data, set)];
  return make("div", { class: "panel-body" }, sentence(data, set), reservations(set), factsList(facts), data.whatIf?.(set, links), parts.filter(Boolean));
}
