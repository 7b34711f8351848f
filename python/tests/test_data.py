"""Data in memory: what prepare marks, what is read, where results go."""

import anndata
import mudata
import numpy
import pandas
import pytest
import scipy.sparse

import scgrids as sg
from scgrids._study import study_of


def raw(cells) -> mudata.MuData:
    return mudata.read_h5mu(cells / "cells.h5mu")


def same_study(one: sg.Study, other: sg.Study) -> bool:
    return (
        one.obs.equals(other.obs)
        and one.peaks.equals(other.peaks)
        and one.genes.equals(other.genes)
        and (one.open != other.open).nnz == 0
        and one.expression.data.tobytes() == other.expression.data.tobytes()
    )


def test_prepare_marks_and_drops_nothing(cells):
    data = raw(cells)
    before = data.shape, data["rna"].X.copy(), data["atac"].X.copy()
    study = sg.pp.prepare(data, labels="cell_type", genes=cells / "genes.bed")
    assert data.shape == before[0]
    assert (data["rna"].X != before[1]).nnz == 0 and (data["atac"].X != before[2]).nnz == 0
    assert set(data["atac"].var_names[data["atac"].var["scgrids"]]) == set(study.peaks.index)
    assert set(data["rna"].var_names[data["rna"].var["scgrids"]]) == set(study.genes.index)
    used = data.obs["scgrids_split"].notna()
    assert set(data.obs_names[used]) == set(study.obs.index) and not used.all()
    ours = data.obs.loc[study.obs.index]
    assert list(ours["scgrids_split"]) == list(study.obs["split"])
    assert list(ours["scgrids_type"]) == list(study.obs["cell_type"]) == list(ours["cell_type"])


def test_a_prepared_mudata_is_written_read_and_prepared_still(cells, surrogate, genes, tmp_path):
    data = raw(cells)
    study = sg.pp.prepare(data, labels="cell_type", genes=str(cells / "genes.bed"))
    data.write(tmp_path / "prepared.h5mu")
    again = mudata.read_h5mu(tmp_path / "prepared.h5mu")
    assert same_study(study_of(again), study)
    one = sg.tl.explain(again, surrogate, cell_type="all", gene=genes[0], force=True)
    other = sg.tl.explain(study, surrogate, cell_type="all", gene=genes[0], force=True)
    assert one.subsets.equals(other.subsets)


@pytest.mark.parametrize("form", ["csc", "dense", "int64", "layer", "raw", "backed"])
def test_every_form_of_matrix_gives_the_same_study(cells, study, form, tmp_path):
    data = raw(cells)
    for name in ("rna", "atac"):
        X = data[name].X.tocsr()
        if form == "csc":
            data[name].X = X.tocsc()
        elif form == "dense":
            data[name].X = X.toarray()
        elif form == "int64":
            data[name].X = X.astype(numpy.int64)
        elif form == "layer":
            data[name].layers["counts"] = X
            data[name].X = X.log1p()
        elif form == "raw":
            data[name].raw = data[name].copy()
            data[name].X = X.log1p()
    if form == "backed":
        data = mudata.read_h5mu(cells / "cells.h5mu", backed=True)
    assert same_study(sg.pp.prepare(data, labels="cell_type", genes=cells / "genes.bed"), study)


def test_tables_in_the_place_of_files(cells, study, tmp_path):
    bed = pandas.read_csv(cells / "genes.bed", sep="\t", header=None)
    genes = bed.iloc[:, [0, 1, 2, 3, 5]].set_axis(["chrom", "start", "end", "gene", "strand"], axis=1)
    data = raw(cells)
    labels = data.obs["cell_type"].copy()
    assert same_study(sg.pp.prepare(data, labels=labels, genes=genes), study)
    assert same_study(sg.pp.prepare(data, labels="cell_type", genes=genes.set_index("gene")), study)
    data.write(tmp_path / "prepared.h5mu")
    assert same_study(study_of(mudata.read_h5mu(tmp_path / "prepared.h5mu")), study)
    with pytest.raises(sg.Error, match="has no column chrom"):
        sg.pp.prepare(data, labels="cell_type", genes=genes.drop(columns="chrom"))


