"""What a study holds, against the multiome that layouts.py made."""

import h5py
import numpy
import scipy.sparse

import layouts


def _index(group):
    return [name.decode() for name in group[group.attrs["_index"]][:]]


def _matrix(group):
    if isinstance(group, h5py.Dataset):
        return group[:]
    kind = group.attrs["encoding-type"]
    make = scipy.sparse.csr_matrix if kind == "csr_matrix" else scipy.sparse.csc_matrix
    parts = (group["data"][:], group["indices"][:], group["indptr"][:])
    return make(parts, shape=group.attrs["shape"]).toarray()


def _texts(column):
    if isinstance(column, h5py.Dataset):
        return list(column.asstr()[:])
    names = column["categories"].asstr()[:]
    return [names[code] for code in column["codes"][:]]


def _places(var):
    """Peaks by where they lie, whatever they are called."""
    return ["%s:%d-%d" % place for place in zip(_texts(var["chrom"]), var["start"][:], var["end"][:])]


def _ordered(matrix, names, order):
    """Columns by name, in the order asked for."""
    if sorted(names) != sorted(order):
        raise AssertionError(f"names are {sorted(names)[:4]}…, not {sorted(order)[:4]}…")
    return matrix[:, [names.index(name) for name in order]]


def differences(path, labelled=True, genes=None):
    """What is not as layouts.py made it: empty for a study of the same cells."""
    wrong = []
    with h5py.File(path, "r") as file:
        cells = _index(file["obs"])
        if sorted(cells) != sorted(layouts.BARCODES):
            return [f"{len(cells)} cells, or of other names"]
        rows = [layouts.BARCODES.index(cell) for cell in cells]
        if labelled and _texts(file["obs/cell_type"]) != [layouts.TYPES[row] for row in rows]:
            wrong.append("labels")
        rna, atac = file["mod/rna"], file["mod/atac"]
        if "counts" not in rna["layers"]:
            return [*wrong, "the RNA was not taken as counts"]
        names = genes or layouts.SYMBOLS
        found = _ordered(_matrix(rna["layers/counts"]), _index(rna["var"]), names)
        if not numpy.array_equal(found, layouts.RNA[rows]):
            wrong.append("counts of genes")
        found = _ordered(_matrix(atac["X"]), _places(atac["var"]), layouts.PEAK_NAMES)
        if not numpy.array_equal(found > 0, layouts.ATAC[rows] > 0):
            wrong.append("open peaks")
    return wrong
