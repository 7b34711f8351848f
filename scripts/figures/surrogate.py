"""Tables of docs/surrogate.md, of what cis_bars, false_positives and grids wrote."""
from words import json_of, markdown, mean, rows_of, value

KINDS = {"single": "single", "additive": "additive", "multiplicative": "multiplicative", "either": "either-of",
         "together": "only-together", "all": "all sets"}


# --- cis_bars -------------------------------------------------------------------------------------------


def bar_words(figure):
    low, high = figure.get("low"), figure.get("high")
    if low is not None and high is not None:
        return f"{low:g}–{high:g}"
    return f"≥ {low:g}" if low is not None else f"≤ {high:g}"


def number(figure_value):
    whole = abs(figure_value) >= 100 or (figure_value == round(figure_value) and figure_value > 1)
    return f"{figure_value:.0f}" if whole else f"{figure_value:.3f}"


def barred(figure):
    """Value and standard error; where the bar is missed, bold, with the bar behind it."""
    if figure is None or figure["value"] is None:
        return ""
    missed = figure.get("met") is False
    text = f"**{number(figure['value'])}**" if missed else number(figure["value"])
    if figure.get("error"):
        text += f" ± {number(figure['error'])}"
    return text + (f" ({bar_words(figure)})" if missed else "")


# Times belong to the machine; what explain gives with its defaults, and verdicts, have tables of their own.
ELSEWHERE = ("fit_seconds", "fit_cpu_seconds", "fit_rate", "fit_minutes", "fit_capture", "end_to_end_",
             "found_borne", "found_contra", "planted_borne", "planted_contra", "null_genes_")
BARS_RUNS = {"capture-1": "capture 1", "capture-0.5": "capture 0.5", "capture-0.3": "capture 0.3",
             "cells-1000": "1,000 cells", "cells-10000": "10,000 cells"}


def cis_bars(folder):
    runs = [json_of(folder / f"{run}.json")["figures"] for run in BARS_RUNS]
    abouts = {name: figure["about"] for run in runs for name, figure in run.items()
              if not name.startswith(ELSEWHERE)}
    rows = []
    for name, about in abouts.items():
        figures = [run.get(name) for run in runs]
        first = figures[0]  # whose bars stand in a column; where others miss theirs, it stands behind
        rows.append((about, bar_words(first) if first and "met" in first else "", *map(barred, figures)))
    return markdown(("figure", "bar", *BARS_RUNS.values()), rows)


CAPTURES = ("1", "0.5", "0.3")


def user_runs(folder):
    return [json_of(folder / f"capture-{capture}.json")["figures"] for capture in CAPTURES]


def with_error(figure):
    return f"{figure['value']:.3f} ± {figure.get('error', 0):.3f}" if figure else ""


def user_recall(folder):
    header = [""]
    for capture in CAPTURES:
        header += [f"capture {capture}: explain", "lasso", "beyond it"]
    return markdown(header, [(words, *(with_error(run.get(key + kind)) for run in user_runs(folder)
                                       for key in ("end_to_end_", "lasso_", "end_to_end_beyond_lasso_")))
                             for kind, words in KINDS.items()])


VERDICTS = {
    "gate_regulated": "gate B passed, regulated genes",
    "gate_none": "gate B passed, unregulated genes",
    "found_borne_out": "of genes that pass: found sets borne out",
    "planted_borne_out": "of genes that pass: planted sets borne out",
    "found_contradicted": "of genes that pass: found sets contradicted",
    "planted_contradicted": "of genes that pass: planted sets contradicted",
    "null_genes_confirmed": "sets of unregulated genes borne out",
    "bystander": "sets with a bystander instead of a cause",
    "lasso_bystander": "the same of the lasso",
}


def user_verdicts(folder):
    return markdown(("", *(f"capture {capture}" for capture in CAPTURES)),
                    [(words, *(with_error(run.get(name)) for run in user_runs(folder)))
                     for name, words in VERDICTS.items()])


def latent_openness(folder):
    """Observed openness → auto, a row for each simulation."""
    rows = []
    for run in rows_of(folder / "runs.tsv"):
        off, auto = (json_of(folder / f"{run['capture']}-{run['seed']}-{form}.json")["figures"]
                     for form in ("off", "auto"))
        rows.append((run["capture"], run["seed"], f"{auto['fit_capture']['value']:g}",
                     *(f"{off[name]['value']:.2f} → {auto[name]['value']:.2f}"
                       for name in (f"recall_{kind}" for kind in KINDS if kind != "all")),
                     f"{off['gate_gain']['value']:.4f} → {auto['gate_gain']['value']:.4f}"))
    return markdown(("capture", "seed", "κ taken", "single", "additive", "multiplicative", "either", "together",
                     "deviance saved (gate B)"), rows)


