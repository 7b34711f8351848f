"""The table of docs/your-own-model.md, of what examples/digits/run.sh wrote."""
from words import counted, markdown, rows_of, value


def digits(folder):
    rows = rows_of(folder / "results" / "table.tsv")
    most = max(value(row["turned_share"]) for row in rows)
    body = []
    for row in rows:
        share = f"{100 * value(row['turned_share']):.1f} %"
        body.append((f"`{row['method']}`", row["turned_rows"],
                     f"**{share}**" if value(row["turned_share"]) == most else share,
                     f"{value(row['probability_after']):.3f}", counted(value(row["evaluations"]))))
    return markdown(("method", "read as 3", "share", "mean probability of 3", "evaluations"), body)
