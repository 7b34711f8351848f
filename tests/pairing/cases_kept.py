"""What the user's files say of the cells is in the study, where scanpy and muon look for it."""

import anndata
import h5py
import numpy
import pandas

from harness import (ATAC, BARCODES, CELLS, CODE, GENE_IDS, GENE_NAMES, GENES, PEAK_NAMES, PEAKS,
                     RNA, TYPE, atac, case, rna, write_pair)

draw = numpy.random.default_rng(11)
GAPS = draw.random(CELLS) < 0.3
STAGE = pandas.Categorical.from_codes(numpy.where(GAPS, -1, (CODE + 1) % 2),
                                      ["z late", "early", "never seen"], ordered=True)
FLOATS = numpy.where(GAPS, numpy.nan, draw.normal(size=CELLS))
INTEGERS = draw.integers(-5, 10**9, CELLS)
FLAGS = draw.random(CELLS) < 0.5
UMAP = draw.normal(size=(CELLS, 2)).astype("float32")
PCA = draw.normal(size=(CELLS, 7)).astype("float32")
LSI = draw.normal(size=(CELLS, 4))


def annotated():
    one = rna({
        "cell_type": pandas.Categorical(TYPE),
        "stage": STAGE,
        "score": FLOATS,
        "n_counts": INTEGERS,
        "kept": FLAGS,
        "rank": pandas.array([pandas.NA if gap else int(n) for gap, n in zip(GAPS, INTEGERS)],
                             dtype="Int64"),
        "doublet": pandas.array([pandas.NA if gap else bool(f) for gap, f in zip(GAPS, FLAGS)],
                                dtype="boolean"),
        "leiden": pandas.Categorical([str(c) for c in CODE]),
        "sample": pandas.Categorical(["s1"] * CELLS),
        "donor": pandas.Categorical([f"d{c}" for c in CODE]),
        "free text": [f"note {i}" for i in range(CELLS)],
    })
    one.obsm["X_umap"], one.obsm["X_pca"] = UMAP, PCA
    other = atac({
        "leiden": pandas.Categorical([str(c) for c in (CODE + 1) % 3]),
        "sample": pandas.Categorical(["s1"] * CELLS),
        "n_frags": INTEGERS * 2,
    })
    other.obsm["X_lsi"], other.obsm["X_umap"] = LSI, -UMAP
    return one, other


def same(found, expected, what):
    """Both as pandas has them, missing values where there are some."""
    found, expected = pandas.Series(list(found)), pandas.Series(list(expected))
    gaps = expected.isna()
    assert (found.isna() == gaps).all(), f"{what}: missing values differ"
    assert (found[~gaps] == expected[~gaps]).all(), f"{what}: values differ"


@case("columns, embeddings and ids of two files are kept",
      r"kept of the cells' annotations \(--keep-obs\): stage, score")
