#!/usr/bin/env python3
"""Shards of `explain` and `redundancy`, killed and gone on with, put together, and refused.

    shards.py PROGRAMS [--keep FOLDER]

PROGRAMS is the folder with `grids` and `grids-torch`. On a tiny simulated study: the tables of shards that
are merged in any order are those of one run, byte for byte; so are those of a run that was killed and goes on.
What is no whole run is refused (exit code 3, with folder, field and remedy) and nothing is written.
Ends with "N passed, N failed".
"""

import argparse
import itertools
import pathlib
import random
import signal
import shutil
import subprocess
import sys
import tempfile
import time

TIMED = ("manifest.json", "timings.tsv")
SHARDS = 5
SECONDS = 300  # far above what a command here needs


class Tour:
    def __init__(self, programs, root):
        self.grids, self.root = programs.resolve() / "grids", root
        self.passed, self.failed = 0, 0

    def told(self, name, problem=""):
        self.passed += not problem
        self.failed += bool(problem)
        print(f"{'FAILED: ' + name + ': ' + problem if problem else name}", flush=True)

    def call(self, words):
        done = subprocess.run([self.grids, *words, "--threads", "2"], cwd=self.root, text=True,
                              capture_output=True, timeout=SECONDS)
        return done.returncode, done.stderr

    def must(self, words):
        code, message = self.call(words)
        if code != 0:
            sys.exit(f"{' '.join(words)} ends with {code}:\n{message}")
        return message

    def tables(self, folder):
        """Name → bytes of what a folder holds for people."""
        folder = self.root / folder
        return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*"))
                if path.is_file() and ".grids" not in path.parts and path.name not in TIMED}

    def same(self, name, folder, whole):
        one, other = self.tables(folder), self.tables(whole)
        differ = [file for file in sorted(one.keys() | other.keys()) if one.get(file) != other.get(file)]
        self.told(f"{name}: {len(other)} files", f"not those of one run: {differ}" if differ else "")

    def refused(self, name, words, *wanted):
        """A merge that must fail with these words, and must leave nothing behind."""
        code, message = self.call(["merge", *words, "-o", "refused"])
        problem = ""
        if code != 3:
            problem = f"ends with {code}: {message}"
        elif (self.root / "refused").exists():
            problem = "leaves something behind"
        else:
            problem = "; ".join(f"does not say '{each}': {message}" for each in wanted
                                if each not in message)
        shutil.rmtree(self.root / "refused", ignore_errors=True)
        self.told(name, problem)


def make_study(tour):
    """A study, a surrogate with the cis path, and 300 targets: five portions."""
    tour.must(["simulate", "--preset", "tiny", "--seed", "3", "--batches", "2", "-o", "cells"])
    tour.must(["prepare", "cells/cells.h5mu", "--labels", "cell_type", "--genes", "cells/genes.bed", "-o",
               "study.h5mu"])
    tour.must(["train", "study.h5mu", "--max-steps", "30", "-o", "plain.safetensors"])
    tour.must(["cis", "study.h5mu", "plain.safetensors", "-o", "surrogate.safetensors"])
    genes = [line.split("\t")[3] for line in (tour.root / "cells/genes.bed").read_text().splitlines()
             if line and not line.startswith("#")]
    rows = [f"{type_}\t{gene}\t{size}\n" for gene, (type_, size) in
            itertools.product(dict.fromkeys(genes), (("each", 2), ("all", 3), ("all", 1)))]
    (tour.root / "targets.tsv").write_text("cell_type\tgene\tL\n" + "".join(rows))


def shard_words(words, number, count, folder):
    return [*words, "--shard", f"{number}/{count}", "-o", folder]


def run_shards(tour, name, words, count):
    folders = [f"{name}_{number}_of_{count}" for number in range(1, count + 1)]
    for number, folder in enumerate(folders, 1):
        tour.must(shard_words(words, number, count, folder))
    return folders


