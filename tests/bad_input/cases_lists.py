"""10x files, Matrix Market, gene positions, labels and lists that are wrong."""

import numpy

from break_files import cut, edit_line, opened, read_gz, replace, set_entry, write_gz
from harness import case

LABELS = ["--labels", "../good/labels.tsv"]
GENES = ["--genes", "../good/genes.bed"]


def prepare(cells, *more):
    return ["prepare", cells, *LABELS, *GENES, *more, "-o", "study.h5mu"]


def tenx(name, *says, **options):
    def register(change):
        @case(f"10x: {name}", r"tenx\.h5", *says, **options)
        def make(room):
            with opened(room.copy("tenx.h5")) as file:
                change(file["matrix"])
            return prepare("tenx.h5")

        return change

    return register


@tenx("no barcodes", r"matrix/barcodes", r"no such dataset")
def _(matrix):
    del matrix["barcodes"]


@tenx("three numbers as shape", r"matrix/shape: expected 2 numbers, found 3")
def _(matrix):
    replace(matrix, "shape", numpy.array([660, 300, 1]))


@tenx("no peaks", r"0 of type 'Peaks'", r"Custom", r"a multiome has both")
def _(matrix):
    kinds = [b"Gene Expression"] * 60 + [b"Custom"] * 600
    replace(matrix["features"], "feature_type", numpy.array(kinds))


@tenx("fewer names than features", r"matrix/features/name", r"659 entries", r"660")
def _(matrix):
    replace(matrix["features"], "name", matrix["features/name"][:-1])


@tenx("index too large", r"matrix/indices", r"660")
def _(matrix):
    set_entry(matrix, "indices", 9, 660)


@tenx("row starts descend", r"matrix/indptr")
def _(matrix):
    set_entry(matrix, "indptr", 9, 0)


@case("10x: cut in the middle", r"tenx\.h5", r"damaged, or not copied to its end")
def _(room):
    cut(room.copy("tenx.h5"), 0.6)
    return prepare("tenx.h5")


# ---- Cell Ranger's folder ----


def tenx_folder(name, *says, **options):
    def register(change):
        @case(f"10x folder: {name}", *says, **options)
        def make(room):
            change(room.copy("tenx"))
            return prepare("tenx")

        return change

    return register


@tenx_folder("matrix cut in the middle", r"tenx/matrix\.mtx\.gz", r"is the file complete\?|ends")
def _(folder):
    cut(folder / "matrix.mtx.gz", 0.5)


@tenx_folder("no features", r"tenx: there is neither features\.tsv nor features\.tsv\.gz")
def _(folder):
    (folder / "features.tsv.gz").unlink()


@tenx_folder("features of two columns", r"features\.tsv\.gz, line 7", r"id, name and type", r"found 2")
def _(folder):
    edit_line(folder / "features.tsv.gz", 7, lambda line: line.rpartition("\t")[0])


@tenx_folder("not a Matrix Market file", r"matrix\.mtx\.gz, line 1", r"%%MatrixMarket")
def _(folder):
    edit_line(folder / "matrix.mtx.gz", 1, lambda line: "gene,cell,count")


@tenx_folder("a dense Matrix Market file", r"matrix\.mtx\.gz, line 1", r"'matrix array", r"coordinate")
def _(folder):
    edit_line(folder / "matrix.mtx.gz", 1, lambda line: line.replace("coordinate", "array"))


@tenx_folder("entry outside", r"matrix\.mtx\.gz, line 10", r"\(661, 1\) lies outside of 660 × 300")
def _(folder):
    edit_line(folder / "matrix.mtx.gz", 10, lambda line: "661 1 3")


@tenx_folder("value no number", r"matrix\.mtx\.gz, line 10", r"'many' is not a number")
def _(folder):
    edit_line(folder / "matrix.mtx.gz", 10, lambda line: "1 1 many")


@tenx_folder("negative value", r"matrix\.mtx\.gz", r"the value is -3")
def _(folder):
    edit_line(folder / "matrix.mtx.gz", 10, lambda line: line.rpartition(" ")[0] + " -3")


@tenx_folder("an entry less than announced", r"matrix\.mtx\.gz", r"ends after \d+ of \d+ entries")
def _(folder):
    path = folder / "matrix.mtx.gz"
    write_gz(path, read_gz(path).rstrip("\n").rpartition("\n")[0] + "\n")


@tenx_folder("a barcode missing", r"tenx/matrix\.mtx\.gz", r"300", r"299")
def _(folder):
    path = folder / "barcodes.tsv.gz"
    write_gz(path, read_gz(path).rstrip("\n").rpartition("\n")[0] + "\n")


@tenx_folder("empty matrix", r"matrix\.mtx(\.gz)?")
def _(folder):
    (folder / "matrix.mtx.gz").write_bytes(b"")


