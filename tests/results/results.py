#!/usr/bin/env python3
"""Runs every command twice on a tiny simulated study and looks at what it leaves behind.

    results.py PROGRAMS

Each table must have the columns that `grids docs results` declares for it, every declared table must
have been written, and the two rounds must agree byte for byte in everything but what tells times. The
second round gives `run` by a configuration file what the first gives by flags.
PROGRAMS is the folder with `grids` and maybe `grids-torch`; without the latter only what needs no
surrogate is looked at. Ends with the number of files that were compared.
"""

import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent / "view"))
from viewer import Viewer  # noqa: E402

# What tells times, and nothing else.
TIMED = ("manifest.json", "report.html", "timings.tsv", "run.json", "redundancy.json", "explain.json", "cis.json", "written.tsv")
# Columns whose names hold what is compared: METHOD, TYPE and L, the number of a programme.
PATTERNS = (("METHOD ", "[a-z-]+ "), ("TYPE L=10 ", ".+ L=[0-9]+ "), ("score_1", "score_[0-9]+"), ("TYPE", "type_[0-9]+"))


OPTIONS = """[train]
max-steps = 30
latent = 7
batch = 100
[explain]
set-size = 3
force = true
[report]
title = "A tiny run"
"""
FLAGS = ["--max-training-steps", "30", "--latent", "7", "--training-batch", "100", "-L", "3", "--force",
         "--title", "A tiny run"]


def commands(torch, from_file=False):
    """Folder of the results → (command, its words)."""
    cells = ["cells/cells.h5mu", "--labels", "cell_type", "--genes", "cells/genes.bed"]
    found = {"cells": ("simulate", ["simulate", "--preset", "tiny", "--seed", "3", "--batches", "2",
                                    "--batch-windows", "0.1", "--doublets", "0.02", "-o", "cells"])}
    if not torch:
        return found
    study = ["run/study.h5mu", "run/surrogate-cis.safetensors"]
    few = ["--targets", "targets.tsv", "-L", "3", "--force", "--contrast-groups", "donor"]
    # The same cells as if they were others, with every peak: a surrogate of the one study fits the other.
    kept = ["--genes", "cells/genes.bed", "--min-peak-share", "0", "--min-peak-cells", "0"]
    planted = ["--truth", "cells", "--planted", "1", "-L", "2,3", "--seeds", "2", "--force",
               "--methods", "grids,links,random", "--unlimited", "grids"]
    found |= {
        "run": ("run", ["run", *cells, "--truth", "cells/truth.tsv", "-o", "run",
                        *(["--config", "options.toml"] if from_file else FLAGS)]),
        "explain": ("explain", ["explain", *study, *few, "-o", "explain"]),
        "export": ("export", ["export", "run", "--format", "bed,bedpe,interact,igv,muon", "-o", "export"]),
        "knockout": ("knockout", ["knockout", *study, "--cell-type", "type_1", "--gene", "SIM00001",
                                  "-o", "knockout"]),
        "redundancy": ("redundancy", ["redundancy", *study, *few, "--cross-fit", "--folds", "2",
                                      "--least-agreeing", "1", "--negative-control", "--stability", "2", "--retrain",
                                      "--alternatives", "1", "--gate-folds", "0", "-o", "redundancy"]),
        "evaluate": ("evaluate", ["evaluate", *study, "-o", "evaluate"]),
        "all.h5mu": ("prepare", ["prepare", *cells[:3], *kept, "-o", "all.h5mu"]),
        "all.safetensors": ("train", ["train", "all.h5mu", "--max-steps", "30", "-o", "all.safetensors"]),
        "unpaired.h5mu": ("prepare", ["prepare", "--unpaired", "--rna", cells[0], "--atac", cells[0], "--labels",
                                      "cells/cells.tsv:cell_type", *kept, "-o", "unpaired.h5mu"]),
        "unpaired": ("evaluate", ["evaluate", "unpaired.h5mu", "all.safetensors", "-o", "unpaired"]),
        "apart": ("explain", ["explain", "unpaired.h5mu", "all.safetensors", *few[:5], "-o", "apart"]),
        "apart_peaks": ("knockout", ["knockout", "unpaired.h5mu", "all.safetensors", "--cell-type", "type_1", "--gene",
                                     "SIM00001", "-o", "apart_peaks"]),
        "openness": ("cis", ["cis", study[0], "run/surrogate.safetensors", "--gate-folds", "2", "--estimate-openness",
                             "-o", "openness"]),
        "compare": ("compare", ["compare", *study, *planted, "-o", "compare"]),
        "validate": ("validate", ["validate", "compare", "--study", study[0], "--bed", "cells/genes.bed", "-o",
                                  "validate"]),
        "perturbed": ("validate", ["validate", "sets.tsv", "--study", study[0], "--combinations", "combinations.tsv",
                                   "-o", "perturbed"]),
    }
    return found


