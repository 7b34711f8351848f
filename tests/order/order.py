#!/usr/bin/env python3
"""Analyses the same cells in disguise and expects the same numbers to the last bit.

    order.py PROGRAMS [--each] [GENES.bed CELLS.h5mu | GENES.bed RNA.h5ad ATAC.h5ad]

The disguises: cells permuted, peaks permuted, genes permuted, barcodes with a prefix, types renamed; all
of them at once, or with --each one after the other. Of each, `prepare` makes a study with labels and one
without; with `grids-torch` beside `grids`, `run` goes from the raw files to the sets, and `predict` and
`compare` follow. Studies, surrogates and every table must be those of the cells undisguised once names
are mapped back; what lists cells must list them as the user's file does. PROGRAMS is the folder with the
programs. Without files, the cells are tiny simulated ones.
Ends with the number of files compared; exits with 77 where h5py is missing.
"""

import copy
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

try:
    import h5py
    import numpy
except ImportError as error:
    print(f"skipped: {error}")
    sys.exit(77)

PREFIX = "batch7_"
# Types take such names, in another order than their own; the slash and the blank are for names of files.
ALIAS = "Zyl/inder number "
# What tells times, or is made of tables that are compared.
TIMED = ("timings.tsv",)
LISTS_CELLS = ("umap.tsv", "marker_expression.tsv")


class Modality:
    """Values as triplets: cell, feature, value."""

    def __init__(self, group):
        self.cells, self.features = index_of(group["obs"]), index_of(group["var"])
        matrix = group["layers/counts"] if "layers/counts" in group else group["X"]
        lengths = numpy.diff(matrix["indptr"][:])
        self.rows, self.columns = numpy.repeat(numpy.arange(len(lengths)), lengths), matrix["indices"][:]
        if matrix.attrs["encoding-type"] == "csc_matrix":
            self.rows, self.columns = self.columns, self.rows
        self.values = matrix["data"][:]

    def permute_cells(self, order):
        self.cells = [self.cells[i] for i in order]
        self.rows = numpy.argsort(order)[self.rows]

    def permute_features(self, order):
        self.features = [self.features[i] for i in order]
        self.columns = numpy.argsort(order)[self.columns]

    def write(self, path):
        whole = (self.values == self.values.astype(int)).all()
        values = self.values.astype(int) if whole else self.values
        with open(path, "w") as file:
            file.write(f"%%MatrixMarket matrix coordinate {'integer' if whole else 'real'} general\n")
            file.write(f"{len(self.features)} {len(self.cells)} {len(self.values)}\n")
            for i in numpy.lexsort((self.columns, self.rows)):
                file.write(f"{self.columns[i] + 1} {self.rows[i] + 1} {values[i]}\n")


class Cells:
    """An experiment as its files hold it, both modalities in the same order."""

    def __init__(self, paths, truth=""):
        groups = [h5py.File(path) for path in paths]
        rna, atac = groups if len(groups) == 2 else (groups[0]["mod/rna"], groups[0]["mod/atac"])
        self.rna, self.atac, self.truth = Modality(rna), Modality(atac), truth
        assert self.rna.cells == self.atac.cells
        table = groups[0]["obs"]
        types = dict(zip(index_of(table), categories_of(table, "cell_type")))
        self.labels = [types[barcode] for barcode in self.rna.cells]

    def permute_cells(self, order):
        self.rna.permute_cells(order)
        self.atac.permute_cells(order)
        self.labels = [self.labels[i] for i in order]

    def rename_types(self, names):
        self.labels = [names[label] for label in self.labels]
        for name, other in names.items():
            self.truth = self.truth.replace(name, other)

    def write(self, folder):
        self.rna.write(folder / "rna.mtx")
        self.atac.write(folder / "atac.mtx")
        for name, lines in (("cells.txt", self.rna.cells), ("genes.txt", self.rna.features),
                            ("peaks.txt", self.atac.features),
                            ("labels.tsv", map("\t".join, zip(self.rna.cells, self.labels)))):
            (folder / name).write_text("".join(f"{line}\n" for line in lines))
        if self.truth:
            (folder / "truth.tsv").write_text(self.truth)


def index_of(table):
    return list(table[table.attrs["_index"]].asstr()[:])


