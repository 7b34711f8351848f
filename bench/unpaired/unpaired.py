#!/usr/bin/python3
"""Surrogates of cells whose pairing was hidden, beside paired ones and beside GLUE.

    bench/unpaired/unpaired.py build/release/bin --data ../shared/data --work FOLDER [--glue glue/bin/python]

Four sets of paired cells: two simulations (ATAC sees each open peak, or 0.3 of them), A549 and BMMC; each split anew
with every seed. `grids prepare`, then each way of training, on the same cells. A way is a name and either the options of
`grids train`, followed by `grids evaluate`, or `glue` and the options of `glue.py`:

    --way paired= --way hidden=--hide-pairing --way "unlabelled=--hide-pairing --hide-labels both"
    --way "GLUE, labels=glue --labels" --way GLUE=glue

are the ones without --way. Left out, and said so: a way with options that this build does not know, and GLUE without
--glue. What was measured stays in FOLDER, and is measured anew when the program or the options changed. A table goes to
the screen, every figure to --json.

What is measured of GLUE stands in `measures.py`; of the surrogate in alignment.tsv and accuracy_summary.tsv
(docs/results.md).
"""

import argparse
import csv
import hashlib
import json
import os
import pathlib
import re
import shlex
import statistics
import subprocess
import sys

import numpy

import measures

WAYS = ["paired=", "hidden=--hide-pairing", "unlabelled=--hide-pairing --hide-labels both", "GLUE, labels=glue --labels",
        "GLUE=glue"]
SIMULATION = ["--preset", "demo", "--cells", 2000, "--peaks", 3000, "--n-genes", 400, "--types", 5, "--seed", 11]
SETS = ["sim", "sim_sparse", "a549", "bmmc"]
GLUE = pathlib.Path(__file__).with_name("glue.py")
#: Both add float32 predictions up in double precision, in another order.
SAME_FIGURE = 1e-5
#: What the table shows, each with its digits.
SHOWN = {"foscttm": 3, "foscttm_within_type": 3, "label_transfer_atac": 3, "label_transfer_balanced_atac": 3,
         "label_transfer_rna": 3, "label_transfer_balanced_rna": 3, "within_type_r": 4, "within_type_r_partial": 4,
         "neighbours_within_type_r": 4, "cpu_s": 0}


def run(words, log):
    """CPU seconds of a command and its children; ends the program when it fails. On one thread, wherever it counts them."""
    one = {f"{library}_NUM_THREADS": "1" for library in ("OMP", "OPENBLAS", "MKL", "NUMBA")}
    with open(log, "a") as told:
        process = subprocess.Popen([str(word) for word in words], stdout=told, stderr=told, env=os.environ | one)
        _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit(f"{' '.join(map(str, words))}: exit {process.returncode}; see {log}")
    return usage.ru_utime + usage.ru_stime


def checksum(paths, words):
    found = hashlib.sha256("\0".join(map(str, words)).encode())
    for path in paths:
        found.update(path.read_bytes())
    return found.hexdigest()


class Grids:
    def __init__(self, programs):
        self.programs = [programs / name for name in ("grids", "grids-torch")]
        self.helps = {}

    def run(self, command, words, log):
        return run([self.programs[0], command, *words, "--threads", 1], log)

    def knows(self, command, words):
        """Whether this build has the options among `words`."""
        if command not in self.helps:
            self.helps[command] = subprocess.run([self.programs[0], command, "--help"], capture_output=True, text=True).stdout
        return all(word in self.helps[command].replace(",", " ").split() for word in words if word.startswith("--"))


def prepared(grids, name, seed, data, work):
    """The study of a set, split by the seed. Made once."""
    study = work / name / str(seed) / "study.h5mu"
    if study.exists():
        return study
    study.parent.mkdir(parents=True, exist_ok=True)
    log = work / name / "log.txt"
    genes = data / "genes"
    if name == "a549":
        words = [data / "a549/a549.h5mu", "--genes", genes / "hg19.genes.bed"]
    elif name == "bmmc":
        words = ["--rna", data / "bmmc/rna.h5ad", "--atac", data / "bmmc/atac.h5ad", "--genes", genes / "hg38.genes.bed"]
    else:
        cells = work / name / "cells"
        if not (cells / "cells.h5mu").exists():
            grids.run("simulate", [*SIMULATION, "--capture", 0.3 if name == "sim_sparse" else 1, "-o", cells], log)
        words = [cells / "cells.h5mu", "--genes", cells / "genes.bed"]
    grids.run("prepare", [*words, "--labels", "cell_type", "--seed", seed, "-o", study], log)
    return study


def rows(path):
    with open(path, newline="") as table:
        return list(csv.DictReader(table, delimiter="\t"))


def known(measured):
    """Numbers of what is not NA."""
    return {name: float(value) for name, value in measured.items() if value not in ("NA", "", None)}


def accuracy(folder):
    (surrogate,) = [row for row in rows(folder / "accuracy_summary.tsv") if row["predictor"] == "surrogate"]
    means = {name.removeprefix("mean_"): value for name, value in surrogate.items() if name.startswith("mean_")}
    return known(means)