CHOICE_COLUMNS = {"r_ratio": "r", "recall_single": "single", "recall_additive": "additive",
                  "recall_multiplicative": "multiplicative", "recall_either": "either-of",
                  "recall_together_pairs": "pairs required", "gate_regulated": "B, regulated", "gate_none": "B, not"}


def cis_choices(folder):
    rows = []
    for i, choice in enumerate(rows_of(folder / "choices.tsv"), 1):
        runs = [json_of(folder / f"{i}-{capture}.json")["figures"] for capture in ("1", "0.5")]
        options = f" (`{choice['options']}`)" if choice["options"] else ""
        rows.append((choice["choice"] + options,
                     *(" / ".join(f"{run[name]['value']:.{3 if name == 'r_ratio' else 2}f}" for run in runs)
                       for name in CHOICE_COLUMNS)))
    return markdown(("choice", *CHOICE_COLUMNS.values()), rows)


def false_positives(folder):
    """As the program prints it."""
    return (folder / "table.md").read_text()


# --- the trained surrogate ------------------------------------------------------------------------------

ACCURACY = ("mean_r", "mean_r2", "mean_within_type_r")


def accuracy_words(row):
    return [f"{value(row[column]):.3f}" for column in ACCURACY]


def accuracy(folder):
    """The forms by seed, then what is fitted without one: the first seed's split stands for it."""
    rows = rows_of(folder / "accuracy.tsv")
    body = []
    for study in dict.fromkeys(row["study"] for row in rows):
        of_study = [row for row in rows if row["study"] == study]
        for row in of_study:
            if row["predictor"] == "surrogate":
                form = "**joint**" if row["form"] == "joint" else row["form"]
                body.append((study, form, row["seed"], *accuracy_words(row)))
        first = of_study[0]
        body += [(study, row["predictor"], "", *accuracy_words(row)) for row in of_study
                 if row["predictor"] != "surrogate" and (row["form"], row["seed"]) == (first["form"], first["seed"])]
    return markdown(("study", "predictor", "seed", "r", "R²", "within"), body)


def choices(folder):
    return markdown(("options", "r", "R²", "within"),
                    [(row["form"], *accuracy_words(row)) for row in rows_of(folder / "accuracy.tsv")
                     if row["predictor"] == "surrogate"])


# --- limits ---------------------------------------------------------------------------------------------

FORMS = {"published": "published", "joint": "joint", "cis": "joint, with the cis path"}


def limits_runs(folder):
    """Regulated genes, form, domain and folder of each run, and the folder of its cells."""
    for run in rows_of(folder / "runs.tsv"):
        cells = folder / f"cells-{run['regulated']}"
        yield run["regulated"], run["form"], run["domain"], folder / run["folder"], cells


def correlations(run, cells):
    """(regulated, r of the surrogate, r of the true function) of each gene that has both."""
    truth = {row["gene"]: row for row in rows_of(cells / "oracle.tsv")}
    for row in rows_of(run / "accuracy.tsv"):
        gene = truth[row["gene"]]
        both = value(row["within_type_r_partial"]), value(gene["r"])
        if row["predictor"] == "surrogate" and None not in both:
            yield (gene["kind"] != "none", *both)


def mean_words(genes, regulated, which):
    average = mean([gene[which] for gene in genes if gene[0] == regulated])
    return "" if average is None else f"{average:.3f}"


def limits_prediction(folder):
    rows, done = [], set()
    runs = list(limits_runs(folder))
    for i, (count, form, _, run, cells) in enumerate(runs):
        genes = list(correlations(run, cells))
        if (count, form) not in done:
            done.add((count, form))
            rows.append((count, FORMS[form], mean_words(genes, True, 1), mean_words(genes, False, 1)))
        if i + 1 == len(runs) or runs[i + 1][0] != count:
            rows.append((count, "*true function*", mean_words(genes, True, 2), mean_words(genes, False, 2)))
    return markdown(("regulated genes", "", "r, regulated", "r, unregulated"), rows)


def recall_words(rows, chance):
    members = sum(value(row["members"]) for row in rows)
    if not members:
        return ""
    return "{:.2f} ({:.2f})".format(*(sum(value(row[column]) for row in rows) / members
                                      for column in ("members_found", chance)))


def limits_recovery(folder):
    rows = []
    for count, form, domain, run, _ in limits_runs(folder):
        sets = rows_of(run / "recovery.tsv")
        chance = "expected_by_chance" if domain == "all" else "expected_near_tss"
        rows.append((count, FORMS[form], domain, *(recall_words([row for row in sets if row["kind"] == kind], chance)
                                                   for kind in KINDS if kind != "all")))
    return markdown(("regulated genes", "", "domain", *(KINDS[kind] for kind in KINDS if kind != "all")), rows)
