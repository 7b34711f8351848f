"""The same numbers as the command line, to the last bit: every table, as bytes."""

import pathlib

import numpy
import pandas
import pytest
from conftest import grids

import scgrids as sg


def same_tables(tables: sg.Tables, folder: pathlib.Path, tmp_path: pathlib.Path) -> None:
    """Byte for byte, all but times; and the DataFrames hold what the texts say."""
    tables.write(tmp_path / "python")
    written = {path.name for path in folder.glob("*.tsv")}
    assert {f"{name}.tsv" for name in tables} == written
    for name in sorted(written - {"timings.tsv"}):
        ours = (tmp_path / "python" / name).read_bytes()
        assert ours == (folder / name).read_bytes(), name
        same_frame(tables[name.removesuffix(".tsv")], folder / name)


def same_frame(frame: pandas.DataFrame, path: pathlib.Path) -> None:
    texts = pandas.read_csv(path, sep="\t", dtype=str, keep_default_na=False)
    assert list(frame.columns) == list(texts.columns)
    assert len(frame) == len(texts)
    for name in frame.columns:
        if frame[name].dtype == float:
            expected = numpy.array([float("nan" if text in ("NA", "") else text) for text in texts[name]])
            assert frame[name].to_numpy().tobytes() == expected.tobytes(), (path.name, name)
        elif frame[name].dtype.kind == "i":
            assert [str(value) for value in frame[name]] == list(texts[name]), (path.name, name)


def test_a_prepared_mudata_is_the_study_of_the_file(mdata, study, files, tmp_path):
    """Study of the object = study of its file: what a study holds but for where it is from."""
    import h5py
    from scgrids._study import study_of

    study_of(mdata).save(tmp_path / "study.h5mu")
    with h5py.File(tmp_path / "study.h5mu") as ours, h5py.File(files / "study.h5mu") as theirs:
        names = []
        theirs.visit(names.append)
        same = []
        ours.visit(same.append)
        assert names == same
        for name in names:
            if isinstance(theirs[name], h5py.Dataset) and not name.endswith("provenance"):
                assert ours[name].dtype == theirs[name].dtype, name
                assert numpy.array_equal(ours[name][()], theirs[name][()]), name


def test_summary_of_prepare(cells, tmp_path):
    options = ("--labels", "cell_type", "--genes", cells / "genes.bed")
    words = ("prepare", cells / "cells.h5mu", *options, "-o", "study.h5mu", "--summary", "summary.tsv")
    grids(*words, folder=tmp_path)
    study = sg.pp.prepare(cells / "cells.h5mu", labels="cell_type", genes=cells / "genes.bed")
    same_frame(study.summary, tmp_path / "summary.tsv")
    with pytest.raises(sg.Error, match="of studies that were prepared in this session"):
        sg.Study.load(tmp_path / "study.h5mu").summary


def test_training_and_cis_path(mdata, files, tmp_path):
    surrogate = sg.Surrogate.train(mdata, max_steps=60)
    surrogate.save(tmp_path / "surrogate.safetensors")
    assert (tmp_path / "surrogate.safetensors").read_bytes() == (files / "surrogate.safetensors").read_bytes()
    fitted = surrogate.fit_cis(mdata)
    fitted.save(tmp_path / "cis.safetensors")
    assert (tmp_path / "cis.safetensors").read_bytes() == (files / "cis.safetensors").read_bytes()
    same_frame(fitted.cis, files / "cis.tsv")
    assert fitted.has_cis and not surrogate.has_cis and not fitted.without_cis().has_cis


def test_cis_path_of_some_genes(mdata, surrogate, genes, files, tmp_path):
    words = ("cis", "study.h5mu", "cis.safetensors", "--gene", ",".join(genes[:3]))
    grids(*words, "-o", tmp_path / "some.safetensors", folder=files)
    fitted = surrogate.fit_cis(mdata, gene=genes[:3])
    fitted.save(tmp_path / "python.safetensors")
    assert (tmp_path / "python.safetensors").read_bytes() == (tmp_path / "some.safetensors").read_bytes()


def test_explain(study, surrogate, found, genes, files, tmp_path):
    words = ("explain", "study.h5mu", "cis.safetensors", "--cell-type", "all", "--gene", ",".join(genes[:4]))
    grids(*words, "-L", 4, "--force", "-o", tmp_path / "cli", folder=files)
    same_tables(found, tmp_path / "cli", tmp_path)


def test_explain_by_a_table_with_another_method_threads_and_seed(study, surrogate, genes, files, tmp_path):
    targets = pandas.DataFrame({"cell_type": ["each", "all"], "gene": genes[1:3], "L": [2, 3]})
    targets.to_csv(tmp_path / "targets.tsv", sep="\t", index=False)
    words = ("explain", "study.h5mu", "cis.safetensors", "--targets", tmp_path / "targets.tsv")
    words += ("--method", "greedy", "--seed", 7, "--threads", 1, "--force", "--redundancy", "off")
    grids(*words, "-o", tmp_path / "cli", folder=files)
    tables = sg.tl.explain(
        study, surrogate, targets=targets, method="greedy", seed=7, threads=2, force=True, redundancy="off"
    )
    same_tables(tables, tmp_path / "cli", tmp_path)


