"""Writes the same four cells × three features in every layout that AnnData has had, some with
AnnData itself and the older ones by hand through h5py, and damaged copies.

    make_fixtures.py FOLDER
"""

import shutil
import sys

import anndata
import h5py
import numpy as np
import pandas as pd
from scipy import sparse

try:
    from anndata.experimental import write_elem
except ImportError:
    from anndata._io.specs import write_elem

out = sys.argv[1] + "/"
CELLS = ["c1", "c2", "c3", "c4"]
FEATURES = ["chr1:10-20", "chr1:30-40", "chrX:5-9"]
X = np.array([[1, 0, 2], [0, 0, 0], [0, 3, 0], [4, 0, 5]], dtype="float32")
TYPES = ["T", "B/α", None, "T"]
STAGES = ["late", "early", "late", "late"]
text = h5py.string_dtype()


def obs(index_name=None):
    table = pd.DataFrame(index=pd.Index(CELLS, name=index_name))
    table["cell_type"] = pd.Categorical(TYPES)
    table["stage"] = pd.Categorical(STAGES, categories=["early", "late"], ordered=True)
    table["n"] = [3, 0, 3, 9]
    table["score"] = [0.5, np.nan, -1.25, 1e6]
    table["good"] = [True, False, True, True]
    return table


def var():
    return pd.DataFrame({"name": ["g1", "g2", "g3"]}, index=FEATURES)


def write(name, matrix, table=None, layers=None, raw=None, **keywords):
    data = anndata.AnnData(matrix, obs=obs() if table is None else table, var=var(),
                           dtype=matrix.dtype)
    for layer, values in (layers or {}).items():
        data.layers[layer] = values
    if raw is not None:
        data.raw = anndata.AnnData(raw, obs=obs(), var=var(), dtype=raw.dtype)
    data.write_h5ad(out + name, **keywords)


csr, csc = sparse.csr_matrix(X), sparse.csc_matrix(X)
write("csr.h5ad", csr)
write("csc.h5ad", csc)
write("dense.h5ad", X)
write("dense64.h5ad", X.astype("float64"))
write("dense_ints.h5ad", X.astype("uint8"))
write("csr_ints.h5ad", csr.astype("int64"))
write("csc_ints.h5ad", csc.astype("uint16"))
write("gzip.h5ad", csr, compression="gzip")
write("lzf.h5ad", sparse.csr_matrix(np.tile(X, (500, 1))),
      pd.DataFrame(index=[str(i) for i in range(2000)]), compression="lzf")
write("index_name.h5ad", csr, obs("barcodes"))
half = X * 0.37
write("layer.h5ad", half - 1, layers={"counts": csr})
write("layer_named.h5ad", half - 1, layers={"spliced": X})
write("raw.h5ad", half, raw=csr)
write("whole_x.h5ad", csr, raw=half)
write("no_counts.h5ad", sparse.csr_matrix(half))

# A matrix as scipy may hold it: indices in any order, zeros stored.
mixed = sparse.csr_matrix((np.array([2, 1, 3, 0, 5, 0, 4], "float32"),
                           np.array([2, 0, 1, 2, 2, 1, 0]), np.array([0, 2, 2, 4, 7])), (4, 3))
write("unsorted.h5ad", mixed)

# Float16, float indices, big-endian, 64-bit offsets: whatever h5py lets people write.
shutil.copy(out + "csr.h5ad", out + "odd_types.h5ad")
with h5py.File(out + "odd_types.h5ad", "r+") as f:
    for name, kind in (("data", "<f2"), ("indices", ">u8"), ("indptr", ">i8")):
        values = f["X"][name][()]
        del f["X"][name]
        f["X"].create_dataset(name, data=values.astype(kind))
    del f["obs/n"]
    f["obs"].create_dataset("n", data=np.array([3, 0, 3, 9], ">i2"))