# ---- Matrix Market pairs ----


def market(room, **replaced):
    files = {"--rna": "rna.mtx.gz", "--rna-names": "genes.txt", "--atac": "atac.mtx.gz",
             "--peaks": "peaks.bed", "--cells": "cells.txt"}
    words = ["prepare", *LABELS, *GENES]
    for flag, name in files.items():
        local = replaced.get(flag.strip("-").replace("-", "_"))
        if local != "":
            words += [flag, local or f"../good/{name}"]
    return [*words, "-o", "study.h5mu"]


@case("pair: no list of cells", r"rna\.mtx\.gz needs --cells and --rna-names", code=2)
def _(room):
    return market(room, cells="")


@case("pair: a peak without an end", r"peaks\.bed, line 5", r"chrom, start and end")
def _(room):
    edit_line(room.copy("peaks.bed"), 5, lambda line: line.rpartition("\t")[0])
    return market(room, peaks="peaks.bed")


@case("pair: a gene name missing", r"rna\.mtx\.gz", r"60", r"59")
def _(room):
    path = room.copy("genes.txt")
    path.write_text(path.read_text().partition("\n")[2])
    return market(room, rna_names="genes.txt")


@case("pair: matrices exchanged", r"atac\.mtx\.gz", r"600", r"60")
def _(room):
    return market(room, rna="../good/atac.mtx.gz", atac="../good/rna.mtx.gz")


@case("pair: empty list of cells", r"empty\.txt: the file is empty")
def _(room):
    return market(room, cells=room.file("empty.txt", ""))


# ---- gene positions ----


def genes(name, content, *says, code=3):
    @case(f"genes: {name}", *says, code=code)
    def make(room):
        text = content((room.good / "genes.bed").read_text()) if callable(content) else content
        room.file("genes.bed", text)
        return ["prepare", "../good/cells.h5mu", "--labels", "cell_type", "--genes", "genes.bed",
                "-o", "study.h5mu"]


def moved(text, by):
    """The same genes, so much further along their chromosomes."""
    lines = [line.split("\t") for line in text.splitlines()]
    return "".join("\t".join([f[0], str(int(f[1]) + by), str(int(f[2]) + by), *f[3:]]) + "\n"
                   for f in lines if not f[0].startswith("#"))


@case("genes: wrong in three ways, and forced", r"only 5 of the 60 genes", r"lie beyond the end", code=0)
def _(room):
    text = moved((room.good / "genes.bed").read_text(), 150_000_000)
    room.file("genes.bed", text.replace("SIM", "Mus").replace("Mus", "SIM", 10))
    return ["prepare", "../good/cells.h5mu", "--labels", "cell_type", "--genes", "genes.bed", "--force",
            "-o", "study.h5mu"]


@case("genes: names without chr are spelt as the peaks are", r"60 genes are spelt as those of the peaks",
      code=0)
def _(room):
    room.file("genes.bed", (room.good / "genes.bed").read_text().replace("chr", ""))
    return ["prepare", "../good/cells.h5mu", "--labels", "cell_type", "--genes", "genes.bed",
            "-o", "study.h5mu"]


@case("genes: run refuses another build before it makes its folder", r"lie beyond the end", r"--force", torch=True)
def _(room):
    room.file("genes.bed", moved((room.good / "genes.bed").read_text(), 150_000_000))
    return ["run", "../good/cells.h5mu", "--labels", "cell_type", "--genes", "genes.bed", "-o", "results"]


def sizes(name, content, *says):
    @case(f"chromosome sizes: {name}", r"sizes\.tsv", *says)
    def make(room):
        room.file("sizes.tsv", content)
        return ["prepare", "../good/cells.h5mu", "--labels", "cell_type", *GENES,
                "--chrom-sizes", "sizes.tsv", "-o", "study.h5mu"]


sizes("empty", "", r"no chromosomes in it")
sizes("no number", "chr1\tlong\n", r"line 1", r"a chromosome and its length")
sizes("spaces", "chr1 1000\n", r"line 1", r"separated by a tab")
sizes("a length of 0", "chr1\t9000\nchr2\t0\n", r"line 2")
sizes("of another genome", "NC_1\t9000\n", r"no chromosome with peaks .chr1", r"is listed")
sizes("too short", "".join(f"chr{i}\t1000\n" for i in range(1, 23)), r"peaks lie beyond the end",
      r"--chrom-sizes")


FIRST = r"\Awarning: no gene positions: single elements cannot be seen"


@case("no gene positions is the first line of prepare", FIRST, code=0)
def _(room):
    return ["prepare", "../good/cells.h5mu", "--labels", "cell_type", "-o", "study.h5mu"]


@case("no gene positions is the first line of run, and of one that goes on", FIRST, code=0, torch=True)
def _(room):
    words = ["run", "../good/cells.h5mu", "--labels", "cell_type", "--max-training-steps", "20",
             "-o", "results"]
    room.run(*words)
    return words


