"""Questions to a surrogate: which sets of peaks hold up a gene, and do they stand in for one another?

Options have the names, defaults and meanings of the command line; results are its tables, with the
same numbers to the last bit. Every change is a *predicted change when masked in the surrogate*.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Optional, Union

from . import _core
from ._options import Files, described, given_words
from ._running import running
from ._store import store
from ._study import study_of
from ._surrogate import core_of
from ._tables import Tables

if TYPE_CHECKING:
    import anndata
    import pandas

__all__ = ["compare", "evaluate", "explain", "knockout", "redundancy", "store", "validate"]


def _ask(command: str, data: Any, surrogate: Any, seed, threads, options: dict) -> Any:
    """Runs a command of ``_core`` on a study and a surrogate."""
    study, core = study_of(data)._core, core_of(surrogate)
    with Files() as files, running(seed, threads) as run:
        return getattr(_core, command)(run, study, core, given_words(files.of(command, options)))


@described("explain")
def explain(
    data: Any, surrogate: Any, *, seed: Optional[int] = None, threads: Optional[int] = None, **options
) -> Tables:
    """Finds the sets of peaks that a gene's prediction rests on, and judges them on test cells.

    What is sought is said by ``cell_type`` with ``gene``, by ``targets`` (a DataFrame will do) or by
    ``all_genes``.

    Parameters
    ----------
    data
        MuData after :func:`scgrids.pp.prepare`, a :class:`scgrids.Study`, or the path of one.
    surrogate
        :class:`scgrids.Surrogate`, or the path of one.
    {options}

    Returns
    -------
    Tables
        ``subsets``, ``set_summary``, ``contrasts``, ``redundancy``, ``loci`` and the others of
        docs/results.md, as DataFrames.
    """
    return Tables(_ask("explain", data, surrogate, seed, threads, options), "explain")


@described("redundancy")
def redundancy(
    data: Any, surrogate: Any, *, seed: Optional[int] = None, threads: Optional[int] = None, **options
) -> Tables:
    """Asks whether the elements of each gene stand in for one another.

    Parameters
    ----------
    data, surrogate
        As for :func:`explain`.
    {options}

    Returns
    -------
    Tables
        ``redundancy`` (a row a set), ``settings``, ``members``, ``interactions`` and the others.
    """
    return Tables(_ask("redundancy", data, surrogate, seed, threads, options), "redundancy")


@described("evaluate")
def evaluate(
    data: Any, surrogate: Any, *, seed: Optional[int] = None, threads: Optional[int] = None, **options
) -> Tables:
    """Judges the surrogate on held-out cells, beside simple predictors.

    Parameters
    ----------
    data, surrogate
        As for :func:`explain`.
    {options}

    Returns
    -------
    Tables
        ``accuracy``, ``accuracy_summary``, ``alignment``, ``marker_means``, ``markers``; with ``map`` also ``umap``,
        ``silhouette`` and ``marker_expression``.
    """
    return Tables(_ask("evaluate", data, surrogate, seed, threads, options), "evaluate")


@described("compare")
def compare(
    data: Any, surrogate: Any, *, seed: Optional[int] = None, threads: Optional[int] = None, **options
) -> Tables:
    """Compares methods: held-out evidence, own objective, planted truth.

    Parameters
    ----------
    data, surrogate
        As for :func:`explain`.
    {options}

    Returns
    -------
    Tables
        ``compare`` (a row a set) and the tables that sum it up; ``.page`` is ``compare.md``.
    """
    tables, page = _ask("compare", data, surrogate, seed, threads, options)
    result = Tables(tables, "compare")
    result.page = page
    return result


@described("knockout")
def knockout(
    data: Any, surrogate: Any, *, seed: Optional[int] = None, threads: Optional[int] = None, **options
) -> "Union[pandas.DataFrame, dict[str, anndata.AnnData]]":
    """Masks every single peak, one by one: the exact predicted change of genes.

    Parameters
    ----------
    data, surrogate
        As for :func:`explain`.
    {options}

    Returns
    -------
    pandas.DataFrame or dict of anndata.AnnData
        Of up to 50 genes, and with ``window``, the rows of ``knockout.tsv``, the strongest decrease
        first. Of more genes, and with ``all_genes``, for each cell type an AnnData of peaks × genes:
        X = change of the mean prediction, ``obs`` the peaks with ``open_cells``, ``var`` the genes
        with ``mean_prediction``.
    """
    study = study_of(data)
    found = _ask("knockout", study, surrogate, seed, threads, options)
    return _matrices(study, found) if found["is_matrix"] else _rows(study, found)


def _rows(study: Any, found: dict) -> "pandas.DataFrame":
    import pandas

    names = pandas.Categorical.from_codes
    return pandas.DataFrame(
        {
            "cell_type": names(found["cell_type"], found["cell_types"]),
            "gene": names(found["gene"], study._core.genes),
            "peak": names(found["peak"], study._core.peaks),
            "open_cells": found["open_cells"],
            "change": found["change"],
            "change_cp100k": found["change_cp100k"],
        },
        copy=False,
    )


def _matrices(study: Any, found: dict) -> "dict[str, anndata.AnnData]":
    import anndata

    made = {}
    for one in found["matrices"]:
        adata = anndata.AnnData(one["change"], obs=study.peaks, var=study.genes.iloc[found["genes"]])
        adata.obs["open_cells"] = one["open_cells"]
        adata.var["mean_prediction"] = one["mean_prediction"]
        adata.uns["scgrids"] = {
            "quantity": "change of the mean prediction when the peak is masked in the surrogate",
            "cell_type": one["cell_type"],
        }
        made[one["cell_type"]] = adata
    return made


@described("validate", leave_out=("links",))
def validate(
    links: "Union[Tables, pandas.DataFrame, str, os.PathLike[str], None]" = None,
    *,
    seed: Optional[int] = None,
    threads: Optional[int] = None,
    **options,
) -> Tables:
    """Holds links beside distances, loops, variants and screens, and beside chance.

    Parameters
    ----------
    links
        What :func:`explain` or :func:`redundancy` found, its ``links`` table, a table of another
        tool, or the path of one or of a folder of results. Without, ``peaks`` and ``genes`` alone.
    {options}

    Returns
    -------
    Tables
        ``validation``, a row a figure, each beside what chance gives; ``hits``, ``combinations`` and
        ``motifs`` where they were asked for.
    """
    with Files() as files, running(seed, threads) as run:
        if isinstance(links, Tables):
            folder = files._path("results")
            links.write(folder)
            links = os.path.join(folder, "links.tsv")
        study = options.get("study")
        if study is not None and not isinstance(study, (str, os.PathLike)):
            options["study"] = files._path("study.h5mu")
            study_of(study).save(options["study"])
        options = {"links": links, **options}
        return Tables(_core.validate(run, given_words(files.of("validate", options))), "validate")
