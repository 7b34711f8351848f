#!/usr/bin/python3
"""An atlas that need not fit in memory: what each command costs on more and more cells within --memory.

    bench/whole_run/atlas.py build/release/bin [--cells 10000 30000 100000] [--memory 8G] [--work FOLDER]

Simulates cells at 200,000 peaks (3,000 open in a cell) × 20,000 genes, six types, then runs `prepare`, 200 steps of each
stage of training with the readout fitted anew, `cis` of 50 genes, `explain` of 10 targets, `redundancy` of 5 and `knockout` of
one gene, each with that --memory. Of each: user and system CPU, wall, peak memory (VmHWM, which counts pages of mapped files)
and the peak of what only the program itself can give back (RssAnon, read ten times a second); over the numbers of cells, their
exponents. 300,000 cells need some 40 GB of disk in FOLDER.

The cells come from 6,000 of `grids simulate` with 2,000 genes: of each new cell every chromosome is that of one of them, drawn
from those of its type, each open peak kept with the chance that leaves 3,000. Peaks stay with the genes of their chromosome,
so what regulates what is kept. 18,000 more genes have counts that only depend on the type. Blocks of cells are written as they
are made: memory does not grow with them. Needs numpy and h5py.
"""

import argparse
import csv
import json
import math
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

import h5py
import numpy as np

TYPES = 6
BLOCK = 2000  # cells that are made at a time


class Size:
    """Of the atlas, and of the cells that it comes from."""
    bank_cells, bank_genes, peaks = 6000, 2000, 200_000
    genes, open_peaks = 20_000, 3000
    more_genes_seen = 1100  # in a cell, of those without regulation of their own
    cis_genes = 50


class SmallSize(Size):
    bank_cells, bank_genes, peaks = 600, 100, 20_000
    genes, open_peaks = 200, 1500
    more_genes_seen = 40
    cis_genes = 20


def text(group, name, values):
    node = group.create_dataset(name, data=np.array(values, dtype=object), dtype=h5py.string_dtype())
    node.attrs["encoding-type"], node.attrs["encoding-version"] = "string-array", "0.2.0"


def frame(parent, name, index, columns=()):
    group = parent.create_group(name)
    group.attrs["encoding-type"], group.attrs["encoding-version"] = "dataframe", "0.2.0"
    group.attrs["_index"] = "_index"
    group.attrs.create("column-order", [column for column, _ in columns], dtype=h5py.string_dtype(), shape=(len(columns),))
    text(group, "_index", index)
    for column, values in columns:
        text(group, column, values)


class Rows:
    """Rows of a CSR matrix in memory, whose columns are cut where chromosomes begin."""

    def __init__(self, group, chromosome_of, chromosomes):
        self.indptr = group["indptr"][:].astype(np.int64)
        self.indices = group["indices"][:]
        self.data = group["data"][:].astype(np.float32)
        # Where the entries of row i on chromosome c begin. Columns of a chromosome stand together.
        key = np.repeat(np.arange(len(self.indptr) - 1), np.diff(self.indptr)) * chromosomes + chromosome_of[self.indices]
        counts = np.bincount(key, minlength=(len(self.indptr) - 1) * chromosomes)
        self.begin = np.concatenate([[0], np.cumsum(counts)])
        self.order = np.argsort(key, kind="stable")
        self.chromosomes = chromosomes

    def offspring(self, parents):
        """Entries (positions in indices and data) of rows made of chromosome c of row parents[i, c]; and the length of each."""
        pieces = (parents * self.chromosomes + np.arange(self.chromosomes)).ravel()
        lengths = self.begin[pieces + 1] - self.begin[pieces]
        ends = np.cumsum(lengths)
        within = np.arange(ends[-1]) - np.repeat(ends - lengths, lengths)
        entries = self.order[np.repeat(self.begin[pieces], lengths) + within]
        return entries, lengths.reshape(parents.shape).sum(axis=1)


