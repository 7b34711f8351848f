"""The lines of R and Python that messages print, run; and grids on what they write."""

import re
import subprocess
import sys

import h5py
import numpy
import scipy.sparse

import harness
import layouts
import study


def h5seurat(folder):
    with h5py.File(folder / "cells.h5seurat", "w") as file:
        file["cell.names"] = numpy.array(layouts.BARCODES, "S")
        file.create_group("meta.data")
        for name, counts, features in (("RNA", layouts.RNA, layouts.SYMBOLS),
                                       ("ATAC", layouts.ATAC, [p.replace(":", "-") for p in layouts.PEAK_NAMES])):
            assay = file.create_group(f"assays/{name}")
            layouts.texts(assay, "features", features)
            packed, group = scipy.sparse.csr_matrix(counts), assay.create_group("counts")
            group.attrs["dims"] = counts.shape[::-1]
            for part in ("data", "indices", "indptr"):
                group[part] = getattr(packed, part)
    return ["cells.h5seurat"]


def loom(folder):
    with h5py.File(folder / "cells.loom", "w") as file:
        file["matrix"] = layouts.RNA.T
        layouts.texts(file.create_group("col_attrs"), "CellID", layouts.BARCODES)
        layouts.texts(file.create_group("row_attrs"), "Gene", layouts.SYMBOLS)
    layouts.atac_file(folder)
    return ["--rna", "cells.loom", "--atac", "atac.h5ad"]


def table(folder):
    """Counts in text as GEO has them: genes in rows."""
    rows = ["\t".join(["", *layouts.BARCODES])]
    rows += ["\t".join([symbol, *map(str, counts)]) for symbol, counts in zip(layouts.SYMBOLS, layouts.RNA.T)]
    layouts.write(folder / "counts.txt.gz", rows)
    layouts.atac_file(folder)
    return ["--rna", "counts.txt.gz", "--atac", "atac.h5ad"]


PYTHON = {"h5Seurat": h5seurat, "loom": loom, "a table of text": table}


def _run(folder, message):
    """Runs the lines that stand apart in a message."""
    lines = "\n".join(line[4:] for line in message.splitlines() if line.startswith("    "))
    r = ", this writes" in message and "in R, this" in message
    (folder / "lines").write_text(lines)
    command = ["Rscript", "lines"] if r else [sys.executable, "-W", "ignore", "lines"]
    ended = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120)
    return [] if ended.returncode == 0 else [f"the lines fail: {ended.stderr[-800:]}"]


def _words_after(message, given):
    """The files that the message says to name then; those of the other kind as they were given."""
    then = re.search(r"^then: ([^;(,]*)", message, re.M).group(1).split()
    for option in ("--rna", "--atac"):
        if option in given and option not in then:
            then += given[given.index(option):given.index(option) + 2]
    return then


def _wrong(programs, folder, make):
    given = make(folder)
    code, message = harness.prepare(programs, folder, given)
    if code != 3:
        return [f"exit code {code}: {message[:400]}"]
    wrong = _run(folder, message)
    if wrong:
        return wrong
    labels = ["--labels", "labels.csv"] if (folder / "labels.csv").exists() else layouts.label_file(folder)
    code, message = harness.prepare(programs, folder, [*_words_after(message, given), *labels])
    return study.differences(folder / "study.h5mu") if code == 0 else [f"then: {message[-400:]}"]


def failures(programs, folder, makers):
    folder.mkdir()
    wrong = []
    for number, (name, make) in enumerate(makers.items()):
        place = folder / str(number)
        place.mkdir()
        wrong += [f"lines for {name}: {one}" for one in _wrong(programs, place, make)]
    return wrong
