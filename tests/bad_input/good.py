"""The good files that the cases break: simulated cells in every layout, a study, a surrogate."""

import gzip
import shutil

import h5py
import numpy

from harness import must

TYPES = ("type_1", "type_2", "type_3")


def make(programs, folder, with_torch):
    folder.mkdir(parents=True)
    must(programs, ["simulate", "--preset", "tiny", "-o", "sim"], folder)
    shutil.copy(folder / "sim/cells.h5mu", folder / "cells.h5mu")
    shutil.copy(folder / "sim/genes.bed", folder / "genes.bed")
    shutil.copy(folder / "sim/truth.tsv", folder / "truth.tsv")
    must(programs, prepare_words("cells.h5mu", "study.h5mu"), folder)
    must(programs, ["simulate", "--preset", "tiny", "--seed", "2", "--n-genes", "50", "-o", "sim2"],
         folder)
    must(programs, prepare_words("sim2/cells.h5mu", "other_study.h5mu", "sim2/genes.bed"), folder)
    if with_torch:
        (folder / "cis").mkdir()
        train = ["train", "--max-steps", "20", "--threads", "1"]
        must(programs, [*train, "study.h5mu", "-o", "surrogate.safetensors"], folder)
        must(programs, ["cis", "study.h5mu", "surrogate.safetensors", "-o", "cis/with.safetensors"],
             folder)
        must(programs, [*train, "other_study.h5mu", "-o", "other.safetensors"], folder)
    write_layouts(folder)
    write_lists(folder)
    must(programs, ["prepare", "--unpaired", "--rna", "rna.h5ad", "--atac", "atac.h5ad", "--rna-labels", "cell_type",
                    "--genes", "genes.bed", "-o", "unpaired.h5mu"], folder)


def prepare_words(cells, study, genes="genes.bed"):
    return ["prepare", cells, "--labels", "cell_type", "--genes", genes, "-o", study]


def write_layouts(folder):
    """The same cells as two .h5ad, as 10x HDF5, as a 10x folder and as Matrix Market pairs."""
    with h5py.File(folder / "cells.h5mu") as mu:
        for name in ("rna", "atac"):
            with h5py.File(folder / f"{name}.h5ad", "w") as ad:
                for key in mu["mod"][name]:
                    mu.copy(mu["mod"][name][key], ad, key)
                for key, value in mu["mod"][name].attrs.items():
                    ad.attrs[key] = value
                if name == "rna":
                    mu.copy(mu["obs/cell_type"], ad["obs"], "cell_type")
                    del ad["obs"].attrs["column-order"]
                    ad["obs"].attrs["column-order"] = ["cell_type"]
        barcodes = [text.decode() for text in mu["mod/rna/obs/_index"][:]]
        genes = [text.decode() for text in mu["mod/rna/var/_index"][:]]
        ids = [text.decode() for text in mu["mod/rna/var/gene_ids"][:]]
        peaks = [text.decode() for text in mu["mod/atac/var/_index"][:]]
        rna, atac = dense(mu["mod/rna/X"]), dense(mu["mod/atac/X"])
    write_tenx_h5(folder / "tenx.h5", barcodes, genes, ids, peaks, rna, atac)
    write_tenx_folder(folder / "tenx", barcodes, genes, ids, peaks, rna, atac)
    write_market(folder / "rna.mtx.gz", rna.T)
    write_market(folder / "atac.mtx.gz", atac.T)
    (folder / "cells.txt").write_text("".join(f"{name}\n" for name in barcodes))
    (folder / "genes.txt").write_text("".join(f"{name}\n" for name in genes))
    (folder / "peaks.bed").write_text(
        "".join(name.replace(":", "\t").replace("-", "\t") + "\n" for name in peaks))


def dense(group):
    shape = group.attrs["shape"]
    matrix = numpy.zeros(shape, dtype="f4")
    starts = group["indptr"][:]
    for row in range(shape[0]):
        part = slice(starts[row], starts[row + 1])
        matrix[row, group["indices"][part]] = group["data"][part]
    return matrix


def write_tenx_h5(path, barcodes, genes, ids, peaks, rna, atac):
    both = numpy.concatenate([rna, atac], axis=1)
    rows, columns = numpy.nonzero(both)
    with h5py.File(path, "w") as file:
        matrix = file.create_group("matrix")
        matrix["barcodes"] = numpy.array(barcodes, dtype="S")
        matrix["data"] = both[rows, columns].astype("i4")
        matrix["indices"] = columns.astype("i8")
        matrix["indptr"] = numpy.searchsorted(rows, numpy.arange(len(barcodes) + 1)).astype("i8")
        matrix["shape"] = numpy.array([both.shape[1], both.shape[0]], dtype="i4")
        features = matrix.create_group("features")
        features["id"] = numpy.array(ids + peaks, dtype="S")
        features["name"] = numpy.array(genes + peaks, dtype="S")
        kinds = ["Gene Expression"] * len(genes) + ["Peaks"] * len(peaks)
        features["feature_type"] = numpy.array(kinds, dtype="S")
        features["interval"] = numpy.array(["NA"] * len(genes) + peaks, dtype="S")


def write_tenx_folder(folder, barcodes, genes, ids, peaks, rna, atac):
    folder.mkdir()
    write_market(folder / "matrix.mtx.gz", numpy.concatenate([rna, atac], axis=1).T)
    with gzip.open(folder / "barcodes.tsv.gz", "wt") as out:
        out.writelines(f"{name}\n" for name in barcodes)
    with gzip.open(folder / "features.tsv.gz", "wt") as out:
        out.writelines(f"{i}\t{name}\tGene Expression\n" for i, name in zip(ids, genes))
        out.writelines(f"{name}\t{name}\tPeaks\n" for name in peaks)


def write_market(path, matrix):
    rows, columns = numpy.nonzero(matrix)
    with gzip.open(path, "wt", compresslevel=1) as out:
        out.write("%%MatrixMarket matrix coordinate integer general\n%\n")
        out.write(f"{matrix.shape[0]} {matrix.shape[1]} {len(rows)}\n")
        out.writelines(f"{row + 1} {column + 1} {matrix[row, column]:.0f}\n"
                       for row, column in zip(rows, columns))


def write_lists(folder):
    """Labels, targets and a mask; what they name exists."""
    lines = (folder / "sim/cells.tsv").read_text().splitlines()
    header = lines[0].split("\t")
    barcode, label = header.index("barcode"), header.index("cell_type")
    rows = [line.split("\t") for line in lines[1:]]
    (folder / "labels.tsv").write_text(
        "barcode\tcell_type\n" + "".join(f"{row[barcode]}\t{row[label]}\n" for row in rows))
    with h5py.File(folder / "study.h5mu") as study:
        peak = study["mod/atac/var/_index"][0].decode()
        gene = study["mod/rna/var/_index"][0].decode()
    (folder / "mask.txt").write_text(f"{peak}\n")
    (folder / "targets.tsv").write_text(f"cell_type\tgene\tL\n{TYPES[0]}\t{gene}\t3\n")
    (folder / "gene.txt").write_text(gene)