def kill_in_the_middle(tour, words, folder, record):
    """Kills a run once a portion of it is kept. False: it was faster."""
    process = subprocess.Popen([tour.grids, *words, "-o", folder, "--threads", "2"], cwd=tour.root,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    state = tour.root / folder / ".grids" / record
    until = time.monotonic() + SECONDS
    while process.poll() is None and not state.exists() and time.monotonic() < until:
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    return process.wait() == -signal.SIGKILL


def of_command(tour, command, words, order):
    tour.must([*words, "-o", f"{command}_whole"])
    folders = run_shards(tour, command, words, SHARDS)
    order.shuffle(folders)
    tour.must(["merge", *folders, "-o", f"{command}_merged"])
    tour.same(f"{command}: {SHARDS} shards", f"{command}_merged", f"{command}_whole")
    tour.must(["merge", *reversed(folders), "-o", f"{command}_merged"])
    tour.same(f"{command}: merged again", f"{command}_merged", f"{command}_whole")
    killed = kill_in_the_middle(tour, words, f"{command}_killed", f"{command}.json")
    message = tour.must([*words, "-o", f"{command}_killed"])
    kept = message.count("done before, kept")
    tour.told(f"{command}: killed, {kept} portions were kept",
              "" if killed and kept > 0 else f"was not killed in the middle: {message}")
    tour.same(f"{command}: killed and gone on with", f"{command}_killed", f"{command}_whole")
    return sorted(folders)


def refuse(tour, words, folders):
    """`folders`: those of the shards of `explain`, by number."""
    lost = [folder for folder in folders if "_3_of" not in folder]
    tour.refused("a lost shard is named", lost, "shard 3/5 is missing", "--shard 3/5")
    tour.refused("a doubled shard is named", [*folders, folders[1]], folders[1], "leave one of them out")
    tour.refused("no shard", [*folders, "cells"], "cells: holds no shard")
    tour.refused("no folder", [*folders, "nowhere"], "nowhere: there is no such folder")
    tour.refused("a whole run among shards", [*lost, "explain_whole"], "number of shards is 1, there 5")
    text = (tour.root / "targets.tsv").read_text().splitlines(keepends=True)
    (tour.root / "few.tsv").write_text("".join(text[:100]))
    for name, change, field in (("seed", {"--force": ["--force", "--seed", "8"]}, "seed is 8, there 1"),
                                ("options", {"25": ["7"]}, "options: random-sets is 7, there 25"),
                                ("targets", {"targets.tsv": ["few.tsv"]}, "inputs: the table of targets is few.tsv"),
                                ("surrogate", {"surrogate.safetensors": ["plain.safetensors"]},
                                 "inputs: the surrogate is plain.safetensors")):
        given = [each for word in words for each in change.get(word, [word])]
        tour.must(shard_words(given, 3, SHARDS, f"other_{name}"))
        tour.refused(f"a shard of other {name}", [*lost, f"other_{name}"], f"other_{name}", field,
                     "run this one again")
    if kill_in_the_middle(tour, shard_words(words, 3, SHARDS, "stopped")[:-2], "stopped",
                          "portions/explain.json"):
        tour.refused("a shard that did not end", [*lost, "stopped"], "stopped: shard 3/5 did not end")
    shutil.copytree(tour.root / folders[2], tour.root / "broken")
    (tour.root / "broken/.grids/portions/explain-00002.contrasts.tsv").write_text("a\tb\n")
    tour.refused("a portion that was changed", [*lost, "broken"], "explain-00002.contrasts.tsv", "run the shard")
    (tour.root / "study.h5mu").rename(tour.root / "moved.h5mu")
    tour.refused("a study that is not there", folders, "study.h5mu", "--study")
    tour.refused("another study", [*folders, "--study", "cells/cells.h5mu"], "--study", "its content is not")
    tour.must(["merge", *folders, "--study", "moved.h5mu", "-o", "explain_moved"])
    tour.same("a study that was moved", "explain_moved", "explain_whole")


def more_shards_than_portions(tour, words):
    folders = run_shards(tour, "many", words, 7)
    tour.must(["merge", *folders, "-o", "many_merged"])
    tour.same("explain: more shards than portions", "many_merged", "explain_whole")


def all_genes(tour, words):
    """Every gene that can be searched, without tracks; the targets are those of redundancy."""
    asked = {}
    for command, table in (("explain", "set_summary.tsv"), ("redundancy", "members.tsv")):
        tour.must([command, *words, "--all-genes", "--cell-type", "each", "--force", "-L", "2",
                   "-o", f"{command}_all"])
        rows = []
        for name in (table, "skipped.tsv"):
            lines = (tour.root / f"{command}_all" / name).read_text().splitlines()[1:]
            rows += [tuple(line.split("\t")[:2]) for line in lines]
        asked[command] = set(rows)
    in_both = asked["explain"] & asked["redundancy"]
    tour.told(f"all genes: {len(asked['explain'])} targets of {len({gene for _, gene in asked['explain']})} genes",
              "" if len(asked["explain"]) > 100 and len(in_both) > 50 else f"{asked}")
    tracks = list((tour.root / "explain_all").rglob("*.bed"))
    tour.told("all genes: no tracks", f"{len(tracks)} tracks" if tracks else "")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("programs", type=pathlib.Path)
    parser.add_argument("--keep", type=pathlib.Path, help="a new folder, which stays")
    arguments = parser.parse_args()
    if not (arguments.programs / "grids-torch").exists():
        print("skipped: no grids-torch, which trains the surrogate")
        return 77
    with tempfile.TemporaryDirectory() as temporary:
        root = arguments.keep or pathlib.Path(temporary)
        root.mkdir(exist_ok=True)
        tour = Tour(arguments.programs, root.resolve())
        pair = ["study.h5mu", "surrogate.safetensors"]
        asked = [*pair, "--targets", "targets.tsv", "--force"]
        make_study(tour)
        order = random.Random(1)
        folders = of_command(tour, "explain", ["explain", *asked, "--contrast-groups", "donor", "--random-sets",
                                               "25"], order)
        of_command(tour, "redundancy", ["redundancy", *asked, "--negative-control", "--gate-folds", "0",
                                        "--alternatives", "1", "--capture", "0.5"], order)
        words = ["explain", *asked, "--contrast-groups", "donor", "--random-sets", "25"]
        more_shards_than_portions(tour, words)
        all_genes(tour, pair)
        refuse(tour, words, folders)
        print(f"{tour.passed} passed, {tour.failed} failed")
        return 1 if tour.failed else 0


if __name__ == "__main__":
    sys.exit(main())
