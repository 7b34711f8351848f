"""A small experiment, ways to write it as users have it, and what every case of the suite does.

A case is a function that writes files into its folder (the current one) and returns the words of
`grids prepare` behind the command, for example ["--rna", "rna.h5ad", "--atac", "atac.h5ad"].
"""

import dataclasses
import os
import re
import subprocess

import anndata
import h5py
import numpy
import pandas

try:
    from anndata.experimental import read_elem
except ImportError:
    from anndata._io.specs import read_elem

CELLS, GENES, PEAKS = 60, 12, 18
CODE = numpy.arange(CELLS) % 3
TYPE = numpy.array(["B cell", "Mono", "T cell"])[CODE]
_draw = numpy.random.default_rng(5)
BARCODES = ["".join(_draw.choice(list("ACGT"), 16)) + "-1" for _ in range(CELLS)]
GENE_NAMES = [f"GENE{j}" for j in range(GENES)]
GENE_IDS = [f"ENSG{j + 1:011d}" for j in range(GENES)]
PLACES = [("chr1", 10000 * (j + 1), 10000 * (j + 1) + 500) for j in range(PEAKS)]
PEAK_NAMES = [f"{c}:{a}-{b}" for c, a, b in PLACES]
RNA = _draw.poisson(2.0, (CELLS, GENES)).astype("float32")
ATAC = _draw.poisson(0.7, (CELLS, PEAKS)).astype("float32")
RNA[:, 0] += 1
ATAC[:, 0] += 1
PAIR = ["--rna", "rna.h5ad", "--atac", "atac.h5ad"]

CASES = []


@dataclasses.dataclass
class Case:
    name: str
    says: list
    code: int
    make: object
    check: object = None


def case(name, *says, code=0):
    """Registers the decorated function. `says`: patterns that the messages must all match."""

    def register(make):
        CASES.append(Case(name, list(says), code, make))
        return make

    return register


def rna(obs=None, index=None, values=RNA):
    obs = pandas.DataFrame(obs or {"cell_type": pandas.Categorical(TYPE)},
                           index=index or BARCODES[:len(values)])
    var = pandas.DataFrame({"gene_ids": GENE_IDS}, index=GENE_NAMES)
    return anndata.AnnData(values, obs=obs, var=var, dtype="float32")


def atac(obs=None, index=None, values=ATAC):
    obs = pandas.DataFrame(obs or {}, index=index or BARCODES[:len(values)])
    return anndata.AnnData(values, obs=obs, var=pandas.DataFrame(index=PEAK_NAMES), dtype="float32")


def write_pair(one=None, other=None):
    (rna() if one is None else one).write_h5ad("rna.h5ad")
    (atac() if other is None else other).write_h5ad("atac.h5ad")
    return list(PAIR)


class Study:
    """What AnnData finds in a study."""

    def __init__(self, path):
        with h5py.File(path) as file:
            self.obs = read_elem(file["obs"])
            self.modality = {name: read_elem(file["mod"][name]) for name in ("rna", "atac")}
            self.labels_in = read_elem(file["uns/grids"]).get("labels_in")  # where it is not paired
            self.obsm = {name: file["obsm"][name][()] for name in file["obsm"]}

    def row_of(self, barcodes):
        """Of each cell of the study its row in the user's file."""
        rows = {name: row for row, name in enumerate(barcodes)}
        return numpy.array([rows[name] for name in self.obs.index])


def prepare(programs, words, folder):
    words = [str(programs / "grids"), "prepare", *words, "--keep-all", "-o", "study.h5mu"]
    if "--labels" not in words:
        words += ["--labels", "cell_type"]
    return subprocess.run(words, cwd=folder, capture_output=True, text=True, errors="replace",
                          stdin=subprocess.DEVNULL, timeout=100)


def run_case(one, programs, folder):
    """What is wrong with a case, and what the program said."""
    folder.mkdir()
    os.chdir(folder)
    made = one.make()
    words, check = made if isinstance(made, tuple) else (made, None)
    before = sorted(os.listdir(folder))
    done = prepare(programs, words, folder)
    problems = []
    if done.returncode != one.code:
        problems.append(f"exit code {done.returncode} instead of {one.code}")
    for pattern in one.says:
        if not re.search(pattern, done.stderr, re.DOTALL):
            problems.append(f"the messages do not match {pattern!r}")
    if done.returncode != 0 and sorted(os.listdir(folder)) != before:
        problems.append("something was written")
    if done.returncode == 0 and check is not None and not problems:
        try:
            check(Study("study.h5mu"))
        except (AssertionError, KeyError) as error:
            problems.append(f"the study: {error!r}")
    return problems, done.stderr
