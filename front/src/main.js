import { copyButton } from "./copy.js";
import css from "./page.css";
import { readData } from "./data.js";
import { make } from "./dom.js";
import { openFolds } from "./folds.js";
import { SetTable } from "./table.js";

const place = document.getElementById("sets-live");
if (place) {
  document.head.append(make("style", {}, css));
  const data = readData(document);
  const table = new SetTable(place, data);
  document.documentElement.classList.add("live");
  const methods = document.getElementById("methods-text");
  methods?.after(make("p", {}, copyButton("Copy the methods", () => methods.innerText, () => methods)));
  openFolds();
  window.grids = { data, table };
}
