#!/usr/bin/env python3
"""What earlier versions wrote, opened by the programs of today.

    old_files.py PROGRAMS

PROGRAMS is the folder with `grids` and maybe `grids-torch`; without the latter, what trains is
skipped, by name. Every folder version_N of tests/fixtures holds what a version wrote: a run's
results, a comparison, simulated cells. Ends with "N passed, N failed".
"""

import hashlib
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile

FIXTURES = pathlib.Path(__file__).resolve().parent.parent / "fixtures"
SECONDS = 120  # far above what any command here needs

RUN = ["run", "pbmc/cells.h5mu", "--labels", "cell_type", "--genes", "pbmc/genes.bed", "--min-genes",
       "5", "--min-peaks", "3", "--min-rna-counts", "10", "--gate-fdr", "0.5", "-L", "4",
       "--min-test-cells", "20", "--markers-per-type", "2", "--random-sets", "10"]
PREPARE = ["prepare", *RUN[1:12], "-o", "today.h5mu"]


class Version:
    """One version's files, in a folder that the commands may write to."""

    def __init__(self, programs, name, folder):
        self.programs, self.name, self.folder = programs, name, folder
        shutil.copytree(FIXTURES / name, folder / name)
        shutil.copytree(FIXTURES / "pbmc", folder / "pbmc")
        self.study = f"{name}/run/study.h5mu"
        self.surrogate = f"{name}/run/surrogate.safetensors"
        self.with_cis = f"{name}/run/surrogate-cis.safetensors"
        self.results = []

    def check(self, what, words, *outputs, says=()):
        """Runs a command that must succeed, write these outputs and say these words."""
        done = subprocess.run([self.programs / "grids", *words], cwd=self.folder, capture_output=True,
                              text=True, timeout=SECONDS, stdin=subprocess.DEVNULL)
        problems = []
        if done.returncode != 0:
            problems.append(f"exit code {done.returncode}")
        problems += [f"{output} is not there" for output in outputs
                     if not (self.folder / output).exists()]
        problems += [f"does not say '{text}'" for text in says if text not in done.stderr]
        self.results.append((f"{self.name}: {what}", problems, done.stderr))

    def refused(self, what, words, says):
        """Runs a command that must fail as wrong input does, with these words."""
        done = subprocess.run([self.programs / "grids", *words], cwd=self.folder, capture_output=True,
                              text=True, timeout=SECONDS, stdin=subprocess.DEVNULL)
        problems = [] if done.returncode == 3 else [f"exit code {done.returncode}"]
        problems += [f"does not say '{text}'" for text in says if text not in done.stderr]
        self.results.append((f"{self.name}: {what}", problems, done.stderr))

    def same(self, what, one, other):
        """Two tables hold the same, how long it took apart."""
        problems = []
        rows = rows_of(self.folder / one)
        if len(rows) < 2 or rows != rows_of(self.folder / other):
            problems.append(f"{one} and {other} differ, or are empty")
        self.results.append((f"{self.name}: {what}", problems, ""))


def rows_of(path):
    """Rows as texts, without the column `seconds`; what is not there has none."""
    if not path.exists():
        return []
    rows = [line.split("\t") for line in path.read_text().splitlines()]
    kept = [i for i, name in enumerate(rows[0]) if name != "seconds"]
    return [[row[i] for i in kept] for row in rows]


def one_gene(study, surrogate, out):
    return ["explain", study, surrogate, "--cell-type", "T", "--gene", "IL7R", "-L", "4",
            "--min-test-cells", "20", "--force", "-o", out]