def categories_of(table, name):
    column = table[name]
    if isinstance(column, h5py.Group):
        return column["categories"].asstr()[:][column["codes"][:]]
    return table.file[column.attrs["categories"]].asstr()[:][column[:]]  # before AnnData 0.8


def aliases(cells):
    """Type → its name in disguise: the last in the alphabet comes first."""
    names = sorted(set(cells.labels), reverse=True)
    return {name: f"{ALIAS}{i:02}" for i, name in enumerate(names)}


def disguises(cells):
    """Name → what it does to cells."""
    random = numpy.random.default_rng(5)

    def permute_features(modality):
        modality.permute_features(random.permutation(len(modality.features)))

    def prefix(one):
        for modality in (one.rna, one.atac):
            modality.cells = [PREFIX + barcode for barcode in modality.cells]

    return {"cells permuted": lambda one: one.permute_cells(random.permutation(len(one.labels))),
            "peaks permuted": lambda one: permute_features(one.atac),
            "genes permuted": lambda one: permute_features(one.rna),
            "barcodes prefixed": prefix,
            "types renamed": lambda one: one.rename_types(aliases(one))}


def disguised(cells, each):
    """Name → the cells so disguised: in each way, or in all at once."""
    found = {"plain": cells}
    together = copy.deepcopy(cells)
    for name, disguise in disguises(cells).items():
        if each:
            found[name] = copy.deepcopy(cells)
            disguise(found[name])
        disguise(together)
    if not each:
        found["all at once"] = together
    return found


def commands(torch, genes, cells):
    raw = ["--rna", "rna.mtx", "--rna-names", "genes.txt", "--atac", "atac.mtx", "--peaks", "peaks.txt",
           "--cells", "cells.txt", "--genes", genes]
    truth = ["--truth", "truth.tsv"] if cells.truth else []
    found = [["prepare", *raw, "-o", "clustered.h5mu"]]
    if not torch:
        return [*found, ["prepare", *raw, "--labels", "labels.tsv", "-o", "run/study.h5mu"]]
    study = ["run/study.h5mu", "run/surrogate-cis.safetensors"]
    return [*found,
            ["run", *raw, "--labels", "labels.tsv", *truth, "-o", "run", "--max-training-steps", "20", "--training-batch", "100", "-L", "3", "--force"],
            ["predict", *study, "-o", "predicted.h5ad"],
            ["compare", *study, "--cell-type", "each", "--gene", a_gene(genes, cells), "-L", "2", "--seeds",
             "1", "--force", "--methods", "grids,links,random", "-o", "compare"]]


def a_gene(genes, cells):
    """One that has a position and is expressed in most cells."""
    placed = {line.split("\t")[3] for line in pathlib.Path(genes).read_text().splitlines()}
    seen = numpy.bincount(cells.rna.columns, minlength=len(cells.rna.features))
    return max((count, name) for count, name in zip(seen, cells.rna.features) if name in placed)[1]


