"""The table of docs/sets.md, of the recovery.tsv of two runs of grids."""
from words import markdown, rows_of

KINDS = {"together": "needed jointly", "either": "either suffices", "additive": "additive",
         "multiplicative": "multiplicative", "single": "single"}


def scores(rows):
    """Recall and number of whole sets, alone and with partners."""
    members = sum(int(row["members"]) for row in rows)
    for found in ("members_found", "members_with_partners"):
        yield f"{sum(int(row[found]) for row in rows) / members:.2f}"
        yield str(sum(row[found] == row["members"] for row in rows))


def planted(folder):
    closed, opened = (rows_of(folder / run / "recovery.tsv") for run in ("closed", "open"))
    body = []
    for kind, words in KINDS.items():
        of_kind = [[row for row in rows if row["kind"] == kind] for rows in (closed, opened)]
        if all(of_kind):
            body.append((words, len(of_kind[0]), *scores(of_kind[0]), *scores(of_kind[1])))
    return markdown(("kind", "sets", "closing: recall", "whole", "with partners", "whole", "opening: recall",
                     "whole", "with partners", "whole"), body)
