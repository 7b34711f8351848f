"""Folders, outs/, GEO's names, 10x files of one kind, and pairs of different formats."""

import h5py
import numpy

import layouts
from harness import reads, refuses
from layouts import (ATAC, BARCODES, GENES, IDS, PEAK_NAMES, PEAKS, PLACES, RNA, SYMBOLS, label_file, market,
                     matrix_folder, write)

BED = ["%s\t%d\t%d" % place for place in PLACES]
GENE_LINES = ["%s\t%s" % pair for pair in zip(IDS, SYMBOLS)]


def rna_10x(path):
    layouts.tenx_file(path, RNA, SYMBOLS, IDS, ["Gene Expression"] * GENES)


def atac_10x(path):
    layouts.tenx_file(path, ATAC, PEAK_NAMES, PEAK_NAMES, ["Peaks"] * PEAKS)


# ---- folders ----


@reads("GEO puts the sample's name before each file")
def _(folder):
    matrix_folder(folder / "geo", "GSM123_S1_")
    return ["geo", *label_file(folder)]


def two_samples(folder):
    matrix_folder(folder / "geo", "GSM123_S1_", matrix=layouts.BOTH[::-1])
    matrix_folder(folder / "geo", "GSM124_S2.")
    return label_file(folder)


@refuses("two samples in one folder", r"geo: it holds the matrices of several samples: GSM123_S1_matrix",
         r"GSM124_S2\.matrix", r"name one of them")
def _(folder):
    return ["geo", *two_samples(folder)]


@reads("one of two samples is named by its matrix")
def _(folder):
    labels = two_samples(folder)
    return ["geo/GSM124_S2.matrix.mtx.gz", *labels]


@refuses("a sample without barcodes", r"geo: there is neither GSM123_S1_barcodes\.tsv nor .*\.gz")
def _(folder):
    matrix_folder(folder / "geo", "GSM123_S1_")
    (folder / "geo/GSM123_S1_barcodes.tsv.gz").unlink()
    return ["geo", *label_file(folder)]


@reads("outs/ with the matrix in HDF5", r"outs/filtered_feature_bc_matrix\.h5: matrix")
def _(folder):
    (folder / "outs").mkdir()
    layouts.tenx_file(folder / "outs/filtered_feature_bc_matrix.h5")
    layouts.tenx_file(folder / "outs/raw_feature_bc_matrix.h5", layouts.BOTH + 1)
    return ["outs", *label_file(folder)]


@reads("the folder around outs/, the matrix as a folder")
def _(folder):
    matrix_folder(folder / "sample/outs/filtered_feature_bc_matrix")
    return ["sample", *label_file(folder)]


@refuses("outs/ with the raw matrix alone", r"outs: cannot be read: it holds Cell Ranger's raw matrix")
def _(folder):
    (folder / "outs").mkdir()
    layouts.tenx_file(folder / "outs/raw_feature_bc_matrix.h5")
    return ["outs", *label_file(folder)]


@reads("genes.tsv, banner in other case, unsigned-integer")
def _(folder):
    matrix_folder(folder / "old", features="genes.tsv", end="",
                  banner="%%matrixmarket MATRIX Coordinate Unsigned-Integer GENERAL")
    return ["old", *label_file(folder)]


@reads("kinds of features.tsv as others call them")
def _(folder):
    rows = [line.replace("Gene Expression", "GEX").replace("\tPeaks", "\tatac")
            for line in layouts.feature_lines()]
    matrix_folder(folder / "fm", lines=rows)
    return ["fm", *label_file(folder)]


@refuses("two columns in a folder of both kinds", r"genes\.tsv\.gz, line 1: expected id, name and type",
         r"--rna and --atac")
def _(folder):
    matrix_folder(folder / "fm", features="genes.tsv", lines=layouts.feature_lines(2))
    return ["fm", *label_file(folder)]


# ---- one of each ----


@reads("two 10x files")
def _(folder):
    rna_10x(folder / "rna.h5")
    atac_10x(folder / "atac.h5")
    return ["--rna", "rna.h5", "--atac", "atac.h5", *label_file(folder)]


@reads("one 10x file for both", r"left out 40 features of type Peaks", r"left out 30 features of type Gene")
def _(folder):
    layouts.tenx_file(folder / "both.h5")
    return ["--rna", "both.h5", "--atac", "both.h5", *label_file(folder)]


