#!/usr/bin/python3
"""Parts of the default run beside what the field's Python does for the same: CPU seconds of each on one thread, their ratio,
and how far the results agree.

    bench/whole_run/peers.py build/release/bin STUDY.h5mu [--genes 100] [--work FOLDER]

STUDY is one that `grids prepare` wrote. Needs Debian's python3-anndata, python3-sklearn and umap-learn, and `stage_peers`
(cmake --build --preset release --target stage_peers). What each is held against:

    read        anndata's reader, of the study
    links       LinkPeaks of Signac, written with scipy: correlations by one sparse product a gene, the background of each
                peak by a k-d tree
    lasso       LassoCV of scikit-learn with the same penalties, 5 folds
    pca         the k largest singular values of the implicitly centred matrix by ARPACK (scipy's svds), as scanpy has it
    neighbours  scikit-learn's, by brute force, cosine
    umap        umap-learn with the same settings, compiled beforehand
"""

import argparse
import csv
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import warnings

for library in ("OMP", "OPENBLAS", "MKL", "NUMBA"):
    os.environ[f"{library}_NUM_THREADS"] = "1"

import numpy as np  # noqa: E402
import scipy.sparse as sparse  # noqa: E402
import scipy.sparse.linalg  # noqa: E402
import scipy.spatial  # noqa: E402

BACKGROUND = 200
LEAST_CELLS = 10


def timed(work):
    """CPU seconds of this process, and the result."""
    began = time.process_time()
    result = work()
    return time.process_time() - began, result


def read_with_anndata(path):
    """X of both modalities, and the counts."""
    import h5py
    from anndata.experimental import read_elem
    with h5py.File(path) as file:
        atac, rna = read_elem(file["mod/atac"]), read_elem(file["mod/rna"])
        split = read_elem(file["obs"])["split"].astype(str).to_numpy()
    return atac, rna, split


class Links:
    """LinkPeaks on the cells that are no test cells."""

    def __init__(self, atac, rna, split):
        seen = np.flatnonzero(split != "test")
        self.open = sparse.csc_matrix(atac.X[seen]).astype(np.float64)
        self.rna = sparse.csc_matrix(rna.X[seen]).astype(np.float64)
        cells = len(seen)
        self.n_open = np.diff(self.open.indptr)
        self.mean = self.n_open / cells
        self.spread = np.sqrt(self.mean * (1 - self.mean))
        self.enough = (self.n_open >= LEAST_CELLS) & (cells - self.n_open >= LEAST_CELLS)
        self.chromosome = atac.var["chrom"].astype(str).to_numpy()
        width = np.maximum(1, atac.var["end"].to_numpy() - atac.var["start"].to_numpy())
        self.features = np.column_stack([np.log(np.maximum(self.n_open, 1)), np.log(width)])
        self.trees = {}

    def background(self, chromosome, peaks):
        """The nearest peaks of other chromosomes, for each peak."""
        if chromosome not in self.trees:
            others = np.flatnonzero(self.enough & (self.chromosome != chromosome))
            scale = self.features[others].std(axis=0)
            scale = np.where(scale > 1e-6, 1 / np.maximum(scale, 1e-6), 0)
            self.trees[chromosome] = (others, scale, scipy.spatial.cKDTree(self.features[others] * scale))
        others, scale, tree = self.trees[chromosome]
        return others[tree.query(self.features[peaks] * scale, k=min(BACKGROUND, len(others)))[1]]

    def of(self, gene, peaks):
        """r and z of a gene with each peak."""
        y = self.rna[:, [gene]].toarray().ravel()
        centred = y - y.mean()
        norm = np.sqrt((centred ** 2).sum())
        scale = self.spread * np.sqrt(len(y)) * norm
        r = np.divide(self.open.T @ centred, scale, out=np.zeros(len(scale)), where=scale > 0)
        null = r[self.background(self.chromosome[peaks[0]], peaks)]
        spread = null.std(axis=1, ddof=1)
        return r[peaks], np.divide(r[peaks] - null.mean(axis=1), spread, out=np.zeros(len(peaks)), where=spread > 0)


