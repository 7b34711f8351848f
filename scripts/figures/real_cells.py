"""Tables of docs/real-cells.md, of what runs of grids on three public experiments wrote.

Runs lie in folders EXPERIMENT_SEED, what was explained besides in folders below.
"""
import math
import re

from words import deviation, fixed, markdown, mean, power_of_ten, rows_of, signed, value

EXPERIMENTS = {"a549": "A549", "bmmc": "BMMC", "snare_h1": "SNARE-H1"}


def runs_of(folder, experiment):
    """(seed, folder) of each."""
    runs = [(path.name.rpartition("_")[2], path) for path in folder.glob(f"{experiment}_*") if path.is_dir()]
    return sorted(runs, key=lambda run: int(run[0]))


def genes_of(run):
    """What cis.tsv says of each gene: its first row, with the number of its terms."""
    genes = {}
    for row in rows_of(run / "cis.tsv"):
        gene = genes.setdefault(row["gene"], {**row, "terms": 0})
        gene["terms"] += int(row["term"]) > 0
    return genes


def sets_of(folder):
    """What measured expression says of each found set, with the change that the tables give."""
    changes = {(row["gene"], row["cell_type"]): value(row["relative_change"])
               for row in rows_of(folder / "subsets.tsv")}
    sets = [row for row in rows_of(folder / "contrasts.tsv") if row["set"] == "found"]
    return {row["gene"]: {**row, "change": changes[row["gene"], row["cell_type"]]} for row in sets}


def thousands(number):
    return f"{int(number):,}"


# --- positions and genome builds ------------------------------------------------------------------------

BUILT = (("a549", "A549 (hg19)"), ("bmmc", "BMMC (hg38)"), ("pbmc40", "PBMC, 40 cells (hg38)"),
         ("snare_h1", "SNARE-H1 (hg38)"))


def found_in(pattern, text):
    found = re.search(pattern, text)
    return found.groups() if found else None


def build_row(folder, experiment, build):
    """Of the log of a preparation, made with --force, and of whether one without was refused."""
    log = (folder / f"{experiment}-{build}.log").read_text()
    matched, genes, by_symbol, by_id = found_in(
        r"(\d+) of (\d+) genes have a position: (\d+) by symbol, (\d+) by id,", log)
    how = "id" if int(by_id) > int(by_symbol) else "symbol"
    beyond = found_in(r"(\d+) of \d+ genes lie beyond the end", log)
    promoters = found_in(r"([\d.]+) % of \d+ promoters .*? beside them ([\d.]+) %", log)
    verdict = [*(["refused"] if (folder / f"{experiment}-{build}.refused").exists() else []),
               *(["promoters doubted"] if "promoters do not stand out" in log else [])]
    return [build, f"{thousands(matched)} of {thousands(genes)} by {how}", beyond[0] if beyond else "0",
            *(f"{share} %" for share in promoters), "; ".join(verdict)]


def builds(folder):
    rows = []
    for experiment, words in BUILT:
        own = re.search("hg[0-9]+", words).group()
        for build in (own, "hg38" if own == "hg19" else "hg19"):
            rows.append([words if build == own else "", *build_row(folder, experiment, build)])
    return markdown(("cells", "genes", "matched", "genes beyond chromosome ends", "promoters with a peak within 1 kb",
                     "places beside them", "verdict"), rows)


# --- gates and contrasts --------------------------------------------------------------------------------


def size_of(run):
    """Cells × peaks × genes, and genes with a position."""
    left, placed = {}, None
    for row in rows_of(run / "prepare.tsv"):
        if row["of"] in ("cells", "peaks", "genes"):
            left[row["of"]] = int(row["after"])
        if row["of"] == "note":
            placed = placed or found_in(r"(\d+) of \d+ chosen genes have a position", row["step"])
    return " × ".join(thousands(left[of]) for of in ("cells", "peaks", "genes")), thousands(placed[0])


def gate_words(genes, gate, digits):
    """How many pass, and the gain over the genes that were tested."""
    gains = [value(gene[f"gate_{gate}_gain"]) for gene in genes]
    gains = [gain for gain in gains if gain is not None]
    passed = sum(gene[f"gate_{gate}_passed"] == "yes" for gene in genes)
    return passed, f"{signed(mean(gains), digits)} ± {fixed(deviation(gains), digits)}", gains


