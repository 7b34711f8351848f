"""Splits a multiome into cells with RNA alone and cells with chromatin alone: two files as of two experiments.

    halves.py CELLS.h5mu FOLDER [--labels both|rna|atac|none] [--same-barcodes] [--seed N]

Writes rna.h5ad and atac.h5ad to FOLDER: half of the cells each, drawn at random, in orders of their own; with
cell_type and other columns of the whole in obs of those that have labels. The true pairs are gone; with
--same-barcodes both files name their cells alike (CELL-0, CELL-1, …), which says nothing.
"""

import argparse
import pathlib

import anndata
import h5py
import numpy

try:
    from anndata.experimental import read_elem
except ImportError:
    from anndata._io.specs import read_elem


def modality(path, name):
    """One modality, and obs of the whole for its cells."""
    with h5py.File(path, "r") as file:
        data, whole = read_elem(file["mod"][name]), read_elem(file["obs"])
    return data, whole.loc[data.obs_names]


def half(path, name, barcodes, labelled, rename):
    data, whole = modality(path, name)
    data = data[barcodes].copy()
    if labelled:
        for column in whole.columns:
            data.obs[column] = whole.loc[barcodes, column].values
    else:
        data.obs = data.obs.drop(columns=[column for column in whole.columns if column in data.obs])
    if rename:
        data.obs_names = [f"CELL-{cell}" for cell in range(data.n_obs)]
    return data


def split(path, folder, labels="both", same_barcodes=False, seed=1):
    """As the command line's; returns the paths of rna.h5ad and atac.h5ad."""
    data, _ = modality(path, "rna")
    order = numpy.random.default_rng(seed).permutation(numpy.array(data.obs_names))
    parts = {"rna": order[: len(order) // 2], "atac": order[len(order) // 2 :]}
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, barcodes in parts.items():
        paths.append(folder / f"{name}.h5ad")
        half(path, name, barcodes, labels in ("both", name), same_barcodes).write_h5ad(paths[-1])
    return paths


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("cells")
    parser.add_argument("folder")
    parser.add_argument("--labels", default="both", choices=["both", "rna", "atac", "none"])
    parser.add_argument("--same-barcodes", action="store_true")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    split(asked.cells, asked.folder, asked.labels, asked.same_barcodes, asked.seed)
