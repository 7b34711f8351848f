"""What a user's data may be like: it works, or `scgrids.Error` names what is wrong and what to do."""

import anndata
import mudata
import numpy
import pandas
import pytest

import scgrids as sg


@pytest.fixture
def data(cells):
    with mudata.set_options(pull_on_update=False):
        return mudata.read_h5mu(cells / "cells.h5mu")


@pytest.fixture
def prepare(cells):
    return lambda data, **options: sg.pp.prepare(
        data, **{"labels": "cell_type", "genes": cells / "genes.bed", **options}
    )


@pytest.fixture
def genes(cells):
    bed = pandas.read_csv(cells / "genes.bed", sep="\t", header=None, comment="#")
    return bed.iloc[:, [0, 1, 2, 3, 5]].set_axis(["chrom", "start", "end", "gene", "strand"], axis=1)


def both(data):
    """One AnnData of genes and peaks."""
    made = anndata.concat([data["rna"], data["atac"]], axis=1, merge="first")
    made.obs = data.obs[["cell_type"]].loc[made.obs_names]
    made.var["feature_types"] = ["Gene Expression"] * data["rna"].n_vars + ["Peaks"] * data["atac"].n_vars
    return made


def with_parts(data, **parts):
    """MuData of changed parts, the labels by barcode."""
    with mudata.set_options(pull_on_update=False):
        made = mudata.MuData(parts)
    made.obs["cell_type"] = data.obs["cell_type"].reindex(made.obs_names)
    return made


# ---- labels ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["list", "array", "dict", "series", "frame", "table", "categorical"])
def test_labels_of_any_form_are_the_column(data, prepare, study, form):
    labels = data.obs["cell_type"]
    given = {
        "list": list(labels),
        "array": labels.to_numpy(),
        "dict": labels.to_dict(),
        "series": labels[::-1],
        "frame": labels.to_frame(),
        "table": labels.rename_axis("barcode").reset_index(),
        "categorical": pandas.Categorical(labels),
    }[form]
    assert list(prepare(data, labels=given).obs["cell_type"]) == list(study.obs["cell_type"])


def test_missing_labels_leave_cells_out(data, prepare):
    labels = data.obs["cell_type"].astype(object)
    labels[labels == "type_1"] = numpy.nan
    assert prepare(data, labels=labels).cell_types == ["type_2", "type_3"]


def test_wrong_labels_are_told_by_their_name(data, prepare):
    with pytest.raises(sg.Error, match="no column 'celltype'.*there are.*cell_type"):
        prepare(data, labels="celltype")
    others = pandas.Series("a", index=[f"x{i}" for i in range(data.n_obs)])
    with pytest.raises(sg.Error, match=r"^labels \(the table given\): none of its 300 barcodes"):
        prepare(data, labels=others)
    with pytest.raises(sg.Error, match="labels: 2 labels for 300 cells"):
        prepare(data, labels=["a", "b"])
    frame = data.obs.assign(other=1, more=2)
    with pytest.raises(sg.Error, match=r'labels: a table of \d columns .*labels=table\["cell_type"\]'):
        prepare(data, labels=frame)


def test_labels_of_cells_in_a_file_are_by_barcode(cells, prepare):
    with pytest.raises(sg.Error, match="labels: 2 labels for cells in a file"):
        prepare(cells / "cells.h5mu", labels=["a", "b"])


# ---- matrices and names ---------------------------------------------------------------------------


@pytest.mark.parametrize("value", [-1.0, numpy.nan, numpy.inf])
def test_values_that_are_no_counts(data, prepare, value):
    X = data["rna"].X.toarray()
    X[3, 4] = value
    data["rna"].X = X
    with pytest.raises(sg.Error, match="mod/rna/X: cell '.*', feature '.*': the value is.*name a layer"):
        prepare(data)


def test_log_normalised_cells_are_told_or_their_layer_is_taken(data, prepare, study):
    counts = data["rna"].X.copy()
    data["rna"].X = counts.log1p()
    data["rna"].layers["mine"] = counts
    assert (prepare(data, rna_layer="mine").expression != study.expression).nnz == 0
    with pytest.raises(sg.Error, match="mod/rna/layers/other: there is no such matrix; the file has: .*mine"):
        prepare(data, rna_layer="other")
    data["rna"].X = None
    del data["rna"].layers["mine"]
    with pytest.raises(sg.Error, match="mod/rna/X: there is no such matrix"):
        prepare(data)


def test_cells_of_one_name_are_refused(data, prepare):
    one = both(data)
    names = list(one.obs_names)
    names[1] = names[0]
    one.obs_names = names
    with pytest.raises(sg.Error, match="1 barcodes occur more than once.*make them unique"):
        prepare(one)


def test_cells_of_one_modality_are_left_out(data, prepare):
    parts = {"rna": data["rna"][50:].copy(), "atac": data["atac"][:250].copy()}
    made = with_parts(data, **parts)
    prepare(made)
    marked = set(made.obs_names[made.obs["scgrids_split"].notna()])
    assert marked and marked <= set(parts["rna"].obs_names) & set(parts["atac"].obs_names)
    parts["atac"].obs_names = ["z" + name for name in parts["atac"].obs_names]
    with pytest.raises(sg.Error, match="no cell is in both modalities.*spell the same cells alike"):
        prepare(with_parts(data, **parts))


@pytest.mark.parametrize("between", ["_", "-"])
def test_peaks_of_other_spelling_are_the_same_places(data, prepare, study, between):
    atac = data["atac"].copy()
    atac.var_names = [name.replace(":", between).replace("-", between) for name in atac.var_names]
    ours = prepare(with_parts(data, rna=data["rna"].copy(), atac=atac))
    assert (ours.peaks.to_numpy() == study.peaks.to_numpy()).all()


