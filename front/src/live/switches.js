// Which peaks of a gene are closed or open in all cells; the others are as they were observed.

const NEXT = { observed: "closed", closed: "open", open: "observed" };

export class Switches {
  /** `changed` is called after every change. */
  constructor(changed) {
    this.changed = changed;
    this.states = new Map();
    this.past = [];
  }

  of(peak) {
    return this.states.get(peak) ?? "observed";
  }

  get closed() {
    return this.#all("closed");
  }

  get open() {
    return this.#all("open");
  }

  /** Closed and open ones, in the order in which they were switched. */
  get switched() {
    return [...this.states.keys()];
  }

  turn(peak) {
    this.#become((states) => {
      const next = NEXT[this.of(peak)];
      if (next === "observed") states.delete(peak);
      else states.set(peak, next);
    });
  }

  /** Closes these and no others. */
  take(peaks) {
    this.#become((states) => {
      states.clear();
      for (const peak of peaks) states.set(peak, "closed");
    });
  }

  clear() {
    if (this.states.size > 0) this.take([]);
  }

  get canUndo() {
    return this.past.length > 0;
  }

  undo() {
    if (!this.canUndo) return;
    this.states = this.past.pop();
    this.changed();
  }

  /** Another gene: its peaks closed from the start, and nothing to undo. */
  begin(peaks) {
    this.states = new Map(peaks.map((peak) => [peak, "closed"]));
    this.past = [];
  }

  #all(state) {
    return this.switched.filter((peak) => this.states.get(peak) === state);
  }

  #become(change) {
    this.past.push(new Map(this.states));
    change(this.states);
    this.changed();
  }
}
