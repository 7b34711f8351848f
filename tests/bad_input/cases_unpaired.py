"""Cells that were not measured together: files and options that do not say what they must, and what refuses them."""

import h5py
import numpy

from break_files import opened, replace, texts, write_texts
from harness import case

GENES = "../good/genes.bed"


def prepare(room, *more, labels=("--labels", "cell_type")):
    return ["prepare", "--unpaired", *files(room), *labels, "--genes", GENES, *more, "-o", "study.h5mu"]


def files(room):
    """RNA and ATAC of the good cells, whose barcodes have nothing in common."""
    room.copy("rna.h5ad")
    with opened(room.copy("atac.h5ad")) as file:
        names = texts(file["obs/_index"])
        write_texts(file["obs"], "_index", [f"other_{name}" for name in names])
    return ["--rna", "rna.h5ad", "--atac", "atac.h5ad"]


# ---- without the option ----


@case("different cells without --unpaired", r"no cell is in both modalities", r"grids prepare --unpaired")
def _(room):
    return [word for word in prepare(room) if word != "--unpaired"]


@case("hardly a cell in both without --unpaired", r"only 5 cells", r"grids prepare --unpaired", r"--force")
def _(room):
    words = [word for word in prepare(room) if word != "--unpaired"]
    with opened(room.folder / "atac.h5ad") as file, h5py.File(room.folder / "rna.h5ad") as rna:
        names = texts(file["obs/_index"])
        names[:5] = texts(rna["obs/_index"])[:5]
        write_texts(file["obs"], "_index", names)
    return words


@case("--atac-labels without --unpaired", r"--atac-labels", r"add --unpaired", code=2)
def _(room):
    words = [word for word in prepare(room) if word != "--unpaired"]
    return [*words, "--atac-labels", "cell_type"]


# ---- what names the cells ----


@case("unpaired: a column that neither has", r"no column 'celltype'", r"rna\.h5ad.*cell_type", r"atac\.h5ad")
def _(room):
    return prepare(room, labels=("--labels", "celltype"))


@case("unpaired: a column that the ATAC has not", r"no column 'cell_type'", r"atac\.h5ad")
def _(room):
    return prepare(room, "--atac-labels", "cell_type", labels=("--rna-labels", "cell_type"))


@case("unpaired: a table of other cells", r"labels\.csv: none of its 20 barcodes")
def _(room):
    room.file("labels.csv", "".join(f"X{row},{'AB'[row % 2]}\n" for row in range(20)))
    return prepare(room, labels=("--labels", "labels.csv"))


@case("unpaired: a table that is not there", r"none\.csv", r"No such file")
def _(room):
    return prepare(room, "--atac-labels", "none.csv")


@case("unpaired: a split by donors that one half lacks", r"--split-by donor", r"--donors COLUMN")
def _(room):
    return prepare(room, "--split-by", "donor", "--rna-donors", "donor")


@case("unpaired: a barcode twice", r"atac\.h5ad", r"1 barcodes? occurs? more than once")
def _(room):
    words = prepare(room)
    with opened(room.folder / "atac.h5ad") as file:
        names = texts(file["obs/_index"])
        write_texts(file["obs"], "_index", [names[1], *names[1:]])
    return words


@case("unpaired: no cell passes", r"none of the 300 cells passes", r"--min-peaks 5000 removed 300")
def _(room):
    return prepare(room, "--min-peaks", "5000")


# ---- which barcodes are cells ----


@case("unpaired: fragments without a list of cells", r"which barcodes of the fragments are cells", r"--atac-cells",
      code=2)
def _(room):
    room.file("fragments.tsv", "chr1\t100\t300\tAAAC-1\t1\n")
    room.file("peaks.bed", "chr1\t50\t400\n")
    return ["prepare", "--unpaired", "--rna", room.copy("rna.h5ad").name, "--fragments", "fragments.tsv", "--peaks",
            "peaks.bed", "--labels", "cell_type", "-o", "study.h5mu"]


@case("unpaired: fragments as --atac without a list of cells", r"which barcodes of the fragments are cells",
      r"--atac-cells")
def _(room):
    room.file("fragments.tsv", "chr1\t100\t300\tAAAC-1\t1\n")
    room.file("peaks.bed", "chr1\t50\t400\n")
    return ["prepare", "--unpaired", "--rna", room.copy("rna.h5ad").name, "--atac", "fragments.tsv", "--peaks",
            "peaks.bed", "--labels", "cell_type", "-o", "study.h5mu"]


@case("unpaired: Matrix Market without cells of its own", r"atac\.mtx\.gz needs --atac-cells", code=2)
def _(room):
    for name in ("atac.mtx.gz", "cells.txt", "peaks.bed", "rna.h5ad"):
        room.copy(name)
    return ["prepare", "--unpaired", "--rna", "rna.h5ad", "--atac", "atac.mtx.gz", "--peaks", "peaks.bed", "--cells",
            "cells.txt", "--labels", "cell_type", "-o", "study.h5mu"]


# ---- the study ----


def study(room):
    room.run(*[str(word) for word in prepare(room)], "--quiet")
    (room.folder / "study.h5mu").rename(room.folder / "unpaired.h5mu")
    return room.folder / "unpaired.h5mu"


@case("unpaired study: info on one without labels_in", r"unpaired\.h5mu: uns/grids/labels_in", r"grids prepare")
def _(room):
    with opened(study(room)) as file:
        del file["uns/grids/labels_in"]
    return ["info", "unpaired.h5mu"]


@case("unpaired study: info on one with a cell of both", r"is a cell of mod/atac/obs and of mod/rna/obs")
def _(room):
    with opened(study(room)) as file:
        names = texts(file["mod/rna/obs/_index"])
        names[3] = texts(file["mod/atac/obs/_index"])[5]
        write_texts(file["mod/rna/obs"], "_index", names)
    return ["info", "unpaired.h5mu"]


@case("unpaired study: info on one of unknown labels", r"uns/grids/labels_in: is not one of both, atac, rna, none")
def _(room):
    with opened(study(room)) as file:
        replace(file["uns/grids"], "labels_in", "some")
    return ["info", "unpaired.h5mu"]


@case("unpaired study: a paired one called so", r"study\.h5mu: .*(labels_in|open_peaks|total_rna)", r"grids prepare")
def _(room):
    with opened(room.copy("study.h5mu")) as file:
        replace(file["uns/grids"], "paired", numpy.bool_(False))
    return ["info", "study.h5mu"]
