// words.mjs: what the page's script says of sets, by the rules that need no browser; see browser.py.
import assert from "node:assert/strict";
import { arcColour } from "../../front/src/arcs.js";
import { trustOf } from "../../front/src/trust.js";
import { cannotTell, cellsOfArm, peaksNeeded, placesIn, tellsNothing } from "../../front/src/words.js";

const SET = { verdict: "borne_out", slope: 1, slope_low: 0.8, slope_high: 1.2, change: -0.4, peaks: 10, minimal: 3 };
const GATES = { gate_a_q: "0.01", gate_a_passed: "yes", gate_b_q: "0.01", gate_b_passed: "yes" };

function accuracy(surrogate, best) {
  return [{ predictor: "surrogate", within_type_r_partial: String(surrogate) }, { predictor: "neighbours", within_type_r_partial: String(best) }];
}

/** What is said of the trust in a set's gene. */
function trust({ set = SET, gates = GATES, r = 0.4, best = 0.1 } = {}) {
  return trustOf({ set, gates, accuracy: accuracy(r, best), contrast: undefined, call: undefined, links: [], stability: [] }).words;
}

assert.match(trust(), /^As far as held-out cells tell, yes/);
// Whatever a gene's figures: what measured cells contradict, a gene that others predict as well, a missing gate are no yes.
assert.match(trust({ set: { ...SET, verdict: "contradicted" } }), /^No, not for this set/);
assert.match(trust({ r: 0.005, best: 0.063 }), /^No: .* “neighbours”, does \(r 0.005 beside 0.063\)/);
assert.match(trust({ r: 0.3, best: 0.3 }), /^No: /);
assert.match(trust({ r: 0.005, best: 0.063, gates: null }), /^No: /);
assert.match(trust({ gates: { ...GATES, gate_a_passed: "no" } }), /^No: /);
assert.match(trust({ r: 0.02, best: 0 }), /^With reserve: .* hardly/);
assert.match(trust({ gates: { ...GATES, gate_b_passed: "no" } }), /^With reserve/);
assert.match(trust({ gates: null }), /^With reserve: neither gate was asked/);
assert.match(trust({ gates: { ...GATES, gate_b_passed: "NA" } }), /^With reserve: gate B was not asked/);
for (const verdict of ["undecided", "not_judged", "overstated"]) {
  assert.match(trust({ set: { ...SET, verdict } }), /^For the gene, yes: .* of this set /);
}

assert.equal(cellsOfArm(65.2), "66");
assert.equal(cellsOfArm(100000), "100,000");
assert.equal(cellsOfArm(14383447), "more than can be had");
assert.equal(cellsOfArm(NaN), "–");

const wide = { ...SET, slope: 42.5, slope_low: -45.5, slope_high: 130.6, change: -0.0023 };
assert.ok(tellsNothing(wide) && !tellsNothing(SET) && !tellsNothing({ ...SET, slope_low: NaN, slope_high: NaN }));
assert.equal(cannotTell(wide), "cannot tell: the predicted change of −0.2 % is too small to be seen in these cells");

assert.equal(peaksNeeded(SET), "3 of 10");
assert.equal(peaksNeeded({ peaks: 10, minimal: 0 }), "10");
assert.equal(peaksNeeded({ peaks: 2, minimal: 2 }), "2");

// From 0 with the end beside it, as tables have places; from 1, as browsers of genomes show them.
assert.equal(placesIn("chr6:84060146-84060629,chr1:0-5"), "chr6:84,060,147–84,060,629,chr1:1–5");
assert.equal(placesIn("<b>:1-2x, HLA:1.5-2"), "<b>:1-2x, HLA:1.5-2");

const colours = [-0.2, 0.2, NaN].map((weight) => arcColour({ weight, minimal: true, partner: false }));
assert.equal(new Set(colours).size, 3);
console.log("the words follow their rules");