def gates_row(run):
    genes = list(genes_of(run).values())
    passed_a, gain_a, _ = gate_words(genes, "a", 4)
    passed_b, gain_b, gains = gate_words(genes, "b", 4)
    t = mean(gains) / (deviation(gains) / math.sqrt(len(gains)))
    contrasts = run / "contrasts.tsv"  # not there where nothing was explained
    sets = [row for row in rows_of(contrasts) if row["set"] == "found"] if contrasts.exists() else []
    judged = [row for row in sets if value(row["p"]) is not None]
    least = min((value(row["p"]) for row in judged), default=None)
    small_q = sum(value(row["q"]) < 0.1 for row in judged) if judged else ""
    return (*size_of(run), thousands(len(genes)), thousands(sum(gene["terms"] > 0 for gene in genes)), passed_a,
            gain_a, passed_b, gain_b, signed(t, 1), len(judged), power_of_ten(least), small_q)


def gates(folder):
    rows = []
    for experiment, words in EXPERIMENTS.items():
        for i, (seed, run) in enumerate(runs_of(folder, experiment)):
            rows.append((words if i == 0 else "", seed, *gates_row(run)))
    return markdown(("cells", "seed", "cells × peaks × genes", "with a position", "fitted (peaks in the window)",
                     "with terms, weak ones too", "gate A passed", "gain", "gate B passed", "gain", "t",
                     "sets with a contrast", "smallest p", "q < 0.1"), rows)


# --- genes, one by one ----------------------------------------------------------------------------------


def set_words(found, digits):
    """Change, slope, p and q of a set; empty where there is none, or no slope."""
    if not found:
        return [""] * 4
    slope_digits = 2 if digits == 1 else 0
    slope, low, high = (value(found[key]) for key in ("slope", "slope_low", "slope_high"))
    interval = f" ({signed(low, slope_digits)} to {signed(high, slope_digits)})" if slope is not None else ""
    return [f"{signed(100 * found['change'], digits)} %", signed(slope, slope_digits) + interval,
            power_of_ten(value(found["p"])), power_of_ten(value(found["q"]))]


def gate_row(gene, gate, numbers):
    return ", ".join([signed(value(gene[f"gate_{gate}_gain"]), 4),
                      *(power_of_ten(value(gene[f"gate_{gate}_{number}"])) for number in numbers)])


def passed(folder):
    """Genes that pass in most splits first, those without a set last."""
    rows = []
    for seed, run in runs_of(folder, "a549"):
        sets = sets_of(run / "passed") if (run / "passed").exists() else {}
        rows += [(name, seed, gene, sets.get(name)) for name, gene in genes_of(run).items()
                 if gene["gate_b_passed"] == "yes"]
    splits = [name for name, *_ in rows]
    rows.sort(key=lambda row: (row[3] is None, -splits.count(row[0]), row[0], row[1]))
    return markdown(("gene", "seed", "terms", "gate B: gain, q", "predicted change", "slope (95 %)", "p", "q"),
                    [(f"*{name}*", seed, gene["terms"], gate_row(gene, "b", "q"), *set_words(found, 1))
                     for name, seed, gene, found in rows])


def targets(folder):
    rows = []
    for name in [row["gene"] for row in rows_of(folder / "targets.tsv")]:
        for seed, run in runs_of(folder, "a549"):
            means = {row["gene"]: value(row["measured_mean"])
                     for row in rows_of(run / "targets" / "accuracy" / "marker_means.tsv")
                     if row["cell_type"] == "dex_3h"}
            gene = genes_of(run)[name]
            rows.append((f"*{name}*", seed, fixed(means[name]), gene["window_peaks"], gene["terms"],
                         gate_row(gene, "a", "pq"), gate_row(gene, "b", "pq"),
                         *set_words(sets_of(run / "targets").get(name), 2)))
    return markdown(("gene", "seed", "mean", "window peaks", "terms", "gate A: gain, p, q", "gate B: gain, p, q",
                     "predicted change", "slope (95 %)", "p", "q"), rows)