@refuses("two 10x files the wrong way round", r"atac\.h5: matrix: it holds peaks and no genes",
         r"wrong way round")
def _(folder):
    rna_10x(folder / "rna.h5")
    atac_10x(folder / "atac.h5")
    return ["--rna", "atac.h5", "--atac", "rna.h5", *label_file(folder)]


@reads("a folder of two columns and one of Cell Ranger ATAC")
def _(folder):
    matrix_folder(folder / "gex", features="genes.tsv", matrix=RNA, lines=GENE_LINES)
    matrix_folder(folder / "atac", features="peaks.bed", end="", matrix=ATAC, lines=["# peaks", *BED])
    return ["--rna", "gex", "--atac", "atac", *label_file(folder)]


@reads("an h5ad and Matrix Market with lists")
def _(folder):
    layouts.rna_file(folder)
    market(folder / "atac.mtx.gz", ATAC)
    write(folder / "peaks.bed", BED)
    write(folder / "cells.txt", BARCODES)
    return ["--rna", "rna.h5ad", "--atac", "atac.mtx.gz", "--peaks", "peaks.bed", "--cells", "cells.txt",
            "--labels", "cell_type"]


@reads("Matrix Market beside its names, and an h5mu", r"--cells cells\.txt is not read")
def _(folder):
    matrix_folder(folder / "gex", "GSE1_", features="genes.tsv", matrix=RNA, lines=GENE_LINES)
    with h5py.File(folder / "both.h5mu", "w") as file:
        layouts.anndata(file.create_group("mod/atac"), ATAC, {"index": BARCODES}, {"index": PEAK_NAMES})
    write(folder / "cells.txt", BARCODES)
    return ["--rna", "gex", "--atac", "both.h5mu", "--cells", "cells.txt", *label_file(folder)]


@reads("two lists of barcodes, in another order each")
def _(folder):
    order = numpy.random.default_rng(3).permutation(len(BARCODES))
    market(folder / "rna.mtx", RNA)
    market(folder / "atac.mtx", ATAC[order])
    write(folder / "genes.txt", SYMBOLS)
    write(folder / "peaks.bed", BED)
    write(folder / "rna_cells.txt", BARCODES)
    write(folder / "atac_cells.txt", [BARCODES[i] for i in order])
    return ["--rna", "rna.mtx", "--rna-names", "genes.txt", "--cells", "rna_cells.txt", "--atac", "atac.mtx",
            "--peaks", "peaks.bed", "--atac-cells", "atac_cells.txt", *label_file(folder)]


@reads("Cell Ranger 2 for the RNA, a packed 10x file for the ATAC")
def _(folder):
    rna_10x(folder / "new.h5")
    with h5py.File(folder / "new.h5") as new, h5py.File(folder / "rna.h5", "w") as old:
        for name in ("data", "indices", "indptr", "shape", "barcodes"):
            old[f"GRCh38/{name}"] = new[f"matrix/{name}"][:]
        old["GRCh38/genes"] = new["matrix/features/id"][:]
        old["GRCh38/gene_names"] = new["matrix/features/name"][:]
    from cases_anndata import pack
    atac_10x(folder / "atac.h5")
    return ["--rna", "rna.h5", "--atac", pack(folder / "atac.h5"), *label_file(folder)]


# ---- fragments ----


def fragment_lines():
    """One fragment a count, of which one end lies in the peak, in the order of places."""
    lines = []
    for peak, (chromosome, start, end) in enumerate(PLACES):
        for cell, barcode in enumerate(BARCODES):
            for i in range(ATAC[cell, peak]):
                ends = (start + i, end + 100) if i % 2 else (start - 100, end - 1 - i)
                lines.append("%s\t%d\t%d\t%s\t%d" % (chromosome, *ends, barcode, 1 + i))
    return lines


@reads("fragments beside an RNA", r"fragments\.tsv\.gz: \d+ fragments, \d+ of them \(100\.0 %\) of cells")
def _(folder):
    layouts.rna_file(folder)
    write(folder / "peaks.bed", BED)
    write(folder / "fragments.tsv.gz", ["# id=sample", *fragment_lines()])
    return ["--rna", "rna.h5ad", "--fragments", "fragments.tsv.gz", "--peaks", "peaks.bed", *label_file(folder)]

