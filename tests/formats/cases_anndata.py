"""AnnData and MuData as versions of anndata, scanpy, SeuratDisk and benchmarks write them."""

import gzip

import numpy

import layouts
from harness import reads, refuses
from layouts import (ATAC, BARCODES, BOTH, GENES, IDS, PEAK_NAMES, PEAKS, PLACES, RNA, SYMBOLS, TYPES,
                     add_column, atac_file, csr, mixed_file, nullable, rna_file, texts)

PAIR = ["--rna", "rna.h5ad", "--atac", "atac.h5ad", "--labels", "cell_type"]
BOTH_IN_ONE = ["both.h5ad", "--labels", "cell_type"]


def normalised(counts):
    return numpy.log1p(counts / counts.sum(1, keepdims=True) * 1e4)


def pack(path):
    packed = path.with_name(path.name + ".gz")
    packed.write_bytes(gzip.compress(path.read_bytes(), 1))
    path.unlink()
    return packed.name


# ---- one file of both ----


def benchmark(folder):
    """GSE194122, the multiome of the NeurIPS 2021 competition, as GEO has it."""
    file = mixed_file(folder, x=numpy.hstack([normalised(RNA), (ATAC > 0).astype(float)]),
                      feature_types=["GEX"] * GENES + ["ATAC"] * PEAKS, gene_id=IDS + PEAK_NAMES)
    csr(file["layers"], "counts", BOTH)
    obs = file["obs"]
    for name, values in (("batch", ["s1d1", "s1d2"] * 30), ("Samplename", ["site1_donor1_multiome"] * 60),
                         ("DonorGender", ["Male"] * 60)):
        layouts.categorical(obs, name, values)
        add_column(obs, name)
    for name, values in (("GEX_n_counts", RNA.sum(1).astype("f4")), ("DonorID", numpy.full(60, 15107)),
                         ("ATAC_blacklist_fraction", numpy.full(60, 0.001))):
        layouts.encode(obs.create_dataset(name, data=values), "array")
        add_column(obs, name)
    for name, width in (("GEX_X_pca", 5), ("ATAC_lsi_full", 6), ("ATAC_umap", 2)):
        layouts.encode(file["obsm"].create_dataset(name, data=numpy.ones((60, width), "f4")), "array")
    texts(file["uns"], "ATAC_gene_activity_var_names", SYMBOLS)
    layouts.write(folder / "genes.gtf", [
        f'chr1\tE\tgene\t{10_000 * (i + 1) + 1}\t{10_000 * (i + 1) + 900}\t.\t+\t.\tgene_id "{gene}"; '
        f'gene_name "RENAMED{i}";' for i, gene in enumerate(IDS)])
    file.close()


@reads("the benchmark GSE194122", r"layers/counts: 60 cells × 30 genes", r"30 of 30 genes have a position")
def _(folder):
    benchmark(folder)
    return [*BOTH_IN_ONE, "--genes", "genes.gtf", "--batches", "batch"]


@reads("the benchmark as GEO packs it", r"both\.h5ad\.gz: layers/counts: 60 cells × 40 peaks")
def _(folder):
    benchmark(folder)
    return [pack(folder / "both.h5ad"), "--labels", "cell_type"]


@reads("a column modality, in capitals")
def _(folder):
    mixed_file(folder, modality=["RNA"] * GENES + ["CHROMATIN_ACCESSIBILITY"] * PEAKS).close()
    return BOTH_IN_ONE


@reads("a feature_type of small letters beside another column of kinds")
def _(folder):
    mixed_file(folder, feature_types=["gene"] * GENES + ["custom"] * PEAKS,
               Modality=["gene expression"] * GENES + ["peaks"] * PEAKS).close()
    return BOTH_IN_ONE


@reads("kinds as pandas 3 writes text")
def _(folder):
    file = mixed_file(folder)
    nullable(file["var"], "feature_types", ["Gene Expression"] * GENES + ["Peaks"] * PEAKS, "string-array")
    add_column(file["var"], "feature_types")
    return BOTH_IN_ONE


@reads("antibodies are left out", r"left out 2 features of type Antibody Capture")
def _(folder):
    mixed_file(folder, x=numpy.hstack([BOTH, RNA[:, :2]]), index=SYMBOLS + PEAK_NAMES + ["CD3", "CD4"],
               feature_types=["GEX"] * GENES + ["ATAC"] * PEAKS + ["Antibody Capture"] * 2).close()
    return BOTH_IN_ONE


@refuses("kinds of one kind alone", r"both\.h5ad.*30 features of type .*RNA.* and 0 of type",
         r"others are of type protein", r"--rna and --atac")
def _(folder):
    mixed_file(folder, feature_types=["rna"] * GENES + ["protein"] * PEAKS).close()
    return BOTH_IN_ONE


# ---- which matrix ----


@reads("X null, counts in raw", r"raw/X: 60 cells × 30 genes \(X is null\)")
def _(folder):
    file = layouts.replace_x(rna_file(folder))
    layouts.null(file, "X")
    layouts.with_raw(file, RNA, SYMBOLS)
    atac_file(folder)
    return PAIR


@reads("X dense and all zero, counts in a layer", r"layers/raw_counts: .* genes \(X holds only zeros\)")
def _(folder):
    file = layouts.replace_x(rna_file(folder))
    layouts.encode(file.create_dataset("X", data=numpy.zeros(RNA.shape, "f4")), "array")
    csr(file["layers"], "raw_counts", RNA)
    atac_file(folder)
    return PAIR


