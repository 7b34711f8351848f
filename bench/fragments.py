#!/usr/bin/python3
"""What counting fragments in peaks costs: `grids prepare --fragments` on a file of so many lines.

    bench/fragments.py build/release/bin [--lines 100000000] [--work FOLDER]

Writes a fragment file as a run of Cell Ranger looks: positions in order, 10,000 cells that have four in ten of the fragments,
500,000 other barcodes that have the rest, four in ten ends in one of 100,000 peaks; and an RNA of 50 genes. Prints user and
system CPU, wall and peak memory of the whole of `prepare`, and holds the counts of 200 peaks to a count in numpy. 100 million
lines need 1.5 GB of disk in FOLDER. Needs numpy and h5py.
"""

import argparse
import os
import pathlib
import subprocess
import tempfile
import time

import h5py
import numpy as np

CELLS, OTHERS, PEAKS, GENES = 10_000, 500_000, 100_000, 50
CHROMOSOMES = ["chr%d" % i for i in range(1, 21)]
LENGTH = 100_000_000
BLOCK = 1_000_000
CHECKED = 200  # peaks


def barcodes(count, seed):
    letters = np.random.default_rng(seed).integers(0, 4, (count, 16))
    names = np.array(list("ACGT"))[letters]
    return np.unique(np.array(["".join(row) + "-1" for row in names]))


def text(group, name, values):
    node = group.create_dataset(name, data=np.array(values, dtype=object), dtype=h5py.string_dtype())
    node.attrs["encoding-type"], node.attrs["encoding-version"] = "string-array", "0.2.0"


def frame(parent, name, index):
    group = parent.create_group(name)
    group.attrs["encoding-type"], group.attrs["encoding-version"] = "dataframe", "0.2.0"
    group.attrs["_index"] = "_index"
    group.attrs.create("column-order", [], dtype=h5py.string_dtype(), shape=(0,))
    text(group, "_index", index)


def write_rna(path, cells, random):
    with h5py.File(path, "w") as file:
        file.attrs["encoding-type"], file.attrs["encoding-version"] = "anndata", "0.1.0"
        frame(file, "obs", cells)
        frame(file, "var", ["GENE%d" % i for i in range(GENES)])
        node = file.create_dataset("X", data=random.poisson(3, (len(cells), GENES)).astype("f4"))
        node.attrs["encoding-type"], node.attrs["encoding-version"] = "array", "0.2.0"


def write_cells(folder, lines, seed):
    """peaks.bed, rna.h5ad and fragments.tsv.gz; and the counts of the first peaks of the first chromosome, cell by cell."""
    random = np.random.default_rng(seed)
    names = barcodes(CELLS + OTHERS, seed)
    is_cell = np.zeros(len(names), dtype=bool)
    is_cell[random.choice(len(names), CELLS, replace=False)] = True
    cells, others = np.flatnonzero(is_cell), np.flatnonzero(~is_cell)
    write_rna(folder / "rna.h5ad", names[cells], random)
    with open(folder / "labels.tsv", "w") as labels:
        labels.writelines(f"{name}\ttype {i % 3}\n" for i, name in enumerate(names[cells]))
    each_of = PEAKS // len(CHROMOSOMES)
    starts = [np.sort(random.choice(LENGTH // 1000, each_of, replace=False)) * 1000 for _ in CHROMOSOMES]
    with open(folder / "peaks.bed", "w") as bed:
        for chromosome, places in zip(CHROMOSOMES, starts):
            bed.writelines(f"{chromosome}\t{start}\t{start + 800}\n" for start in places)
    counts = np.zeros((len(names), CHECKED), dtype=np.int64)
    packer = subprocess.Popen(["gzip", "-1"], stdin=subprocess.PIPE, stdout=open(folder / "fragments.tsv.gz", "wb"))
    each = lines // len(CHROMOSOMES)
    for chromosome, places in zip(CHROMOSOMES, starts):
        in_peak = random.random(each) < 0.4
        at = np.where(in_peak, random.choice(places, each) + random.integers(0, 800, each), random.integers(0, LENGTH - 2000, each))
        at.sort()
        ends = at + random.integers(30, 600, each)
        who = np.where(random.random(each) < 0.4, random.choice(cells, each), random.choice(others, each))
        for first in range(0, each, BLOCK):
            part = slice(first, first + BLOCK)
            packer.stdin.write("".join(
                f"{chromosome}\t{a}\t{b}\t{c}\t1\n" for a, b, c in zip(at[part], ends[part], names[who[part]])).encode())
        if chromosome == CHROMOSOMES[0]:
            for peak, start in enumerate(places[:CHECKED]):
                for position in (at, ends):
                    np.add.at(counts[:, peak], who[(position >= start) & (position < start + 800)], 1)
    packer.stdin.close()
    packer.wait()
    return names, counts


def is_open(study, names, counts):
    """Whether the study's ATAC is open just where the counts are not 0."""
    with h5py.File(study) as file:
        atac = file["mod/atac"]
        cells, peaks = atac["obs/_index"].asstr()[:], atac["var/_index"].asstr()[:]
        indptr, indices = atac["X/indptr"][:], atac["X/indices"][:]
    row = {name: i for i, name in enumerate(names)}
    column = {name: i for i, name in enumerate(peaks)}
    bed = [line.split("\t") for line in (pathlib.Path(study).parent / "peaks.bed").read_text().splitlines()[:CHECKED]]
    checked = [column["%s:%s-%s" % tuple(line)] for line in bed]
    found = np.zeros((len(cells), len(peaks)), dtype=bool)
    found[np.repeat(np.arange(len(cells)), np.diff(indptr)), indices] = True
    return np.array_equal(found[:, checked], counts[[row[cell] for cell in cells]] > 0)


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("programs", type=pathlib.Path)
    arguments.add_argument("--lines", type=int, default=100_000_000)
    arguments.add_argument("--work", type=pathlib.Path)
    arguments.add_argument("--seed", type=int, default=1)
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory(prefix="fragments-", dir=given.work) as name:
        folder = pathlib.Path(name)
        names, counts = write_cells(folder, given.lines, given.seed)
        began = time.monotonic()
        words = [given.programs.resolve() / "grids", "prepare", "--rna", "rna.h5ad", "--fragments", "fragments.tsv.gz", "--peaks",
                 "peaks.bed", "--labels", "labels.tsv", "--keep-all", "-o", "study.h5mu"]
        process = subprocess.Popen([str(word) for word in words], cwd=folder)
        _, status, usage = os.wait4(process.pid, 0)
        if status != 0:
            raise SystemExit("grids prepare failed")
        size = (folder / "fragments.tsv.gz").stat().st_size
        print(f"{given.lines:,} lines, {size / 1e6:.0f} MB: user {usage.ru_utime:.1f} s, system {usage.ru_stime:.1f} s, wall "
              f"{time.monotonic() - began:.1f} s, peak {usage.ru_maxrss / 1024:.0f} MB; counts of {CHECKED} peaks "
              f"{'are those of numpy' if is_open(folder / 'study.h5mu', names, counts) else 'DIFFER'}")


main()
