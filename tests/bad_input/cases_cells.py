"""Raw cells in MuData and AnnData files that are damaged, or that do not say what they must."""

import numpy

from break_files import cut, opened, replace, set_entry, texts, write_texts
from good import prepare_words
from harness import case

GENES = "../good/genes.bed"


def prepare(*more, cells="cells.h5mu", labels="cell_type"):
    return ["prepare", cells, "--labels", labels, "--genes", GENES, *more, "-o", "study.h5mu"]


def h5mu(name, *says, words=prepare, **options):
    """A case whose function changes the open file in place."""

    def register(change):
        @case(name, *says, **options)
        def make(room):
            with opened(room.copy("cells.h5mu")) as file:
                change(file)
            return words()

        return change

    return register


# ---- damaged files ----


@case("h5mu cut in the middle", r"cells\.h5mu", r"damaged, or not copied to its end")
def _(room):
    cut(room.copy("cells.h5mu"), 0.5)
    return prepare()


@case("h5mu cut in its first bytes", r"cells\.h5mu: cannot be read: it is a MuData that ends after", r"copy it anew")
def _(room):
    cut(room.copy("cells.h5mu"), 0.001)
    return prepare()


@case("empty h5mu", r"cells\.h5mu: the file is empty")
def _(room):
    room.file("cells.h5mu", b"")
    return prepare()


@case("text named h5mu", r"cells\.h5mu: the format is not recognised; known formats are", r"MuData")
def _(room):
    room.file("cells.h5mu", "barcode\tgene\tcount\n" * 100)
    return prepare()


@case("no such file", r"cells\.h5mu: there is no such file")
def _(room):
    return prepare()


@case("folder without a matrix", r"cells: cannot be read: it is an empty folder")
def _(room):
    (room.folder / "cells").mkdir()
    return prepare(cells="cells")


@case("damaged compressed block", r"cells\.h5mu", r"mod/rna/X/\w+: cannot be read")
def _(room):
    path = room.copy("cells.h5mu")
    with opened(path) as file:
        group = file["mod/rna/X"]
        values = group["data"][:]
        del group["data"]
        group.create_dataset("data", data=values, chunks=(len(values),), compression="gzip")
        place = group["data"].id.get_chunk_info(0).byte_offset
    content = bytearray(path.read_bytes())
    # The offset counts from the end of the user block or from the start of the file.
    for begin in (place, place + 512):
        content[begin + 100 : begin + 200] = b"\xff" * 100
    path.write_bytes(content)
    return prepare()


# ---- missing parts ----


@h5mu("no ATAC in the h5mu", r"cells\.h5mu", r"ATAC", r"--atac-modality")
def _(file):
    del file["mod/atac"]


@h5mu("no matrix", r"cells\.h5mu", r"mod/rna/X", r"no such matrix")
def _(file):
    del file["mod/rna/X"]


@h5mu("no values in the matrix", r"cells\.h5mu", r"mod/atac/X/data", r"no such dataset")
def _(file):
    del file["mod/atac/X/data"]


@h5mu("no table of cells", r"cells\.h5mu", r"mod/rna", r"obs")
def _(file):
    del file["mod/rna/obs"]


@h5mu("no names of genes", r"cells\.h5mu", r"mod/rna/var/_index", r"names of the rows are missing")
def _(file):
    del file["mod/rna/var/_index"]


@h5mu("no shape", r"cells\.h5mu", r"mod/rna/X", r"shape")
def _(file):
    del file["mod/rna/X"].attrs["shape"]


@h5mu("unknown encoding", r"cells\.h5mu", r"mod/rna/X", r"'coo_matrix'", r"expected csr_matrix")
def _(file):
    file["mod/rna/X"].attrs["encoding-type"] = "coo_matrix"


@h5mu("a dataset where a group belongs", r"cells\.h5mu", r"mod/rna")
def _(file):
    del file["mod/rna"]
    file["mod/rna"] = numpy.zeros(3)


# ---- numbers that cannot be ----


@h5mu("column index too large", r"mod/rna/X/indices", r"60\b")
def _(file):
    set_entry(file["mod/rna/X"], "indices", 5, 60)


@h5mu("column index negative", r"mod/rna/X/indices", r"-1\b")
def _(file):
    set_entry(file["mod/rna/X"], "indices", 5, -1)


@h5mu("row starts descend", r"mod/rna/X/indptr")
def _(file):
    set_entry(file["mod/rna/X"], "indptr", 5, 0)


