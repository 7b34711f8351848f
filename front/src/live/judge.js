// The one button that asks held-out cells, and says before it does what that costs.
import { make } from "../dom.js";
import { ask } from "./api.js";
import { counted, ordinal } from "./table.js";
import { Told } from "./told.js";

export class Judge {
  /** `looked(looks)` is called with the count that the server gives. */
  constructor(looked) {
    this.looked = looked;
    this.told = new Told();
    this.cost = make("p", { id: "judge-cost" });
    this.button = make("button", { type: "button", "aria-describedby": "judge-cost", onclick: () => this.press() }, "Judge on held-out cells");
    this.results = make("ul", { class: "judged", "aria-live": "polite" });
    this.place = make("section", { class: "part" }, make("h4", {}, "Judge on held-out cells"), this.cost, make("p", {}, this.button), this.told.place, this.results);
  }

  /** Another gene: what was judged of the last one stands in the saved sets, if it was saved. */
  begin() {
    this.told.clear();
    this.results.replaceChildren();
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
    this.cost.textContent = `${words}${left}This would be the ${ordinal(next)} look at ${target.gene}: p is multiplied by ${next}; exploratory for good. A set that was judged before counts once.`;
    this.button.disabled = peaks.length === 0 || this.asking === true;
  }

  async press() {
    const { target, peaks } = this;
    this.asking = true;
    this.button.disabled = true;
    this.told.clear();
    try {
      const answer = await ask("api/judge", { ...target, peaks });
      this.results.prepend(this.#result(answer, target, peaks));
      this.looked(target.gene, answer.looks);
    } catch (error) {
      this.told.say(error);
    } finally {
      this.asking = false;
      this.button.disabled = this.peaks.length === 0;
    }
  }

  #result(answer, target, peaks) {
    const where = target.cell_type === "all" ? "over all types" : `in ${target.cell_type}`;
    return make("li", {}, make("b", {}, `${target.gene} ${where}, ${counted(peaks.length, "peak")} closed. `), answer.sentence,
      make("details", {}, make("summary", {}, "Which peaks"), make("p", { class: "remark" }, peaks.join(", "))));
  }
}