GTF = 'chr1\tsim\tgene\t{}\t{}\t.\t{}\t.\tgene_id "SIMG1"; gene_name "SIM00001";\n'
genes("two columns", "chr1\t5\nchr1\t9\n", r"genes\.bed, line 1", r"found 2 columns")
genes("start no number", "chr1\t5\t9\tA\nchr1\tx\t9\tB\n", r"genes\.bed, line 2", r"'x'")
genes("end before start", "chr1\t9\t5\tA\n", r"genes\.bed, line 1", r"end after its start")
genes("unknown strand", "chr1\t5\t9\tA\t0\tf\n", r"genes\.bed, line 1", r"'f' instead of \+, -")
genes("empty file", "", r"genes\.bed", r"no genes in it")
genes("header alone", "#chr\tstart\tend\tname\n", r"genes\.bed", r"no genes in it")
genes("chromosomes by accession", lambda text: text.replace("chr", "NC_00000"),
      r"share no chromosome", r"peaks on chr1", r"named like those of the peaks")
genes("another species", lambda text: text.replace("SIM", "Mus"),
      r"not one of the 60 genes", r"SIM00001", r"Mus00001 \(MusG0", r"same species")
genes("letter case", lambda text: text.replace("SIMG", "G").replace("SIM", "Sim"),
      r"not one of the 60 genes", r"60 would match if letter case did not count")
genes("hardly a gene fits", lambda text: text.replace("SIM", "Mus").replace("Mus", "SIM", 10),
      r"only 5 of the 60 genes have a position", r"SIM00006, SIM00007", r"--force")
genes("beyond the end of chromosomes", lambda text: moved(text, 150_000_000),
      r"\d+ of 60 genes lie beyond the end", r"hg\d\d", r"SIM0\d+ at chr", r"--force")
genes("GTF without gene_id", GTF.format(5, 9, "+") + GTF.format(5, 9, "+").replace("gene_id", "ID"),
      r"genes\.bed, line 2", r"no gene_id")
genes("GTF of eight columns", GTF.format(5, 9, "+") + "chr1\tsim\tgene\t5\t9\t.\t+\t.\n",
      r"genes\.bed, line 2", r"9 columns, this one 8")
genes("GTF ending before its start", GTF.format(5, 9, "+") + GTF.format(9, 5, "+"),
      r"genes\.bed, line 2", r"the end not before the start")
genes("a binary file", bytes(range(256)) * 40, r"genes\.bed")


@case("genes: a folder", r"sim: it is a folder")
def _(room):
    return ["prepare", "../good/cells.h5mu", "--labels", "cell_type", "--genes", "../good/sim",
            "-o", "study.h5mu"]


@case("genes: no such file", r"genes\.gtf: .*[Nn]o such file")
def _(room):
    return ["prepare", "../good/cells.h5mu", "--labels", "cell_type", "--genes", "genes.gtf",
            "-o", "study.h5mu"]


# ---- labels ----


def labels(name, content, *says, code=3):
    @case(f"labels: {name}", *says, code=code)
    def make(room):
        text = content((room.good / "labels.tsv").read_text()) if callable(content) else content
        room.file("labels.tsv", text)
        return ["prepare", "../good/cells.h5mu", "--labels", "labels.tsv", *GENES, "-o", "study.h5mu"]


labels("of other cells", "barcode\tlabel\nAAAC\tB cell\n", r"labels\.tsv: none of its 1 barcodes",
       r"first column must hold the barcodes")
labels("three columns", "AAAC\tB cell\t7\n", r"labels\.tsv, line 1", r"which column holds the labels",
       r"--labels labels\.tsv:3")
labels("a barcode twice", "A\tB cell\nB\tT\nA\tT cell\n", r"labels\.tsv, line 3",
       r"'A' has a label already, on line 1")
labels("empty", "", r"labels\.tsv", r"no labels")
labels("one column", lambda text: text.replace("\t", " "), r"labels\.tsv, line 1", r"found 1")


@case("labels: no such file", r"annotation\.tsv: .*[Nn]o such file")
def _(room):
    return ["prepare", "../good/cells.h5mu", "--labels", "annotation.tsv", *GENES, "-o", "study.h5mu"]


@case("labels: a folder", r"sim: it is a folder")
def _(room):
    return ["prepare", "../good/cells.h5mu", "--labels", "../good/sim", *GENES, "-o", "study.h5mu"]


@case("genes to keep that are not there", r"1 genes? to keep", r"PAX5", r"--skip-missing-genes")
def _(room):
    keep = room.file("keep.txt", "SIM00001\nPAX5\n")
    return ["prepare", "../good/cells.h5mu", *LABELS, *GENES, "--keep-genes", keep, "-o", "study.h5mu"]