def test_explain_all_genes(study, surrogate, files, tmp_path):
    """More targets than a portion of the command line holds."""
    words = ("explain", "study.h5mu", "cis.safetensors", "--all-genes", "--cell-type", "each")
    words += ("-L", 2, "--random-sets", 5, "--force")
    grids(*words, "-o", tmp_path / "cli", folder=files)
    options = dict(cell_type="each", set_size=2, random_sets=5, force=True)
    tables = sg.tl.explain(study, surrogate, all_genes=True, **options)
    same_tables(tables, tmp_path / "cli", tmp_path)


def test_redundancy(study, surrogate, genes, files, tmp_path):
    options = ("--negative-control", "--stability", 2, "--alternatives", 1, "--force")
    words = ("redundancy", "study.h5mu", "cis.safetensors", "--gene", ",".join(genes[:3]), "-L", 3)
    grids(*words, *options, "-o", tmp_path / "cli", folder=files)
    tables = sg.tl.redundancy(
        study,
        surrogate,
        gene=genes[:3],
        set_size=3,
        negative_control=True,
        stability=2,
        alternatives=1,
        force=True,
    )
    same_tables(tables, tmp_path / "cli", tmp_path)


def test_evaluate(study, surrogate, files, tmp_path):
    grids("evaluate", "study.h5mu", "cis.safetensors", "--map", "-o", tmp_path / "cli", folder=files)
    same_tables(sg.tl.evaluate(study, surrogate, map=True), tmp_path / "cli", tmp_path)


def test_compare(study, surrogate, cells, files, tmp_path):
    words = ("compare", "study.h5mu", "cis.safetensors", "--truth", cells, "--planted", 1)
    words += ("--methods", "grids,greedy,random", "--seeds", 1, "-L", 3, "--force")
    grids(*words, "-o", tmp_path / "cli", folder=files)
    tables = sg.tl.compare(
        study,
        surrogate,
        truth=cells,
        planted=1,
        methods=["grids", "greedy", "random"],
        seeds=1,
        set_size=3,
        force=True,
    )
    same_tables(tables, tmp_path / "cli", tmp_path)
    assert tables.page == (tmp_path / "cli/compare.md").read_text()


def test_validate(study, found, files, tmp_path):
    found.write(tmp_path / "results")
    words = ("validate", tmp_path / "results/links.tsv", "--study", "study.h5mu")
    grids(*words, "-o", tmp_path / "cli", folder=files)
    same_tables(sg.tl.validate(found, study=study), tmp_path / "cli", tmp_path)


@pytest.mark.parametrize("window", [None, 100_000])
def test_knockout_rows(study, surrogate, genes, files, tmp_path, window):
    words = ["knockout", "study.h5mu", "cis.safetensors", "--cell-type", "each", "--gene", ",".join(genes[:3])]
    words += [] if window is None else ["--window", window]
    grids(*words, "-o", tmp_path / "cli", folder=files)
    rows = sg.tl.knockout(study, surrogate, cell_type="each", gene=genes[:3], window=window)
    texts = pandas.read_csv(tmp_path / "cli/knockout.tsv", sep="\t", float_precision="round_trip")
    assert list(rows.columns) == list(texts.columns) and len(rows) == len(texts) > 0
    for name in ("cell_type", "gene", "peak", "open_cells"):
        assert list(rows[name]) == list(texts[name])
    for name in ("change", "change_cp100k"):
        expected = texts[name].to_numpy().astype(numpy.float32)
        assert rows[name].to_numpy().tobytes() == expected.tobytes()


def test_knockout_of_all_genes(study, surrogate, files, tmp_path):
    import anndata

    words = ("knockout", "study.h5mu", "cis.safetensors", "--cell-type", "each", "--all-genes")
    grids(*words, "-o", tmp_path / "cli", folder=files)
    made = sg.tl.knockout(study, surrogate, cell_type="each", all_genes=True)
    assert list(made) == study.cell_types
    for name, adata in made.items():
        theirs = anndata.read_h5ad(tmp_path / f"cli/knockout_{name}.h5ad")
        assert list(adata.obs_names) == list(theirs.obs_names)
        assert list(adata.var_names) == list(theirs.var_names)
        assert adata.X.tobytes() == theirs.X.tobytes()
        assert list(adata.obs["open_cells"]) == list(theirs.obs["open_cells"])
        assert list(adata.var["mean_prediction"]) == list(theirs.var["mean_prediction"])


def test_predict(mdata, study, surrogate, files, tmp_path):
    import anndata

    masked = list(study.peaks.index[5:9])
    (tmp_path / "mask.txt").write_text("\n".join(masked) + "\n")
    words = ("predict", "study.h5mu", "cis.safetensors", "--mask", tmp_path / "mask.txt")
    grids(*words, "-o", tmp_path / "predicted.h5ad", folder=files)
    theirs = anndata.read_h5ad(tmp_path / "predicted.h5ad")
    ours = surrogate.predict(mdata, mask=masked, cells=theirs.obs_names)
    assert list(ours.var_names) == list(theirs.var_names)
    assert ours.X.tobytes() == theirs.X.tobytes()
