#!/usr/bin/env python3
"""What a run on cells that were not measured together found of planted sets.

    planted.py TRUTH.tsv RESULTS [RESULTS ...]

TRUTH.tsv is what `grids simulate` planted, RESULTS a folder of `grids explain` or `grids run`. Prints, by kind of
planted regulation, how many planted peaks the found sets hold (members ÷ planted, over all sets together) beside what
as many peaks drawn at random from all of the study would hold; and how many sets measured expression confirms, which
is none where chromatin and RNA are of different cells. Ends with code 1 where one is confirmed though its contrast
says that it was held against nothing.
"""

import argparse
import collections
import csv
import pathlib
import sys

CONFIRMED = ("borne_out", "overstated")
NEEDS_PAIRS = "needs chromatin and RNA of the same cells"


def rows_of(path):
    with open(path, newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def planted_of(truth):
    """gene → (kind, peaks, types in which they act; none named: all)."""
    planted = {}
    for row in rows_of(truth):
        peaks = set(filter(None, row["peaks"].split(",")))
        types = set(filter(None, row["types"].split(",")))
        planted[row["gene"]] = (row["kind"], peaks, types)
    return planted


def sets_of(folder):
    """(type, gene, method, L) → peaks."""
    found = collections.defaultdict(set)
    for row in rows_of(folder / "subsets.tsv"):
        found[row["cell_type"], row["gene"], row["method"], row["L"]].add(row["peak"])
    return found


def confirmed_of(folder):
    """Sets that measured expression confirms, and those of them that were held against nothing."""
    rows = [row for row in rows_of(folder / "contrasts.tsv") if row["set"] == "found"]
    confirmed = [row for row in rows if row["verdict"] in CONFIRMED]
    return len(confirmed), sum(row["note"] == NEEDS_PAIRS for row in confirmed)


def recall_of(folder, planted, peaks):
    """kind → [sets, planted peaks, found of them, found by chance]."""
    sums = collections.defaultdict(lambda: [0, 0, 0, 0.0])
    for (cell_type, gene, _, _), found in sets_of(folder).items():
        kind, members, types = planted[gene]
        if types and cell_type != "all" and cell_type not in types:
            kind, members = "none", set()
        entry = sums[kind]
        entry[0] += 1
        entry[1] += len(members)
        entry[2] += len(members & found)
        entry[3] += len(members) * len(found) / peaks if peaks else 0
    return sums


def tell(folder, planted, peaks):
    print(f"{folder}")
    print(f"{'kind':<16}{'sets':>6}{'planted':>9}{'found':>7}{'recall':>8}{'chance':>8}")
    for kind, (sets, members, found, chance) in sorted(recall_of(folder, planted, peaks).items()):
        share = f"{found / members:.3f}" if members else "-"
        by_chance = f"{chance / members:.3f}" if members and peaks else "-"
        print(f"{kind:<16}{sets:>6}{members:>9}{found:>7}{share:>8}{by_chance:>8}")
    confirmed, wrongly = confirmed_of(folder)
    print(f"confirmed by measured expression: {confirmed}")
    return wrongly


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("truth", type=pathlib.Path)
    parser.add_argument("results", type=pathlib.Path, nargs="+")
    asked = parser.parse_args()
    planted = planted_of(asked.truth)
    beside = asked.truth.parent / "peaks.tsv"
    peaks = len(rows_of(beside)) if beside.exists() else 0
    wrongly = sum([tell(folder, planted, peaks) for folder in asked.results])
    if wrongly:
        print(f"{wrongly} sets are called confirmed though nothing was held against them")
    return 1 if wrongly else 0


if __name__ == "__main__":
    sys.exit(main())
