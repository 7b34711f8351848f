// How numbers are spelt on the page.

const MINUS = "\u2212";

function signed(text) {
  return text.replace("-", MINUS);
}

/** Three significant digits. */
export function number(value) {
  if (!Number.isFinite(value)) return "n/a";
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e6)) return signed(value.toExponential(1));
  return signed(Number(value.toPrecision(3)).toLocaleString("en-GB", { maximumSignificantDigits: 3 }));
}

/** A share in per cent, with a sign where it is a change. */
export function percent(share, sign = false) {
  if (!Number.isFinite(share)) return "n/a";
  const text = signed((100 * share).toFixed(Math.abs(share) < 0.001 && share !== 0 ? 2 : 1));
  return (sign && share > 0 ? "+" : "") + text + " %";
}

/** The same without a decimal that is 0, as on axes. */
export function shortPercent(share) {
  return percent(share).replace(/\.0(?= )/, "");
}

/** "−60.1 to −44.3 %": the unit once. */
export function range(low, high, words = percent) {
  return `${words(low).replace(/ %$/, "")} to ${words(high)}`;
}

/** "−52.0 % (−60.1 to −44.3 %)". */
export function interval(value, low, high, words = percent) {
  if (!Number.isFinite(value)) return "n/a";
  return Number.isFinite(low) ? `${words(value)} (${range(low, high, words)})` : words(value);
}

export function distance(bases) {
  if (!Number.isFinite(bases)) return "other chromosome";
  const size = Math.abs(bases);
  if (size < 1000) return `${signed(String(bases))} bp`;
  return size < 1e6 ? `${signed((bases / 1e3).toFixed(1))} kb` : `${signed((bases / 1e6).toFixed(2))} Mb`;
}

export function place(chromosome, start, end) {
  return `${chromosome}:${(start + 1).toLocaleString("en-GB")}\u2013${end.toLocaleString("en-GB")}`;
}

/** Places in a text, "chr1:1000-1500" (from 0, as tables have them), as browsers of genomes count: "chr1:1,001–1,500". */
export function placesIn(text) {
  return text.replace(/:(\d+)-(\d+)(?![\w.])/g, (_, start, end) => place("", Number(start), Number(end)));
}

const WIDE = 10; // an interval of the slope that is wider says nothing of it: 1 is as predicted

/** Whether the cells say nothing of a set's slope, however large the number. */
export function tellsNothing(set) {
  return set.slope_high - set.slope_low > WIDE;
}

/** The predicted change that cells which tell nothing could not show. */
export function cannotTell(set) {
  return `cannot tell: the predicted change of ${percent(set.change, true)} is too small to be seen in these cells`;
}

/** Peaks of a set as a headline: those that are needed, of all. */
export function peaksNeeded(set) {
  return set.minimal > 0 && set.minimal < set.peaks ? `${number(set.minimal)} of ${number(set.peaks)}` : number(set.peaks);
}

const MOST_CELLS = 100000; // an arm, beyond which an experiment is none

/** Cells of an arm of an experiment. */
export function cellsOfArm(cells) {
  if (!Number.isFinite(cells)) return "–";
  return cells > MOST_CELLS ? "more than can be had" : Math.ceil(cells).toLocaleString("en-GB");
}

/** What keeps a set from being a statement about elements of its gene; "" where nothing does. */
export const NATURES = {
  state: "marks the state, not elements",
  unconfirmed: "unconfirmed: gate B",
};

export const VERDICTS = {
  borne_out: "borne out",
  overstated: "overstated",
  undecided: "undecided",
  not_judged: "not judged",
  contradicted: "contradicted",
};

export const CALLS = {
  redundant: "redundant",
  quorum: "quorum",
  cooperative: "cooperative",
  independent: "independent",
  stand_ins_or_proxies: "stand-ins or proxies",
  not_called: "not called",
};

/** "1 peak", "3 peaks". */
export function counted(count, noun) {
  return `${Number.isFinite(count) ? count.toLocaleString("en-GB") : "n/a"} ${noun}${count === 1 ? "" : "s"}`;
}
