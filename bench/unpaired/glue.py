#!/usr/bin/env python3
"""GLUE (scglue of PyPI) on the cells of a study of `grids prepare`, their pairing hidden; its latents and measures.

    python3 -m venv glue && glue/bin/pip install scglue==0.4.1
    OMP_NUM_THREADS=1 glue/bin/python bench/unpaired/glue.py STUDY -o FOLDER [--labels] [--seed 1]

(6 GB, as PyPI's torch is built for CUDA; the guidance graph needs Debian's bedtools.)

As in its tutorial: PCA of the RNA and LSI of the ATAC as what the encoders see, a guidance graph from gene bodies and
promoters, negative binomial decoders (normal for RNA without counts), `fit_SCGLUE` with its defaults but for the weights
that even out how common types are: both modalities hold the same cells, for which even weights are right. All genes of
the study are variable ones: `prepare` chose them; peaks that the graph links to none are in LSI and have no decoder.
Fitted, LSI and PCA too, on training and validation cells, each modality in an order and with names of its own; test
cells are only encoded. CPU seconds are of fitting alone.

Expression is predicted from chromatin in two ways: by GLUE's cross-modal decoding, and as the mean of the nearest
training cells with RNA in its space (measures that begin with "neighbours_").
"""

import argparse
import json
import pathlib
import resource
import tempfile

import anndata
import numpy
import pandas
import scglue
import scipy.sparse
import torch
from sklearn.utils.extmath import randomized_svd

import measures

COMPONENTS = 100
LSI_SCALE, LSI_ITERATIONS = 1e4, 15  # as scglue.data.lsi and the tutorial have them


def cpu_seconds():
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


def components(fitted, everything, iterations):
    """All rows along the right singular vectors of the fitted ones, and the singular values of these."""
    count = min(COMPONENTS, min(fitted.shape) - 1)
    _, sizes, right = randomized_svd(fitted, count, n_iter=iterations, random_state=0)
    return numpy.asarray(everything @ right.T), sizes


def principal_components(study, fitted):
    """Of normalised, logarithmic, standardised RNA; float32, cells × components."""
    cells = numpy.arange(len(study.split))
    if study.counts is None:
        values = study.expression.dense(cells)
    else:
        counts = study.counts.dense(cells)
        totals = counts.sum(1, keepdims=True)
        values = numpy.log1p(counts / numpy.maximum(totals, 1) * numpy.median(totals[fitted]))
    spread = values[fitted].std(0, ddof=1)
    values = (values - values[fitted].mean(0)) / numpy.where(spread > 0, spread, 1)
    return components(values[fitted], values, "auto")[0].astype(numpy.float32)


def lsi(study, fitted):
    """scglue.data.lsi with its TF-IDF and singular vectors from the fitted cells; float32, cells × components."""
    data = study.open.data.astype(float)
    opened = scipy.sparse.csr_matrix((data, study.open.indices, study.open.starts), study.open.shape)
    inverse_frequency = len(fitted) / numpy.maximum(numpy.asarray(opened[fitted].sum(0)).ravel(), 1)
    weighted = opened @ scipy.sparse.diags(inverse_frequency)
    weighted = scipy.sparse.diags(1 / numpy.asarray(weighted.sum(1)).ravel()) @ weighted
    weighted = (weighted * LSI_SCALE).log1p().tocsr()
    scores, sizes = components(weighted[fitted], weighted, LSI_ITERATIONS)
    scores /= sizes
    scores -= scores.mean(1, keepdims=True)
    return (scores / scores.std(1, ddof=1, keepdims=True)).astype(numpy.float32)


def modality(values, layer, features, scores, name, types):
    """AnnData of all cells of one modality; features without a position lie on a chromosome of their own."""
    placed = features["chrom"] != ""
    var = pandas.DataFrame({
        "chrom": numpy.where(placed, features["chrom"], f"unplaced_{name}"),
        "chromStart": features["start"],
        "chromEnd": numpy.maximum(features["end"], features["start"] + 1),
        "highly_variable": True,
    }, index=features["name"])
    if "strand" in features:
        var["strand"] = numpy.where(features["strand"] == "-", "-", "+")  # scglue wants one of every gene
    obs = pandas.DataFrame({"cell_type": types}, index=[f"{name}-{i}" for i in range(len(types))])
    cells = anndata.AnnData(scipy.sparse.csr_matrix(values), obs=obs, var=var, obsm={"scores": scores})
    if layer is not None:
        cells.layers["counts"] = scipy.sparse.csr_matrix(layer)
    return cells


