"""MuData and AnnData in memory, laid out as in their files, for the reader of those files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import _core
from ._error import Error

if TYPE_CHECKING:
    import mudata

#: What numbers of other widths become; the reader knows these.
_AS = {
    "float16": "float32",
    "int16": "int32",
    "uint16": "int32",
    "uint64": "int64",
    "longdouble": "float64",
}


def _numbers(group: "_core.StoredGroup", name: str, values: Any, attributes=()) -> bool:
    import numpy

    array = numpy.asarray(values)
    boolean = array.dtype == bool
    if boolean:
        array = array.view(numpy.uint8)
    kind = str(array.dtype)
    if kind in _AS:
        array = array.astype(_AS[kind])
    if array.dtype.kind not in "iuf":
        return False
    if not array.dtype.isnative:
        array = array.astype(array.dtype.newbyteorder("="))
    group.add_numbers(name, numpy.ascontiguousarray(array), bool(boolean), list(attributes))
    return True


def _group(encoding: str) -> "_core.StoredGroup":
    group = _core.StoredGroup()
    group.set_attribute("encoding-type", [encoding])
    return group


def _texts(values: Any, where_missing: Any = "") -> list:
    import pandas

    return [where_missing if missing else str(value) for value, missing in zip(values, pandas.isna(values))]


def _categories(table: "_core.StoredGroup", name: str, values: Any) -> None:
    group = _group("categorical")
    categories = values.categories
    if categories.dtype.kind in "iufb":
        _numbers(group, "categories", categories.to_numpy())
    else:
        group.add_texts("categories", _texts(categories), False, [])
    _numbers(group, "codes", values.codes)
    group.set_attribute("ordered", [int(values.ordered)])
    table.add_group(name, group)


#: What pandas finds in columns of objects that can be told as texts; some of these no file holds.
_TOLD = ("string", "empty", "boolean", "integer", "mixed-integer", "datetime", "datetime64", "date", "period")


def _column(table: "_core.StoredGroup", name: str, column: Any) -> bool:
    """As anndata writes it: texts that repeat become categories. Whether it has a place there."""
    import pandas

    if isinstance(column.dtype, pandas.CategoricalDtype):
        _categories(table, name, column.cat)
    elif pandas.api.types.is_bool_dtype(column.dtype) and not column.isna().any():
        _numbers(table, name, column.to_numpy(dtype=bool))
    elif pandas.api.types.is_numeric_dtype(column.dtype):
        if pandas.api.types.is_extension_array_dtype(column.dtype):
            column = column.astype(float)
        return _numbers(table, name, column.to_numpy())
    elif pandas.api.types.infer_dtype(column, skipna=True) in _TOLD:
        as_categories = pandas.Categorical(_texts(column, None))
        if len(as_categories.categories) < len(as_categories):
            _categories(table, name, as_categories)
        else:
            table.add_texts(name, _texts(column), False, [])
    else:
        return False
    return True


def read_now(frame: Any) -> Any:
    """A table that is read when it is asked, now."""
    return frame.to_memory() if hasattr(frame, "to_memory") else frame


def _frame(frame: Any) -> "_core.StoredGroup":
    """Columns that have no place in a file (complex numbers, lists) are left out."""
    frame = read_now(frame)
    table = _group("dataframe")
    index = "_index"
    table.set_attribute("_index", [index])
    table.add_texts(index, [str(name) for name in frame.index], False, [])
    written = []
    for name in frame.columns:
        column = frame[name]
        if column.ndim == 1 and _column(table, str(name), column):
            written.append(str(name))
    table.set_attribute("column-order", written)
    return table


def require_readable(data: Any, options: dict) -> None:
    """Whether columns of cells that options name can be read; one that cannot would be called missing."""
    frames = [read_now(one.obs) for one in (data, *(data.mod.values() if is_mudata(data) else ()))]
    for option, name in options.items():
        if not isinstance(name, str):
            continue
        for frame in frames:
            column = frame[name] if name in frame.columns else None
            if column is not None and (column.ndim != 1 or not _column(_core.StoredGroup(), name, column)):
                kind = "several columns of this name" if column.ndim != 1 else f"values of {column.dtype}"
                raise Error(f"{option}: obs[{name!r}] holds {kind}; needed are texts, categories or numbers")


def _matrix(parent: "_core.StoredGroup", name: str, matrix: Any) -> None:
    import numpy
    import scipy.sparse

    if hasattr(matrix, "to_memory"):  # backed
        matrix = matrix.to_memory()
    elif hasattr(matrix, "compute"):  # dask
        matrix = matrix.compute()
    if matrix is None:
        return
    kind = numpy.dtype(matrix.dtype).kind if hasattr(matrix, "dtype") else "O"
    if kind not in "biuf":
        # Of layers another may hold the counts.
        if name == "X":
            raise Error(f"X holds values of {getattr(matrix, 'dtype', type(matrix).__name__)}; numbers are needed")
        return
    if not scipy.sparse.issparse(matrix):
        _numbers(parent, name, numpy.asarray(matrix))
        return
    if matrix.format not in ("csr", "csc"):
        matrix = matrix.tocsr()
    group = _group(f"{matrix.format}_matrix")
    group.set_attribute("shape", [int(length) for length in matrix.shape])
    _numbers(group, "data", matrix.data)
    _numbers(group, "indices", matrix.indices)
    _numbers(group, "indptr", matrix.indptr)
    parent.add_group(name, group)


def _embeddings(parent: "_core.StoredGroup", obsm: Any) -> None:
    group = _group("dict")
    for name in obsm.keys():
        value = obsm[name]
        if hasattr(value, "columns"):
            group.add_group(str(name), _frame(value))
        elif getattr(value, "ndim", 0) >= 1 and not hasattr(value, "tocsr"):
            _numbers(group, str(name), value)
    parent.add_group("obsm", group)


def _modality(adata: Any) -> "_core.StoredGroup":
    group = _group("anndata")
    group.add_group("obs", _frame(adata.obs))
    group.add_group("var", _frame(adata.var))
    _matrix(group, "X", adata.X)
    layers = _group("dict")
    for name in adata.layers.keys():
        _matrix(layers, str(name), adata.layers[name])
    group.add_group("layers", layers)
    _embeddings(group, adata.obsm)
    if adata.raw is not None:
        raw = _group("raw")
        _matrix(raw, "X", adata.raw.X)
        raw.add_group("var", _frame(adata.raw.var))
        group.add_group("raw", raw)
    return group


def is_mudata(data: Any) -> bool:
    return hasattr(data, "mod") and hasattr(data, "obs")


def is_anndata(data: Any) -> bool:
    return not is_mudata(data) and all(hasattr(data, name) for name in ("X", "obs", "var", "layers"))


def stored(data: Any) -> "_core.StoredGroup":
    """A MuData, or an AnnData of genes and peaks, as a file would hold it. Numbers are not copied."""
    if is_anndata(data):
        return _modality(data)
    if not is_mudata(data):
        raise Error(f"{type(data).__name__} is no MuData and no AnnData; scgrids.pp.read makes one of files")
    root = _group("MuData")
    root.add_group("obs", _frame(data.obs))
    _embeddings(root, data.obsm)
    mod = _core.StoredGroup()
    for name, adata in data.mod.items():
        mod.add_group(str(name), _modality(adata))
    root.add_group("mod", mod)
    return root


def _anndata(raw: dict, feature_type: str):
    import anndata
    import numpy
    import pandas
    import scipy.sparse

    def table(names, columns):
        made = {}
        for name, values, categories in columns:
            if categories:
                values = pandas.Categorical([value or None for value in values], categories=categories)
            made[name] = values
        return pandas.DataFrame(made, index=pandas.Index(names, dtype=object))

    shape = (len(raw["barcodes"]), len(raw["features"]))
    X = scipy.sparse.csr_matrix((raw["values"], raw["indices"], raw["offsets"]), shape=shape, copy=False)
    X.has_sorted_indices = True
    adata = anndata.AnnData(X, obs=table(raw["barcodes"], raw["obs"]), var=table(raw["features"], raw["var"]))
    if "feature_types" not in adata.var:
        adata.var["feature_types"] = pandas.Categorical([feature_type] * adata.n_vars)
    if not adata.var_names.is_unique:
        adata.var["name"] = numpy.asarray(adata.var_names)
        adata.var_names_make_unique()
    return adata


def mudata_of(cells: "_core.Cells") -> "mudata.MuData":
    """What was read, as MuData: ``rna`` and ``atac``, counts in X."""
    import mudata

    rna, atac = cells.raw()
    with mudata.set_options(pull_on_update=False):
        return mudata.MuData({"rna": _anndata(rna, "Gene Expression"), "atac": _anndata(atac, "Peaks")})
