"""Today's tools: what anndata, mudata, scanpy and muon write is read, what scgrids writes they read and draw."""

import subprocess
import warnings

import anndata
import matplotlib
import mudata
import numpy
import pandas
import pytest
import scipy.sparse
from conftest import grids, programs
from test_data import raw, same_study

import scgrids as sg
from scgrids._study import study_of

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(autouse=True)
def no_figures():
    yield
    plt.close("all")


def of_command_line(path, cells, folder, labels="cell_type") -> sg.Study:
    """The study that `grids prepare` makes of a file."""
    words = ("prepare", path, "--labels", labels, "--genes", cells / "genes.bed", "-o", "study.h5mu", "--overwrite")
    grids(*words, folder=folder)
    return sg.Study.load(folder / "study.h5mu")


def prepared(data, cells, labels="cell_type") -> sg.Study:
    return sg.pp.prepare(data, labels=labels, genes=cells / "genes.bed")


# ---- what they write ----

#: Columns of labels as newest anndata writes them; all but the last say the same three types.
COLUMNS = {
    "texts": lambda labels: labels.astype(str),
    "nullable texts": lambda labels: labels.astype(str).astype("string"),
    "categories of nullable texts": lambda labels: pandas.Categorical(labels.astype(str).astype("string")),
    "ordered categories": lambda labels: labels.cat.reorder_categories(["type_3", "type_1", "type_2"], ordered=True),
    "whole numbers": lambda labels: labels.cat.codes.astype("int8"),
    "nullable whole numbers": lambda labels: pandas.array(labels.cat.codes.astype(int), dtype="UInt16"),
    "fractions": lambda labels: labels.cat.codes.astype("float32"),
    "categories of numbers": lambda labels: pandas.Categorical(labels.cat.codes),
}


@pytest.mark.parametrize("kind", COLUMNS)
def test_labels_of_every_encoding(cells, study, kind, tmp_path):
    data = raw(cells)
    data.obs["label"] = COLUMNS[kind](data.obs["cell_type"])
    with anndata.settings.override(allow_write_nullable_strings=True):
        data.write(tmp_path / "cells.h5mu")
    ours = prepared(data, cells, "label")
    assert same_study(of_command_line(tmp_path / "cells.h5mu", cells, tmp_path, "label"), ours)
    assert same_study(prepared(mudata.read_h5mu(tmp_path / "cells.h5mu"), cells, "label"), ours)
    # The same cells of the same types, whatever these are called.
    groups = pandas.crosstab(ours.obs["cell_type"], study.obs["cell_type"].loc[ours.obs.index])
    assert len(ours.obs) == len(study.obs) and (groups > 0).to_numpy().sum() == 3


@pytest.mark.parametrize("dtype", ["string", "Int64", "boolean"])
def test_missing_labels_are_missing_in_every_encoding(cells, dtype, tmp_path):
    data = raw(cells)
    values = {
        "string": data.obs["cell_type"].astype(str),
        "Int64": data.obs["cell_type"].cat.codes.astype(int),
        "boolean": data.obs["cell_type"] == "type_1",
    }[dtype]
    column = pandas.array(values, dtype=dtype)
    column[:7] = pandas.NA
    data.obs["label"] = column
    with anndata.settings.override(allow_write_nullable_strings=True):
        data.write(tmp_path / "cells.h5mu")
    ours = prepared(data, cells, "label")
    assert not set(ours.obs.index) & set(data.obs_names[:7])
    assert same_study(of_command_line(tmp_path / "cells.h5mu", cells, tmp_path, "label"), ours)