class CsrWriter:
    """A matrix that grows by blocks of rows."""

    def __init__(self, parent, rows, columns):
        self.group = parent.create_group("X")
        self.group.attrs["encoding-type"], self.group.attrs["encoding-version"] = "csr_matrix", "0.1.0"
        self.group.attrs["shape"] = np.array([rows, columns])
        kind = dict(shape=(0,), maxshape=(None,), chunks=(1 << 18,), compression="gzip", compression_opts=1, shuffle=True)
        self.indices = self.group.create_dataset("indices", dtype="i4", **kind)
        self.data = self.group.create_dataset("data", dtype="u2", **kind)
        self.lengths = []

    def append(self, lengths, indices, data):
        before = self.indices.shape[0]
        for node, values in ((self.indices, indices), (self.data, data)):
            node.resize((before + len(values),))
            node[before:] = values
        self.lengths.append(lengths)

    def finish(self):
        self.group["indptr"] = np.concatenate([[0], np.cumsum(np.concatenate(self.lengths))])


def simulate(bank, out, cells, seed, size):
    """Writes cells.h5mu and genes.bed."""
    random = np.random.default_rng(seed)
    with h5py.File(bank / "cells.h5mu") as source, h5py.File(out / "cells.h5mu", "w") as to:
        atac_var, rna_var = source["mod/atac/var"], source["mod/rna/var"]
        chromosomes = atac_var["chrom/categories"].asstr()[:]
        peak_names = atac_var["_index"].asstr()[:]
        of_peak = np.array(atac_var["chrom/codes"][:], dtype=np.int64)
        gene_names, gene_ids = rna_var["_index"].asstr()[:], rna_var["gene_ids"].asstr()[:]
        lines = (bank / "genes.bed").read_text().splitlines()
        place = {line.split("\t")[3]: line.split("\t")[0] for line in lines if not line.startswith("#")}
        code = {name: i for i, name in enumerate(chromosomes)}
        of_gene = np.array([code[place[name]] for name in gene_names])
        peaks, genes = (Rows(source[f"mod/{name}/X"], of, len(chromosomes)) for name, of in (("atac", of_peak), ("rna", of_gene)))
        types = source["obs/cell_type/codes"][:]
        type_names = source["obs/cell_type/categories"].asstr()[:]
        by_type = [np.flatnonzero(types == kind) for kind in range(TYPES)]
        more = size.genes - len(gene_names)
        names = list(gene_names) + [f"MORE{i:05d}" for i in range(more)]
        ids = list(gene_ids) + [f"MOREG{i:011d}" for i in range(more)]
        write_genes(out / "genes.bed", lines, names[len(gene_names):], ids[len(gene_names):])
        kept = min(1.0, size.open_peaks / (len(peaks.indices) / (len(peaks.indptr) - 1)))
        # Genes that follow the type alone: of each type the chance that one more count is of a gene.
        chance = np.exp(random.normal(0, 1.2, (1, more)) + random.normal(0, 0.5, (TYPES, more)))
        chance = np.cumsum(chance / chance.sum(axis=1, keepdims=True), axis=1)
        kinds = random.integers(0, TYPES, cells)
        frame(to, "obs", [f"cell{i:07d}" for i in range(cells)], [("cell_type", type_names[kinds])])
        rna, atac = to.create_group("mod/rna"), to.create_group("mod/atac")
        for group, features, columns in ((rna, names, [("gene_ids", ids)]), (atac, peak_names, [])):
            group.attrs["encoding-type"], group.attrs["encoding-version"] = "anndata", "0.1.0"
            frame(group, "obs", [f"cell{i:07d}" for i in range(cells)])
            frame(group, "var", features, columns)
        to.attrs["encoding-type"], to.attrs["encoding-version"] = "MuData", "0.1.0"
        open_writer, count_writer = CsrWriter(atac, cells, len(peak_names)), CsrWriter(rna, cells, len(names))
        for first in range(0, cells, BLOCK):
            own = kinds[first:first + BLOCK]
            parents = np.empty((len(own), len(chromosomes)), dtype=np.int64)
            for kind in range(TYPES):
                parents[own == kind] = random.choice(by_type[kind], (int((own == kind).sum()), len(chromosomes)))
            entries, lengths = peaks.offspring(parents)
            seen = random.random(len(entries), dtype=np.float32) < kept
            lengths = np.add.reduceat(seen, np.concatenate([[0], np.cumsum(lengths)[:-1]]), dtype=np.int64)
            open_writer.append(lengths, peaks.indices[entries[seen]], np.ones(int(seen.sum()), dtype="u2"))
            entries, lengths = genes.offspring(parents)
            row = np.repeat(np.arange(len(own)), lengths)
            extra_rows, extra_genes, extra_counts = more_genes(random, own, chance, len(gene_names), size.more_genes_seen)
            row = np.concatenate([row, extra_rows])
            indices = np.concatenate([genes.indices[entries], extra_genes])
            data = np.concatenate([genes.data[entries], extra_counts])
            order = np.lexsort((indices, row))
            count_writer.append(np.bincount(row, minlength=len(own)), indices[order], data[order].astype("u2"))
        open_writer.finish()
        count_writer.finish()


