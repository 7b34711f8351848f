import css from "./page.css";
import { readData } from "./data.js";
import { make } from "./dom.js";
import { SetTable } from "./table.js";

const place = document.getElementById("sets-live");
if (place) {
  document.head.append(make("style", {}, css));
  const data = readData(document);
  const table = new SetTable(place, data);
  document.documentElement.classList.add("live");
  window.grids = { data, table };
}
