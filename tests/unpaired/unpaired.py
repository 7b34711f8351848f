#!/usr/bin/env python3
"""Every command on a study of cells that were not measured together, through the program.

    unpaired.py PROGRAMS [--keep FOLDER]

PROGRAMS is the folder with `grids` and `grids-torch`. A small simulated multiome gives two sets of cells, as if no cell
of the one were one of the other; a surrogate of the paired cells has the same peaks and genes. What needs no pairs
works and says what it did not do; no set is confirmed; results are the same bytes for any number of threads and
shards. Ends with "N passed, N failed".
"""

import argparse
import csv
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "support"), str(HERE.parent / "view")]
from same_bytes import SameBytes, differing  # noqa: E402
from viewer import Viewer  # noqa: E402

NEEDS = "needs chromatin and RNA of the same cells"
APART = "chromatin and RNA were measured in different cells"
# The same peaks and genes in both studies, so that a surrogate of one fits the other.
KEEP = ["--genes", "cells/genes.bed", "--min-peak-share", "0", "--min-peak-cells", "0"]
FEW = ["--force", "-L", "3", "--random-sets", "10"]
GENES = ["SIM00002", "SIM00005", "SIM00011"]
ASK = [*[word for gene in GENES for word in ("--gene", gene)], "--cell-type", "each", *FEW]


