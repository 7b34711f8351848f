// The part of the page that `grids view` alone has: what if these peaks were closed or open?
import { make } from "../dom.js";
import { Answer } from "./answer.js";
import { ask, Newest } from "./api.js";
import { Choice } from "./choice.js";
import { Judge } from "./judge.js";
import css from "./live.css";
import { PeakList } from "./peaks.js";
import { Saved } from "./saved.js";
import { Search } from "./search.js";
import { Settings } from "./settings.js";
import { Switches } from "./switches.js";
import { Told } from "./told.js";
import { Track } from "./track.js";

const SWITCH_PAUSE = 60; // milliseconds in which another switch may follow

const LEGEND = "Each candidate peak is a switch, here and in the list: as observed (grey bar), closed in all cells (blue cross), open in all cells (orange triangle). Below, the change when each is closed alone, and the share of training cells in which it is open.";

class WhatIf {
  constructor() {
    this.target = null; // { gene, cell_type }
    this.known = null; // of /api/gene
    this.genes = new Newest("api/gene", 0);
    this.changes = new Newest("api/change", SWITCH_PAUSE);
    this.told = new Told();
    const turn = (peak) => this.switches.turn(peak);
    this.switches = new Switches(() => this.switched());
    this.trackPlace = make("div", { class: "locus" });
    this.track = new Track(this.trackPlace, this.switches, turn);
    this.peaks = new PeakList(this.switches, turn);
    this.answer = new Answer();
    this.search = new Search(() => this.target, (peaks) => this.switches.take(peaks));
    this.settings = new Settings();
    this.judge = new Judge((gene, looks) => this.looked(gene, looks));
    this.saved = new Saved(() => ({ ...this.target, peaks: this.switches.closed }));
    this.build();
  }

  build() {
    this.heading = make("h2", { tabindex: -1 }, "What if");
    this.picker = make("div", { class: "controls picker" });
    this.undoButton = make("button", { type: "button", onclick: () => this.switches.undo() }, "Undo");
    this.clearButton = make("button", { type: "button", onclick: () => this.switches.clear() }, "All as observed");
    this.body = make("div", { hidden: true },
      this.answer.sentence,
      make("p", { class: "controls" }, this.undoButton, this.clearButton),
      make("section", { class: "part" }, make("h4", {}, "Candidate peaks"), this.trackPlace, make("p", { class: "note" }, LEGEND)),
      make("div", { class: "pair" }, this.peaks.place, this.answer.types),
      make("div", { class: "pair" }, this.search.place, this.answer.others),
      this.settings.place, this.judge.place);
    this.place = make("section", { id: "what-if", onkeydown: (event) => this.key(event) }, this.heading,
      make("p", {}, "Choose a gene and a cell type, close or open peaks around the gene, and see the predicted change when closed in the surrogate (training and validation cells). Looking spends no held-out cells; judging does, and is counted."),
      this.picker, this.told.place, this.body, this.saved.place);
  }

  /** Ctrl-Z takes back a switch, but in a field what was typed. */
  key(event) {
    const typing = event.target.matches("input, select, textarea");
    if (typing || event.key !== "z" || !(event.ctrlKey || event.metaKey) || event.shiftKey) return;
    event.preventDefault();
    this.switches.undo();
  }

  async start() {
    try {
      const session = await ask("api/session");
      this.types = ["all", ...session.types.map((type) => type.name).filter((name) => name !== "all")];
      this.names = session.genes;
      this.search.size.max = session.max_peaks;
    } catch (error) {
      this.told.say(error, () => this.start());
      return;
    }
    this.choice = new Choice("Gene", this.names, (gene) => this.load(gene, this.type.value, []));
    this.type = make("select", { id: "what-if-type", onchange: () => this.retarget() }, this.types.map((name) => make("option", { value: name }, name === "all" ? "all types together" : name)));
    this.picker.replaceChildren(this.choice.place, make("div", { class: "choice" }, make("label", { for: "what-if-type" }, "Cell type"), this.type));
    if (this.types.length > 1) this.type.value = this.types[1];
    await this.saved.load();
  }