def use(version):
    """Every command that reads a study or a surrogate, or adds to a folder of results."""
    for name, surrogate in (("published", version.surrogate), ("cis", version.with_cis)):
        pair = [version.study, surrogate]
        version.check(f"explain, {name}", one_gene(*pair, f"explain-{name}"),
                      f"explain-{name}/subsets.tsv", f"explain-{name}/manifest.json")
        version.check(f"evaluate, {name}", ["evaluate", *pair, "-o", f"evaluate-{name}"],
                      f"evaluate-{name}/accuracy.tsv")
        version.check(f"knockout, {name}",
                      ["knockout", *pair, "--cell-type", "T", "--gene", "IL7R,VCAN", "-o",
                       f"knockout-{name}"], f"knockout-{name}/knockout.tsv")
        version.check(f"predict, {name}", ["predict", *pair, "-o", f"predicted-{name}.h5ad"],
                      f"predicted-{name}.h5ad")
    version.check("cis", ["cis", version.study, version.surrogate, "-o", "fitted.safetensors"],
                  "fitted.safetensors", "cis.tsv")
    version.refused("what an earlier version wrote is not replaced",
                    [*RUN, "-o", f"{version.name}/run"],
                    says=["subsets.tsv was not written by grids", "--overwrite"])
    version.check("compare, in the folder of an earlier version",
                  ["compare", version.study, version.with_cis, "--cell-type", "Mono_DC", "--gene",
                   "LYZ", "-L", "3", "--methods", "grids,random", "--seeds", "1", "--no-types",
                   "--force", "--overwrite", "-o", f"{version.name}/comparison"],
                  f"{version.name}/comparison/compare.md")
    version.check("report", ["report", f"{version.name}/run"], f"{version.name}/run/report.html")
    version.check("prepare", PREPARE, "today.h5mu")
    of_today = one_gene("today.h5mu", version.with_cis, "explain-today")
    if version.name == "version_1":
        version.refused("explain, the study of today by a surrogate of another order", of_today,
                        says=["the surrogate was not trained on this study", "genes"])
    else:
        version.check("explain, the study of today", of_today, "explain-today/subsets.tsv")
        version.same("a study prepared again is the same one", "explain-cis/subsets.tsv",
                     "explain-today/subsets.tsv")
    options = f"{version.name}/options.toml"
    version.check("prepare, options in a file",
                  ["prepare", "pbmc/cells.h5mu", "--config", options, "-o", "by-file.h5mu"],
                  says=["472 cells × 148 peaks × 45 genes"])
    version.check("explain, options in a file",
                  ["explain", version.study, version.with_cis, "--cell-type", "T", "--gene", "IL7R",
                   "--config", options, "-o", "explain-file"], "explain-file/subsets.tsv")
    version.same("options in a file are those of flags", "explain-cis/subsets.tsv",
                 "explain-file/subsets.tsv")
    version.check("compare, options in a file",
                  ["compare", version.study, version.with_cis, "--cell-type", "T", "--gene", "IL7R",
                   "--no-types", "--force", "--config", options, "-o", "compare-file"],
                  "compare-file/compare.tsv")


def leave_checkpoint(run):
    """What training of version 1 leaves when it is stopped: a checkpoint, and of what it is."""
    settings = json.loads((run / "stages.json").read_text())["train"]["key"].split(" seed 1 ")[1]
    digest = hashlib.sha256((run / "study.h5mu").read_bytes()).hexdigest()
    (run / "surrogate.safetensors").unlink()
    (run / "checkpoint").mkdir()
    (run / "checkpoint/settings.txt").write_text(f"{settings}seed 1; {digest}")
    (run / "checkpoint/checkpoint.safetensors").write_bytes(b"in a form of its own")


def train(version):
    """What needs grids-torch."""
    version.check("train, options in a file",
                  ["train", version.study, "--config", f"{version.name}/options.toml", "-o",
                   "trained.safetensors"], "trained.safetensors")
    version.check("run, in the folder of an earlier version",
                  [*RUN, "--max-training-steps", "3", "--overwrite", "-o", f"{version.name}/run"],
                  f"{version.name}/run/report.html", f"{version.name}/run/surrogate.safetensors.kept",
                  says=["The report:", "kept as surrogate.safetensors.kept"])
    leave_checkpoint(version.folder / version.name / "run")
    version.check("run does not resume the checkpoint of another version",
                  [*RUN, "--max-training-steps", "3", "-o", f"{version.name}/run"],
                  f"{version.name}/run/surrogate.safetensors",
                  f"{version.name}/run/checkpoint/settings.txt")
    manifest = json.loads((version.folder / version.name / "run/manifest.json").read_text())
    section = next(each for each in manifest["commands"] if each["command"] == "run")
    stages = [stage["name"] for stage in section["stages"]]
    problems = [] if "train" in stages and "explain" in stages else [f"its stages are {stages}"]
    version.results.append((f"{version.name}: the folder holds every stage", problems, ""))


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    programs = pathlib.Path(sys.argv[1]).resolve()
    with_torch = (programs / "grids-torch").exists()
    results = []
    for kept in sorted(FIXTURES.glob("version_*")):
        with tempfile.TemporaryDirectory(prefix="grids-old-") as folder:
            version = Version(programs, kept.name, pathlib.Path(folder))
            use(version)
            if with_torch:
                train(version)
            else:
                print(f"skipped, as grids-torch is not built: {kept.name}: train, run")
            results += version.results
    failed = 0
    for name, problems, message in results:
        failed += 1 if problems else 0
        if problems:
            print(f"FAILED: {name}")
            print("".join(f"    {problem}\n" for problem in problems), end="")
            print("".join(f"    | {line}\n" for line in message.splitlines()), end="")
    print(f"{len(results) - failed} passed, {failed} failed")
    return 1 if failed or not results else 0


if __name__ == "__main__":
    sys.exit(main())