def test_one_anndata_of_both(cells, study):
    data = raw(cells)
    both = anndata.concat([data["rna"], data["atac"]], axis=1, merge="first")
    both.obs = data.obs[["cell_type", "donor"]].loc[both.obs_names]
    kinds = ["Gene Expression"] * data["rna"].n_vars + ["Peaks"] * data["atac"].n_vars
    both.var["feature_types"] = pandas.Categorical(kinds)
    ours = sg.pp.prepare(both, labels="cell_type", genes=cells / "genes.bed")
    assert list(ours.obs["cell_type"]) == list(study.obs["cell_type"])
    used = set(both.var_names[both.var["scgrids"]])
    assert used == set(ours.genes.index) | set(ours.peaks.index)


def test_paths_are_prepared_too(cells, study):
    assert same_study(sg.pp.prepare(cells / "cells.h5mu", labels="cell_type", genes=cells / "genes.bed"), study)


def test_read_makes_mudata_of_every_format(cells, tmp_path):
    data = raw(cells)
    for name in ("rna", "atac"):
        data[name].write_h5ad(tmp_path / f"{name}.h5ad")
    made = sg.pp.read(rna=tmp_path / "rna.h5ad", atac=tmp_path / "atac.h5ad")
    assert list(made.mod) == ["rna", "atac"]
    for name in ("rna", "atac"):
        assert list(made[name].var_names) == list(data[name].var_names)
        assert list(made[name].obs_names) == list(data[name].obs_names)
        assert (made[name].X != data[name].X).nnz == 0
        assert made[name].X.dtype == numpy.float32
    whole = sg.pp.read(cells / "cells.h5mu")
    assert list(whole.obs["cell_type"]) == list(data.obs["cell_type"])
    with pytest.raises(sg.Error, match="there is no such file"):
        sg.pp.read(tmp_path / "nothing.h5")


def test_arrays_are_shown_and_owned_without_a_copy(study):
    """Two looks at a study's matrix are one memory, which outlives the study's Python object."""
    first, second = study._core.expression[4], study._core.expression[4]
    assert numpy.shares_memory(first, second) and not first.flags.owndata and not first.flags.writeable
    matrix = sg.Study(study._core).expression
    assert numpy.shares_memory(matrix.data, first)
    assert scipy.sparse.issparse(matrix) and matrix.shape == (len(study.obs), len(study.genes))


def test_store_puts_results_where_they_are_looked_for(cells, surrogate, genes, tmp_path):
    data = raw(cells)
    sg.pp.prepare(data, labels="cell_type", genes=cells / "genes.bed")
    found = sg.tl.explain(data, surrogate, cell_type="all", gene=genes[:3], set_size=3, force=True)
    sg.tl.store(data, found)
    data.write(tmp_path / "with_results.h5mu")
    again = mudata.read_h5mu(tmp_path / "with_results.h5mu")
    assert list(again.uns["scgrids"]["subsets"]["peak"]) == list(found.subsets["peak"])
    var = again["atac"].var
    members = set(found.links.loc[found.links["rank"].notna(), "peak"])
    assert set(var.index[var["scgrids_genes"] != ""]) == members
    annotation = again["atac"].uns["atac"]["peak_annotation"]
    assert {"peak", "distance", "peak_type"} <= set(annotation.columns)
    assert set(annotation["peak"]) == members
    # The mark of how it was prepared stays.
    assert same_study(study_of(again), study_of(data))


def test_tables_of_a_folder_are_those_that_wrote_it(found, tmp_path):
    found.write(tmp_path / "results")
    read = sg.Tables.load(tmp_path / "results")
    assert set(read) == set(found)
    for name in found:
        pandas.testing.assert_frame_equal(read[name], found[name])
    with pytest.raises(sg.Error, match="no such folder"):
        sg.Tables.load(tmp_path / "nothing")
    assert "subsets" in repr(found) and "subsets" in found._repr_html_() and "subsets" in dir(found)
    with pytest.raises(AttributeError, match="there are subsets"):
        found.nothing


def test_predict_tells_what_is_not_there(mdata, surrogate):
    with pytest.raises(sg.Error, match="mask: not in the study: chrX:1-2"):
        surrogate.predict(mdata, mask=["chrX:1-2"])
    with pytest.raises(sg.Error, match="cells: not in the study: nobody"):
        surrogate.predict(mdata, cells=["nobody"])


def test_masked_predictions_fall_where_elements_are_masked(mdata, surrogate, found):
    peaks = list(found.subsets["peak"].unique())
    whole, masked = surrogate.predict(mdata), surrogate.predict(mdata, mask=peaks)
    assert masked.uns["scgrids"]["masked_peaks"] == peaks
    gene = found.subsets["gene"].iloc[0]
    assert masked[:, gene].X.mean() < whole[:, gene].X.mean()
