// Tables: as the page holds them, and as grids writes them (tab-separated, a header, NA for what is missing,
// quotes around cells that hold a tab, an end of line or begin with a quote, an apostrophe before what a
// spreadsheet would run).

const READ = new WeakMap(); // tables whose rows were asked for

/** The rows of a table of the page as objects of texts, by column; made once. */
export function records(table) {
  if (!table) return [];
  if (!READ.has(table)) READ.set(table, table.rows.map((row) => Object.fromEntries(table.columns.map((name, i) => [name, row[i]]))));
  return READ.get(table);
}

/** A column as the page holds it: its values, or places in a list of the few that it has. */
export function column(held) {
  return Array.isArray(held) ? held : held.at.map((place) => held.of[place]);
}

/** A cell as a number; NaN for NA and nothing. */
export function number(text) {
  return text === undefined || text === null || text === "" || text === "NA" ? NaN : Number(text);
}

/** Rows as the text of a table, as grids writes it. */
export function toTsv(columns, rows) {
  const cell = (value) => {
    let text = value === null || value === undefined || Number.isNaN(value) ? "NA" : String(value);
    if (/^['=+@-]/.test(text) && !Number.isFinite(Number(text))) text = `'${text}`;
    return /^"|[\t\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return [columns, ...rows].map((row) => row.map(cell).join("\t") + "\n").join("");
}