@pytest.mark.parametrize(
    "kinds",
    [("Gene Expression", "Peaks"), ("RNA", "ATAC"), ("RNA-seq", "ATAC_seq"), ("mRNA", "open chromatin")],
)
@pytest.mark.parametrize("column", ["feature_types", "modality"])
def test_one_anndata_is_marked_by_whatever_tells_genes_from_peaks(data, prepare, study, column, kinds):
    made = both(data)
    made.var[column] = numpy.where(made.var.pop("feature_types") == "Peaks", kinds[1], kinds[0])
    ours = prepare(made)
    assert set(made.var_names[made.var["scgrids"]]) == set(ours.genes.index) | set(ours.peaks.index)
    assert set(ours.peaks.index) == set(study.peaks.index)


def test_one_anndata_without_both(data, prepare):
    with pytest.raises(sg.Error, match="var/feature_types: the column that tells genes .* is missing"):
        prepare(data["rna"].copy())


def test_modalities_and_other_objects(data, prepare):
    parts = {"rna": data["rna"].copy(), "chromatin": data["atac"].copy()}
    with pytest.raises(sg.Error, match="no modality for atac among rna, chromatin; name it: atac_modality="):
        prepare(with_parts(data, **parts))
    assert prepare(with_parts(data, **parts), atac_modality="chromatin").cell_types
    with pytest.raises(sg.Error, match="prepare: DataFrame is no MuData, AnnData or path"):
        prepare(data["rna"].to_df())
    with pytest.raises(sg.Error, match="nothing.h5mu: there is no such file"):
        sg.pp.read("nothing.h5mu")


# ---- genes ----------------------------------------------------------------------------------------


def test_ids_in_the_place_of_symbols(data, prepare, cells):
    rna = data["rna"].copy()
    bed = pandas.read_csv(cells / "genes.bed", sep="\t", header=None, comment="#")
    rna.var_names = bed[6].to_numpy()
    assert len(prepare(with_parts(data, rna=rna, atac=data["atac"].copy())).genes) == rna.n_vars
    rna.var_names = [f"ENSG{i:011d}" for i in range(rna.n_vars)]
    with pytest.raises(sg.Error, match="not one of the 60 genes have a position.*same symbols or with Ens"):
        prepare(with_parts(data, rna=rna, atac=data["atac"].copy()))


def test_tables_of_genes(data, prepare, genes, study):
    as_floats = genes.astype({"start": float, "end": float})
    assert prepare(data, genes=as_floats).genes.equals(study.genes)
    of_pyranges = genes.rename(columns={"chrom": "Chromosome", "start": "Start", "end": "End", "strand": "Strand"})
    assert prepare(data, genes=of_pyranges).genes.equals(study.genes)
    missing = as_floats.assign(start=as_floats["start"].where(genes.index != 3))
    with pytest.raises(sg.Error, match=f"genes: 'start' of {genes['gene'][3]} is .*nan.*leave out genes"):
        prepare(data, genes=missing)
    with pytest.raises(sg.Error, match=r"genes \(the table given\), line 1: a gene needs"):
        prepare(data, genes=genes.assign(end=genes["start"] - 5))


# ---- questions ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "asked, told",
    [
        ({"cell_type": "", "gene": "SIM00001"}, "cell_type: an empty text names nothing"),
        ({"cell_type": ["all", " "], "gene": "SIM00001"}, "cell_type: an empty text names nothing"),
        ({"cell_type": "B cell", "gene": "SIM00001"}, "no cell type 'B cell'"),
        ({"cell_type": "all", "gene": "NOGENE"}, "no gene 'NOGENE'"),
        ({"cell_type": "all", "gene": []}, "go together"),
        ({"cell_type": "all", "gene": [None]}, "gene: None is no text"),
        ({}, "what is to be explained"),
        ({"targets": pandas.DataFrame({"a": [1]})}, r"^targets \(the table given\): no column 'cell_type'"),
    ],
)
def test_questions_that_name_nothing(study, surrogate, asked, told):
    with pytest.raises(sg.Error, match=told):
        sg.tl.explain(study, surrogate, **asked)


def test_a_surrogate_of_other_cells(data, prepare, surrogate):
    prepare(data, min_peak_cells=20)
    with pytest.raises(sg.Error, match="was not trained on this study; train it again"):
        sg.tl.evaluate(data, surrogate)


# ---- models of one's own --------------------------------------------------------------------------

X = numpy.random.default_rng(0).random((50, 6))
W = numpy.ones((6, 2))


@pytest.mark.parametrize(
    "model, data, gradient, told",
    [
        (3, X, None, "model is int, which cannot be called"),
        (lambda rows: rows @ W, X, 3, "gradient is int, which cannot be called"),
        (lambda rows: numpy.ones(3), X, None, r"the model returned shape \(3,\) for 1 rows; rows × outputs"),
        (lambda rows: 1.0, X, None, r"the model returned shape \(\) for 1 rows"),
        (lambda rows: rows @ W, X, lambda rows, c: c, "gradient returned 2 numbers a row.*6 features"),
        (lambda rows: rows @ W, X, lambda rows, c: c[:1] @ W.T, "gradient returned shape"),
        (lambda rows: rows @ W, [["a", "b"]], None, "data is no array of numbers"),
        (lambda rows: rows @ W, X[0], None, r"data of shape \(6,\); rows × features"),
        (lambda rows: rows @ W * numpy.nan, X, lambda rows, c: c @ W.T, "output 0 of row 0 is nan"),
    ],
)
def test_models_that_are_none(model, data, gradient, told):
    with pytest.raises(sg.Error, match=told):
        sg.explain_model(model, data, output=0, gradient=gradient, set_size=2)