@reads("X an empty group, raw beside it", r"\(X is empty\)")
def _(folder):
    file = layouts.replace_x(rna_file(folder))
    file.create_group("X")
    layouts.with_raw(file, RNA, SYMBOLS)
    atac_file(folder)
    return PAIR


@reads("a layer counts that was logged, counts in X", r"X: .* genes \(layers/counts holds fractions\)")
def _(folder):
    csr(rna_file(folder)["layers"], "counts", normalised(RNA))
    atac_file(folder)
    return PAIR


@reads("X of 0 and 1, counts in raw", r"raw/X: .* genes \(X holds only 0 and 1\)")
def _(folder):
    layouts.with_raw(rna_file(folder, RNA > 1), RNA, SYMBOLS)
    atac_file(folder, ATAC > 0)
    return PAIR


@refuses("nothing but a layer of another meaning", r"rna\.h5ad: X: there is no such matrix \(it is null\)",
         r"the file has: layers/spliced")
def _(folder):
    file = layouts.replace_x(rna_file(folder))
    layouts.null(file, "X")
    csr(file["layers"], "spliced", RNA)
    atac_file(folder)
    return PAIR


@refuses("fragments and no matrix", r"atac\.h5ad: X: it holds fragments", r"make_peak_matrix")
def _(folder):
    rna_file(folder)
    csr(layouts.replace_x(atac_file(folder))["obsm"], "fragment_paired", ATAC)
    return PAIR


# ---- columns ----


@reads("categories as nullable text, whole numbers missing in a column")
def _(folder):
    file = rna_file(folder)
    labels = file["obs/cell_type"]
    del labels["categories"]
    nullable(labels, "categories", layouts.TYPE_NAMES, "string-array")
    nullable(file["obs"], "n", list(range(60)), "integer", missing=[3])
    add_column(file["obs"], "n")
    atac_file(folder)
    return PAIR


@reads("factors of SeuratDisk, one of them missing in places")
def _(folder):
    file = rna_file(folder)
    obs = file["obs"]
    del obs["cell_type"]
    obs["cell_type"] = layouts.TYPE_CODES.astype("i4")
    codes = layouts.TYPE_CODES.astype("i4")
    codes[5] = -2**31  # R's missing integer
    obs["donor"] = codes
    levels = obs.create_group("__categories")
    texts(levels, "cell_type", layouts.TYPE_NAMES)
    texts(levels, "donor", ["d1", "d2", "d3"])
    layouts.list_columns(obs, ["cell_type", "donor"])
    atac_file(folder)
    return PAIR


@refuses("factors of SeuratDisk that count from 1", r"obs/cell_type: code 3 of entry 2 is outside")
def _(folder):
    obs = rna_file(folder)["obs"]
    del obs["cell_type"]
    obs["cell_type"] = (layouts.TYPE_CODES + 1).astype("i4")
    texts(obs.create_group("__categories"), "cell_type", layouts.TYPE_NAMES)
    atac_file(folder)
    return PAIR


def slash(folder, listed):
    obs = rna_file(folder)["obs"]
    texts(obs, "T/B type/fine", TYPES)
    del obs["cell_type"]
    layouts.list_columns(obs, ["T/B type/fine"])
    if not listed:
        del obs.attrs["column-order"]
    atac_file(folder)
    return ["--rna", "rna.h5ad", "--atac", "atac.h5ad", "--labels", "T/B type/fine"]


@reads("slashes in a column's name", labelled=False)
def _(folder):
    return slash(folder, True)


@reads("slashes in a column's name that is not listed", r"T cell \(4\)", labelled=False)
def _(folder):
    return slash(folder, False)


# ---- where features lie ----


@reads("places in columns of one file of both, spelt as BED has them", r"30 genes")
def _(folder):
    spread = [("", -1, -1)] * GENES + PLACES
    file = mixed_file(folder, index=SYMBOLS + [f"peak_{i}" for i in range(PEAKS)],
                      feature_types=["rna"] * GENES + ["atac"] * PEAKS, Chrom=[p[0] for p in spread],
                      chromStart=[p[1] for p in spread], chromEnd=[p[2] for p in spread])
    file.close()
    return BOTH_IN_ONE


@reads("places of peaks in a column interval")
def _(folder):
    mixed_file(folder, index=SYMBOLS + [f"peak_{i}" for i in range(PEAKS)],
               feature_types=["rna"] * GENES + ["atac"] * PEAKS, interval=["NA"] * GENES + PEAK_NAMES).close()
    return BOTH_IN_ONE


# ---- packed ----


@reads("a packed h5mu, with its user block", r"both\.h5mu\.gz: mod/rna/X")
def _(folder):
    import h5py
    with h5py.File(folder / "both.h5mu", "w", userblock_size=512) as file:
        rna, atac = file.create_group("mod/rna"), file.create_group("mod/atac")
        layouts.anndata(rna, RNA, layouts.obs(), {"index": SYMBOLS})
        layouts.anndata(atac, ATAC, {"index": BARCODES}, {"index": PEAK_NAMES})
        layouts.frame(file, "obs", BARCODES)
    return [pack(folder / "both.h5mu"), "--labels", "cell_type"]


@refuses("a packed file that was cut", r"both\.h5ad\.gz", r"not copied to its end")
def _(folder):
    benchmark(folder)
    path = folder / pack(folder / "both.h5ad")
    path.write_bytes(path.read_bytes()[:-2000])
    return [path.name, "--labels", "cell_type"]
