"""Cells that were not measured together: which rows of which file a half holds, in every form of input."""

import numpy
import pandas
from scipy import io, sparse

from cases_kept import write_mudata
from harness import (ATAC, BARCODES, CELLS, CODE, GENE_NAMES, PEAK_NAMES, PLACES, RNA, TYPE, atac, case, rna,
                     write_pair)

draw = numpy.random.default_rng(11)
#: Cells with RNA, and those with chromatin, in orders of their own.
WITH_RNA, WITH_ATAC = numpy.split(draw.permutation(CELLS), [25])
NAMES_OF_ATAC = [f"cell_{row}" for row in WITH_ATAC]
LABELS = ["--unpaired", "--labels", "cell_type"]


def typed(rows):
    return {"cell_type": pandas.Categorical(TYPE[rows])}


def rna_alone():
    return rna(obs=typed(WITH_RNA), index=[BARCODES[row] for row in WITH_RNA], values=RNA[WITH_RNA])


def atac_alone(labelled=True):
    return atac(obs=typed(WITH_ATAC) if labelled else {}, index=NAMES_OF_ATAC, values=ATAC[WITH_ATAC])


def lines(name, content):
    with open(name, "w", encoding="utf-8") as file:
        file.write("".join(f"{line}\n" for line in content))
    return name


def apart(rna_rows=WITH_RNA, atac_rows=WITH_ATAC, labels_in="both"):
    """Row `place` of the file of a modality is that cell of the experiment."""

    def check(study):
        assert study.labels_in == labels_in, study.labels_in
        for name, rows, values, index in (("rna", rna_rows, RNA, [int(g[4:]) for g in study.modality["rna"].var_names]),
                                          ("atac", atac_rows, ATAC > 0,
                                           [PEAK_NAMES.index(p) for p in study.modality["atac"].var_names])):
            half = study.modality[name]
            assert sorted(half.obs["place"]) == list(range(len(rows))), f"{name}: other cells"
            cells = numpy.asarray(rows)[half.obs["place"].to_numpy().astype(int)]
            found = half.layers["counts"] if name == "rna" else half.X
            assert (found.todense() == values[cells][:, index]).all(), f"{name} of other cells"
            assert labels_in not in ("both", name) or (half.obs["cell_type"] == TYPE[cells]).all(), "other labels"
            assert ("cell_type" in half.obs) == (labels_in in ("both", name)), "labels"
        whole = list(study.modality["atac"].obs_names) + list(study.modality["rna"].obs_names)
        assert list(study.obs.index) == whole and len(set(whole)) == len(whole), "names of the whole"

    return check


@case("apart: two files", r"35 cells with chromatin and 25 cells with RNA")
def two_files():
    return write_pair(rna_alone(), atac_alone()) + LABELS, apart()


@case("apart: labels of the RNA alone", r"the cells with chromatin have no labels")
def labels_of_rna():
    return write_pair(rna_alone(), atac_alone(labelled=False)) + LABELS, apart(labels_in="rna")


@case("apart: a table of the labels of one modality")
def table_of_one():
    lines("labels.tsv", [f"{name}\t{TYPE[row]}" for name, row in zip(NAMES_OF_ATAC, WITH_ATAC)])
    return write_pair(rna_alone(), atac_alone(labelled=False)) + ["--unpaired", "--labels", "labels.tsv"], apart(
        labels_in="atac")


@case("apart: labels by a column of the one and a table of the other")
def column_and_table():
    lines("labels.tsv", [f"{name}\t{TYPE[row]}" for name, row in zip(NAMES_OF_ATAC, WITH_ATAC)])
    return write_pair(rna_alone(), atac_alone(labelled=False)) + [
        "--unpaired", "--labels", "cell_type", "--atac-labels", "labels.tsv"], apart()


@case("apart: files of the same cells", r"60 barcodes are in both files")
def same_cells():
    order = draw.permutation(CELLS)
    other = atac(obs=typed(order), index=[BARCODES[row] for row in order], values=ATAC[order])
    return write_pair(rna(), other) + LABELS, apart(range(CELLS), order)


@case("apart: MuData whose modalities have cells of their own")
def mudata_of_both():
    one, other = rna_alone(), atac_alone()
    table = pandas.DataFrame({"label": [*one.obs["cell_type"], *other.obs["cell_type"]]},
                             index=[*one.obs_names, *other.obs_names])
    one.obs, other.obs = one.obs[[]], other.obs[[]]
    write_mudata("cells.h5mu", table, one, other)
    return ["cells.h5mu", "--unpaired", "--labels", "label"], apart()


def market_of_atac():
    io.mmwrite("atac.mtx", sparse.coo_matrix(ATAC[WITH_ATAC].T), field="integer")
    lines("atac_cells.txt", NAMES_OF_ATAC)
    lines("peaks.bed", ["\t".join(map(str, place)) for place in PLACES])
    return ["--atac", "atac.mtx", "--atac-cells", "atac_cells.txt", "--peaks", "peaks.bed"]


@case("apart: Matrix Market beside AnnData")
def matrix_market():
    rna_alone().write_h5ad("rna.h5ad")
    return ["--rna", "rna.h5ad", *market_of_atac(), *LABELS], apart(labels_in="rna")


@case("apart: Matrix Market of both, each with its list")
def two_markets():
    io.mmwrite("rna.mtx", sparse.coo_matrix(RNA[WITH_RNA].T), field="integer")
    lines("cells.txt", [BARCODES[row] for row in WITH_RNA])
    lines("genes.txt", GENE_NAMES)
    lines("labels.tsv", [f"{name}\t{TYPE[row]}" for name, row in zip(NAMES_OF_ATAC, WITH_ATAC)])
    return ["--rna", "rna.mtx", "--cells", "cells.txt", "--rna-names", "genes.txt", *market_of_atac(), "--unpaired",
            "--labels", "labels.tsv"], apart(labels_in="atac")


@case("apart: fragments of cells that the RNA does not have")
def fragments():
    rna_alone().write_h5ad("rna.h5ad")
    cut = [(chrom, start + 5, start + 9, name) for name, row in zip(NAMES_OF_ATAC, WITH_ATAC)
           for (chrom, start, _), count in zip(PLACES, ATAC[row]) for _ in range(int(count))]
    lines("fragments.tsv", ["\t".join(map(str, [*line, 1])) for line in cut] + ["chr1\t10002\t10009\tbackground-1\t1"])
    words = market_of_atac()[2:]
    return ["--rna", "rna.h5ad", "--fragments", "fragments.tsv", *words, *LABELS], apart(labels_in="rna")


@case("apart: a whole donor is held out of both")
def donors():
    one, other = rna(), atac(obs=typed(range(CELLS)), index=[f"other_{name}" for name in BARCODES])
    for part in (one, other):
        part.obs["donor"] = [f"d{cell // 3 % 5}" for cell in range(CELLS)]

    def check(study):
        apart(range(CELLS), range(CELLS))(study)
        both = pandas.concat([half.obs[["donor", "split"]] for half in study.modality.values()]).astype(str)
        assert (both.groupby("donor")["split"].nunique() == 1).all(), "a donor in two parts"
        assert both["split"].nunique() == 3 and len(set(CODE)) == 3

    return write_pair(one, other) + LABELS + ["--donors", "donor", "--split-by", "donor"], check
