import { column, records } from "./tsv.js";

const SET_NUMBERS = [
  "slope", "slope_low", "slope_high", "q", "change", "change_low", "change_high", "predicted", "peaks", "minimal",
  "near_share", "hidden_share", "hidden_low", "hidden_high", "partners", "cells",
];

/** What the page holds, read once. */
export function readData(document) {
  const held = JSON.parse(document.getElementById("grids-data").textContent);
  const tables = held.tables;
  return { ...held, sets: setsOf(tables.sets), glossary: glossaryOf(document), of: grouped(tables), peak: peaksOf(tables), ofGene: groupedByGene(tables) };
}

/** What is predicted for the average cell (the mean of logs) and what the slope makes of it, as shares with their interval. */
function addMeasured(set) {
  const share = (slope) => Math.expm1(slope * set.predicted);
  set.average = share(1);
  set.measured = share(set.slope);
  const ends = [share(set.slope_low), share(set.slope_high)];
  [set.measured_low, set.measured_high] = set.predicted < 0 ? ends.reverse() : ends;
}

/** Sets are held by column, because there may be tens of thousands. */
function setsOf(table) {
  const columns = Object.fromEntries(table.columns.map((name, i) => [name, column(table.values[i])]));
  const sets = new Array(columns.gene?.length ?? 0);
  for (let index = 0; index < sets.length; index += 1) {
    const set = { index };
    for (const name of table.columns) set[name] = columns[name][index];
    for (const name of SET_NUMBERS) set[name] ??= NaN;
    addMeasured(set);
    set.detailed = index < table.detailed;
    sets[index] = set;
  }
  return sets;
}

/** What the terms of the page mean: the list that it shows under "The words of this page". */
function glossaryOf(document) {
  const terms = document.querySelectorAll("#glossary dt");
  return new Map([...terms].map((term) => [term.textContent, term.nextElementSibling.textContent]));
}

function groupedBy(tables, keyOf) {
  const known = new Map();
  return (table, wanted) => {
    if (!known.has(table)) {
      const groups = new Map();
      for (const row of records(tables[table])) {
        const name = keyOf(row);
        if (!groups.has(name)) groups.set(name, []);
        groups.get(name).push(row);
      }
      known.set(table, groups);
    }
    return known.get(table).get(keyOf(wanted)) ?? [];
  };
}

/** Rows of a table that belong to a set, looked up by type and gene. */
function grouped(tables) {
  return groupedBy(tables, (row) => `${row.cell_type}\t${row.gene}`);
}

/** Where each peak that is drawn lies, and how often it is open. */
function peaksOf(tables) {
  let known;
  return (name) => (known ??= new Map(records(tables.loci).map((row) => [row.peak, row]))).get(name);
}

/** Rows of a table that belong to the gene of a set. */
function groupedByGene(tables) {
  return groupedBy(tables, (row) => row.gene);
}