def more_genes(random, kinds, chance, first, seen):
    """Rows, genes and counts of cells of these types."""
    rows, genes = [], []
    for kind in range(len(chance)):
        of_kind = np.flatnonzero(kinds == kind)
        draws = random.poisson(seen * 1.15, len(of_kind))
        rows.append(np.repeat(of_kind, draws))
        genes.append(np.minimum(np.searchsorted(chance[kind], random.random(int(draws.sum()))), chance.shape[1] - 1))
    key, counts = np.unique(np.concatenate(rows) * chance.shape[1] + np.concatenate(genes), return_counts=True)
    return key // chance.shape[1], (first + key % chance.shape[1]).astype(np.int32), counts.astype(np.float32)


def write_genes(path, lines, names, ids):
    """The genes of the bank, and the others at its places in turn, 1 kb further on."""
    placed = [line.split("\t") for line in lines if not line.startswith("#")]
    with open(path, "w") as out:
        out.write("\n".join(lines) + "\n")
        for i, (name, gene) in enumerate(zip(names, ids)):
            fields = list(placed[i % len(placed)])
            shift = 1000 * (1 + i // len(placed))
            fields[1:4] = [str(int(fields[1]) + shift), str(int(fields[2]) + shift), name]
            fields[6] = gene
            out.write("\t".join(fields) + "\n")


def memory_of(pid):
    """Largest resident set so far (VmHWM), and memory now that lies in no file (RssAnon), in MB; zeros where it has ended.

    Not from wait4: what that tells of a child begins with the size of this program.
    """
    found = {"VmHWM:": 0, "RssAnon:": 0}
    try:
        for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
            words = line.split()
            if words and words[0] in found:
                found[words[0]] = int(words[1]) / 1024
    except OSError:
        pass
    return found["VmHWM:"], found["RssAnon:"]


def run(words, folder):
    """User CPU, system CPU, wall (s), VmHWM and the peak of RssAnon (MB)."""
    with open(folder / "log.txt", "a") as log:
        began = time.monotonic()
        process = subprocess.Popen([str(word) for word in words], cwd=folder, stdout=log, stderr=log)
        resident, anonymous, ended = 0, 0, 0
        while ended == 0:
            now = memory_of(process.pid)
            resident, anonymous = max(resident, now[0]), max(anonymous, now[1])
            time.sleep(0.1)
            ended, status, usage = os.wait4(process.pid, os.WNOHANG)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit(f"{' '.join(map(str, words))}: exit {process.returncode}; see {folder / 'log.txt'}")
    return usage.ru_utime, usage.ru_stime, time.monotonic() - began, resident, anonymous


def choose(folder, count):
    """Genes for cis, and targets among those that it gave terms."""
    genes = [f"SIM{i:05d}" for i in range(1, count + 1)]
    (folder / "genes.txt").write_text("\n".join(genes) + "\n")


def choose_targets(folder):
    with open(folder / "cis.tsv", newline="") as table:
        rows = [row["gene"] for row in csv.DictReader(table, delimiter="\t") if row["peaks"] not in ("", "NA")]
    genes = list(dict.fromkeys(rows)) or [f"SIM{i:05d}" for i in range(1, 11)]
    for name, count in (("targets.tsv", 10), ("few.tsv", 5)):
        lines = [f"type_{i % TYPES + 1}\t{gene}" for i, gene in enumerate(genes[:count])]
        (folder / name).write_text("cell_type\tgene\n" + "\n".join(lines) + "\n")
    return genes[0]


def stages(grids, folder, memory, openness, size):
    within = ["--memory", memory]
    study = ["study.h5mu", "surrogate-cis.safetensors"]
    yield "prepare", [grids, "prepare", "cells.h5mu", "--labels", "cell_type", "--genes", "genes.bed", "--variable-genes", size.genes,
                      "--min-peak-share", 0.0005, "-o", "study.h5mu", *within]
    yield "train", [grids, "train", "study.h5mu", "--max-steps", 200, "-o", "surrogate.safetensors", *within]
    choose(folder, size.cis_genes)
    yield "cis", [grids, "cis", "study.h5mu", "surrogate.safetensors", "--genes", "genes.txt", "--latent-openness", openness, "-o",
                  "surrogate-cis.safetensors", *within]
    first = choose_targets(folder)
    yield "explain", [grids, "explain", *study, "--targets", "targets.tsv", "--force", "-o", "explained", *within]
    yield "redundancy", [grids, "redundancy", *study, "--targets", "few.tsv", "-o", "judged", *within]
    yield "knockout", [grids, "knockout", *study, "--cell-type", "type_1", "--gene", first, "-o", "knocked", *within]


def exponent(sizes, values):
    """Slope of log cost over log cells, by least squares."""
    if len(sizes) < 2 or min(values) <= 0:
        return math.nan
    x, y = np.log(sizes), np.log(values)
    return float(np.polyfit(x, y, 1)[0])


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("programs", type=pathlib.Path)
    arguments.add_argument("--cells", type=int, nargs="+", default=[10000, 30000, 100000])
    arguments.add_argument("--memory", default="8G")
    arguments.add_argument("--latent-openness", default="auto", help="Of cis: auto fits twice, and takes several times as long")
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--work", type=pathlib.Path)
    arguments.add_argument("--small", action="store_true", help="20,000 peaks, 200 genes: to see that it works")
    arguments.add_argument("--json", type=pathlib.Path)
    arguments.add_argument("--bank", type=pathlib.Path, help="A folder of `grids simulate` as above, to save its time")
    given = arguments.parse_args()
    size = SmallSize if given.small else Size
    grids = given.programs.resolve() / "grids"
    work = pathlib.Path(tempfile.mkdtemp(prefix="atlas-", dir=given.work))
    try:
        bank = given.bank
        if bank is None:
            bank = work / "bank"
            subprocess.run([grids, "simulate", "--preset", "paper", "--cells", str(size.bank_cells), "--peaks", str(size.peaks),
                            "--n-genes", str(size.bank_genes), "--types", str(TYPES), "--seed", str(given.seed), "-q", "-o", bank], check=True)
        costs = {}
        print("| stage | cells | user (s) | system (s) | wall (s) | VmHWM (MB) | RssAnon (MB) |\n| --- | --- | --- | --- | --- | --- | --- |")
        for cells in given.cells:
            folder = work / str(cells)
            folder.mkdir()
            simulate(bank, folder, cells, given.seed, size)
            for name, words in stages(grids, folder, given.memory, given.latent_openness, size):
                cost = run(words, folder)
                costs.setdefault(name, []).append(cost)
                print(f"| {name} | {cells} | {cost[0]:.1f} | {cost[1]:.1f} | {cost[2]:.1f} | {cost[3]:.0f} | {cost[4]:.0f} |",
                      flush=True)
                if name == "prepare":
                    (folder / "cells.h5mu").unlink()
            shutil.rmtree(folder)
        if given.json:
            given.json.write_text(json.dumps([
                {"stage": name, "cells": cells, "user_s": cost[0], "system_s": cost[1], "wall_s": cost[2], "peak_mb": cost[3],
                 "own_mb": cost[4]} for name, of_stage in costs.items() for cells, cost in zip(given.cells, of_stage)], indent=1))
        for name, of_stage in costs.items():
            user = [cost[0] for cost in of_stage]
            memory = [cost[4] for cost in of_stage]
            print(f"{name}: exponent of user CPU {exponent(given.cells, user):.2f}, of RssAnon {exponent(given.cells, memory):.2f}")
    finally:
        shutil.rmtree(work)


if __name__ == "__main__":
    main()