@h5mu("row starts too few", r"mod/rna/X/indptr", r"300", r"301")
def _(file):
    replace(file["mod/rna/X"], "indptr", file["mod/rna/X/indptr"][:-1])


@h5mu("row starts end beyond the values", r"mod/rna/X/(indptr|indices|data)")
def _(file):
    set_entry(file["mod/rna/X"], "indptr", -1, 10**8)


@h5mu("fewer values than indices", r"mod/rna/X/data")
def _(file):
    replace(file["mod/rna/X"], "data", file["mod/rna/X/data"][:-7])


@h5mu("a column twice in a row", r"mod/rna/X", r"twice|more than once")
def _(file):
    first = file["mod/rna/X/indices"][0]
    set_entry(file["mod/rna/X"], "indices", 1, first)


@h5mu("an impossible shape", r"cells\.h5mu", r"mod/rna/X")
def _(file):
    file["mod/rna/X"].attrs["shape"] = numpy.array([10**13, 10**13])


@h5mu("text where numbers belong", r"mod/rna/X/data", r"number|text")
def _(file):
    count = len(file["mod/rna/X/data"])
    replace(file["mod/rna/X"], "data", numpy.array(["5"] * count, dtype="S1"))


@h5mu("a value is NaN", r"mod/rna/X", r"cell '.+', feature 'SIM", r"nan", r"finite")
def _(file):
    set_entry(file["mod/rna/X"], "data", 5, numpy.nan)


@h5mu("a value is negative", r"mod/rna/X", r"-1", r"not negative", r"layer")
def _(file):
    set_entry(file["mod/rna/X"], "data", 5, -1)


@h5mu("a value is infinite", r"mod/atac/X", r"inf", r"finite")
def _(file):
    set_entry(file["mod/atac/X"], "data", 5, numpy.inf)


@h5mu("each peak is open in each cell", r"mod/atac/X", r"more than 90 %", r"imputed", r"--atac-layer")
def _(file):
    atac = file["mod/atac/X"]
    cells, peaks = 300, 600
    replace(atac, "data", numpy.full(cells * peaks, 0.1, dtype="float32"))
    replace(atac, "indices", numpy.tile(numpy.arange(peaks, dtype="int32"), cells))
    replace(atac, "indptr", numpy.arange(cells + 1, dtype="int64") * peaks)


@h5mu("all cells have equally many open peaks", r"mod/atac/X", r"equally many peaks", r"a rule")
def _(file):
    atac = file["mod/atac/X"]
    cells, peaks, most = 300, 600, 40
    replace(atac, "data", numpy.ones(cells * most, dtype="float32"))
    first = numpy.arange(cells)[:, None] % (peaks - most)
    replace(atac, "indices", (first + numpy.arange(most)).astype("int32").ravel())
    replace(atac, "indptr", numpy.arange(cells + 1, dtype="int64") * most)


@h5mu("more names than rows", r"mod/rna/X", r"300 rows", r"obs names 301 cells")
def _(file):
    write_texts(file["mod/rna/obs"], "_index", [*texts(file["mod/rna/obs/_index"]), "extra"])


@h5mu("category code out of range", r"obs/cell_type", r"code 9")
def _(file):
    set_entry(file["obs/cell_type"], "codes", 5, 9)


# ---- cells, peaks and genes that do not fit ----


@h5mu("no barcode in common", r"no cell is in both", r"300 barcodes", r"spell the same cells alike")
def _(file):
    names = texts(file["mod/atac/obs/_index"])
    write_texts(file["mod/atac/obs"], "_index", ["other_" + name for name in names])


@h5mu("a barcode twice", r"1 barcodes? occurs? more than once", r"make them unique")
def _(file):
    names = texts(file["mod/rna/obs/_index"])
    write_texts(file["mod/rna/obs"], "_index", [names[1], *names[1:]])


@h5mu("two peaks of one place", r"mod/atac/X", r"two peaks are the same interval", r"keep one")
def _(file):
    var = file["mod/atac/var"]
    set_entry(var, "start", 1, var["start"][0])
    set_entry(var, "end", 1, var["end"][0])


@h5mu("two peaks of one name", r"mod/atac/X", r"two peaks are called 'chr", r"unique")
def _(file):
    names = texts(file["mod/atac/var/_index"])
    write_texts(file["mod/atac/var"], "_index", [names[1], *names[1:]])


@h5mu("a peak ends before it starts", r"1 of 600 peaks have no place", r"the end after the start")
def _(file):
    var = file["mod/atac/var"]
    set_entry(var, "end", 3, var["start"][3] - 10)


