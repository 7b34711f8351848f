// Can the model be trusted for this gene? What the tables say of it, and one sentence that follows from them.
import { number } from "./tsv.js";
import { VERDICTS, counted, number as spelt, percent, tellsNothing } from "./words.js";

const PARTIAL = "within_type_r_partial";
const HARDLY = 0.05; // r within type below which the model says next to nothing

/** How well the surrogate predicts a gene within types, beside the best of the simple predictors. */
export function withinType(rows) {
  const values = rows.map((row) => ({ name: row.predictor, value: number(row[PARTIAL]) })).filter(({ value }) => Number.isFinite(value));
  const surrogate = values.find(({ name }) => name === "surrogate")?.value ?? NaN;
  const others = values.filter(({ name }) => name !== "surrogate").sort((a, b) => b.value - a.value);
  return { surrogate, best: others[0], values };
}

function passed(row, gate) {
  const words = row?.[`gate_${gate}_passed`];
  return words === "yes" ? true : words === "no" ? false : null;
}

function gateRow(question, gate, row) {
  const answer = passed(row, gate);
  const q = number(row?.[`gate_${gate}_q`]);
  return {
    question, fails: answer === false,
    answer: answer === null ? "not asked" : answer ? "passes" : "fails",
    figures: Number.isFinite(q) ? `q ${spelt(q)}` : "",
  };
}

function correlationRow({ surrogate, best }) {
  if (!Number.isFinite(surrogate)) return { question: "Does it see how cells of one type differ?", answer: "not known", figures: "" };
  const better = !best || surrogate > best.value;
  return {
    question: "Does it see how cells of one type differ, better than simple predictors?",
    answer: !better ? "no better" : surrogate < HARDLY ? "hardly" : "better", fails: !better || surrogate < HARDLY,
    figures: `r within type ${spelt(surrogate)}${best ? `; best other, ${best.name}: ${spelt(best.value)}` : ""}`,
  };
}

function verdictRow(set) {
  return {
    question: "Does measured expression of held-out cells bear this set out?", fails: set.verdict === "contradicted" || set.verdict === "overstated",
    answer: VERDICTS[set.verdict] ?? "not judged",
    figures: Number.isFinite(set.slope) ? (tellsNothing(set) ? "the slope cannot be told" : `slope ${spelt(set.slope)} (1 is as predicted)`) : "",
  };
}

const BEYOND_ALL = 10; // slopes that no measurement would show where the prediction is any good

function seenWords(detectable) {
  if (!Number.isFinite(detectable)) return "";
  if (detectable > BEYOND_ALL) return "; the predicted change is too small to be seen in them";
  return `; ${detectable > 1 ? "only " : ""}a slope above ${spelt(detectable)} would have been seen (1 is as predicted; power 0.8)`;
}

function powerRow(contrast) {
  const detectable = number(contrast?.detectable);
  if (!contrast) return null;
  const enough = detectable <= 1;
  return {
    question: "Could these test cells show the predicted change?", fails: !enough,
    answer: !Number.isFinite(detectable) ? "not known" : enough ? "yes" : "too few",
    figures: `${counted(number(contrast.cells), "test cell")}, ${spelt(number(contrast.changed_cells))} of them changed by the mask${seenWords(detectable)}`,
  };
}

function redundancyPowerRow(call) {
  if (!call) return null;
  const any = number(call.power_redundant), all = number(call.power_cooperative), counts = number(call.counts);
  if (!Number.isFinite(any)) return null;
  return {
    question: "Could they show whether elements stand in for one another?", fails: !(any >= 0.8),
    answer: any >= 0.8 ? "yes" : any >= 0.5 ? "perhaps" : "hardly",
    figures: `chance of a call ${spelt(any)} if any one sufficed, ${spelt(all)} if all were needed; ${counted(number(call.cells), "cell")}` +
      (Number.isFinite(counts) ? `, ${counted(counts, "count")} of the gene in the scarcest setting` : ""),
  };
}

function transcribedRow(links) {
  const members = links.filter((link) => Number.isFinite(link.rank));
  const placed = links.some((link) => Number.isFinite(link.tss));
  const inside = members.filter((link) => link.kind === "intronic").length;
  return {
    question: "Do peaks lie in the gene’s transcribed part, where transcripts can look like open chromatin?", fails: inside > 0,
    answer: inside > 0 ? `${inside} of ${members.length}` : placed ? "none" : "not known",
    figures: placed ? "" : "where the gene lies is not known",
  };
}

function stabilityRow(rows) {
  if (rows.length === 0) {
    return { question: "Would other halves of the cells give the same set?", answer: "not asked", figures: "grids redundancy --stability" };
  }
  const selected = rows.map((row) => number(row.selected)).filter(Number.isFinite);
  const lowest = Math.min(...selected), highest = Math.max(...selected), same = number(rows[0].same_call);
  return {
    question: "Would other halves of the cells give the same set?", fails: !(lowest >= 0.5),
    answer: lowest >= 0.8 ? "yes" : lowest >= 0.5 ? "mostly" : "not all of it",
    figures: `elements found again in ${percent(lowest)} to ${percent(highest)} of ${spelt(number(rows[0].halves))} halves` +
      (Number.isFinite(same) ? `; the same call in ${percent(same)}` : ""),
  };
}

/**
 * One sentence, the gravest reason first: what measured cells contradict, a failed gate A and a gene that simple
 * predictors know as well are a no; what was not asked, or not shown, is a reserve and never a yes.
 */
function trustWords({ set, a, b, within, correlation }) {
  const { surrogate, best } = within;
  if (set.verdict === "contradicted") return "No, not for this set: these held-out cells would have shown half of the predicted change, and do not.";
  if (a === false) return "No: it predicts this gene in held-out cells no better than sequencing depth, type, donor and batch do.";
  if (best && !(surrogate > best.value) && Number.isFinite(surrogate)) {
    return `No: within cell types it predicts this gene no better than a simple predictor, “${best.name}”, does (r ${spelt(surrogate)} beside ${spelt(best.value)}).`;
  }
  if (correlation.fails) return "With reserve: within cell types it hardly predicts this gene.";
  if (b === false) return "With reserve: the peaks around this gene add nothing, in held-out cells, to the state of the cell.";
  if (a === null || b === null) {
    const missing = a === null && b === null ? "neither gate was" : `gate ${a === null ? "A" : "B"} was not`;
    return `With reserve: ${missing} asked of this gene (it has no terms of peaks around it), so nothing says whether these add to the state of the cell.`;
  }
  if (!Number.isFinite(surrogate)) return "With reserve: it passes both gates, but how well it predicts cells of one type is not known.";
  const gene = "it passes both gates and predicts cells of one type better than simple predictors";
  if (set.verdict === "borne_out") return `As far as held-out cells tell, yes: ${gene}, and measured expression bears this set out.`;
  if (set.verdict === "overstated") return `For the gene, yes: ${gene}; but of this set the change is overstated: measured is less than half of it.`;
  return `For the gene, yes: ${gene}; of this set held-out cells cannot tell.`;
}

/** The rows of the part on trust, and the sentence that they come to. */
export function trustOf({ set, gates, accuracy, contrast, call, links, stability }) {
  const within = withinType(accuracy);
  const correlation = correlationRow(within);
  const rows = [
    verdictRow(set), gateRow("Gate A", "a", gates), gateRow("Gate B", "b", gates), correlation, powerRow(contrast), redundancyPowerRow(call),
    transcribedRow(links), stabilityRow(stability),
  ].filter(Boolean);
  return { words: trustWords({ set, a: passed(gates, "a"), b: passed(gates, "b"), within, correlation }), rows, within };
}