def test_columns_that_no_file_holds_are_told_as_texts_or_left_out(cells, study):
    """None of these can be written; in memory they stand in nobody's way."""
    data = raw(cells)
    count = data.n_obs
    data.obs["date"] = pandas.Timestamp("2026-01-02")
    data.obs["mixed"] = ["a", 1] * (count // 2)
    data.obs["complex"] = numpy.full(count, 1j)
    data.obs["lists"] = pandas.Series([[1]] * count, index=data.obs_names)
    data["rna"].obs["date"] = pandas.Timestamp("2026-01-02")
    data["rna"].layers["complex"] = data["rna"].X.astype(numpy.complex64)
    assert same_study(prepared(data, cells), study)
    data.obs["label"] = pandas.to_datetime(data.obs["cell_type"].cat.codes + 1, unit="D")
    assert prepared(data, cells, "label").cell_types == [f"1970-01-0{day} 00:00:00" for day in (2, 3, 4)]


@pytest.mark.parametrize("compression", ["gzip", "lzf"])
@pytest.mark.parametrize("form", ["csr", "csc", "dense", "int64", "uint16", "raw", "layer"])
def test_files_of_every_form(cells, study, form, compression, tmp_path):
    data = raw(cells)
    for adata in data.mod.values():
        X = adata.X.tocsr()
        of_form = {"csc": X.tocsc, "dense": X.toarray}
        if form in ("int64", "uint16"):
            adata.X = X.astype(form)
        elif form in of_form:
            adata.X = of_form[form]()
        elif form == "raw":
            adata.raw = adata.copy()
            adata.X = X.log1p().toarray()
        elif form == "layer":
            adata.layers["counts"] = X.tocsc()
            adata.X = None
    data.write(tmp_path / "cells.h5mu", compression=compression)
    assert same_study(of_command_line(tmp_path / "cells.h5mu", cells, tmp_path), study)
    if compression == "gzip":
        assert same_study(prepared(mudata.read_h5mu(tmp_path / "cells.h5mu"), cells), study)


def together(cells) -> anndata.AnnData:
    """Genes and peaks in one AnnData."""
    data = raw(cells)
    both = anndata.concat([data["rna"], data["atac"]], axis=1, merge="first")
    both.obs = data.obs[["cell_type", "donor"]].loc[both.obs_names]
    kinds = ["Gene Expression"] * data["rna"].n_vars + ["Peaks"] * data["atac"].n_vars
    both.var["feature_types"] = pandas.Categorical(kinds)
    return both


@pytest.mark.parametrize(
    "setting",
    [
        {},
        {"write_csr_csc_indices_with_min_possible_dtype": True},
        {"use_sparse_array_on_read": True},
        {"allow_write_nullable_strings": True},
    ],
)
def test_h5ad_of_anndatas_settings_in_memory_and_backed(cells, setting, tmp_path):
    both = together(cells)
    expected = prepared(both.copy(), cells)
    if "allow_write_nullable_strings" in setting:
        both.obs_names = both.obs_names.astype("string")
    path = tmp_path / "cells.h5ad"
    with anndata.settings.override(**setting):
        both.write_h5ad(path)
        assert same_study(of_command_line(path, cells, tmp_path), expected)
        assert same_study(prepared(anndata.read_h5ad(path), cells), expected)
        backed = anndata.read_h5ad(path, backed="r")
        assert same_study(prepared(backed, cells), expected)
        assert backed.isbacked and backed.var["scgrids"].any()
        backed.file.close()


def test_what_else_an_anndata_may_hold_changes_nothing(cells, tmp_path):
    both = together(cells)
    expected = prepared(both.copy(), cells)
    ones = scipy.sparse.eye(both.n_obs, format="csr")
    both.obsm = {
        "X_pca": numpy.ones((both.n_obs, 5)),
        "frame": pandas.DataFrame({"a": 1.0, "b": pandas.Categorical(["x"] * both.n_obs)}, index=both.obs_names),
        "sparse": ones,
        "record": numpy.zeros(both.n_obs, dtype=[("a", "f4"), ("b", "i4")]),
        "texts": numpy.full((both.n_obs, 2), "x"),
    }
    both.obsp["distances"] = ones
    both.varm["PCs"] = numpy.ones((both.n_vars, 3))
    both.uns["neighbors"] = {"params": {"n": 5, "none": None}, "list": [1, 2], "text": "t"}
    both.write_h5ad(tmp_path / "cells.h5ad")
    assert same_study(prepared(both, cells), expected)
    assert same_study(of_command_line(tmp_path / "cells.h5ad", cells, tmp_path), expected)


@pytest.mark.parametrize("version", [2, 3])
def test_zarr_is_opened_by_anndata_and_mudata(cells, study, version, tmp_path):
    pytest.importorskip("zarr")
    both = together(cells)
    with anndata.settings.override(zarr_write_format=version):
        both.write_zarr(tmp_path / "both.zarr")
        raw(cells).write_zarr(tmp_path / "cells.zarr")
    expected = prepared(both, cells)
    assert same_study(prepared(anndata.read_zarr(tmp_path / "both.zarr"), cells), expected)
    assert same_study(prepared(mudata.read_zarr(tmp_path / "cells.zarr"), cells), study)
    # The command line and paths need neither.
    for name in ("both.zarr", "cells.zarr"):
        assert same_study(of_command_line(tmp_path / name, cells, tmp_path), expected if name == "both.zarr" else study)


def test_lazy_tables_and_dask_arrays(cells, tmp_path):
    pytest.importorskip("xarray")
    pytest.importorskip("dask")
    both = together(cells)
    both.write_h5ad(tmp_path / "cells.h5ad")
    lazy = anndata.experimental.read_lazy(tmp_path / "cells.h5ad")
    assert same_study(prepared(lazy, cells), prepared(both, cells))


@pytest.mark.parametrize(
    "spoil, told",
    [
        (lambda data: data["rna"].X.data.__setitem__(3, numpy.nan), "rna.*feature '.*': the value is nan; counts"),
        (lambda data: setattr(data["rna"], "X", -data["rna"].X), "the value is -.*; counts"),
        (lambda data: setattr(data["rna"], "X", data["rna"].X.astype("c8")), "X holds values of complex64; numbers"),
        (lambda data: setattr(data["rna"], "X", None), "there is no such matrix; the file has: none"),
        (lambda data: data.obs.__setitem__("cell_type", 1j), r"labels: obs\['cell_type'\] holds values of complex128"),
        (lambda data: data.obs.pop("cell_type"), "cell_type"),
        (lambda data: data.mod.pop("atac"), "no modality for atac among rna; name it: atac_modality="),
    ],
)
def test_what_is_refused_is_refused_by_a_clear_error(cells, spoil, told):
    data = raw(cells)
    spoil(data)
    with pytest.raises(sg.Error, match=told) as caught:
        prepared(data, cells)
    assert caught.value.kind in ("input", "usage")


def test_other_objects_are_refused():
    with pytest.raises(sg.Error, match="list is no MuData, AnnData or path of a file of raw cells"):
        sg.pp.prepare([1, 2])


def test_cells_that_were_dropped_since_are_told(cells, surrogate, tmp_path):
    """Another split would put cells that trained the surrogate among the test cells."""
    import muon

    data = raw(cells)
    prepared(data, cells)
    muon.pp.filter_obs(data, "scgrids_split", lambda split: split == "test")
    with pytest.raises(sg.Error, match="rna of 300 × 60, .* now rna of 59 × 60"):
        sg.tl.evaluate(data, surrogate)
    data.write(tmp_path / "fewer.h5mu")
    with pytest.raises(sg.Error, match="prepare it again"):
        sg.tl.evaluate(mudata.read_h5mu(tmp_path / "fewer.h5mu"), surrogate)
    # A further modality is nobody's business.
    data = raw(cells)
    study = prepared(data, cells)
    data.mod["protein"] = anndata.AnnData(numpy.ones((data.n_obs, 2)), obs=data["rna"].obs[[]])
    data.update()
    assert study_of(data) is study


# ---- what scgrids writes ----


@pytest.fixture(scope="module")
def stored(cells, surrogate, found, tmp_path_factory):
    """A MuData with results, written and read by muon."""
    import muon

    data = raw(cells)
    prepared(data, cells)
    sg.tl.store(data, sg.tl.evaluate(data, surrogate, map=True))
    sg.tl.store(data, found)
    path = tmp_path_factory.mktemp("stored") / "stored.h5mu"
    data.write(path)
    return muon.read(path)


def test_anndata_and_mudata_read_every_file_of_the_command_line(files, tmp_path):
    study = mudata.read_h5mu(files / "study.h5mu")
    assert set(study.mod) == {"atac", "rna"}
    words = ("knockout", "study.h5mu", "cis.safetensors", "--cell-type", "all", "--all-genes")
    grids(*words, "-o", tmp_path / "knockout", folder=files)
    grids("predict", "study.h5mu", "cis.safetensors", "-o", tmp_path / "predicted.h5ad", folder=files)
    written = [*(tmp_path / "knockout").glob("*.h5ad"), tmp_path / "predicted.h5ad"]
    assert len(written) > 1
    for path in written:
        adata = anndata.read_h5ad(path)
        backed = anndata.read_h5ad(path, backed="r")
        assert adata.shape == backed.shape and numpy.isfinite(adata.X).all()
        backed.file.close()
        # And anndata writes it anew.
        adata.write_h5ad(tmp_path / "again.h5ad")
        assert (anndata.read_h5ad(tmp_path / "again.h5ad").X == adata.X).all()


def test_the_map_is_drawn_by_muon(stored):
    import muon

    axes = muon.pl.embedding(stored, basis="X_scgrids_umap", color=["cell_type", "scgrids_split"], show=False)
    on_map = numpy.isfinite(stored.obsm["X_scgrids_umap"]).all(axis=1)
    assert list(stored.obs_names[on_map]) == list(stored.obs_names[stored.obs["scgrids_split"].notna()])
    for ax, column in zip(axes, ("cell_type", "scgrids_split")):
        drawn = ax.collections[0].get_offsets()
        assert numpy.isfinite(numpy.asarray(drawn)).all(axis=1).sum() == on_map.sum()
        shown = {text.get_text() for text in ax.get_legend().get_texts()}
        assert set(stored.obs[column].cat.categories) <= shown


def test_predictions_pass_through_scanpy(stored, mdata, surrogate, tmp_path):
    import scanpy

    predicted = surrogate.predict(mdata)
    scanpy.tl.rank_genes_groups(predicted, "cell_type")
    predicted.obsm["X_umap"] = stored[predicted.obs_names].obsm["X_scgrids_umap"]
    gene = predicted.uns["rank_genes_groups"]["names"][0][0]
    drawn = scanpy.pl.umap(predicted, color=[gene, "cell_type"], show=False)
    assert [len(ax.collections[0].get_offsets()) for ax in drawn] == [predicted.n_obs] * 2
    panels = scanpy.pl.rank_genes_groups(predicted, show=False)
    types = list(predicted.obs["cell_type"].cat.categories)
    assert [ax.get_title() for ax in panels] == [f"{name} vs. rest" for name in types]
    dots = scanpy.pl.rank_genes_groups_dotplot(predicted, n_genes=2, dendrogram=False, show=False)["mainplot_ax"]
    assert [text.get_text() for text in dots.get_yticklabels()] == types
    assert len(dots.get_xticklabels()) == 6
    predicted.write_h5ad(tmp_path / "predicted.h5ad")
    assert (anndata.read_h5ad(tmp_path / "predicted.h5ad").X == predicted.X).all()


def test_knockouts_pass_through_scanpy(mdata, surrogate, tmp_path):
    import scanpy

    made = sg.tl.knockout(mdata, surrogate, cell_type="each", all_genes=True)
    for name, adata in made.items():
        adata.write_h5ad(tmp_path / f"{name}.h5ad")
        again = scanpy.read_h5ad(tmp_path / f"{name}.h5ad")
        assert again.X.tobytes() == adata.X.tobytes() and again.uns["scgrids"]["cell_type"] == name
    few = list(again.var_names[:4])
    plot = scanpy.pl.matrixplot(again, few, groupby="chrom", return_fig=True)
    expected = again[:, few].to_df().groupby(again.obs["chrom"].to_numpy()).mean()
    assert numpy.allclose(plot.values_df, expected.loc[plot.values_df.index])
    scanpy.pl.dotplot(again, few, groupby="chrom", show=False)
    scanpy.pl.heatmap(again, few, groupby="chrom", show=False)


def test_peaks_of_sets_pass_through_muon(stored, found):
    import muon

    atac = stored["atac"]
    atac.obs["cell_type"] = stored.obs["cell_type"].loc[atac.obs_names]
    muon.atac.pp.tfidf(atac, scale_factor=1e4)
    muon.atac.tl.lsi(atac, n_comps=5)
    muon.atac.tl.rank_peaks_groups(atac, "cell_type", add_peak_type=True, add_distance=True)
    ranked = atac.uns["rank_genes_groups"]
    genes = {gene for names in ranked["genes"].tolist() for cell in names for gene in cell.split(", ")}
    assert genes == set(found.links["gene"])
    gene = found.links["gene"].iloc[0]
    peaks = set(found.links.loc[found.links["gene"] == gene, "peak"])
    annotation = atac.uns["atac"]["peak_annotation"]
    assert set(annotation.loc[[gene], "peak"]) == peaks
    ax = muon.atac.pl.embedding(atac, basis="X_lsi", color=gene, average="peak_type", use_raw=False, show=False)
    assert gene in str([one.get_title() for one in numpy.atleast_1d(ax)])


def test_muon_filters_and_intersects_what_is_stored(stored, tmp_path):
    import muon

    data = stored.copy()
    muon.pp.filter_var(data["atac"], "scgrids", lambda used: used)
    muon.pp.filter_var(data["rna"], "scgrids", lambda used: used)
    muon.pp.filter_obs(data, "scgrids_split", lambda split: split.notna())
    muon.pp.intersect_obs(data)
    data.update()
    used = stored.obs["scgrids_split"].notna()
    assert list(data.obs_names) == list(stored.obs_names[used])
    assert data["atac"].n_vars == stored["atac"].var["scgrids"].sum()
    members = stored["atac"].var["scgrids_genes"]
    assert (data["atac"].var["scgrids_genes"] == members[data["atac"].var_names]).all()
    assert set(data.uns["scgrids"]) == set(stored.uns["scgrids"])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        data.write(tmp_path / "filtered.h5mu")
    assert muon.read(tmp_path / "filtered.h5mu").shape == data.shape
