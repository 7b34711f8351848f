import { number, records } from "./tsv.js";

const SET_NUMBERS = [
  "slope", "slope_low", "slope_high", "q", "change", "change_low", "change_high", "peaks", "minimal",
  "near_share", "hidden_share", "hidden_low", "hidden_high", "partners", "cells",
];

/** What the page holds, read once. */
export function readData(document) {
  const held = JSON.parse(document.getElementById("grids-data").textContent);
  const tables = held.tables;
  const sets = records(tables.sets).map((row, index) => {
    const set = { ...row, index };
    for (const name of SET_NUMBERS) set[name] = number(row[name]);
    set.detailed = row.detailed === "yes";
    return set;
  });
  return { ...held, sets, of: grouped(tables), genes: once(() => byGene(records(tables.genes), (rows) => rows[0])), trust: once(() => byGene(records(tables.trust), (rows) => rows)) };
}

function byGene(rows, of) {
  const groups = new Map();
  for (const row of rows) {
    if (!groups.has(row.gene)) groups.set(row.gene, []);
    groups.get(row.gene).push(row);
  }
  return new Map([...groups].map(([gene, list]) => [gene, of(list)]));
}

function once(make) {
  let value;
  return () => (value ??= make());
}

/** Rows of a table that belong to a set, looked up by type and gene. */
function grouped(tables) {
  const known = new Map();
  return (table, set) => {
    if (!known.has(table)) {
      const groups = new Map();
      for (const row of records(tables[table])) {
        const name = key(row.cell_type, row.gene);
        if (!groups.has(name)) groups.set(name, []);
        groups.get(name).push(row);
      }
      known.set(table, groups);
    }
    return known.get(table).get(key(set.cell_type, set.gene)) ?? [];
  };
}

function key(type, gene) {
  return `${type}\t${gene}`;
}
