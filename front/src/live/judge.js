// The one button that asks held-out cells, and says before it does what that costs.
import { make } from "../dom.js";
import { ask } from "./api.js";
import { counted, ordinal } from "./table.js";
import { Told } from "./told.js";

function keyOf(type, peaks) {
  return [type, ...[...peaks].sort()].join("\t");
}

export class Judge {
  /** `looked(looks)` is called with the count that the server gives. */
  constructor(looked) {
    this.looked = looked;
    this.told = new Told();
    this.judged = new Map(); // of the gene: by type and peaks, with the place of their answer
    this.cost = make("p", { id: "judge-cost" });
    this.button = make("button", { type: "button", "aria-describedby": "judge-cost", onclick: () => this.press() }, "Judge on held-out cells");
    this.results = make("ul", { class: "judged", "aria-live": "polite" });
    this.place = make("section", { class: "part" }, make("h4", {}, "Judge on held-out cells"), this.cost, make("p", {}, this.button), this.told.place, this.results);
  }

  /** Another gene: what was judged of it before, which may be asked again without another look. */
  begin(gene, judged) {
    this.told.clear();
    this.results.replaceChildren();
    this.judged = new Map(judged.map(({ cell_type, peaks }) => [keyOf(cell_type, peaks), { target: { gene, cell_type }, peaks, place: null }]));
    this.#again(this.judged);
  }

  /** `peaks`: those that are closed; `open`: how many are set open, which are not judged. */
  show(target, peaks, open, looks) {
    this.target = target;
    this.peaks = peaks;
    this.looks = looks;
    const next = looks + 1;
    const words = peaks.length === 0
      ? "Close the peaks of a set first. "
      : `Compares measured counts of held-out cells with the change predicted for them when ${counted(peaks.length, "closed peak")} ${peaks.length === 1 ? "is" : "are"} masked. `;
    const left = open > 0 ? "Peaks that are set open are left out. " : "";
    const cost = this.judged.has(keyOf(target.cell_type, peaks))
      ? "This set was judged: to ask again costs nothing, its answer stands below."
      : `This would be the ${ordinal(next)} look at ${target.gene} here: p is multiplied by ${next}, that of earlier looks too, and the set stays exploratory.`;
    this.cost.textContent = words + left + cost;
    this.button.disabled = peaks.length === 0 || this.asking === true;
  }

  async press() {
    const { target, peaks, judged } = this;
    this.asking = true;
    this.button.disabled = true;
    this.told.clear();
    try {
      const answer = await ask("api/judge", { ...target, peaks });
      const key = keyOf(target.cell_type, peaks);
      const set = judged.get(key) ?? { target, peaks, place: null };
      judged.delete(key); // the latest answer stands first
      set.place?.remove();
      set.place = this.#result(answer, target, peaks);
      if (judged === this.judged) this.results.prepend(set.place);
      const earlier = new Map(judged);
      judged.set(key, set);
      this.looked(target.gene, answer.looks);
      await this.#again(earlier, judged);
    } catch (error) {
      this.told.say(error);
    } finally {
      this.asking = false;
      this.button.disabled = this.peaks.length === 0;
    }
  }

  /** Asks about judged sets anew: how many looks there are by now is in their p. */
  async #again(sets, judged = this.judged) {
    for (const set of sets.values()) {
      let place;
      try {
        place = this.#result(await ask("api/judge", { ...set.target, peaks: set.peaks }), set.target, set.peaks);
      } catch {
        continue; // a set that cannot be judged has no p
      }
      if (judged !== this.judged) return; // another gene by now
      if (set.place) set.place.replaceWith(place);
      else this.results.prepend(place);
      set.place = place;
    }
  }

  #result(answer, target, peaks) {
    const where = target.cell_type === "all" ? "over all types" : `in ${target.cell_type}`;
    return make("li", {}, make("b", {}, `${target.gene} ${where}, ${counted(peaks.length, "peak")} closed. `), answer.sentence,
      make("details", {}, make("summary", {}, "Which peaks"), make("p", { class: "remark" }, peaks.join(", "))));
  }
}
