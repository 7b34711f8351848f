#!/usr/bin/python3
"""What each stage of the default run costs, and how that grows with cells.

    bench/whole_run/whole_run.py build/release/bin [--cells 3000 10000 30000] [--before OLD/bin] [--work FOLDER]

Simulates cells at the size of the paper's experiment (127,219 peaks of which some 4,800 are open in a cell, 3,000 genes;
--peaks and --genes for others), then runs each command of the default run as a child: user CPU, system CPU, wall and peak
memory of each, from wait4; and, over the numbers of cells, the exponent of CPU (1 = twice the cells, twice the CPU).
--before: the same by the programs of another build, stage by stage in turn, and whether the results are the same: tables by
their bytes, studies and surrogates by their arrays.

With --work, what was measured is kept there: a run that ended early goes on where it was, and a stage is measured anew when
its program has changed, with all that follow.

`explain` is asked for 25 targets, as the default run is: genes with terms of the cis path, in each type in turn.
"""

import argparse
import csv
import hashlib
import json
import math
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

TARGETS = 25
LATER = {"evaluate": ["--map"]}  # options that an older build may lack; it is asked without them


class Cost:
    def __init__(self, user, system, wall, memory):
        self.user, self.system, self.wall, self.memory = user, system, wall, memory

    def words(self):
        return f"{self.user:.1f} | {self.system:.1f} | {self.wall:.1f} | {self.memory / 1024:.0f}"


def run(words, folder):
    """What a command and its children took. Memory: the largest of them, not their sum."""
    with open(folder / "log.txt", "a") as log:
        began = time.monotonic()
        process = subprocess.Popen([str(word) for word in words], cwd=folder, stdout=log, stderr=log)
        _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit(f"{' '.join(map(str, words))}: exit {process.returncode}; see {folder / 'log.txt'}")
    return Cost(usage.ru_utime, usage.ru_stime, time.monotonic() - began, usage.ru_maxrss)


def known_words(name, words):
    """A stage's words without those options that its program does not know."""
    missing = [option for option in LATER.get(name, [])
               if option not in subprocess.run([words[0], name, "--help"], capture_output=True, text=True).stdout]
    return [word for word in words if word not in missing]


def choose_targets(folder):
    """Genes with terms, in the order of their table, each in the next type."""
    with open(folder / "cis.tsv", newline="") as table:
        rows = [row for row in csv.DictReader(table, delimiter="\t") if row["peaks"] not in ("", "NA")]
    genes = list(dict.fromkeys(row["gene"] for row in rows))
    types = sorted({pair.split("=")[0] for row in rows for pair in row["log_weights_by_type"].split(",") if "=" in pair})
    chosen = [(types[i % len(types)], gene) for i, gene in enumerate(genes[:TARGETS])]
    with open(folder / "targets.tsv", "w") as table:
        table.write("cell_type\tgene\n" + "".join(f"{kind}\t{gene}\n" for kind, gene in chosen))


def stages(grids, cells):
    """Each stage: its name, its words, and what it leaves that must not differ between builds."""
    return [
        ("prepare", [grids, "prepare", cells / "cells.h5mu", "--labels", "cell_type", "--genes", cells / "genes.bed", "-o",
                     "study.h5mu"], ["study.h5mu"]),
        ("train", [grids, "train", "study.h5mu", "-o", "surrogate.safetensors"], ["surrogate.safetensors"]),
        ("cis", [grids, "cis", "study.h5mu", "surrogate.safetensors", "-o", "surrogate-cis.safetensors"], ["cis.tsv"]),
        ("evaluate", [grids, "evaluate", "study.h5mu", "surrogate-cis.safetensors", "--map", "-o", "."],
         ["accuracy.tsv", "umap.tsv"]),
        ("explain", [grids, "explain", "study.h5mu", "surrogate-cis.safetensors", "--targets", "targets.tsv", "--force", "-o", "."],
         ["subsets.tsv", "redundancy.tsv"]),
        ("knockout", [grids, "knockout", "study.h5mu", "surrogate-cis.safetensors", "--cell-type", "each", "--gene", "FIRST",
                      "-o", "."], ["knockout.tsv"]),
        ("report", [grids, "report", "."], []),
    ]


def arrays(path):
    """What a result holds, by name: the arrays of a study, the tensors of a surrogate, a table's bytes. How a study is packed,
    and what a surrogate's header says of its options, is no result."""
    if path.suffix == ".h5mu":
        import h5py
        found = {}

        def add(name, node):
            if isinstance(node, h5py.Dataset) and not name.startswith("uns/grids/provenance"):
                values = node[()]
                found[name] = repr(node.shape).encode() + (
                    values.tobytes() if hasattr(values, "tobytes") and values.dtype != object
                    else repr(values.tolist() if hasattr(values, "tolist") else values).encode())

        with h5py.File(path) as file:
            file.visititems(add)
        return {name: hashlib.sha256(content).digest() for name, content in found.items()}
    content = path.read_bytes()
    if path.suffix == ".safetensors":
        header = 8 + int.from_bytes(content[:8], "little")
        tensors = json.loads(content[8:header])
        tensors.pop("__metadata__", None)
        return {name: hashlib.sha256(content[header + each["data_offsets"][0]:header + each["data_offsets"][1]]).digest()
                for name, each in tensors.items()}
    return {path.name: hashlib.sha256(content).digest()}


def compare(name, result, folders):
    """Says which arrays of a result differ between two builds, and which only one of them writes."""
    if not all((folder / result).exists() for folder in folders):
        print(f"  {name}: {result}: written by one build only", file=sys.stderr)
        return
    before, now = (arrays(folder / result) for folder in folders)
    both = before.keys() & now.keys()
    differ = sorted(key for key in both if before[key] != now[key])
    alone = len(before.keys() ^ now.keys())
    said = f"DIFFERS in {', '.join(differ[:5])}{' …' if len(differ) > 5 else ''}" if differ else "the same"
    print(f"  {name}: {result}: {len(both)} arrays in both builds, {said}"
          f"{f'; {alone} in one of them only' if alone else ''}", file=sys.stderr, flush=True)


