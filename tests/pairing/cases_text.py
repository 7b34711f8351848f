"""Lists and tables as R, pandas and Excel write them."""

import gzip

import numpy
from scipy import io, sparse

from cases_pairs import paired
from harness import (ATAC, BARCODES, CELLS, GENE_IDS, GENE_NAMES, GENES, PEAK_NAMES, PEAKS, PLACES,
                     RNA, TYPE, case, write_pair)

BED = [f"{c}\t{a}\t{b}" for c, a, b in PLACES]
GENE_BED = [f"chr1\t{10000 * (j + 1)}\t{10000 * (j + 1) + 900}\t{name}\t0\t+"
            for j, name in enumerate(GENE_NAMES)]


def text(name, lines, end="\n", encoding="utf-8"):
    data = (end.join(lines) + end).encode(encoding)
    with (gzip.open if name.endswith(".gz") else open)(name, "wb") as file:
        file.write(data)
    return name


def quoted(line):
    return "\t".join(f'"{field}"' for field in line.split("\t"))


def labels_are(expected):
    def check(study):
        rows = study.row_of(BARCODES)
        assert (study.obs["cell_type"] == numpy.asarray(expected)[rows]).all(), "labels differ"

    return check


# ---- labels


def labels_case(name, lines, file="labels.tsv", column="", expected=TYPE, says=(), **keywords):
    @case("labels: " + name, *says)
    def labels():
        text(file, lines, **keywords)
        return write_pair() + ["--labels", file + column], labels_are(expected)


TWO = list(zip(BARCODES, TYPE))
labels_case("R's write.table", ['"celltype"'] + [f'"{b}"\t"{t}"' for b, t in TWO])
labels_case("R's write.table of a data frame", ['"a"\t"celltype"'] +
            [f'"{b}"\t"1"\t"{t}"' for b, t in TWO], column=":celltype")
labels_case("semicolons, BOM and the line ends of Windows",
            ["\ufeffBarcode;Cell type"] + [f"{b};{t}" for b, t in TWO], "labels.csv", end="\r\n")
labels_case("a table of more columns, by name",
            ["barcode,n,celltype,m"] + [f"{b},1,{t},2" for b, t in TWO], "meta.csv", ":celltype")
labels_case("a table of more columns, by number, gzipped",
            [f"{b}\t1\t{t}" for b, t in TWO], "meta.tsv.gz", ":3")
labels_case("barcodes in a column that says so",
            ['"","barcode","label"'] + [f'"{i}","{b}","{t}"' for i, (b, t) in enumerate(TWO)],
            "meta.csv", ":label")
labels_case("pandas with its row numbers in front of the barcodes",
            [",barcode,cell_type"] + [f"{i},{b},{t}" for i, (b, t) in enumerate(TWO)], "meta.csv")
labels_case("pandas with its row numbers, the labels before the barcodes",
            [",cell_type,Cell Barcode"] + [f"{i},{t},{b}" for i, (b, t) in enumerate(TWO)], "meta.csv")
labels_case("quotes and separators inside of quotes",
            ["cell,type"] + [f'{b},"{t}, ""x"""' for b, t in TWO], "labels.csv",
            expected=[f'{t}, "x"' for t in TYPE])
labels_case("Latin-1 is taken for Windows-1252, and said",
            [f"{b}\t{t.replace('cell', 'naïve')}" for b, t in TWO], encoding="latin-1",
            expected=[t.replace("cell", "naïve") for t in TYPE],
            says=[r"labels\.tsv: line \d+ and maybe others are not UTF-8, .*Windows-1252"])


@case("labels: a table of more columns without a choice lists them",
      r"meta\.csv, line 1: which column holds the labels\? There are the columns barcode, n, "
      r"celltype; .*--labels meta\.csv:celltype", code=3)
def no_choice():
    text("meta.csv", ["barcode,n,celltype"] + [f"{b},1,{t}" for b, t in TWO])
    return write_pair() + ["--labels", "meta.csv"]


@case("labels: of several columns the one that is called so is proposed",
      r"the columns barcode, Cell Type, n, m; .*--labels meta\.csv:Cell Type", code=3)
def proposed():
    text("meta.csv", ["barcode,Cell Type,n,m"] + [f"{b},{t},1,2" for b, t in TWO])
    return write_pair() + ["--labels", "meta.csv"]


@case("labels: a column that is not there", r"there is no column 'type'; there are the columns "
      r"barcode, n, celltype", code=3)
def no_such_column():
    text("meta.csv", ["barcode,n,celltype"] + [f"{b},1,{t}" for b, t in TWO])
    return write_pair() + ["--labels", "meta.csv:type"]