def modalities(study, fitted):
    cells = numpy.arange(len(study.split))
    counts = None if study.counts is None else study.counts.dense(cells)
    expression, opened = study.expression.dense(cells), study.open.dense(cells)
    return {
        "rna": modality(expression, counts, study.genes, principal_components(study, fitted), "rna", study.types),
        "atac": modality(opened, None, study.peaks, lsi(study, fitted), "atac", study.types),
    }


def configure(cells, labels):
    """Tells scglue what to use; the graph has marked the peaks by then."""
    told = {"use_highly_variable": True, "use_rep": "scores", "use_cell_type": "cell_type" if labels else None}
    counted = "counts" in cells["rna"].layers
    layer, model = ("counts", "NB") if counted else (None, "Normal")
    scglue.models.configure_dataset(cells["rna"], model, use_layer=layer, **told)
    scglue.models.configure_dataset(cells["atac"], "NB", **told)


def fit(cells, graph, fitted, seed):
    """The model, from the fitted cells in an order of each modality's own."""
    orders = numpy.random.default_rng(seed)
    shuffled = {name: each[orders.permutation(fitted)].copy() for name, each in cells.items()}
    for name, each in shuffled.items():
        each.obs_names = [f"{name}_{i}" for i in range(each.n_obs)]
    with tempfile.TemporaryDirectory() as folder:
        return scglue.models.fit_SCGLUE(shuffled, graph, skip_balance=True, init_kws={"random_seed": seed},
                                        fit_kws={"directory": folder})


def decode(study, model, cells, graph):
    """Expression of test cells on the study's scale, from their chromatin, test cells × genes."""
    test = study.cells("test")
    if study.counts is None:
        return model.decode_data("atac", "rna", cells["atac"][test], graph)
    # The decoder gives each gene's share of the counts of these genes; of a cell's counts they are only a part.
    train = study.cells("train")
    per = 100_000 * numpy.mean(study.counts.dense(train).sum(1) / study.total_rna[train])
    return numpy.log1p(model.decode_data("atac", "rna", cells["atac"][test], graph, target_libsize=float(per)))


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("study", type=pathlib.Path)
    arguments.add_argument("-o", "--out", type=pathlib.Path, required=True,
                           help="folder for space.npz (latents, and expression decoded) and measures.json")
    arguments.add_argument("--labels", action="store_true", help="GLUE is told the cell types of both modalities")
    arguments.add_argument("--reach", type=int, default=0, help="base pairs around a gene that the graph links too")
    arguments.add_argument("--shorter", type=float, default=1,
                           help="divides the steps after which alignment sets in, rates fall and training ends")
    arguments.add_argument("--seed", type=int, default=1)
    given = arguments.parse_args()
    torch.set_num_threads(1)
    scglue.config.CPU_ONLY = True
    scglue.config.GRAPH_SHUFFLE_NUM_WORKERS = 0  # one process: what is told is its work
    for steps in ("ALIGN_BURNIN_PRG", "MAX_EPOCHS_PRG", "PATIENCE_PRG", "REDUCE_LR_PATIENCE_PRG"):
        setattr(scglue.models.SCGLUEModel, steps, getattr(scglue.models.SCGLUEModel, steps) / given.shorter)
    study = measures.read_study(given.study)
    began = cpu_seconds()
    fitted = study.cells("train", "validation")
    cells = modalities(study, fitted)
    graph = scglue.genomics.rna_anchored_guidance_graph(cells["rna"], cells["atac"], extend_range=given.reach)
    configure(cells, given.labels)
    model = fit(cells, graph, fitted, given.seed)
    cost = cpu_seconds() - began
    latents = {name: model.encode_data(name, each) for name, each in cells.items()}
    decoded = decode(study, model, cells, graph)
    found = {"cpu_s": cost, "linked_peaks": int(cells["atac"].var["highly_variable"].sum())}
    found |= measures.joint_space(study, latents["atac"], latents["rna"], decoded)
    given.out.mkdir(parents=True, exist_ok=True)
    numpy.savez_compressed(given.out / "space.npz", decoded=decoded, **latents)
    (given.out / "measures.json").write_text(json.dumps(found, indent=1))


main()
