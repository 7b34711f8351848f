"""Tables of docs/compare.md, of what `grids compare` wrote."""
from words import counted, fixed, markdown, median, rows_of, seconds, short, small, value


def recall_words(row):
    """"0.91 (1.00)": with partners in brackets, where they find more; empty where nothing is planted."""
    alone, both = value(row["recall"]), value(row["recall_with_partners"])
    return fixed(alone) if alone == both else f"{fixed(alone)} ({fixed(both)})"


def equal_rows(path):
    return [row for row in rows_of(path) if row["allowance"] == "equal"]


def held_out(folder):
    return markdown(
        ("method", "q < 0.05", "median z", "mean slope", "planted recall"),
        [(row["method"], fixed(value(row["share_called"])), fixed(value(row["median_z"])),
          short(value(row["mean_slope"])), recall_words(row))
         for row in equal_rows(folder / "held_out.tsv")])


def seconds_of(folder, row):
    """Median of what the method took for a set of the surrogate."""
    return median([value(time["method_seconds"]) for time in rows_of(folder / "timings.tsv")
                   if time["objective"] == "surrogate"
                   and all(time[key] == row[key] for key in ("method", "L", "allowance"))])


def objective_rows(folder, rows):
    changes = [abs(value(row["relative_change"])) for row in rows]
    digits = 4 if max(changes) >= 0.01 else 6
    for row in rows:
        yield (row["method"], fixed(value(row["relative_change"]), digits),
               short(value(row["change_cp100k"]), 3), small(value(row["t_p"])),
               small(value(row["wilcoxon_p"])), small(value(row["wilcoxon_p_targets"])),
               fixed(value(row["objective"]), 6), small(value(row["objective_t_p"])),
               counted(value(row["evaluations"])), seconds(seconds_of(folder, row)))


def objective_table(folder, rows):
    return markdown(("method", "relative change", "counts per 100,000", "t-test p", "Wilcoxon p", "over targets",
                     "objective (training)", "t-test p", "evaluations", "seconds"),
                    objective_rows(folder, rows))


def objective(folder):
    return objective_table(folder, equal_rows(folder / "own_objective.tsv"))


def objective_of_largest(folder):
    rows = equal_rows(folder / "own_objective.tsv")
    largest = max(int(row["L"]) for row in rows)
    return objective_table(folder, [row for row in rows if int(row["L"]) == largest])


def planted(folder):
    """A row for each planted kind, a column a method; "–" where a method has none."""
    rows = equal_rows(folder / "recall_by_kind.tsv")
    methods = list(dict.fromkeys(row["method"] for row in rows))
    kinds = {}
    for row in rows:
        key = (row["objective"], row["kind"], row["planted"])
        kinds.setdefault(key, {"sets": row["sets"]})[row["method"]] = recall_words(row)
    return markdown(("objective", "kind", "members", "sets", *methods),
                    [(*key, words["sets"], *(words.get(method, "–") for method in methods))
                     for key, words in kinds.items()])
