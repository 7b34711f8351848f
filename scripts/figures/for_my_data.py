"""The tables of docs/for-my-data.md, of the JSON that reach_grid wrote."""
from words import fixed, json_of, markdown


def rows_by_cells(folder):
    """(cells, counts) and the row of each capture, in the order of the file."""
    by = {}
    for row in json_of(folder / "reach.json")["rows"]:
        by.setdefault((row["cells"], row["counts"]), {})[row["capture"]] = row
    return by


def captures_of(by):
    return list(next(iter(by.values())))


def percent(share):
    return "–" if share is None else f"{100 * share:.0f} %"


def folds(folder):
    by = rows_by_cells(folder)
    captures = captures_of(by)
    fold = lambda row: "none" if row["smallest_fold"] is None else f"{row['smallest_fold']:.3g}"
    return markdown(("cells", "counts a cell", *(f"capture {capture:g}" for capture in captures)),
                    ((f"{cells:,.0f}", f"{counts:g}", *(fold(rows[capture]) for capture in captures))
                     for (cells, counts), rows in by.items()))


def pairs(folder):
    by = rows_by_cells(folder)
    captures = captures_of(by)
    kinds = [pair["fold"] for pair in next(iter(by.values()))[captures[0]]["pairs"]]
    body = []
    for (cells, counts), rows in by.items():
        line = [f"{cells:,.0f}", f"{counts:g}"]
        for i in range(len(kinds)):
            for capture in captures:
                pair = rows[capture]["pairs"][i]
                drawn = "" if pair["drawn"] is None or pair["called"] is None else f" ({100 * pair['drawn']:.0f})"
                line.append(percent(pair["called"]) + drawn)
        line.append(fixed(rows[captures[0]]["pairs"][0]["hidden_share"]) or "–")
        body.append(line)
    head = [f"{fold:g} ×, capture {capture:g}" for fold in kinds for capture in captures]
    return markdown(("cells", "counts a cell", *head, f"smallest share, {kinds[0]:g} ×, capture {captures[0]:g}"), body)