# Strings stored as they are, nullable columns, categories that are numbers.
with h5py.File(out + "columns.h5ad", "w") as f:
    write_elem(f, "X", csr)
    write_elem(f, "var", var())
    table = pd.DataFrame(index=CELLS)
    table["text"] = ["a", "", "b", "α β"]
    table["maybe"] = pd.array([1, None, 3, 4], dtype="Int64")
    table["flag"] = pd.array([True, None, False, True], dtype="boolean")
    table["cluster"] = pd.Categorical([10, 2, 2, 10])
    table["part"] = pd.Categorical([0.5, 1.0, np.nan, 0.5])
    table["yes"] = pd.Categorical([True, False, True, True])
    write_elem(f, "obs", table)
    f["obs"].create_dataset("odd", data=np.zeros((4, 2)))
    f["obs"].attrs["column-order"] = list(table.columns) + ["odd"]

# AnnData 0.7: encoding 0.1.0, categories beside the columns, found by reference.
with h5py.File(out + "encoding_0_1_0.h5ad", "w") as f:
    x = f.create_group("X")
    x.attrs.update({"encoding-type": "csr_matrix", "encoding-version": "0.1.0", "shape": X.shape})
    for name in ("data", "indices", "indptr"):
        x.create_dataset(name, data=getattr(csr, name))
    for key, names in (("obs", CELLS), ("var", FEATURES)):
        g = f.create_group(key)
        g.attrs.update({"encoding-type": "dataframe", "encoding-version": "0.1.0",
                        "_index": "_index"})
        g.create_dataset("_index", data=np.array(names, object), dtype=text)
    g = f["obs"]
    g.attrs["column-order"] = ["cell_type", "stage", "n", "score", "good"]
    for column, values, ordered in (("cell_type", pd.Categorical(TYPES), False),
                                    ("stage", obs()["stage"].values, True)):
        categories = g.create_dataset("__categories/" + column, dtype=text,
                                      data=np.array(values.categories, object))
        categories.attrs["ordered"] = ordered
        g.create_dataset(column, data=values.codes).attrs["categories"] = categories.ref
    for column in ("n", "score", "good"):
        g.create_dataset(column, data=obs()[column].values)
    f["var"].attrs["column-order"] = ["name"]
    f["var"].create_dataset("name", data=np.array(["g1", "g2", "g3"], object), dtype=text)


def compound(f, fixed):
    """Tables before AnnData 0.7: one compound dataset each, categories in uns."""
    kind = (lambda width: "S%d" % width) if fixed else (lambda width: text)
    table = np.zeros(4, [("index", kind(2)), ("cell_type", "i1"), ("stage", "i1"), ("n", "<i8"),
                         ("score", "<f8"), ("good", "?")])
    table["index"] = CELLS
    table["cell_type"] = pd.Categorical(TYPES).codes
    table["stage"] = obs()["stage"].cat.codes
    for column in ("n", "score", "good"):
        table[column] = obs()[column]
    f.create_dataset("obs", data=table)
    features = np.zeros(3, [("index", kind(10)), ("name", kind(2))])
    features["index"], features["name"] = FEATURES, ["g1", "g2", "g3"]
    f.create_dataset("var", data=features)
    names = np.array(["B/α", "T"], object)
    if fixed:
        names = np.array([n.encode() for n in names])
    f.create_dataset("uns/cell_type_categories", data=names, dtype=None if fixed else text)
    f.create_dataset("uns/stage_categories", data=np.array([b"early", b"late"]))


def old_sparse(f, name, matrix, layout):
    g = f.create_group(name)
    g.attrs["h5sparse_format"] = layout
    g.attrs["h5sparse_shape"] = X.shape
    for part in ("data", "indices", "indptr"):
        g.create_dataset(part, data=getattr(matrix, part))


with h5py.File(out + "compound_fixed.h5ad", "w") as f:
    compound(f, True)
    old_sparse(f, "X", csr, "csr")
with h5py.File(out + "compound_text.h5ad", "w") as f:
    compound(f, False)
    old_sparse(f, "X", csc, "csc")
with h5py.File(out + "compound_raw.h5ad", "w") as f:
    compound(f, True)
    f.create_dataset("X", data=half)
    old_sparse(f, "raw.X", csr, "csr")
    f.create_dataset("raw.var", data=f["var"][()])
