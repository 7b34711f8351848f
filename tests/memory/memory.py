#!/usr/bin/env python3
"""A study that is kept in a file because `--memory` is small: the same results, to the byte.

    memory.py PROGRAMS [--keep FOLDER]

PROGRAMS is the folder with `grids` and `grids-torch`. On a tiny simulated study each command is run twice, with all memory and
with almost none; that the latter keeps the study in a file is to be told. Then what goes wrong: senseless amounts, and a folder
for the file that there is not. Ends with "N passed, N failed".
"""

import argparse
import pathlib
import shutil
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
from same_bytes import SameBytes, differing  # noqa: E402

LITTLE, PLENTY = "40k", "8G"
TOLD = "while this command runs they lie in a file in"


class Tour(SameBytes):
    def both(self, name, words, out="", reads_study=True):
        """The command with much and with little memory; what it wrote is to be the same."""
        made = []
        for memory in (PLENTY, LITTLE):
            place = f"{memory}-{name}{out}"
            message = self.must([*words, "-o", place, "--memory", memory])
            made.append(self.contents(place))
            kept = TOLD in message
            if reads_study and kept != (memory == LITTLE):
                return self.told(name, f"--memory {memory}: is {'' if kept else 'not '}kept in a file: {message}")
        differ = differing(*made)
        self.told(f"{name}: {len(made[0])} files", f"differ: {differ}" if differ or not made[0] else "")

    def refused(self, name, words, code, *wanted, **environment):
        found, message = self.call(words, **environment)
        problem = f"ends with {found}: {message}" if found != code else "; ".join(
            f"does not say '{each}': {message}" for each in wanted if each not in message)
        self.told(name, problem)


def same_results(tour):
    study, surrogate = "8G-prepare.h5mu", "8G-cis.safetensors"
    tour.must(["simulate", "--preset", "tiny", "--seed", "3", "--batches", "2", "-o", "cells"])
    tour.both("prepare", ["prepare", "cells/cells.h5mu", "--labels", "cell_type", "--genes", "cells/genes.bed"], ".h5mu",
              reads_study=False)
    tour.both("train", ["train", study, "--max-steps", "30"], ".safetensors")
    tour.both("cis", ["cis", study, "8G-train.safetensors"], ".safetensors")
    gene = next(line.split("\t")[3] for line in (tour.root / "cells/genes.bed").read_text().splitlines()
                if not line.startswith("#"))
    inputs = [study, surrogate]
    target = ["--gene", gene, "--cell-type", "all", "--force", "-L", "3"]
    tour.both("evaluate", ["evaluate", *inputs, "--map"])
    tour.both("predict", ["predict", *inputs], ".h5ad")
    tour.both("explain", ["explain", *inputs, *target])
    tour.both("redundancy", ["redundancy", *inputs, "--gene", gene, "-L", "3", "--negative-control"])
    tour.both("crossed", ["redundancy", *inputs, "--gene", gene, "-L", "3", "--cross-fit"])
    tour.both("knockout", ["knockout", *inputs, "--cell-type", "each", "--gene", gene])
    tour.both("compare", ["compare", *inputs, "--gene", gene, "--cell-type", "all", "--methods", "grids,links,lasso",
                          "--seeds", "1", "-L", "3"])
    tour.both("export", ["export", "8G-explain", "--format", "bed,muon"])
    tour.both("validate", ["validate", "8G-explain", "--study", study])


def what_goes_wrong(tour):
    words = ["evaluate", "8G-prepare.h5mu", "8G-cis.safetensors", "-o", "refused"]
    for text in ("0", "-1G", "lots", "8GG"):
        tour.refused(f"--memory '{text}'", [*words, f"--memory={text}"], 2, "--memory", "8G")
    tour.refused("no folder for the file", [*words, "--memory", LITTLE], 3, "/nowhere/at/all", "TMPDIR", TMPDIR="/nowhere/at/all")
    left = [path.name for path in tour.root.rglob(".grids-scratch*")]
    tour.told("nothing is left behind", f"{left}" if left or (tour.root / "refused").exists() else "")


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("programs", type=pathlib.Path)
    arguments.add_argument("--keep", type=pathlib.Path)
    given = arguments.parse_args()
    root = given.keep or pathlib.Path(tempfile.mkdtemp(prefix="grids-memory-"))
    root.mkdir(exist_ok=True)
    try:
        tour = Tour(given.programs, root)
        same_results(tour)
        what_goes_wrong(tour)
    finally:
        if given.keep is None:
            shutil.rmtree(root)
    print(f"{tour.passed} passed, {tour.failed} failed")
    sys.exit(1 if tour.failed else 0)


if __name__ == "__main__":
    main()