def declared(programs):
    """(command, file) → columns, of the page that the program prints."""
    page = subprocess.run([programs / "grids", "docs", "results"], check=True, capture_output=True,
                          text=True).stdout
    tables = {}
    command = columns = None
    for line in page.splitlines():
        if line.startswith("## "):
            command = re.fullmatch(r"## `grids (.+)`", line)[1]
        elif line.startswith("`"):
            columns = tables.setdefault((command, re.match(r"`(.+?)`", line)[1]), [])
        elif line.startswith("| `"):
            columns.extend(re.findall(r"`(.+?)`", line.split(" | ")[0]))
    return tables


def matches(column, name):
    for placeholder, pattern in PATTERNS:
        if placeholder in name:
            return re.fullmatch(re.escape(name).replace(re.escape(placeholder), pattern), column)
    return column == name


def write_targets(folder):
    lines = (folder / "run/markers.tsv").read_text().splitlines()[:3]
    (folder / "targets.tsv").write_text("".join(f"{line}\n" for line in lines))


def write_perturbed(folder):
    """The first two peaks of each set as if they had been perturbed, and the sets as if they had been called."""
    lines = [line.split("\t") for line in (folder / "run/subsets.tsv").read_text().splitlines()]
    columns = lines[0] + ["call", "hidden_share"]
    sets = ["\t".join(row + ["redundant", "0.5"]) for row in lines[1:]]
    (folder / "sets.tsv").write_text("\n".join(["\t".join(columns), *sets]) + "\n")
    peaks = {}
    for row in lines[1:]:
        cells = dict(zip(lines[0], row))
        peaks.setdefault(cells["gene"], []).append(f"{cells['chrom']}:{cells['start']}-{cells['end']}")
    arms = ["gene\telements\tarm\tfold\tfold_error\n"]
    for gene, found in peaks.items():
        a, b = list(dict.fromkeys(found))[:2]
        arms += [f"{gene}\t{a};{b}\t{arm}\t{fold}\t0.05\n" for arm, fold in ((a, 1), (b, 0.9), (f"{a};{b}", 0.4))]
    (folder / "combinations.tsv").write_text("".join(arms))


def keep_a_set(programs, results):
    """What is written when someone looks: a set that is judged, and kept."""
    with Viewer(programs, results) as viewer:
        viewer.log_in()
        question = {"gene": "SIM00001", "cell_type": "type_1"}
        peak = viewer.json("/api/gene", question)["peaks"][0]["peak"]
        viewer.json("/api/judge", {**question, "peaks": [peak]})
        viewer.json("/api/save", {**question, "peaks": [peak], "note": "=1+1"})
        viewer.stop()