@h5mu("peaks without places", r"600 of 600 peaks have no place", r"'peak0'", r"chr1:100-200")
def _(file):
    var = file["mod/atac/var"]
    for name in ("chrom", "start", "end"):
        del var[name]
    var.attrs["column-order"] = numpy.array([], dtype="S1")
    write_texts(var, "_index", [f"peak{i}" for i in range(600)])


@h5mu("starts of peaks are text", r"mod/atac/X", r"600 of 600 peaks have no place")
def _(file):
    write_texts(file["mod/atac/var"], "_index", [f"peak_{i}" for i in range(600)])
    write_texts(file["mod/atac/var"], "start", ["here"] * 600)


@h5mu("cell types called all and type:all", r"'all' and 'type:all' would be one type", r"rename")
def _(file):
    write_texts(file["obs/cell_type"], "categories", ["all", "type:all", "type_3"])


# ---- options that do not fit the cells ----


@case("no such label column", r"no column 'celltype'", r"cell_type")
def _(room):
    room.copy("cells.h5mu")
    return prepare(labels="celltype")


@case("no such donor column", r"no column 'patient'", r"donor")
def _(room):
    room.copy("cells.h5mu")
    return prepare("--donors", "patient")


@case("no such batch column", r"no column 'lane'", r"donor")
def _(room):
    room.copy("cells.h5mu")
    return prepare("--batches", "lane")


@case("barcodes as labels", r"different labels for 300 cells", r"is this a column of cell types")
def _(room):
    path = room.copy("cells.h5mu")
    with opened(path) as file:
        names = texts(file["obs/_index"])
        del file["obs/cell_type"]
        file["obs/cell_type"] = names
    return prepare()


@case("every label excluded", r"no cell has a label that is used", r"--exclude-labels")
def _(room):
    room.copy("cells.h5mu")
    return prepare("--exclude-labels", "type_*")


@case("no cell passes", r"none of the 300 cells", r"--min-rna-counts 1000000", r"median")
def _(room):
    room.copy("cells.h5mu")
    return prepare("--min-rna-counts", "1000000")


@case("no peak passes", r"no peak of 600 is left", r"--min-peak-cells")
def _(room):
    room.copy("cells.h5mu")
    return prepare("--min-peak-cells", "299")


@case("no gene passes", r"no gene is seen in 299", r"--min-gene-cells")
def _(room):
    room.copy("cells.h5mu")
    return prepare("--min-gene-cells", "299")


@case("no such layer", r"mod/rna/layers/spliced", r"no such matrix", r"the file has: X")
def _(room):
    room.copy("cells.h5mu")
    return prepare("--rna-layer", "spliced")


@case("no such modality", r"cells\.h5mu", r"'gex'", r"rna")
def _(room):
    room.copy("cells.h5mu")
    return prepare("--rna-modality", "gex")


@case("the study written over its own cells", r"cells\.h5mu is an input and would be overwritten", code=2, once=True)
def _(room):
    room.copy("cells.h5mu")
    return prepare_words("cells.h5mu", "cells.h5mu", GENES)


# ---- AnnData ----


@case("one h5ad of genes alone", r"rna\.h5ad", r"var/feature_types", r"--rna and --atac")
def _(room):
    room.copy("rna.h5ad")
    return prepare(cells="rna.h5ad")


@case("RNA and ATAC exchanged", r"atac\.h5ad: X", r"RNA and ATAC the wrong way round")
def _(room):
    pair = ["--rna", "../good/atac.h5ad", "--atac", "../good/rna.h5ad"]
    return ["prepare", *pair, "--labels", "cell_type", "-o", "study.h5mu"]


@case("h5ad cut in the middle", r"atac\.h5ad", r"damaged, or not copied to its end")
def _(room):
    cut(room.copy("atac.h5ad"), 0.5)
    pair = ["--rna", "../good/rna.h5ad", "--atac", "atac.h5ad"]
    return ["prepare", *pair, "--labels", "cell_type", "-o", "study.h5mu"]


@case("RNA without ATAC", r"--rna needs --atac", code=2)
def _(room):
    return ["prepare", "--rna", "../good/rna.h5ad", "-o", "study.h5mu"]


@case("one file and a pair", r"either one file or --rna and --atac", code=2)
def _(room):
    pair = ["--rna", "../good/rna.h5ad", "--atac", "../good/atac.h5ad"]
    return ["prepare", "../good/cells.h5mu", *pair, "-o", "study.h5mu"]