def kept():
    one, other = annotated()

    def check(study):
        rows = study.row_of(BARCODES)
        obs, of_rna, of_atac = study.obs, study.modality["rna"], study.modality["atac"]
        for name in one.obs.columns.drop(["cell_type", "leiden", "donor"]):
            for table, where in ((obs, "whole"), (of_rna.obs, "rna")):
                same(table[name], one.obs[name].iloc[rows], f"{name} of the {where}")
        for table in (obs, of_rna.obs):
            assert list(table["stage"].cat.categories) == ["z late", "early", "never seen"]
            assert table["stage"].cat.ordered, "the order of categories is lost"
            assert table["kept"].dtype == bool and table["n_counts"].dtype == "int64"
            assert str(table["rank"].dtype) == "Int64" and str(table["doublet"].dtype) == "boolean"
            assert table["score"].dtype == "float64"
            assert table["free text"].iloc[0] == f"note {rows[0]}"
        # Two modalities that differ: muon's prefixes; one that the study has itself: likewise.
        assert "leiden" not in obs and "donor" not in obs
        same(obs["rna:leiden"], one.obs["leiden"].iloc[rows], "rna:leiden")
        same(obs["atac:leiden"], other.obs["leiden"].iloc[rows], "atac:leiden")
        same(obs["rna:donor"], one.obs["donor"].iloc[rows], "rna:donor")
        same(of_rna.obs["leiden"], one.obs["leiden"].iloc[rows], "leiden of the RNA")
        same(of_atac.obs["leiden"], other.obs["leiden"].iloc[rows], "leiden of the ATAC")
        same(obs["n_frags"], other.obs["n_frags"].iloc[rows], "n_frags")
        same(of_atac.obs["sample"], other.obs["sample"].iloc[rows], "sample")
        same(of_atac.obs["cell_type"], TYPE[rows], "cell_type of the ATAC")
        assert "rna:sample" not in obs and "n_frags" not in of_rna.obs
        assert (of_rna.obsm["X_umap"] == UMAP[rows]).all(), "X_umap of the RNA differs"
        assert (of_rna.obsm["X_pca"] == PCA[rows]).all(), "X_pca differs"
        assert (of_atac.obsm["X_umap"] == -UMAP[rows]).all(), "X_umap of the ATAC differs"
        assert numpy.allclose(of_atac.obsm["X_lsi"], LSI[rows], rtol=1e-6), "X_lsi differs"
        ids = dict(zip(GENE_NAMES, GENE_IDS))
        assert (of_rna.var["gene_ids"] == of_rna.var_names.map(ids)).all(), "gene_ids differ"
        assert set(of_rna.var["feature_types"]) == {"Gene Expression"}
        assert set(of_atac.var["feature_types"]) == {"Peaks"}
        assert (of_atac.var["interval"] == of_atac.var_names).all(), "intervals differ"

    return write_pair(one, other), check


def ordered_donors(column, kept_as):
    @case(f"an ordered column that names the donors keeps its order: {column}")
    def ordered():
        order = ["third", "first", "second"]
        visit = pandas.Categorical([order[1 + c % 2] for c in CODE], order, ordered=True)

        def check(study):
            rows = study.row_of(BARCODES)
            kept = study.obs[kept_as]
            assert list(kept.cat.categories) == order and kept.cat.ordered, "the order is lost"
            for name in (kept_as, "donor"):
                same(study.obs[name].astype(str), numpy.asarray(visit)[rows], name)

        return write_pair(rna({"cell_type": pandas.Categorical(TYPE), column: visit})) + ["--donors", column], check


ordered_donors("visit", "visit")
ordered_donors("donor", "rna:donor")


@case("one file of both: its columns are there once, its embeddings in all three places")
def mixed():
    both = anndata.AnnData(
        numpy.hstack([RNA, ATAC]), dtype="float32",
        obs=pandas.DataFrame({"cell_type": pandas.Categorical(TYPE), "leiden": CODE},
                             index=BARCODES),
        var=pandas.DataFrame({"feature_types": ["Gene Expression"] * GENES + ["Peaks"] * PEAKS},
                             index=GENE_NAMES + PEAK_NAMES))
    both.obsm["X_umap"] = UMAP
    both.write_h5ad("both.h5ad")

    def check(study):
        rows = study.row_of(BARCODES)
        assert "rna:leiden" not in study.obs and "given:cell_type" not in study.obs
        for table in (study.obs, study.modality["rna"].obs, study.modality["atac"].obs):
            same(table["leiden"], CODE[rows], "leiden")
        for place in (study, study.modality["rna"], study.modality["atac"]):
            assert (place.obsm["X_umap"] == UMAP[rows]).all(), "X_umap differs"

    return ["both.h5ad"], check


