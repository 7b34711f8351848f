import { make } from "../dom.js";

/** A place for what went wrong and what to do, read out as soon as it is there. */
export class Told {
  constructor() {
    this.place = make("p", { class: "told", role: "alert" });
  }

  /** `again`: what the button "try again" does. */
  say(error, again) {
    const words = error instanceof Error ? error.message : error;
    this.place.replaceChildren(words);
    if (again) this.place.append(" ", make("button", { type: "button", class: "small", onclick: () => { this.clear(); again(); } }, "try again"));
  }

  clear() {
    this.place.replaceChildren();
  }
}