def rows_of(path):
    with open(path, newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


class Tour(SameBytes):
    def check(self, name, *faults):
        """`faults`: (whether it is wrong, what)."""
        self.told(name, "; ".join(words for wrong, words in faults if wrong))

    def rows(self, path):
        return rows_of(self.root / path)

    def refused(self, name, words, *wanted):
        code, message = self.call(words)
        self.check(name, (code != 3, f"ends with {code}: {message}"),
                   *[(each not in message, f"does not say '{each}': {message}") for each in wanted])


def prepare(tour):
    cells = "cells/cells.h5mu"
    tour.must(["simulate", "--preset", "tiny", "--seed", "3", "-o", "cells"])
    tour.must(["prepare", cells, "--labels", "cell_type", *KEEP, "-o", "paired.h5mu"])
    tour.must(["train", "paired.h5mu", "--max-steps", "40", "-o", "surrogate.safetensors"])
    halves = ["prepare", "--unpaired", "--rna", cells, "--atac", cells, *KEEP]
    labels = "cells/cells.tsv:cell_type"
    tour.must([*halves, "--labels", labels, "-o", "both.h5mu"])
    tour.must([*halves, "--rna-labels", labels, "-o", "rna.h5mu"])
    tour.must([*halves, "--atac-labels", labels, "-o", "atac.h5mu"])
    tour.must([*halves, "-o", "none.h5mu"])


def explain(tour):
    message = tour.must(["explain", "both.h5mu", "surrogate.safetensors", *ASK, "-o", "explain"])
    contrasts, summary = tour.rows("explain/contrasts.tsv"), tour.rows("explain/set_summary.tsv")
    files = {path.name for path in (tour.root / "explain").iterdir()}
    manifest = json.loads((tour.root / "explain/manifest.json").read_text())
    warnings = json.dumps(manifest)
    tour.check("explain finds sets and confirms none",
               (not contrasts, "no sets"),
               ({row["verdict"] for row in contrasts + summary} != {"not_judged"}, "a set has another verdict"),
               ({row["note"] for row in contrasts} != {NEEDS}, "a contrast does not say why"),
               ({row["slope"] for row in contrasts} | {row["p"] for row in contrasts} != {"NA"}, "a slope or p"),
               ({row["domain"] for row in summary} != {"all"}, "not all peaks were searched"),
               ({row["change_cp100k"] for row in tour.rows("explain/subsets.tsv")} != {"NA"}, "counts are known"),
               ("redundancy.tsv" in files, "redundancy was asked"),
               (APART not in message or "no set is a confirmed finding" not in message, f"says: {message}"),
               ("stand in for one another is not asked" not in message, "does not tell what it leaves out"),
               (APART not in warnings, "the manifest does not warn"),
               ((tour.root / "both.h5mu.asked").exists(), "counts as a look at test cells"))
    subprocess.run([tour.grids, "explain", "both.h5mu", "surrogate.safetensors", *ASK, "--threads", "1", "-o",
                    "explain_one"], cwd=tour.root, check=True, capture_output=True)
    differ = differing(tour.contents("explain"), tour.contents("explain_one"))
    tour.check("explain does not depend on threads", (differ, f"{differ} differ"))
    many = ["--gene", ",".join(row["gene"] for row in tour.rows("cells/truth.tsv")), "--cell-type", "each", *FEW]
    tour.must(["explain", "both.h5mu", "surrogate.safetensors", *many, "-o", "whole"])
    shards = []
    for shard in (1, 2):
        shards.append(f"shard_{shard}")
        tour.must(["explain", "both.h5mu", "surrogate.safetensors", *many, "--shard", f"{shard}/2", "-o", shards[-1]])
    tour.must(["merge", *shards, "-o", "merged"])
    differ = differing(tour.contents("whole"), tour.contents("merged"))
    tour.check("explain in shards is explain", (differ, f"{differ} differ"))


def labels(tour):
    """Types of cells that have none are transferred; where the user labelled chromatin, they are his."""
    names = {row["cell_type"] for row in tour.rows("cells/cells.tsv")}
    for study in ("rna", "atac"):
        message = tour.must(["explain", f"{study}.h5mu", "surrogate.safetensors", *ASK, "-o", f"labels_{study}"])
        types = {row["cell_type"] for row in tour.rows(f"labels_{study}/subsets.tsv")}
        transferred = "no labels of their own" in message
        tour.check(f"labels in {study} alone", (not types <= names, f"types {types}"),
                   (transferred != (study == "rna"), f"says: {message}"))
    tour.must(["explain", "none.h5mu", "surrogate.safetensors", *ASK, "-o", "labels_none"])
    types = {row["cell_type"] for row in tour.rows("labels_none/subsets.tsv")}
    tour.check("no labels: clusters", (not all(name.startswith("cluster ") for name in types), f"types {types}"))


def others(tour):
    study = ["both.h5mu", "surrogate.safetensors"]
    tour.must(["explain", *study, "--gene", GENES[0], "--cell-type", "type_1", *FEW, "--method", "nearest", "--domain",
               "distal", "-o", "nearest"])
    tour.must(["explain", *study, "--gene", GENES[0], "--cell-type", "all", *FEW, "--objective", "eq11", "--reference",
               "observed", "-o", "observed"])
    tour.check("explain by the nearest peaks, and by observed means",
               (not tour.rows("nearest/subsets.tsv") or not tour.rows("observed/subsets.tsv"), "no sets"))
    message = tour.must(["knockout", *study, "--cell-type", "each", "--gene", GENES[0], "-o", "knockout"])
    rows = tour.rows("knockout/knockout.tsv")
    opened = [row for row in rows if int(row["open_cells"]) > 0]
    tour.check("knockout", (not any(float(row["change"]) for row in opened), "nothing changes"),
               ({row["change_cp100k"] for row in opened if float(row["change"])} != {"NA"}, "counts are known"),
               (APART not in message, f"says: {message}"))
    peak = max(opened, key=lambda row: abs(float(row["change"])))["peak"]
    (tour.root / "mask.txt").write_text(peak + "\n")
    tour.must(["predict", *study, "-o", "predicted.h5ad"])
    tour.must(["predict", *study, "--mask", "mask.txt", "-o", "masked.h5ad"])
    plain, masked = ((tour.root / name).read_bytes() for name in ("predicted.h5ad", "masked.h5ad"))
    tour.check("predict, with a peak masked", (plain == masked, "masking changes nothing"))
    message = tour.must(["knockout", *study, "--cell-type", "type_1", "--all-genes", "--window", "250000", "-o", "near"])
    tour.check("knockout of all genes near them", (not (tour.root / "near/knockout.tsv.gz").exists(), message))


def pages(tour):
    tour.must(["report", "explain"])
    page = (tour.root / "explain/report.html").read_text()
    cards = re.findall(r'<article class="card">.*?</article>', page, flags=re.S)
    head = page[:page.index("Before you trust this")]
    tour.check("report says at the top and beside each set what was not done",
               (f"not judged: {APART}" not in head, "the top"),
               (not cards or not all(APART in card for card in cards), "a set"),
               ("borne out by held-out cells" in page, "speaks of sets that are borne out"))
    tour.must(["export", "explain", "--format", "bed,bedpe,interact,igv,multiqc", "-o", "exported"])
    tour.check("export", (not (tour.root / "exported/links.bedpe").read_text(), "no links"))
    tour.refused("export to muon", ["export", "explain", "--format", "muon", "-o", "muon"], NEEDS, "leave it out")
    tour.must(["validate", "explain", "--bed", "cells/genes.bed", "-o", "validated"])
    tour.check("validate", (not tour.rows("validated/validation.tsv"), "no rows"))
    told = subprocess.run([tour.grids, "info", "rna.h5mu"], cwd=tour.root, check=True, capture_output=True, text=True)
    facts = subprocess.run([tour.grids, "info", "rna.h5mu", "--json"], cwd=tour.root, check=True, capture_output=True,
                           text=True)
    facts = json.loads(facts.stdout)
    rna, chromatin = facts["cells_with_rna"]["types"], facts["cells_with_chromatin"]["types"]
    tour.check("info", ("chromatin and RNA of different cells" not in told.stdout, told.stdout),
               (sorted(row["cell_type"] for row in rna) != ["type_1", "type_2", "type_3"], f"types {rna}"),
               (chromatin != [] or not all(row["cells"] for row in rna), f"{chromatin} {rna}"))


def view(tour, programs):
    with Viewer(programs, tour.root / "explain") as viewer:
        viewer.log_in()
        question = {"gene": GENES[0], "cell_type": "type_1"}
        peak = viewer.json("/api/gene", question)["peaks"][0]["peak"]
        status, _, answer = viewer.ask("POST", "/api/judge", {**question, "peaks": [peak]})
        viewer.json("/api/save", {**question, "peaks": [peak], "note": "looked at"})
        viewer.stop()
    tour.check("view shows, keeps and does not judge", (status != 400, f"{status}"),
               (NEEDS.encode() not in answer, f"says: {answer}"),
               ((tour.root / "both.h5mu.asked").exists(), "counts as a look"))


def run(tour):
    """From raw files to a report; again, it finds everything done; with the study in place of the files, the same."""
    cells = ["--unpaired", "--rna", "cells/cells.h5mu", "--atac", "cells/cells.h5mu", "--labels",
             "cells/cells.tsv:cell_type", *KEEP]
    more = ["--max-training-steps", "30", *FEW, "--truth", "cells/truth.tsv", "-o"]
    message = tour.must(["run", *cells, *more, "run"])
    files = {path.name for path in (tour.root / "run").iterdir()}
    wanted = {"study.h5mu", "surrogate.safetensors", "alignment.tsv", "marker_means.tsv", "markers.tsv",
              "transferred_types.tsv", "subsets.tsv", "recovery_by_kind.tsv", "report.html"}
    unwanted = {"cis.tsv", "surrogate-cis.safetensors", "redundancy.tsv", "umap.tsv", "accuracy.tsv"}
    tour.check("run", (not wanted <= files, f"no {wanted - files}"), (unwanted & files, f"wrote {unwanted & files}"),
               (message.count("left out are the cis path, redundancy") != 1, "does not say once what it leaves out"))
    before = tour.contents("run")
    again = tour.must(["run", *cells, *more, "run"])
    differ = differing(before, tour.contents("run"))
    tour.check("run again has nothing to do", (differ, f"{differ} differ"), ("set_summary" in again, again))
    tour.must(["run", "run/study.h5mu", *more, "from_study"])
    same = {name: data for name, data in tour.contents("from_study").items() if name != "report.html"}
    differ = [name for name in differing(before, same) if name not in ("report.html", "prepare.tsv")]
    tour.check("run on the study", (differ, f"{differ} differ"))
    planted = HERE.parent.parent / "bench/unpaired/planted.py"
    done = subprocess.run([sys.executable, planted, "cells/truth.tsv", "run"], cwd=tour.root, capture_output=True,
                          text=True)
    tour.check("planted sets are looked for, and none is confirmed", (done.returncode != 0, done.stdout + done.stderr),
               ("confirmed by measured expression: 0" not in done.stdout, done.stdout))
    print(done.stdout)


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("programs", type=pathlib.Path)
    parser.add_argument("--keep", type=pathlib.Path, help="where to leave what was made")
    arguments = parser.parse_args()
    root = arguments.keep or pathlib.Path(tempfile.mkdtemp(prefix="grids-unpaired-"))
    root.mkdir(parents=True, exist_ok=True)
    programs = arguments.programs.resolve()
    tour = Tour(programs, root.resolve())
    try:
        prepare(tour)
        explain(tour)
        labels(tour)
        others(tour)
        pages(tour)
        view(tour, programs)
        run(tour)
    finally:
        if not arguments.keep:
            shutil.rmtree(root)
    print(f"{tour.passed} passed, {tour.failed} failed")
    return 1 if tour.failed else 0


if __name__ == "__main__":
    sys.exit(main())
