import { copyButton } from "./copy.js";
import css from "./page.css";
import { readData } from "./data.js";
import { make } from "./dom.js";
import { openFolds } from "./folds.js";
import { startLive } from "./live/live.js";
import { SetTable } from "./table.js";

const place = document.getElementById("sets-live");
const held = document.getElementById("grids-data");
const live = document.documentElement.dataset.live === "yes"; // served by grids view
if (live || (place && held)) document.head.append(make("style", {}, css));
const read = place && held ? readData(document) : null;
const data = read && read.sets.length > 0 ? read : null; // a live page may have none
const whatIf = live ? startLive(data) : null;
const table = data ? new SetTable(place, data) : null;
if (data) {
  document.documentElement.classList.add("live"); // the static tables give way
  const methods = document.getElementById("methods-text");
  methods?.after(make("p", {}, copyButton("Copy the methods", () => methods.innerText, () => methods)));
  openFolds();
}
window.grids = { data, table, whatIf };