@case("labels: UTF-16 is refused by name", r"labels\.txt: is UTF-16.*save it as UTF-8", code=3)
def utf16():
    text("labels.txt", [f"{b}\t{t}" for b, t in TWO], encoding="utf-16")
    return write_pair() + ["--labels", "labels.txt"]


@case("labels: the line ends of an old Mac are refused by name",
      r"labels\.csv, line 1: .*carriage returns alone", code=3)
def old_mac():
    text("labels.csv", [f"{b},{t}" for b, t in TWO], end="\r")
    return write_pair() + ["--labels", "labels.csv"]


# ---- Matrix Market with lists


def market(cells=None, genes=None, peaks=None, rna=RNA.T, atac=ATAC.T):
    """Writes both matrices; the lists are lines, or (name, lines)."""
    io.mmwrite("rna.mtx", sparse.coo_matrix(rna), field="integer")
    io.mmwrite("atac.mtx", sparse.coo_matrix(atac), field="integer")
    words = ["--rna", "rna.mtx", "--atac", "atac.mtx"]
    for flag, usual, lines, default in (("--cells", "cells.txt", cells, BARCODES),
                                        ("--rna-names", "genes.txt", genes, GENE_NAMES),
                                        ("--peaks", "peaks.bed", peaks, BED)):
        name, lines = lines if isinstance(lines, tuple) else (usual, lines)
        words += [flag, text(name, default if lines is None else lines)]
    text("labels.tsv", [f"{b}\t{t}" for b, t in TWO])
    return words + ["--labels", "labels.tsv"]


def market_case(name, says=(), **lists):
    @case("lists: " + name, *says)
    def lists_of():
        return market(**lists), paired(range(CELLS))


market_case("as they should be")
market_case("headers", [r"cells\.txt: the first line \('barcode'\) is taken for a header",
                        r"genes\.txt: the first line \('gene'\)"],
            cells=["barcode"] + BARCODES, genes=["gene"] + GENE_NAMES,
            peaks=["chrom\tstart\tend"] + BED)
market_case("R's write.table",
            cells=['"x"'] + [f'"{i + 1}"\t"{b}"' for i, b in enumerate(BARCODES)],
            genes=['"x"'] + [f'"{i + 1}"\t"{g}"' for i, g in enumerate(GENE_NAMES)],
            peaks=['"seqnames"\t"start"\t"end"'] +
                  [f'"{i + 1}"\t{quoted(line)}' for i, line in enumerate(BED)])
market_case("R's write.csv",
            cells=("cells.csv", ['"","x"'] + [f'"{i + 1}","{b}"' for i, b in enumerate(BARCODES)]),
            peaks=("peaks.csv", ['"","x"'] + [f'"{i + 1}","{p}"' for i, p in enumerate(PEAK_NAMES)]))
market_case("quotes without a header", cells=[f'"{b}"' for b in BARCODES],
            genes=[f'"{g}"' for g in GENE_NAMES], peaks=[f'"{p}"' for p in PEAK_NAMES])
market_case("ids and names, more columns, line ends of Windows",
            cells=[f"{b}\t{t}\r" for b, t in TWO],
            genes=[f"{i}\t{g}\tGene Expression" for i, g in zip(GENE_IDS, GENE_NAMES)],
            peaks=["track name=peaks", "browser position chr1", "# made by hand"] +
                  [b + "\tpeak\t5" for b in BED])


def refused(name, pattern, **lists):
    @case("lists: " + name, pattern, code=3)
    def lists_of():
        return market(**lists)


refused("positions as R rounds them", r"peaks\.bed, line 10: '1e\+05' is not a whole number.*scipen",
        peaks=[b.replace("100000", "1e+05") for b in BED])
refused("blanks between the fields of a BED", r"peaks\.bed, line 1: .*blanks.*tabs",
        peaks=[b.replace("\t", " ") for b in BED])
refused("columns in another order", r"peaks\.bed, line 1: .*chrom, start and end",
        peaks=[f"{a}\t{b}\t{c}" for c, a, b in PLACES])


@case("a peak without length is dropped with a warning",
      r"warning: atac\.mtx: 1 of 18 peaks has no length.*chr1:20000-20000.*dropped")
def empty_peak():
    bed = list(BED)
    bed[1] = "chr1\t20000\t20000"

    def check(study):
        assert list(study.modality["atac"].var_names) and len(study.modality["atac"].var) == PEAKS - 1
        rows = study.row_of(BARCODES)
        peaks = [int(p.split(":")[1].split("-")[0]) // 10000 - 1
                 for p in study.modality["atac"].var_names]
        found = numpy.asarray(study.modality["atac"].X.todense())
        assert (found == (ATAC[rows][:, peaks] > 0)).all(), "values differ"

    return market(peaks=bed), check


