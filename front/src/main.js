import { readData } from "./data.js";
import { SetTable } from "./table.js";

const place = document.getElementById("sets-live");
if (place) {
  const data = readData(document);
  const table = new SetTable(place, data);
  document.documentElement.classList.add("live");
  window.grids = { data, table };
}
