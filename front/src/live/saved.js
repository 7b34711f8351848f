// Sets that were saved: view_sets.tsv of the results.
import { make } from "../dom.js";
import { ask } from "./api.js";
import { grid } from "./table.js";
import { Told } from "./told.js";

const LONGEST = 200; // characters of a note

export class Saved {
  /** `current()`: gene, type and closed peaks. */
  constructor(current) {
    this.current = current;
    this.told = new Told();
    this.note = make("input", { type: "text", maxlength: LONGEST, size: 40 });
    this.button = make("button", { type: "submit" }, "Save this set");
    this.status = make("p", { role: "status", "aria-live": "polite" });
    this.form = make("form", { class: "controls", hidden: true, onsubmit: (event) => { event.preventDefault(); this.save(); } },
      make("label", {}, "Note ", this.note), this.button);
    this.list = make("div");
    this.place = make("section", { class: "part" }, make("h4", {}, "Saved sets"), this.form, this.told.place, this.status, this.list);
  }

  /** A gene was chosen, of which these peaks are closed. */
  show(peaks) {
    this.form.hidden = false;
    this.button.disabled = peaks.length === 0;
  }

  async save() {
    const { gene, cell_type, peaks } = this.current();
    this.told.clear();
    this.button.disabled = true;
    try {
      const { rows } = await ask("api/save", { gene, cell_type, peaks, note: this.note.value });
      this.status.textContent = `Saved as exploratory; view_sets.tsv has ${rows} ${rows === 1 ? "row" : "rows"}.`;
      this.note.value = "";
      await this.load();
    } catch (error) {
      this.told.say(error, () => this.save());
    } finally {
      this.show(this.current().peaks);
    }
  }

  async load() {
    try {
      const { columns, rows } = await ask("api/sets");
      this.list.replaceChildren(...this.#list(columns, rows));
    } catch (error) {
      this.told.say(error, () => this.load());
    }
  }

  #list(columns, rows) {
    if (rows.length === 0) return [make("p", { class: "note" }, "None yet.")];
    const link = (file, words) => make("a", { href: `api/${file}`, download: `view_${file}` }, words);
    const titles = columns.map((name) => ({ title: name.replaceAll("_", " ") }));
    const shown = rows.map((row) => row.map((cell) => (cell === null || cell === undefined ? "NA" : String(cell))));
    return [grid(titles, shown), make("p", {}, "Download: ", link("sets.tsv", "TSV"), " · ", link("sets.bed", "BED"))];
  }
}