def alignment(folder):
    """Over all types, where this build writes alignment.tsv: in the latent space of the RNA, from which expression is decoded;
    that of the ATAC by longer names."""
    path = folder / "alignment.tsv"
    found = {}
    for row in rows(path) if path.exists() else []:
        if row["cell_type"] == "all":
            of = "" if row["of"] == "both" else f"_{row['of']}"
            before = "" if row["space"] == "rna" else f"{row['space']}_space_"
            found[before + row["measure"] + of] = row["value"]
    return known(found)


def require_same_rule(study, predicted, judged):
    """`measures.prediction`, by which GLUE is judged, gives what `grids evaluate` gave for the same predictions."""
    cells = measures.read_study(study)
    for name, value in measures.prediction(cells, measures.read_predicted(predicted, cells)).items():
        if abs(value - judged[name]) > SAME_FIGURE:
            sys.exit(f"{study}: {name} is {judged[name]} by grids and {value} by measures.py")


def surrogate(grids, study, seed, words, folder):
    """Trains and judges in `folder`."""
    log = folder / "log.txt"
    cost = grids.run("train", [study, *words, "--seed", seed, "--overwrite", "-o", folder / "surrogate.safetensors"], log)
    grids.run("evaluate", [study, folder / "surrogate.safetensors", "--overwrite", "-o", folder], log)
    judged = accuracy(folder)
    grids.run("predict", [study, folder / "surrogate.safetensors", "--overwrite", "-o", folder / "predicted.h5ad"], log)
    require_same_rule(study, folder / "predicted.h5ad", judged)
    return {**alignment(folder), **judged, "cpu_s": cost}


def glue(python, study, seed, words, folder):
    """GLUE's space and what it cost, in `folder`; measured by `of_glue`."""
    run([python, "-W", "ignore", GLUE, study, *words, "--seed", seed, "-o", folder], folder / "log.txt")
    found = json.loads((folder / "measures.json").read_text())
    return {name: found[name] for name in ("cpu_s", "linked_peaks")}


def of_glue(study, folder):
    with numpy.load(folder / "space.npz") as space:
        return measures.joint_space(measures.read_study(study), space["atac"], space["rna"], space["decoded"])


def kept(folder, check, measure):
    """What `measure` found, or what it found before with the same programs and words."""
    path = folder / "figures.json"
    if path.exists():
        before = json.loads(path.read_text())
        if before["check"] == check:
            return before["figures"]
    folder.mkdir(parents=True, exist_ok=True)
    figures = measure()
    path.write_text(json.dumps({"check": check, "figures": figures}, indent=1))
    return figures


def ways_of(given, grids):
    """Name and words of the ways that can be gone here."""
    for told in given.way or WAYS:
        name, _, words = told.partition("=")
        words = shlex.split(words)
        if words[:1] == ["glue"] and not given.glue:
            print(f"{name} is left out: no --glue", file=sys.stderr)
        elif words[:1] != ["glue"] and not grids.knows("train", words):
            print(f"{name} is left out: train of this build does not know all of {' '.join(words)}", file=sys.stderr)
        else:
            yield name, words


def measure(given):
    """Each set, seed, way, measure and value."""
    grids = Grids(given.programs.resolve())
    ways = list(ways_of(given, grids))
    for seed in given.seeds:
        for name in given.sets:
            study = prepared(grids, name, seed, given.data.resolve(), given.work)
            for way, words in ways:
                folder = study.parent / re.sub(r"\W+", "_", way)
                if words[:1] == ["glue"]:
                    figures = kept(folder, checksum([GLUE], words), lambda: glue(given.glue, study, seed, words[1:], folder))
                    figures |= of_glue(study, folder)
                else:
                    figures = kept(folder, checksum(grids.programs, words),
                                   lambda: surrogate(grids, study, seed, words, folder))
                yield from ((name, seed, way, *figure) for figure in figures.items())


def print_table(found):
    """Mean over seeds ± standard deviation."""
    shown = [name for name in SHOWN if any(row[3] == name for row in found)]
    print(f"| set | way | {' | '.join(shown)} |")
    print("| --- | --- |" + " ---: |" * len(shown))
    for name, way in dict.fromkeys((row[0], row[2]) for row in found):
        cells = []
        for figure in shown:
            values = [row[4] for row in found if (row[0], row[2], row[3]) == (name, way, figure)]
            digits = SHOWN[figure]
            spread = f" ± {statistics.stdev(values):.{digits}f}" if len(values) > 1 else ""
            cells.append(f"{statistics.mean(values):.{digits}f}{spread}" if values else "")
        print(f"| {name} | {way} | {' | '.join(cells)} |")


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("programs", type=pathlib.Path)
    arguments.add_argument("--data", type=pathlib.Path, required=True)
    arguments.add_argument("--work", type=pathlib.Path, required=True, help="where studies, surrogates and latents stay")
    arguments.add_argument("--sets", nargs="+", default=SETS, choices=SETS)
    arguments.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    arguments.add_argument("--way", action="append", help="NAME=OPTIONS; several times")
    arguments.add_argument("--glue", type=pathlib.Path, help="Python with scglue (glue.py says how)")
    arguments.add_argument("--json", type=pathlib.Path)
    given = arguments.parse_args()
    given.work = given.work.resolve()
    given.glue = given.glue and given.glue.absolute()  # a link that must not be followed
    found = list(measure(given))
    print_table(found)
    if given.json:
        names = ("set", "seed", "way", "measure", "value")
        given.json.write_text(json.dumps([dict(zip(names, row)) for row in found], indent=1))


main()