class Kept:
    """What the stages of one build took, in its folder, as long as the programs are these."""

    def __init__(self, folder, programs):
        self.path = folder / "costs.json"
        self.programs = hashlib.sha256(b"".join((programs / name).read_bytes() for name in ("grids", "grids-torch"))).hexdigest()
        kept = json.loads(self.path.read_text()) if self.path.exists() else {}
        self.stages = kept.get("stages", {}) if kept.get("programs") == self.programs else {}

    def get(self, name):
        return Cost(*self.stages[name]) if name in self.stages else None

    def add(self, name, cost):
        self.stages[name] = [cost.user, cost.system, cost.wall, cost.memory]
        self.path.write_text(json.dumps({"programs": self.programs, "stages": self.stages}))


def measure(builds, cells, folder, only):
    """Costs by stage and build. A build works on its own results."""
    costs = {}
    folders = {build: folder / build for build in builds}
    kept = {}
    for build, programs in builds.items():
        folders[build].mkdir(exist_ok=True)
        kept[build] = Kept(folders[build], programs)
        if not kept[build].stages:
            shutil.rmtree(folders[build])
            folders[build].mkdir()
    plans = {build: stages(programs / "grids", cells) for build, programs in builds.items()}
    for i, (name, _, results) in enumerate(next(iter(plans.values()))):
        if only and name not in only:
            continue
        for build, plan in plans.items():
            here = folders[build]
            cost = kept[build].get(name)
            if cost is None:
                if name == "explain":
                    choose_targets(here)
                words = known_words(name, plan[i][1])
                if name == "knockout":
                    gene = (here / "targets.tsv").read_text().splitlines()[1].split("\t")[1]
                    words = [gene if word == "FIRST" else word for word in words]
                cost = run(words, here)
                kept[build].add(name, cost)
            costs[name, build] = cost
            print(f"  {name:10} {build:7} {cost.words()}", file=sys.stderr, flush=True)
        if len(folders) == 2:
            for result in results:
                compare(name, result, folders.values())
    return costs


def exponent(sizes, values):
    """Slope of log cost over log cells, by least squares."""
    if len(sizes) < 2 or min(values) <= 0:
        return math.nan
    x = [math.log(size) for size in sizes]
    y = [math.log(value) for value in values]
    mean_x, mean_y = sum(x) / len(x), sum(y) / len(y)
    return sum((a - mean_x) * (b - mean_y) for a, b in zip(x, y)) / sum((a - mean_x) ** 2 for a in x)


def total(costs, builds, sizes):
    for size in sizes:
        for build in builds:
            of = [cost for (cells, _, whose), cost in costs.items() if cells == size and whose == build]
            print(f"{size:,} cells, {build}: {sum(cost.user + cost.system for cost in of):.0f} CPU s, "
                  f"{sum(cost.wall for cost in of):.0f} s, peak {max(cost.memory for cost in of) / 1024:.0f} MB")


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("programs", type=pathlib.Path)
    arguments.add_argument("--before", type=pathlib.Path)
    arguments.add_argument("--cells", type=int, nargs="+", default=[3000, 10000, 30000])
    arguments.add_argument("--peaks", type=int, default=127219)
    arguments.add_argument("--genes", type=int, default=3000)
    arguments.add_argument("--preset", default="paper")
    arguments.add_argument("--only", nargs="+", help="stages, from prepare on without a gap")
    arguments.add_argument("--work", type=pathlib.Path, help="where cells and results stay")
    arguments.add_argument("--json", type=pathlib.Path)
    given = arguments.parse_args()
    work = given.work or pathlib.Path(tempfile.mkdtemp(prefix="grids_whole_run_"))
    work = work.resolve()
    builds = {"now": given.programs.resolve()}
    if given.before:
        builds = {"before": given.before.resolve(), **builds}
    costs = {}
    for size in given.cells:
        here = work / str(size)
        cells = here / "cells"
        print(f"{size} cells", file=sys.stderr)
        if not (cells / "cells.h5mu").exists():
            cells.mkdir(parents=True)
            run([builds["now"] / "grids", "simulate", "--preset", given.preset, "--cells", size, "--peaks", given.peaks,
                 "--n-genes", given.genes, "--seed", "1", "-o", cells], here)
        for key, cost in measure(builds, cells, here, given.only).items():
            costs[(size, *key)] = cost
    total(costs, builds, given.cells)
    print("| stage | build | cells | user CPU s | system CPU s | wall s | peak MB | exponent of CPU | of memory |")
    print("| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    for name in dict.fromkeys(key[1] for key in costs):
        for build in builds:
            there = [size for size in given.cells if (size, name, build) in costs]
            of = [costs[size, name, build] for size in there]
            growth = [exponent(there, [each.user for each in of]), exponent(there, [each.memory for each in of])]
            for size, cost in zip(there, of):
                last = " | ".join(f"{value:.2f}" for value in growth) if size == there[-1] and len(there) > 1 else " | "
                print(f"| {name} | {build} | {size:,} | {cost.words()} | {last} |")
    if given.json:
        given.json.write_text(json.dumps([{"cells": key[0], "stage": key[1], "build": key[2], "user_s": cost.user,
                                           "system_s": cost.system, "wall_s": cost.wall, "peak_kb": cost.memory}
                                          for key, cost in costs.items()], indent=1))
    if not given.work:
        shutil.rmtree(work, ignore_errors=True)


main()