SQUARE = RNA[:GENES]  # as many cells as genes


@case("a square matrix is refused without a word of its orientation",
      r"rna\.mtx, line \d+: .*12 × 12.*--matrix-rows", code=3)
def square():
    return market(cells=BARCODES[:GENES], rna=SQUARE, atac=ATAC[:GENES].T)


@case("a square matrix whose rows are said to be cells")
def square_cells():
    def check(study):
        rows = study.row_of(BARCODES)
        found = numpy.asarray(study.modality["rna"].layers["counts"].todense())
        genes = [int(g[4:]) for g in study.modality["rna"].var_names]
        assert (found == RNA[rows][:, genes]).all(), "RNA differs"

    return market(cells=BARCODES[:GENES], rna=SQUARE,
                  atac=ATAC[:GENES]) + ["--matrix-rows", "cells"], check


# ---- genes


def genes_case(name, lines, code=0, says=(), file="genes.bed"):
    @case("genes: " + name, *says, code=code)
    def genes():
        text(file, lines)

        def check(study):
            var = study.modality["rna"].var
            rows = [int(name[4:]) for name in var.index]
            assert (var["start"] == [10000 * (r + 1) for r in rows]).all(), "places differ"
            assert set(var["chrom"]) == {"chr1"}

        return write_pair() + ["--genes", file], check


genes_case("quotes and R's header", ['"chrom"\t"start"\t"end"\t"name"\t"score"\t"strand"'] +
           [f'"{j + 1}"\t{quoted(line)}' for j, line in enumerate(GENE_BED)])
genes_case("track and browser lines", ['track name="genes of mine"', "browser position chr1"] +
           GENE_BED)
genes_case("BioMart's strand", [line.replace("+", "1") for line in GENE_BED], 3,
           [r"genes\.bed, line 1: the strand is '1'.*BioMart.*start.*less by one"])
genes_case("a start without an end behind it",
           [f"chr1\t{10000 * (j + 1)}\t{10000 * (j + 1)}\t{name}\t0\t+"
            for j, name in enumerate(GENE_NAMES)], 3,
           [r"genes\.bed, line 1: 'GENE0' has no length.*end = start \+ 1"])
genes_case("RefSeq's names of chromosomes",
           [f"NC_000001.11\tBestRefSeq\tgene\t{10000 * (j + 1) + 1}\t{10000 * (j + 1) + 900}\t.\t+\t."
            f'\tgene_id "{name}"; gene "{name}";' for j, name in enumerate(GENE_NAMES)],
           file="genes.gtf", says=[r"12 of 12 genes have a position"])
genes_case("UCSC's refGene, transcripts alone",
           [f"chr1\trefGene\ttranscript\t{10000 * (j + 1) + 1}\t{10000 * (j + 1) + 900}\t.\t+\t."
            f'\tgene_id "{name}"; transcript_id "NM_{j}"; gene_name "{name}";'
            for j, name in enumerate(GENE_NAMES)], file="genes.gtf")


@case("a list of genes to keep, as R writes it")
def keep_genes():
    text("keep.txt", ['"x"', '"1"\t"GENE3"', '"2"\t"GENE5"'])
    return write_pair() + ["--keep-genes", "keep.txt"]


@case("a list of genes to keep that names one that is not there", r"GENE77", code=3)
def keep_unknown():
    text("keep.txt", ['"GENE3"', '"GENE77"'])
    return write_pair() + ["--keep-genes", "keep.txt"]


@case("files in a folder whose name is no UTF-8")
def odd_path():
    import os
    write_pair()
    os.mkdir(b"odd \xff")
    os.rename("rna.h5ad", b"odd \xff/rna.h5ad")
    return ["--rna", b"odd \xff/rna.h5ad", "--atac", "atac.h5ad"]


ORDER = numpy.random.default_rng(8).permutation(CELLS)


@case("one list of cells for two matrices, beside another order of the same cells",
      r"atac_cells\.txt has the cells of cells\.txt in another order.*--atac-cells", code=3)
def one_list_for_two_orders():
    text("atac_cells.txt", [BARCODES[i] for i in ORDER])
    return market(atac=ATAC[ORDER].T)


@case("a list of cells for each matrix, in two orders")
def two_lists():
    text("atac_cells.txt", [BARCODES[i] for i in ORDER])
    return market(atac=ATAC[ORDER].T) + ["--atac-cells", "atac_cells.txt"], paired(range(CELLS))