def compare_links(study, ours):
    rows = ours.reshape(-1, 4)
    by_gene = {int(gene): rows[rows[:, 0] == gene] for gene in np.unique(rows[:, 0])}

    def work():
        links = Links(*study)
        return {gene: links.of(gene, there[:, 1].astype(int)) for gene, there in by_gene.items()}

    cost, theirs = timed(work)
    r = max(np.abs(theirs[gene][0] - there[:, 2]).max() for gene, there in by_gene.items())
    z = np.concatenate([np.abs(theirs[gene][1] - there[:, 3]) for gene, there in by_gene.items()])
    return cost, (f"{len(rows):,} links of {len(by_gene)} genes: r differs by at most {r:.1e}, z by at most {z.max():.1e}, "
                  f"in the median {np.median(z):.1e} (peaks at equal distance are chosen differently)")


def compare_lasso(study, ours):
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LassoCV
    warnings.simplefilter("ignore", ConvergenceWarning)
    atac, rna, split = study
    seen = np.flatnonzero(split != "test")
    at = 0
    cost, largest, genes = 0, 0, 0
    x_all = sparse.csc_matrix(atac.X[seen]).astype(np.float64)
    y_all = sparse.csc_matrix(rna.X[seen]).astype(np.float64)
    while at < len(ours):
        gene, count, chosen, steps = (int(value) for value in ours[at:at + 4])
        at += 4
        peaks = ours[at:at + count].astype(int)
        penalties = ours[at + count:at + count + steps]
        coefficients = ours[at + count + steps:at + count + steps + steps * count].reshape(steps, count)
        at += count + steps + steps * count

        def work():
            x = x_all[:, peaks].toarray()
            x /= x.std(axis=0)
            return LassoCV(alphas=penalties, cv=5, tol=1e-7, max_iter=20000, copy_X=False).fit(
                x, y_all[:, [gene]].toarray().ravel())

        def path():
            from sklearn.linear_model import lasso_path
            x = x_all[:, peaks].toarray()
            x = (x - x.mean(axis=0)) / x.std(axis=0)
            y = y_all[:, [gene]].toarray().ravel()
            return lasso_path(x, y - y.mean(), alphas=penalties, tol=1e-10, max_iter=100000)[1].T

        cost += timed(work)[0]
        largest = max(largest, np.abs(path() - coefficients).max() / np.abs(coefficients).max())
        genes += 1
    return cost, f"{genes} genes: coefficients at 50 penalties differ by at most {largest:.1e} of the largest"


def tf_idf(x):
    """As TfIdf of math/pca.hpp."""
    open_in = np.asarray((x > 0).sum(axis=0)).ravel()
    inverse = np.divide(x.shape[0], open_in, out=np.zeros(x.shape[1]), where=open_in > 0)
    share = 1 / np.maximum(1, np.diff(x.indptr))
    result = x.astype(np.float32).copy()
    result.data = np.log1p(1e4 * np.repeat(share, np.diff(x.indptr)) * inverse[x.indices]).astype(np.float32)
    return result


def compare_pca(matrix, components, variance):
    def work():
        mean = np.asarray(matrix.mean(axis=0)).ravel()
        ones = np.ones(matrix.shape[0])
        centred = scipy.sparse.linalg.LinearOperator(
            matrix.shape, matvec=lambda v: matrix @ v.ravel() - ones * (mean @ v.ravel()),
            rmatvec=lambda u: matrix.T @ u.ravel() - mean * u.sum(), dtype=np.float64)
        return np.sort(scipy.sparse.linalg.svds(centred, k=components, random_state=1)[1])[::-1]

    cost, singular = timed(work)
    exact = singular ** 2 / (matrix.shape[0] - 1)
    short = 1 - variance / exact
    return cost, (f"variances of {components} components: the largest shortfall {short.max():.1e}, of all together "
                  f"{1 - variance.sum() / exact.sum():.1e}")


