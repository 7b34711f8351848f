#!/usr/bin/env python3
"""Analyses the same tiny simulated cells in five disguises and expects the same numbers to the last bit.

    order.py PROGRAMS

The disguises: cells permuted, peaks permuted, genes permuted, barcodes with a prefix, types renamed. Of
each, `prepare` makes a study with labels and one without; with `grids-torch` beside `grids`, `run` goes
from the raw files to the sets, and `predict` and `compare` follow. Studies, surrogates and every table
must be those of the cells undisguised once names are mapped back; what lists cells must list them as the
user's file does. PROGRAMS is the folder with the programs. Ends with the number of files compared; exits
with 77 where h5py is missing.
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
# In another order than the names that they stand for.
RENAMED = {"type_1": "Zylinder", "type_2": "Mono cyte", "type_3": "Astro/cyte"}
# What tells times, or is made of tables that are compared.
TIMED = ("timings.tsv",)
LISTS_CELLS = ("umap.tsv", "marker_expression.tsv")


class Cells:
    """An experiment as its files hold it, cells × features."""

    def __init__(self, path):
        with h5py.File(path) as file:
            self.barcodes, self.genes, self.rna = read_modality(file["mod/rna"])
            others, self.peaks, self.atac = read_modality(file["mod/atac"])
            assert self.barcodes == others
            column = file["obs/cell_type"]
            names = column["categories"].asstr()[:]
            types = dict(zip(file["obs"][file["obs"].attrs["_index"]].asstr()[:],
                             names[column["codes"][:]]))
        self.labels = [types[barcode] for barcode in self.barcodes]

    def write(self, folder):
        write_market(folder / "rna.mtx", self.rna)
        write_market(folder / "atac.mtx", self.atac)
        for name, lines in (("cells.txt", self.barcodes), ("genes.txt", self.genes),
                            ("peaks.txt", self.peaks),
                            ("labels.tsv", map("\t".join, zip(self.barcodes, self.labels)))):
            (folder / name).write_text("".join(f"{line}\n" for line in lines))


def read_modality(group):
    obs, var = group["obs"], group["var"]
    barcodes = list(obs[obs.attrs["_index"]].asstr()[:])
    features = list(var[var.attrs["_index"]].asstr()[:])
    values = numpy.zeros((len(barcodes), len(features)), dtype=int)
    offsets, columns, data = (group["X"][key][:] for key in ("indptr", "indices", "data"))
    for row in range(len(barcodes)):
        entries = slice(offsets[row], offsets[row + 1])
        values[row, columns[entries]] = data[entries]
    return barcodes, features, values


def write_market(path, values):
    cells, features = numpy.nonzero(values)
    with open(path, "w") as file:
        file.write("%%MatrixMarket matrix coordinate integer general\n")
        file.write(f"{values.shape[1]} {values.shape[0]} {len(cells)}\n")
        for cell, feature in zip(cells, features):
            file.write(f"{feature + 1} {cell + 1} {values[cell, feature]}\n")


def disguised(cells):
    """Name → the cells so disguised."""
    random = numpy.random.default_rng(5)

    def other():
        found[name] = copy.deepcopy(cells)
        return found[name]

    found = {"plain": cells}
    name = "cells permuted"
    order = random.permutation(len(cells.barcodes))
    one = other()
    one.rna, one.atac = one.rna[order], one.atac[order]
    one.barcodes = [cells.barcodes[i] for i in order]
    one.labels = [cells.labels[i] for i in order]
    name = "peaks permuted"
    order = random.permutation(len(cells.peaks))
    one = other()
    one.atac, one.peaks = one.atac[:, order], [cells.peaks[i] for i in order]
    name = "genes permuted"
    order = random.permutation(len(cells.genes))
    one = other()
    one.rna, one.genes = one.rna[:, order], [cells.genes[i] for i in order]
    name = "barcodes prefixed"
    one = other()
    one.barcodes = [PREFIX + barcode for barcode in cells.barcodes]
    name = "types renamed"
    one = other()
    one.labels = [RENAMED[label] for label in cells.labels]
    return found


def commands(torch):
    raw = ["--rna", "rna.mtx", "--rna-names", "genes.txt", "--atac", "atac.mtx", "--peaks", "peaks.txt",
           "--cells", "cells.txt", "--genes", "../cells/genes.bed"]
    found = [["prepare", *raw, "-o", "clustered.h5mu"]]
    if not torch:
        return [*found, ["prepare", *raw, "--labels", "labels.tsv", "-o", "run/study.h5mu"]]
    study = ["run/study.h5mu", "run/surrogate-cis.safetensors"]
    return [*found,
            ["run", *raw, "--labels", "labels.tsv", "--truth", "../cells/truth.tsv", "-o", "run",
             "--max-training-steps", "20", "--training-batch", "100", "-L", "3", "--force"],
            ["predict", *study, "-o", "predicted.h5ad"],
            ["compare", *study, "--truth", "../cells", "--planted", "1", "-L", "2", "--seeds", "1",
             "--force", "--methods", "grids,links,random", "-o", "compare"]]


def analyse(programs, folder, cells):
    folder.mkdir()
    (folder / "run").mkdir()
    cells.write(folder)
    for words in commands((programs / "grids-torch").exists()):
        done = subprocess.run([programs / "grids", *words, "--threads", "2"], cwd=folder,
                              capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(f"{folder.name}: {' '.join(words)} fails:\n{done.stderr}")


# ---- what is compared ----

def mapped_back(text):
    text = text.replace(PREFIX, "")
    for name, other in RENAMED.items():
        text = text.replace(other, name)
    return text


def file_name(path):
    """Names of types stand in names of files with ~2f for a slash."""
    return mapped_back(re.sub("~([0-9a-f]{2})", lambda found: chr(int(found[1], 16)), str(path)))


def of_table(path):
    lines = mapped_back(path.read_text()).splitlines()
    return lines[:1] + sorted(lines[1:]) if path.name in LISTS_CELLS else lines


def of_model(path):
    """The tensors; metadata names types."""
    data = path.read_bytes()
    size = int.from_bytes(data[:8], "little")
    header = json.loads(data[8:8 + size])
    metadata = mapped_back(json.dumps(header.pop("__metadata__", {}), sort_keys=True))
    return {"header": header, "types": json.loads(metadata).get("cell_types"), "data": data[8 + size:]}


def text_of(group, name):
    column = group[name]
    if isinstance(column, h5py.Group):
        return [mapped_back(text) for text in column["categories"].asstr()[:][column["codes"][:]]]
    return [mapped_back(text) for text in column.asstr()[:]]


def of_study(path):
    """All but the places of cells in the user's file, and how it was prepared."""
    with h5py.File(path) as file:
        obs = file["obs"]
        found = {"types": [mapped_back(name) for name in obs["cell_type/categories"].asstr()[:]]}
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
    inputs = {"labels.tsv"}
    return {file_name(path.relative_to(folder)): path for path in sorted(folder.rglob("*"))
            if path.suffix in READERS and path.name not in TIMED and path.name not in inputs
            and "runs" not in path.parts}


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
    place = {barcode: i for i, barcode in enumerate(cells.barcodes)}
    listed = {}
    for name in LISTS_CELLS:
        path = folder / "run" / name
        if path.exists():
            rows = path.read_text().splitlines()[1:]
            listed[name] = [row.split("\t")[0] for row in rows]
    if (folder / "predicted.h5ad").exists():
        with h5py.File(folder / "predicted.h5ad") as file:
            listed["predicted.h5ad"] = list(file["obs"][file["obs"].attrs["_index"]].asstr()[:])
    for name, barcodes in listed.items():
        places = [place[barcode] for barcode in barcodes]
        if places != sorted(places):
            yield f"{name}: not in the order of the user's file"
    with h5py.File(folder / "run/study.h5mu") as file:
        names = file["obs"][file["obs"].attrs["_index"]].asstr()[:]
        if [place[barcode] for barcode in names] != file["obs/place"][:].tolist():
            yield "study.h5mu: obs/place is not the row in the user's file"


def main():
    programs = pathlib.Path(sys.argv[1]).resolve()
    root = pathlib.Path(tempfile.mkdtemp(prefix="grids-order-"))
    problems, compared = [], 0
    try:
        subprocess.run([programs / "grids", "simulate", "--preset", "tiny", "--seed", "3", "-o", "cells"],
                       cwd=root, check=True, capture_output=True)
        for name, cells in disguised(Cells(root / "cells/cells.h5mu")).items():
            folder = root / name
            analyse(programs, folder, cells)
            problems += [f"{name}: {problem}" for problem in wrong_order(folder, cells)]
            if name == "plain":
                continue
            problems += [f"{name}: {problem}" for problem in differences(root / "plain", folder)]
            compared += len(results(folder))
    finally:
        if "--keep" not in sys.argv:
            shutil.rmtree(root)
        else:
            print(root)
    print("".join(f"{problem}\n" for problem in problems) + f"{compared} files compared")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
