"""A small multiome and what others write of it: h5ad, h5mu, 10x HDF5, folders, Matrix Market.

60 cells of three types, 30 genes, 40 peaks. Whatever the layout, grids must read the same numbers.
"""

import gzip

import h5py
import numpy
import scipy.sparse

CELLS, GENES, PEAKS = 60, 30, 40
_random = numpy.random.default_rng(11)
TYPE_CODES = numpy.arange(CELLS) % 3
TYPE_NAMES = ["B cell", "Mono", "T cell"]
TYPES = [TYPE_NAMES[code] for code in TYPE_CODES]
BARCODES = ["".join(_random.choice(list("ACGT"), 16)) + "-1" for _ in range(CELLS)]
SYMBOLS = [f"GENE{i}" for i in range(GENES)]
IDS = [f"ENSG{i + 1:011d}" for i in range(GENES)]
PLACES = [("chr1", 10_000 * (i + 1), 10_000 * (i + 1) + 500) for i in range(PEAKS)]
PEAK_NAMES = ["%s:%d-%d" % place for place in PLACES]


def _counts(features, base, more):
    return _random.poisson(base + more * (numpy.arange(features) % 3 == TYPE_CODES[:, None]))


RNA = _counts(GENES, 1.5, 2.0)
ATAC = _counts(PEAKS, 0.4, 1.2)
RNA[:, 0] += 1
ATAC[:, 0] += 1
BOTH = numpy.hstack([RNA, ATAC])
TEXT = h5py.string_dtype("utf-8")


def encode(item, kind, version="0.2.0"):
    item.attrs["encoding-type"], item.attrs["encoding-version"] = kind, version
    return item


def texts(group, name, values, **how):
    data = numpy.array(list(values), object)
    return encode(group.create_dataset(name, data=data, dtype=TEXT, **how), "string-array")


def null(group, name):
    return encode(group.create_dataset(name, data=h5py.Empty("f")), "null", "0.1.0")


def nullable(group, name, values, kind, missing=()):
    made = encode(group.create_group(name), f"nullable-{kind}", "0.1.0")
    if isinstance(values[0], str):
        texts(made, "values", values)
    else:
        made["values"] = numpy.array(values)
    mask = numpy.zeros(len(values), bool)
    mask[list(missing)] = True
    made["mask"] = mask
    return made


def categorical(group, name, values, names=None):
    names = names or sorted(set(values))
    made = encode(group.create_group(name), "categorical")
    made.attrs["ordered"] = False
    texts(made, "categories", names)
    made["codes"] = numpy.array([names.index(value) for value in values], "i1")
    return made


def csr(group, name, matrix, value_type="f4", write=None):
    """`write(group, name, values)` replaces create_dataset, for other ways of storing them."""
    packed = scipy.sparse.csr_matrix(matrix)
    made = encode(group.create_group(name), "csr_matrix", "0.1.0")
    made.attrs["shape"] = numpy.array(matrix.shape)
    put = write or (lambda to, part, values: to.create_dataset(part, data=values))
    put(made, "data", packed.data.astype(value_type))
    put(made, "indices", packed.indices.astype("i4"))
    put(made, "indptr", packed.indptr.astype("i4"))
    return made


def frame(group, name, index, **columns):
    """Columns of text become categoricals where they repeat, as anndata does it."""
    made = encode(group.create_group(name), "dataframe")
    made.attrs["_index"] = "_index"
    texts(made, "_index", index)
    for column, values in columns.items():
        if not isinstance(values[0], str):
            encode(made.create_dataset(column, data=numpy.array(values)), "array")
        elif len(set(values)) < len(values):
            categorical(made, column, values)
        else:
            texts(made, column, values)
    list_columns(made, columns)
    return made


def list_columns(made, names):
    if "column-order" in made.attrs:
        del made.attrs["column-order"]
    if names:
        made.attrs.create("column-order", list(names), dtype=TEXT)
    else:
        made.attrs["column-order"] = numpy.array([], "f8")


def add_column(made, name):
    """A column that was written by hand joins the list of columns."""
    list_columns(made, [*made.attrs["column-order"], name])


def anndata(group, x, obs, var):
    encode(group, "anndata", "0.1.0")
    frame(group, "obs", obs.pop("index"), **obs)
    frame(group, "var", var.pop("index"), **var)
    for name in ("layers", "obsm", "obsp", "uns", "varm", "varp"):
        encode(group.create_group(name), "dict", "0.1.0")
    if x is not None:
        csr(group, "X", x)


def obs():
    return {"index": BARCODES, "cell_type": TYPES}


def rna_file(folder, x=RNA, name="rna.h5ad"):
    file = h5py.File(folder / name, "w")
    anndata(file, x, obs(), {"index": SYMBOLS, "gene_ids": IDS})
    return file


def atac_file(folder, x=ATAC, name="atac.h5ad"):
    file = h5py.File(folder / name, "w")
    anndata(file, x, {"index": BARCODES}, {"index": PEAK_NAMES})
    return file


def mixed_file(folder, name="both.h5ad", x=BOTH, index=None, **var):
    file = h5py.File(folder / name, "w")
    anndata(file, x, obs(), {"index": index or SYMBOLS + PEAK_NAMES, **var})
    return file


def with_raw(file, matrix, names):
    raw = encode(file.create_group("raw"), "raw", "0.1.0")
    csr(raw, "X", matrix)
    frame(raw, "var", names)


def replace_x(file):
    if "X" in file:
        del file["X"]
    return file


def tenx_file(path, matrix=BOTH, names=None, ids=None, types=None):
    types = types or ["Gene Expression"] * GENES + ["Peaks"] * PEAKS
    packed = scipy.sparse.csr_matrix(matrix)
    with h5py.File(path, "w") as file:
        group = file.create_group("matrix")
        group["data"] = packed.data.astype("i4")
        group["indices"], group["indptr"] = packed.indices.astype("i8"), packed.indptr.astype("i8")
        group["shape"] = numpy.array(matrix.shape[::-1], "i4")
        group["barcodes"] = numpy.array(BARCODES, "S")
        features = group.create_group("features")
        features["id"] = numpy.array(ids or IDS + PEAK_NAMES, "S")
        features["name"] = numpy.array(names or SYMBOLS + PEAK_NAMES, "S")
        features["feature_type"] = numpy.array(types, "S")


def write(path, lines):
    """Lines into a file, of .gz packed."""
    content = ("\n".join(lines) + "\n").encode()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)


def market(path, matrix, banner="%%MatrixMarket matrix coordinate integer general"):
    """Features in rows."""
    entries = scipy.sparse.coo_matrix(matrix.T)
    write(path, [banner, "%", "%d %d %d" % (*entries.shape, entries.nnz),
                 *("%d %d %d" % (i + 1, j + 1, v)
                   for i, j, v in zip(entries.row, entries.col, entries.data))])


def feature_lines(columns=3):
    rows = [(i, s, "Gene Expression") for i, s in zip(IDS, SYMBOLS)]
    rows += [(name, name, "Peaks") for name in PEAK_NAMES]
    return ["\t".join(row[:columns]) for row in rows]


def matrix_folder(folder, before="", end=".gz", features="features.tsv", matrix=BOTH, lines=None,
                  **how):
    market(folder / f"{before}matrix.mtx{end}", matrix, **how)
    write(folder / f"{before}barcodes.tsv{end}", BARCODES)
    write(folder / f"{before}{features}{end}", lines or feature_lines())


def label_file(folder):
    write(folder / "labels.tsv", ["%s\t%s" % pair for pair in zip(BARCODES, TYPES)])
    return ["--labels", "labels.tsv"]