with h5py.File(out + "one_category.h5ad", "w") as f:
    compound(f, True)
    f.create_dataset("X", data=X)
    table = f["obs"][()]
    table["stage"] = 0
    f["obs"][...] = table
    del f["uns/stage_categories"]
    f.create_dataset("uns/stage_categories", data="late", dtype=text)  # a scalar, as then

# Containers.
for name, mods in (("usual.h5mu", ("rna", "atac")), ("tenx_names.h5mu", ("Gene Expression", "Peaks")),
                   ("odd_names.h5mu", ("scRNA", "scATAC"))):
    with h5py.File(out + name, "w", userblock_size=512) as f:
        f.attrs["encoding-type"], f.attrs["encoding-version"] = "MuData", "0.1.0"
        write_elem(f, "obs", obs())
        for mod in mods:
            write_elem(f, "mod/" + mod, anndata.AnnData(csr, obs=obs(), var=var(), dtype=X.dtype))

both = anndata.AnnData(csr, obs=obs(), var=var(), dtype=X.dtype)
both.var["feature_types"] = ["Gene Expression", "Peaks", "Antibody Capture"]
both.var["gene_ids"] = ["ENSG1", "chr1:30-40", "CD3"]
both.write_h5ad(out + "mixed.h5ad")


# Damage: each copy is good but for one thing.
def damage(name, source="csr.h5ad"):
    shutil.copy(out + source, out + name)
    return h5py.File(out + name, "r+")


def replace(group, name, values, **keywords):
    attributes = dict(group[name].attrs)
    del group[name]
    group.create_dataset(name, data=values, **keywords).attrs.update(attributes)


with damage("bad_index.h5ad") as f:
    f["X/indices"][4] = 3
with damage("bad_negative_index.h5ad") as f:
    f["X/indices"][0] = -1
with damage("bad_huge_index.h5ad") as f:
    replace(f["X"], "indices", f["X/indices"][()].astype("i8") + 2**33)
with damage("bad_indptr.h5ad") as f:
    replace(f["X"], "indptr", [0, 2, 2])
with damage("bad_indptr_end.h5ad") as f:
    f["X/indptr"][4] = 6
with damage("bad_indptr_order.h5ad") as f:
    f["X/indptr"][1] = 4
with damage("bad_data.h5ad") as f:
    replace(f["X"], "data", [1.0, 2.0])
with damage("bad_twice.h5ad") as f:
    f["X/indices"][1] = 0
with damage("bad_nan.h5ad") as f:
    f["X/data"][2] = np.nan
with damage("bad_infinite.h5ad") as f:
    f["X/data"][2] = np.inf
with damage("bad_negative.h5ad") as f:
    f["X/data"][3] = -0.5
with damage("bad_text.h5ad") as f:
    replace(f["X"], "data", np.array(["a"] * 5, object), dtype=text)
with damage("bad_shape.h5ad") as f:
    del f["X"].attrs["shape"]
with damage("bad_encoding.h5ad") as f:
    f["X"].attrs["encoding-type"] = "coo_matrix"
with damage("bad_obs_length.h5ad") as f:
    replace(f["obs"], "_index", np.array(CELLS[:3], object), dtype=text)
    f["obs"].attrs["column-order"] = np.array([], dtype="f8")
with damage("bad_column_length.h5ad") as f:
    replace(f["obs"], "n", [1, 2])
with damage("bad_code.h5ad") as f:
    f["obs/cell_type/codes"][0] = 7
with damage("bad_dense.h5ad", "dense.h5ad") as f:
    replace(f["/"], "X", X[:, :2])
with damage("bad_vector.h5ad", "dense.h5ad") as f:
    replace(f["/"], "X", X[0])
with damage("bad_size.h5ad", "dense.h5ad") as f:
    del f["X"]
    f.create_dataset("X", shape=(10**6, 10**6), dtype="f4", chunks=(1000, 1000))
for missing in ("obs", "var", "X", "X/indices", "X/indptr", "X/data", "obs/_index", "obs/n"):
    with damage("missing_%s.h5ad" % missing.replace("/", "_")) as f:
        del f[missing]