  /** Another type: what is switched stays. */
  retarget() {
    if (this.target) this.load(this.target.gene, this.type.value, null);
  }

  /** `peaks`: closed from the start; null leaves the switches as they are. */
  async load(gene, type, peaks) {
    this.told.clear();
    this.changes.giveUp();
    const stopped = this.search.forget();
    this.body.setAttribute("aria-busy", "true");
    const target = { gene, cell_type: type };
    try {
      await stopped;
      const known = await this.genes.ask(target);
      if (known === undefined) return; // a newer one is on its way
      if (this.target?.gene !== gene) this.judge.begin(gene, known.judged);
      this.target = target;
      this.known = known;
      this.looks = known.looks;
      if (peaks !== null) this.switches.begin(peaks);
      this.show();
    } catch (error) {
      this.told.say(error, () => this.load(gene, type, peaks));
      if (this.target) this.named();
    }
    this.body.removeAttribute("aria-busy");
  }

  /** The fields say what is shown. */
  named() {
    this.choice.set(this.target.gene);
    this.type.value = this.target.cell_type;
  }

  show() {
    this.body.hidden = false;
    this.named();
    this.peaks.show(this.known, this.target.cell_type);
    this.track.show(this.known, this.target.cell_type).catch((error) => {
      this.trackPlace.textContent = `The genome could not be drawn: ${error.message}. The list below has the same switches.`;
    });
    this.switched();
  }

  /** After every change of the switches. */
  switched() {
    const { closed, open, switched } = this.switches;
    this.undoButton.disabled = !this.switches.canUndo;
    this.clearButton.disabled = switched.length === 0;
    this.peaks.again();
    this.track.again();
    this.judge.show(this.target, closed, open.length, this.looks);
    this.saved.show(closed);
    this.settings.show(this.target, switched);
    this.predict(closed, open);
  }

  async predict(close, open) {
    this.told.clear();
    if (close.length + open.length === 0) {
      this.changes.giveUp();
      this.answer.showBaseline(this.known.baseline, this.target);
      return;
    }
    this.answer.wait();
    const { target } = this;
    try {
      const change = await this.changes.ask({ ...target, close, open });
      if (change !== undefined) this.answer.show(change, target, close, open);
    } catch (error) {
      this.answer.clear();
      this.told.say(error, () => this.switched());
    }
  }

  looked(gene, looks) {
    if (this.target?.gene !== gene) return;
    this.looks = looks;
    this.judge.show(this.target, this.switches.closed, this.switches.open.length, looks);
  }

  /** The button in a set's panel: its peaks closed. */
  buttonOf(set, links) {
    const peaks = links.filter((link) => Number.isFinite(link.rank)).sort((a, b) => a.rank - b.rank).map((link) => link.peak);
    const words = peaks.length > 0 ? "What if: begin with these peaks closed" : "What if: begin with this gene";
    return make("p", {}, make("button", { type: "button", class: "what-if", onclick: () => this.begin(set, peaks) }, words));
  }

  begin(set, peaks) {
    this.place.scrollIntoView({ block: "start" });
    this.heading.focus({ preventScroll: true });
    this.load(set.gene, set.cell_type, peaks);
  }
}

/** An address that was opened anew with a valid cookie still ends in the token, where others may read it. */
function forgetToken() {
  if (location.hash && !document.getElementById(location.hash.slice(1))) history.replaceState(null, "", location.pathname);
}

/** Puts the panel at the top of the page; `data`: what the page holds, null where it has no sets. */
export function startLive(data) {
  document.head.append(make("style", {}, css));
  forgetToken();
  addEventListener("hashchange", forgetToken);
  const whatIf = new WhatIf();
  document.querySelector("main").prepend(whatIf.place);
  document.querySelector("nav")?.prepend(make("a", { href: "#what-if" }, "What if"));
  if (data) data.whatIf = (set, links) => whatIf.buttonOf(set, links);
  whatIf.start();
  return whatIf;
}