def write_mudata(path, whole, one, other):
    """As muon lays it out, by hand: Debian has no mudata."""
    write_pair(one, other)
    with h5py.File(path, "w") as file:
        for name in ("rna", "atac"):
            with h5py.File(f"{name}.h5ad") as part:
                part.copy("/", file.require_group("mod"), name)
        anndata.AnnData(numpy.zeros((CELLS, 1), "float32"), obs=whole,
                        dtype="float32").write_h5ad("whole.h5ad")
        with h5py.File("whole.h5ad") as part:
            part.copy("obs", file, "obs")
        obsm = file.create_group("obsm")
        obsm["rna"] = numpy.ones(CELLS, bool)
        obsm["X_wnn"] = UMAP


@case("a MuData: what muon pulled into the whole is there once, its own columns and embeddings too")
def whole():
    one, other = annotated()
    order = draw.permutation(CELLS)
    table = pandas.DataFrame({
        "rna:leiden": one.obs["leiden"], "atac:n_frags": other.obs["n_frags"],
        "batch": pandas.Categorical([f"b{c}" for c in CODE]), "wnn": CODE * 0.5,
    }, index=BARCODES).iloc[order]
    write_mudata("cells.h5mu", table, one, other)

    def check(study):
        rows = study.row_of(BARCODES)
        same(study.obs["rna:leiden"], one.obs["leiden"].iloc[rows], "rna:leiden")
        same(study.obs["atac:n_frags"], other.obs["n_frags"].iloc[rows], "atac:n_frags")
        assert not {"leiden", "n_frags", "rna:rna:leiden"} & set(study.obs.columns)
        same(study.obs["wnn"], CODE[rows] * 0.5, "wnn")
        same(study.obs["given:batch"], [f"b{c}" for c in CODE[rows]], "given:batch")
        assert "wnn" not in study.modality["rna"].obs
        place = {name: i for i, name in enumerate(table.index)}
        where = [place[name] for name in study.obs.index]
        assert (study.obsm["X_wnn"] == UMAP[where]).all(), "X_wnn differs"

    return ["cells.h5mu"], check


@case("--keep-obs names what is kept, with or without a prefix")
def some():
    def check(study):
        own = {"split", "total_rna", "open_peaks", "place", "cell_type"}
        assert set(study.obs.columns) - own == {"score", "rna:leiden"}, list(study.obs.columns)
        assert list(study.modality["rna"].obsm) == ["X_umap"], "embeddings differ"
        assert not study.modality["atac"].obsm.keys() - {"X_umap"}

    return write_pair(*annotated()) + ["--keep-obs", "score,X_umap", "rna:leiden"], check


@case("--keep-obs none keeps nothing")
def nothing():
    def check(study):
        own = {"split", "total_rna", "open_peaks", "place", "cell_type"}
        assert set(study.obs.columns) == own, list(study.obs.columns)
        assert not list(study.modality["rna"].obsm)

    return write_pair(*annotated()) + ["--keep-obs", "none"], check


@case("--keep-obs that names nothing of the files",
      r"--keep-obs: the files have no column or embedding 'liden'; there are: .*leiden", code=3)
def unknown():
    return write_pair(*annotated()) + ["--keep-obs", "liden"]


@case("tables in obsm and very wide matrices there are named and left out",
      r"not kept, .*: X_table, X_wide")
def odd_embeddings():
    one = rna()
    one.obsm["X_wide"] = numpy.zeros((CELLS, 300), "float32")
    one.obsm["X_table"] = pandas.DataFrame({"a": CODE}, index=one.obs_names)
    return write_pair(one)


@case("columns with slashes in their names are kept, but for one that would lie inside of another",
      r"a name that a file cannot hold beside the others: T/B type")
def slashes():
    def check(study):
        rows = study.row_of(BARCODES)
        same(study.obs["T"], CODE[rows], "T")
        same(study.obs["a/b"], CODE[rows] + 1, "a/b")

    return write_pair(rna({"cell_type": pandas.Categorical(TYPE), "T": CODE, "a/b": CODE + 1}),
                      atac({"T/B type": CODE})), check