def make(programs, folder, from_file):
    folder.mkdir()
    (folder / "options.toml").write_text(OPTIONS)
    for name, (_, words) in commands((programs / "grids-torch").exists(), from_file).items():
        if name == "explain":
            write_targets(folder)
        if name == "perturbed":
            write_perturbed(folder)
        done = subprocess.run([programs / "grids", *words, "--threads", "2"], cwd=folder,
                              capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(f"{' '.join(words)} fails:\n{done.stderr}")
        if name == "run":
            keep_a_set(programs, folder / "run")


def wrong_columns(programs, folder):
    """What of the tables is not as declared; which declared tables no command has written."""
    tables = declared(programs)
    # A run writes the tables of its stages; someone has looked at it.
    stages = ("run", "view", "prepare", "train", "cis", "evaluate", "explain")
    problems, seen = [], set()
    for name, (command, _) in commands((programs / "grids-torch").exists()).items():
        for path in sorted((folder / name).glob("*.tsv")):
            # So does the question of redundancy, those of explain.
            places = {"run": stages, "redundancy": ("redundancy", "explain")}.get(command, (command,))
            place = next(((each, path.name) for each in places if (each, path.name) in tables), None)
            if place is None:
                problems.append(f"{name}/{path.name} is declared nowhere")
                continue
            seen.add(place)
            header = path.read_text().split("\n", 1)[0].split("\t")
            names = tables[place]
            for column in header:
                if not any(matches(column, each) for each in names):
                    problems.append(f"{name}/{path.name}: column {column} is not declared")
            for each in names:
                if not any(matches(column, each) for column in header):
                    problems.append(f"{name}/{path.name}: has no column {each}")
    # Motifs need a genome; simulated peaks lie on chromosomes as long as people's.
    without = {("validate", "motifs.tsv")}
    missing = {place for place in tables
               if place not in seen and place not in without and place[0] != "explain --model"}
    if (programs / "grids-torch").exists():
        problems += [f"{command}: no {file} was written" for command, file in sorted(missing)]
    return problems


def wrong_latents(folder):
    """The surrogate has the latents that [train] asks for."""
    surrogate = folder / "run/surrogate.safetensors"
    if not surrogate.exists():
        return []
    data = surrogate.read_bytes()
    header = json.loads(data[8:8 + int.from_bytes(data[:8], "little")])
    latent = int(header["__metadata__"]["latent_dim"])
    return [] if latent == 7 else [f"{surrogate.name} has {latent} latents, not 7"]


def wrong_info(programs, folder):
    """What a study's cells could show: the same in words as for machines, a row for each type, gene and capture."""
    ask = lambda *words: subprocess.run([programs / "grids", "info", folder / "run/study.h5mu", *words], check=True,
                                        capture_output=True, text=True).stdout
    told, rows = ask(), json.loads(ask("--json"))["reach"]
    types = {row["cell_type"] for row in rows}
    if len(types) != 4 or len(rows) != 4 * 3 * 2:
        yield f"info has {len(rows)} rows of {sorted(types)}"
    lines = [line for line in told.splitlines() if re.search(r" %\) ", line)]
    if len(lines) != len(rows):
        yield f"info has {len(lines)} lines and {len(rows)} rows"
    for line, row in zip(lines, rows):
        fold = "-" if row["smallest_fold"] is None else f"{row['smallest_fold']:.3g}"
        if re.search(r"\)\s+\S+\s+\d+ %\s+(\S+)", line).group(1) != fold:
            yield f"info says {line}, and {row}"


def missing_in_report(folder):
    """The report of a run finds every table that it reads."""
    report = folder / "run/report.html"
    if not report.exists():
        return []
    return [f"the report says: {words}" for words in
            re.findall(r'<p class="missing">(.*?)</p>', report.read_text())]


def differing(first, second):
    problems, compared = [], 0
    files = {path.relative_to(root) for root in (first, second) for path in root.rglob("*")
             if path.is_file() and path.suffix != ".asked"}  # when it was asked, by name
    for file in sorted(files):
        if not (first / file).exists() or not (second / file).exists():
            problems.append(f"{file}: not in both rounds")
        elif not file.name.endswith(TIMED):
            compared += 1
            if (first / file).read_bytes() != (second / file).read_bytes():
                problems.append(f"{file}: differs between two rounds with the same seed")
    return problems, compared


def main():
    programs = pathlib.Path(sys.argv[1]).resolve()
    root = pathlib.Path(tempfile.mkdtemp(prefix="grids-results-"))
    try:
        for name, from_file in (("first", False), ("second", True)):
            make(programs, root / name, from_file)
        problems, compared = differing(root / "first", root / "second")
        problems += wrong_columns(programs, root / "first") + missing_in_report(root / "first")
        problems += wrong_latents(root / "second")
        if (root / "first/run").exists():
            problems += wrong_info(programs, root / "first")
    finally:
        shutil.rmtree(root)
    print("".join(f"{problem}\n" for problem in problems) + f"{compared} files compared")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
