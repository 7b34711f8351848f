"""Reads one AnnData group with AnnData itself and describes it as support.hpp does.

    check_anndata.py FILE GROUP OUT [LAYER]      GROUP is "/" for a .h5ad
    check_anndata.py FILE --mudata               checks the container against MuData's own rules
    check_anndata.py FILE --uns GROUP OUT        the entries of a dict, sorted: name=value
"""

import sys

import anndata
import h5py
import numpy as np
import pandas as pd
from scipy import sparse

try:
    from anndata.experimental import read_elem
except ImportError:
    from anndata._io.specs import read_elem


def number(value):
    return "" if pd.isna(value) else "%.9g" % float(value)


def describe(data, layer):
    matrix = data.layers[layer] if layer else data.X
    matrix = sparse.csr_matrix(matrix)
    matrix.sort_indices()
    lines = ["shape %d %d" % matrix.shape]
    for name, table in (("obs", data.obs), ("var", data.var)):
        lines += ["%s %s" % (name, row) for row in table.index]
        for column in table.columns:
            values = table[column]
            if isinstance(values.dtype, pd.CategoricalDtype) or values.dtype == object:
                texts = ["" if pd.isna(v) else str(v) for v in values]
            else:
                texts = [number(v) for v in values]
            lines.append("\t".join(["%s.%s" % (name, column)] + texts))
    for i in range(matrix.shape[0]):
        for k in range(matrix.indptr[i], matrix.indptr[i + 1]):
            lines.append("%d %d %.9g" % (i, matrix.indices[k], matrix.data[k]))
    return "\n".join(lines) + "\n"


def check_mudata(path):
    with open(path, "rb") as file:
        block = file.read(512)
    assert block.startswith(b"MuData (format-version=0.1.0;creator="), block[:60]
    assert block.rstrip(b"\0").endswith(b")"), block
    with h5py.File(path, "r") as file:
        assert file.userblock_size == 512
        assert file.attrs["encoding-type"] == "MuData"
        assert file.attrs["encoding-version"] == "0.1.0"
        assert file.attrs["axis"] == 0
        order = list(file["mod"].attrs["mod-order"])
        assert sorted(order) == sorted(file["mod"].keys())
        obs, var = read_elem(file["obs"]), read_elem(file["var"])
        mods = {name: read_elem(file["mod"][name]) for name in order}
        assert list(var.index) == [v for name in order for v in mods[name].var_names]
        for axis, names in (("obs", obs.index), ("var", var.index)):
            masks, maps = read_elem(file[axis + "m"]), read_elem(file[axis + "map"])
            for name in order:
                own = getattr(mods[name], axis + "_names")
                assert masks[name].dtype == bool and masks[name].shape == (len(names),)
                assert maps[name].dtype == np.uint32
                assert (masks[name] == (maps[name] > 0)).all()
                at = maps[name][masks[name]] - 1
                assert list(names[masks[name]]) == list(own[at])
                assert sorted(at) == list(range(len(own)))
        for key in ("uns", "obsp", "varp"):
            read_elem(file[key])


if sys.argv[2] == "--mudata":
    check_mudata(sys.argv[1])
elif sys.argv[2] == "--uns":
    with h5py.File(sys.argv[1], "r") as file:
        entries = read_elem(file[sys.argv[3]])
    with open(sys.argv[4], "w") as out:
        out.write(" ".join("%s=%s" % entry for entry in sorted(entries.items())))
else:
    path, group, out = sys.argv[1:4]
    layer = sys.argv[4] if len(sys.argv) > 4 else None
    if group == "/":
        data = anndata.read_h5ad(path)
    else:
        with h5py.File(path, "r") as file:
            data = read_elem(file[group])
    with open(out, "w") as file:
        file.write(describe(data, layer))
