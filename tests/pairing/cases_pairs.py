"""Which rows of RNA, ATAC and labels are the same cell, and when files do not belong together."""

import numpy

from harness import (ATAC, BARCODES, CELLS, RNA, TYPE, atac, case, rna, write_pair)

draw = numpy.random.default_rng(3)


def others(count):
    """Barcodes of another sample."""
    return ["".join(draw.choice(list("ACGT"), 16)) + "-1" for _ in range(count)]


def paired(rows_of_atac):
    """Cell `i` of the RNA is row `rows_of_atac[i]` of the ATAC."""

    def check(study):
        place = {name: row for row, name in enumerate(BARCODES)}
        bases = [place[name.split("-")[0] + "-1"] for name in study.obs.index]
        assert len(bases) == CELLS, f"{len(bases)} cells"
        found = numpy.asarray(study.modality["rna"].layers["counts"].todense())
        genes = study.modality["rna"].var_names
        assert (found == RNA[bases][:, [int(g[4:]) for g in genes]]).all(), "RNA of other cells"
        peaks = [int(p.split(":")[1].split("-")[0]) // 10000 - 1
                 for p in study.modality["atac"].var_names]
        found = numpy.asarray(study.modality["atac"].X.todense())
        rows = numpy.asarray(rows_of_atac)[bases]
        assert (found == (ATAC[rows][:, peaks] > 0)).all(), "ATAC of other cells"
        assert (study.obs["cell_type"] == TYPE[bases]).all(), "labels of other cells"

    return check


@case("half of the cells have another number behind their barcode",
      r"30 of the 60 cells are in both only without the trailing number")
def half_suffix():
    names = [b if i < 30 else b[:-1] + "2" for i, b in enumerate(BARCODES)]
    order = draw.permutation(CELLS)
    other = atac(index=[BARCODES[i] for i in order], values=ATAC[order])
    return write_pair(rna(index=names), other), paired(range(CELLS))


@case("two samples of 30 cells, of which the ATAC has one: no cell is taken for the other's",
      r"30 cells have RNA only")
def one_of_two():
    names = [b[:-1] + ("1" if i < 30 else "2") for i, b in enumerate(BARCODES)]
    other = atac(index=BARCODES[:30], values=ATAC[:30])

    def check(study):
        assert len(study.obs) == 30, f"{len(study.obs)} cells"

    return write_pair(rna(index=names), other), check


@case("ATAC of another sample: five barcodes coincide",
      r"only 5 cells \(8\.3 % of the fewer\) are in both rna\.h5ad: X \(60: .*atac\.h5ad: X \(60: "
      r".*one sample; if they are different cells.*--unpaired, or go on with --force", code=3)
def another_sample():
    return write_pair(rna(), atac(index=BARCODES[:5] + others(CELLS - 5)))


@case("ATAC of another sample, insisted on", r"warning: only 5 cells \(8\.3 %")
def another_sample_forced():
    def check(study):
        assert set(study.obs.index) == set(BARCODES[:5])

    return write_pair(rna(), atac(index=BARCODES[:5] + others(CELLS - 5))) + ["--force"], check


@case("a third of the cells in both", r"warning: only 20 cells \(33\.3 % of the fewer\)")
def a_third():
    return write_pair(rna(), atac(index=BARCODES[:20] + others(CELLS - 20)))


@case("cells of the RNA among all barcodes of the ATAC: no warning of few")
def subset():
    values = numpy.vstack([ATAC, ATAC, ATAC])
    other = atac(index=others(CELLS) + BARCODES + others(CELLS), values=values)
    return write_pair(rna(), other), paired(range(CELLS))


def spelt(name, make, pattern):
    @case(f"barcodes spelt as {name} does", pattern, code=3)
    def spelling():
        return write_pair(rna(), atac(index=[make(b) for b in BARCODES]))


spelt("ArchR", lambda b: "S1#" + b, r"no cell is in both.*60 of the cells seem to be the same ones, "
      r"spelt '\w+-1' in rna.* and 'S1#\w+-1' in atac.*SAMPLE# in front.*str\.replace\(r'\^\.\*#'")
spelt("pycisTopic", lambda b: b + "___s1", r"___SAMPLE behind, as pycisTopic")
spelt("AnnData's concat", lambda b: b + "-0", r"one more number, as AnnData's concat")
spelt("SIMBA", lambda b: b + "_atac", r"the modality behind \(_atac\).*r'_atac\$'")
spelt("a merge of Seurat", lambda b: "liver_" + b, r"'liver_' in front.*r'\^liver_'")


@case("barcodes of SHARE-seq, whose libraries are numbered apart",
      r"R1\.0,R2\.0,R3\.01,P1\.04.*R1\.0,R2\.0,R3\.01,P1\.12.*SHARE-seq", code=3)
def share_seq():
    name = "R1.{0},R2.{0},R3.01,P1.{1}"
    return write_pair(rna(index=[name.format(i, "04") for i in range(CELLS)]),
                      atac(index=[name.format(i, "12") for i in range(CELLS)]))


def labels(lines):
    with open("labels.tsv", "w") as file:
        file.write("\n".join(lines) + "\n")
    return ["--labels", "labels.tsv"]


@case("labels of another sample: four barcodes coincide",
      r"only 4 cells \(6\.7 % of the fewer\).*labels\.tsv \(60: ", code=3)
def labels_of_another():
    names = BARCODES[:4] + others(CELLS - 4)
    return write_pair() + labels(f"{b}\t{t}" for b, t in zip(names, TYPE))


@case("labels of a part of the cells, with another number behind half of their barcodes",
      r"labels\.tsv: 15 barcodes matched without their trailing number")
def labels_of_a_part():
    names = [b if i < 15 else b[:-1] + "2" for i, b in enumerate(BARCODES[:30])]

    def check(study):
        rows = study.row_of(BARCODES)
        expected = [TYPE[r] if r < 30 else "unlabelled" for r in rows]
        assert (study.obs["cell_type"] == expected).all()

    return write_pair() + labels(f"{b}\t{t}" for b, t in zip(names, TYPE)), check
