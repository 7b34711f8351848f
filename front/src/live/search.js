// A search for a set of this gene, step by step.
import { make } from "../dom.js";
import { number, percent } from "../words.js";
import { ask } from "./api.js";
import { counted, grid } from "./table.js";
import { Told } from "./told.js";

const LOOK_AGAIN = 150; // milliseconds between two looks at a search
const COLUMNS = [{ title: "Step", number: true }, { title: "Peaks", number: true }, { title: "Predicted change", number: true }, { title: "Evaluations", number: true }];

const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

function field(label, input) {
  return make("label", {}, `${label} `, input);
}

function options(...pairs) {
  return pairs.map(([value, words]) => make("option", { value }, words));
}

export class Search {
  /** `target()`: gene and type; `take(peaks)`: closes them. */
  constructor(target, take) {
    this.target = target;
    this.take = take;
    this.job = null;
    this.told = new Told();
    this.size = make("input", { type: "number", min: 1, max: 128, step: 1, value: 5, required: true });
    this.domain = make("select", {}, options(["cis", "near the gene"], ["all", "among all peaks"]));
    this.direction = make("select", {}, options(["down", "lowers it"], ["up", "raises it"]));
    this.begin = make("button", { type: "submit" }, "Search from here");
    this.halt = make("button", { type: "button", hidden: true, onclick: () => this.stop() }, "Stop");
    this.result = make("p", { role: "status", "aria-live": "polite" });
    this.steps = make("div");
    const form = make("form", { class: "controls", onsubmit: (event) => { event.preventDefault(); this.run(); } },
      field("Peaks, at most", this.size), field("Where", this.domain), field("What closing them does to the prediction", this.direction), this.begin, this.halt);
    this.place = make("section", { class: "part" }, make("h4", {}, "Search for a set of this gene"),
      make("p", { class: "note" }, "Which peaks, closed together, change the prediction most. A search begins with every peak as observed and sees training cells, as grids explain does; the changes shown are those of training and validation cells."),
      form, this.told.place, this.result, this.steps);
  }

  async run() {
    const { gene, cell_type } = this.target();
    this.told.clear();
    this.clear();
    this.#busy(true);
    const mine = {};
    this.running = mine;
    this.stopped = false;
    try {
      const { job } = await ask("api/search", { gene, cell_type, L: Number(this.size.value), domain: this.domain.value, direction: this.direction.value });
      if (this.running !== mine) {
        await ask("api/search/stop", { job });
        return;
      }
      this.job = job;
      await this.#follow(mine, gene);
    } catch (error) {
      if (this.running === mine) this.told.say(error, () => this.run());
    } finally {
      if (this.running === mine) this.#busy(false);
    }
  }

  async #follow(mine, gene) {
    for (;;) {
      const state = await ask(`api/search/${encodeURIComponent(this.job)}`);
      if (this.running !== mine) return;
      this.#draw(state);
      if (state.done) return this.#finish(state, gene);
      await pause(LOOK_AGAIN);
      if (this.running !== mine) return undefined;
    }
  }

  #draw({ steps }) {
    const rows = steps.map((step, i) => [String(i + 1), number(step.peaks.length), percent(step.rate_change, true), number(step.evaluations)]);
    this.steps.replaceChildren(...(rows.length > 0 ? [grid(COLUMNS, rows)] : []));
    const last = steps.at(-1);
    const words = last ? `Step ${steps.length}: ${counted(last.peaks.length, "peak")}, ${percent(last.rate_change, true)}` : "";
    if (this.result.textContent !== words) this.result.textContent = words; // the same words are not read out again
  }

  #finish(state, gene) {
    this.job = null;
    if (state.error) {
      this.told.say(state.error, () => this.run());
      this.result.replaceChildren();
    } else if (state.peaks.length === 0) {
      this.result.textContent = this.stopped ? "Stopped before a peak was found." : "No peak was found that changes the prediction this way.";
    } else {
      const words = `${counted(state.peaks.length, "peak")} found: predicted change of ${gene} when closed in the surrogate `;
      const button = make("button", { type: "button", onclick: () => this.take(state.peaks) }, "Take this set");
      this.result.replaceChildren(words, make("b", {}, percent(state.rate_change, true)), ". ", button);
    }
  }

  /** Asks the server to end it; what was found until then is shown when it says so. */
  async stop() {
    if (this.job === null) return;
    this.stopped = true;
    try {
      await ask("api/search/stop", { job: this.job });
    } catch (error) {
      this.told.say(error);
    }
  }

  /** Another gene or type: what runs is stopped and forgotten. */
  async forget() {
    this.running = null;
    const stopped = this.stop();
    this.job = null;
    this.told.clear();
    this.clear();
    this.#busy(false);
    await stopped;
  }

  clear() {
    this.result.replaceChildren();
    this.steps.replaceChildren();
  }

  #busy(on) {
    this.begin.disabled = on;
    this.halt.hidden = !on;
  }
}