def analyse(programs, genes, folder, cells):
    folder.mkdir()
    (folder / "run").mkdir()
    cells.write(folder)
    for words in commands((programs / "grids-torch").exists(), genes, cells):
        done = subprocess.run([programs / "grids", *words, "--threads", "2"], cwd=folder,
                              capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(f"{folder.name}: {' '.join(words)} fails:\n{done.stderr}")


# ---- what is compared ----

class Names:
    """Names in disguise → those of the plain cells."""

    types = {}

    @classmethod
    def back(cls, text):
        text = text.replace(PREFIX, "")
        for name, other in cls.types.items():
            text = text.replace(other, name)
        return text


def file_name(path):
    """Names of types stand in names of files with ~2f for a slash."""
    return Names.back(re.sub("~([0-9a-f]{2})", lambda found: chr(int(found[1], 16)), str(path)))


def of_table(path):
    lines = Names.back(path.read_text()).splitlines()
    return lines[:1] + sorted(lines[1:]) if path.name in LISTS_CELLS else lines


def of_model(path):
    """The tensors; metadata names types."""
    data = path.read_bytes()
    size = int.from_bytes(data[:8], "little")
    header = json.loads(data[8:8 + size])
    metadata = Names.back(json.dumps(header.pop("__metadata__", {}), sort_keys=True))
    return {"header": header, "types": json.loads(metadata).get("cell_types"), "data": data[8 + size:]}


def text_of(group, name):
    column = group[name]
    if isinstance(column, h5py.Group):
        return [Names.back(text) for text in categories_of(group, name)]
    return [Names.back(text) for text in column.asstr()[:]]


def of_study(path):
    """All but the places of cells in the user's file, and how it was prepared."""
    with h5py.File(path) as file:
        obs = file["obs"]
        found = {"types": [Names.back(name) for name in obs["cell_type/categories"].asstr()[:]]}
        for column in ("cell_type", "split", obs.attrs["_index"]):
            found[column] = text_of(obs, column)
        for column in ("total_rna", "open_peaks"):
            found[column] = obs[column][:].tolist()
        for modality in ("rna", "atac"):
            group = file["mod"][modality]
            found[modality, "names"] = text_of(group["var"], group["var"].attrs["_index"])
            for part in ("indptr", "indices", "data"):
                found[modality, part] = group["X"][part][:].tolist()
        return found


def of_prediction(path):
    with h5py.File(path) as file:
        names = text_of(file["obs"], file["obs"].attrs["_index"])
        return {name: row.tolist() for name, row in zip(names, file["X"][:])}


READERS = {".tsv": of_table, ".bed": of_table, ".safetensors": of_model, ".h5mu": of_study,
           ".h5ad": of_prediction}


def results(folder):
    inputs = {"labels.tsv", "truth.tsv"}
    return {file_name(path.relative_to(folder)): path for path in sorted(folder.rglob("*"))
            if path.suffix in READERS and path.name not in TIMED and path.name not in inputs
            and ".grids" not in path.parts}


def differences(plain, other):
    ours, theirs = results(plain), results(other)
    for name in sorted(ours.keys() | theirs.keys()):
        if name not in ours or name not in theirs:
            yield f"{name}: only in {'the plain' if name in ours else other.name}"
            continue
        read = READERS[ours[name].suffix]
        if read(ours[name]) != read(theirs[name]):
            yield f"{name}: differs"


def wrong_order(folder, cells):
    """What lists cells otherwise than the user's file does."""
    place = {barcode: i for i, barcode in enumerate(cells.rna.cells)}
    listed = {}
    for name in LISTS_CELLS:
        path = folder / "run" / name
        if path.exists():
            rows = path.read_text().splitlines()[1:]
            listed[name] = [row.split("\t")[0] for row in rows]
    if (folder / "predicted.h5ad").exists():
        with h5py.File(folder / "predicted.h5ad") as file:
            listed["predicted.h5ad"] = index_of(file["obs"])
    for name, barcodes in listed.items():
        places = [place[barcode] for barcode in barcodes]
        if places != sorted(places):
            yield f"{name}: not in the order of the user's file"
    with h5py.File(folder / "run/study.h5mu") as file:
        names = index_of(file["obs"])
        if [place[barcode] for barcode in names] != file["obs/place"][:].tolist():
            yield "study.h5mu: obs/place is not the row in the user's file"


def cells_to_disguise(programs, root, arguments):
    """Positions of genes, and the cells that were given or simulated."""
    if arguments:
        return pathlib.Path(arguments[0]).resolve(), Cells(arguments[1:])
    subprocess.run([programs / "grids", "simulate", "--preset", "tiny", "--seed", "3", "-o", "cells"],
                   cwd=root, check=True, capture_output=True)
    folder = root / "cells"
    return folder / "genes.bed", Cells([folder / "cells.h5mu"], (folder / "truth.tsv").read_text())


def main():
    programs = pathlib.Path(sys.argv[1]).resolve()
    root = pathlib.Path(tempfile.mkdtemp(prefix="grids-order-"))
    problems, compared = [], 0
    try:
        each = "--each" in sys.argv[2:]
        genes, plain = cells_to_disguise(programs, root, [a for a in sys.argv[2:] if a != "--each"])
        Names.types = aliases(plain)
        for name, cells in disguised(plain, each).items():
            folder = root / name
            analyse(programs, genes, folder, cells)
            problems += [f"{name}: {problem}" for problem in wrong_order(folder, cells)]
            if name != "plain":
                problems += [f"{name}: {problem}" for problem in differences(root / "plain", folder)]
                compared += len(results(folder))
    finally:
        shutil.rmtree(root)
    print("".join(f"{problem}\n" for problem in problems) + f"{compared} files compared")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