def compare_neighbours(scores, ours):
    from sklearn.neighbors import NearestNeighbors
    cost, found = timed(lambda: NearestNeighbors(n_neighbors=31, metric="cosine", algorithm="brute").fit(scores).kneighbors(
        scores, return_distance=False))
    shared = np.mean([len(set(row) - {i} & set(near)) / len(near) for i, (row, near) in enumerate(zip(found, ours))])
    return cost, f"{100 * shared:.2f} % of {ours.shape[1]} neighbours of {len(ours):,} cells are the same"


def compare_umap(scores, ours):
    import umap
    from sklearn.manifold import trustworthiness

    def fit(points):
        return umap.UMAP(n_neighbors=30, min_dist=0.3, metric="cosine", n_epochs=200, random_state=1).fit_transform(points)

    warnings.simplefilter("ignore")
    fit(scores[:500])
    cost, theirs = timed(lambda: fit(scores))
    some = np.random.default_rng(1).permutation(len(scores))[:3000]
    kept = [trustworthiness(scores[some], map_[some], n_neighbors=15, metric="cosine") for map_ in (ours, theirs)]
    return cost, f"trustworthiness {kept[0]:.3f} (umap-learn {kept[1]:.3f}; 15 neighbours, {len(some):,} cells)"


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("programs", type=pathlib.Path)
    arguments.add_argument("study", type=pathlib.Path)
    arguments.add_argument("--genes", type=int, default=100)
    arguments.add_argument("--components", type=int, default=30)
    arguments.add_argument("--work", type=pathlib.Path)
    arguments.add_argument("--json", type=pathlib.Path)
    given = arguments.parse_args()
    work = given.work or pathlib.Path(tempfile.mkdtemp(prefix="grids_peers_"))
    work.mkdir(parents=True, exist_ok=True)
    subprocess.run([given.programs / "stage_peers", "--study", given.study, "--out", work, "--genes", str(given.genes),
                    "--components", str(given.components), "--threads", "1"], check=True)
    with open(work / "costs.tsv", newline="") as table:
        ours = {row["part"]: float(row["cpu_s"]) for row in csv.DictReader(table, delimiter="\t")}

    def left(name, kind):
        return np.fromfile(work / name, dtype=kind)

    rows = []

    def row(part, theirs, agreement):
        rows.append((part, ours[part], theirs, agreement))
        print(f"{part}: {ours[part]:.2f} s, {theirs:.2f} s; {agreement}", file=sys.stderr, flush=True)

    cost, study = timed(lambda: read_with_anndata(given.study))
    atac, rna, _ = study
    same = (np.array_equal(atac.X.indices, left("open.i32", np.int32)) and np.array_equal(rna.X.data, left("expression.f32", np.float32))
            and ("counts" not in rna.layers or np.array_equal(rna.layers["counts"].data, left("counts.f32", np.float32))))
    if not same:
        sys.exit("read: the matrices differ")
    row("read", cost, f"{atac.X.nnz + rna.X.nnz:,} non-zeros, equal")
    row("links", *compare_links(study, left("links.f64", np.float64)))
    row("lasso", *compare_lasso(study, left("lasso.f64", np.float64)))
    weighted = tf_idf(sparse.csr_matrix(atac.X))
    row("pca", *compare_pca(weighted, given.components, left("variance.f64", np.float64)))
    scores = left("scores.f32", np.float32).reshape(atac.n_obs, -1)
    row("neighbours", *compare_neighbours(scores, left("neighbours.i32", np.int32).reshape(atac.n_obs, -1)))
    row("umap", *compare_umap(scores, left("umap.f32", np.float32).reshape(-1, 2)))
    if given.json:
        given.json.write_text(json.dumps([{"part": part, "ours_s": mine, "peer_s": theirs, "agreement": agreement}
                                          for part, mine, theirs, agreement in rows], indent=1))
    print(f"{atac.n_obs:,} cells, {atac.n_vars:,} peaks, {rna.n_vars:,} genes; one thread\n")
    print("| part | grids, CPU s | peer, CPU s | ratio | agreement |")
    print("| --- | ---: | ---: | ---: | --- |")
    for part, mine, theirs, agreement in rows:
        print(f"| {part} | {mine:.2f} | {theirs:.2f} | {theirs / mine:.1f} | {agreement} |")


main()
