// Tables as grids writes them: tab-separated, a header, NA for what is missing, quotes around cells that
// hold a tab, an end of line or begin with a quote, an apostrophe before what a spreadsheet would run.

/** The rows of a table's text, each as an array of texts; the first is the header. */
export function tsvRows(text) {
  const rows = [];
  let row = [];
  let i = 0;
  while (i < text.length) {
    const [cell, next] = text[i] === '"' ? quoted(text, i) : plain(text, i);
    row.push(cell);
    i = next;
    if (i >= text.length || text[i] === "\n") {
      rows.push(row);
      row = [];
    }
    i += 1;
  }
  return rows;
}

function plain(text, from) {
  let to = from;
  while (to < text.length && text[to] !== "\t" && text[to] !== "\n") to += 1;
  const cell = text.slice(from, to);
  return [/^'['=+\-@]/.test(cell) ? cell.slice(1) : cell, to];
}

function quoted(text, from) {
  let cell = "";
  let i = from + 1;
  for (;;) {
    const end = text.indexOf('"', i);
    if (end < 0) return [cell + text.slice(i), text.length];
    cell += text.slice(i, end);
    if (text[end + 1] !== '"') return [/^'['=+\-@]/.test(cell) ? cell.slice(1) : cell, end + 1];
    cell += '"';
    i = end + 2;
  }
}

/** The rows of a table as objects of texts, by column. */
export function records(text) {
  if (!text) return [];
  const [header, ...rows] = tsvRows(text);
  return rows.map((row) => Object.fromEntries(header.map((name, i) => [name, row[i] ?? ""])));
}

/** A cell as a number; NaN for NA and nothing. */
export function number(text) {
  return text === undefined || text === "" || text === "NA" ? NaN : Number(text);
}

/** Rows as the text of a table, in the spelling above. */
export function toTsv(columns, rows) {
  const cell = (value) => {
    let text = value === null || value === undefined || Number.isNaN(value) ? "NA" : String(value);
    if (/^['=+@-]/.test(text) && !Number.isFinite(Number(text))) text = `'${text}`;
    return /^"|[\t\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return [columns, ...rows].map((row) => row.map(cell).join("\t") + "\n").join("");
}
