#!/usr/bin/env python3
"""Shards of every command that takes them, killed and gone on with, put together, and refused.

    shards.py PROGRAMS [--keep FOLDER] [--all]

PROGRAMS is the folder with `grids` and `grids-torch`. On a tiny simulated study: the tables of shards that
are merged in any order are those of one run, byte for byte; so are those of a run that was killed and goes on.
What is no whole run is refused (exit code 3, with folder, field and remedy) and nothing is written.
--all, or GRIDS_ALL_SHARDS=1: every command in 24 shards, and all methods of compare, which takes minutes; else 2 to 7.
Ends with "N passed, N failed", and the CPU seconds that the programs took.
"""

import argparse
import itertools
import os
import pathlib
import random
import resource
import signal
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
from same_bytes import SECONDS, SameBytes, differing  # noqa: E402

SHARDS = 5
FEW, MANY = 3, 24


class Tour(SameBytes):
    def same(self, name, folder, whole):
        other = self.contents(whole)
        differ = differing(self.contents(folder), other)
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


def in_shards(tour, name, words, count, whole=None):
    """Whether `count` shards, merged, are one run; `whole`: words and folder of one that is not `words -o FOLDER`."""
    folder = f"{name}_whole"
    if whole is None:
        tour.must([*words, "-o", folder])
    else:
        folder = whole[1]
        (tour.root / folder).mkdir()
        tour.must(whole[0])
    folders = run_shards(tour, name, words, count)
    tour.must(["merge", *folders, "-o", f"{name}_{count}_merged"])
    tour.same(f"{name}: {count} shards", f"{name}_{count}_merged", folder)
    return folders


def names_of_genes(tour, first, count):
    lines = (tour.root / "cells/genes.bed").read_text().splitlines()
    names = dict.fromkeys(line.split("\t")[3] for line in lines if line and not line.startswith("#"))
    return ",".join(list(names)[first:first + count])


def cis(tour, count):
    words = ["cis", "study.h5mu", "plain.safetensors", "--gate-folds", "2", "--latent-openness"]
    for openness in ("auto", "0.5"):
        name = f"cis_{openness.replace('.', '_')}"
        whole = [*words, openness, "-o", f"{name}_whole/surrogate-cis.safetensors"]
        folders = in_shards(tour, name, [*words, openness], count, (whole, f"{name}_whole"))
    estimate_openness(tour, words[:-1], count)
    some = [*words[:-1], "--gene", names_of_genes(tour, 3, 30)]
    in_shards(tour, "cis_some", some, 3, ([*some, "-o", "cis_some_whole/surrogate-cis.safetensors"], "cis_some_whole"))
    (tour.root / "plain.safetensors").rename(tour.root / "elsewhere.safetensors")
    tour.refused("cis: the surrogate is needed", folders, "plain.safetensors", "--surrogate")
    tour.must(["merge", *folders, "--surrogate", "elsewhere.safetensors", "-o", "cis_moved"])
    tour.same("cis: a surrogate that was moved", "cis_moved", "cis_0_5_whole")
    (tour.root / "elsewhere.safetensors").rename(tour.root / "plain.safetensors")
    tour.refused("cis: a lost shard is named", folders[1:], "shard 1/", "run grids cis")
    tour.refused("shards of two commands", [folders[0], "knockout_near_2_of_" + str(count)], "command is")


def estimate_openness(tour, words, count):
    """The estimate apart, in shards, and then the fit that takes it: as one fit that makes it on the way."""
    folders = in_shards(tour, "openness", [*words, "--estimate-openness"], count)
    estimate = f"openness_{count}_merged"
    whole = [*words, "--latent-openness", "auto", "-o", "cis_estimated_whole/surrogate-cis.safetensors"]
    in_shards(tour, "cis_estimated", [*words, "--latent-openness", estimate], count, (whole, "cis_estimated_whole"))
    tour.refused("openness: a lost shard is named", folders[1:], "shard 1/", "run grids cis")
    tour.refused("openness: not with a fit", [folders[0], f"cis_estimated_2_of_{count}", *folders[2:]], "inputs: the further file is")


def knockout(tour, pair, count):
    words = ["knockout", *pair, "--cell-type", "each"]
    near = [*words, "--all-genes", "--window", "100000"]
    folders = in_shards(tour, "knockout_near", near, count)
    in_shards(tour, "knockout_table", [*words, "--gene", names_of_genes(tour, 5, 7), "--cells", "all"], count)
    in_shards(tour, "knockout_matrix", [*words, "--all-genes", "--perturbation", "mean"], 2)
    tour.must(shard_words([*near[:-1], "90000"], 2, count, "knockout_other"))
    tour.refused("knockout: a shard of another window", [folders[0], "knockout_other", *folders[2:]],
                 "options: window is 90000, there 100000")
    tour.refused("knockout: a lost shard is named", folders[:-1], f"shard {count}/{count} is missing")
    killed = kill_in_the_middle(tour, near, "knockout_killed", "knockout.json")
    tour.must([*near, "-o", "knockout_killed"])
    tour.told("knockout: killed", "" if killed else "was not killed in the middle")
    tour.same("knockout: killed and gone on with", "knockout_killed", "knockout_near_whole")


def compare(tour, pair, count, every):
    few = ["--methods", "grids,greedy,links,random", "--unlimited", "grids,random"]
    words = ["compare", *pair, "--force", "--seeds", "2"]
    truth = [*words, "--truth", "cells", "--planted", "3", "-L", "2,3", *([] if every else few)]
    in_shards(tour, "compare", truth, count)
    asked = [*words, "--cell-type", "each", "--gene", names_of_genes(tour, 0, 5), "-L", "3", "--beta", "0.3", *few]
    folders = in_shards(tour, "compare_genes", asked, 3)
    tour.refused("compare: a lost shard is named", folders[1:], "shard 1/3 is missing", "run grids compare")
    tour.must(shard_words([*asked, "--seed", "5"], 1, 3, "compare_other"))
    tour.refused("compare: a shard of another seed", ["compare_other", *folders[1:]], "seed is")


def resampled(tour, words):
    """What is fitted anew to folds and halves of the cells, by portion."""
    text = (tour.root / "targets.tsv").read_text().splitlines(keepends=True)
    (tour.root / "two_portions.tsv").write_text("".join(text[:1 + 50]))  # every type in half of them
    in_shards(tour, "cross_fit", ["redundancy", *words, "--cross-fit", "--folds", "2", "--least-agreeing", "1"], 2)
    in_shards(tour, "stability", ["redundancy", *words, "--stability", "2"], 2)


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
    parser.add_argument("--all", action="store_true", default=bool(os.environ.get("GRIDS_ALL_SHARDS")))
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
        count = MANY if arguments.all else FEW
        knockout(tour, pair, count)
        cis(tour, count)
        compare(tour, pair, count, arguments.all)
        judged = ["redundancy", *asked, "--gate-folds", "0", "--capture", "0.5"]
        resampled(tour, [*pair, "--targets", "two_portions.tsv", "--force", "--gate-folds", "0", "--capture", "0.5"])
        if arguments.all:
            in_shards(tour, "explain_many", words, MANY)
            in_shards(tour, "redundancy_many", [*judged, "--negative-control", "--alternatives", "1"], MANY)
        more_shards_than_portions(tour, words)
        all_genes(tour, pair)
        refuse(tour, words, folders)
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        print(f"{tour.passed} passed, {tour.failed} failed; {used.ru_utime + used.ru_stime:.0f} s of CPU")
        return 1 if tour.failed else 0


if __name__ == "__main__":
    sys.exit(main())
