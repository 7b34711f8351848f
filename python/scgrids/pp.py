"""From raw cells to a prepared experiment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Optional, Union

from . import _core
from ._cells import is_anndata, is_mudata, mudata_of, read_now, require_readable, stored
from ._error import Error
from ._options import Files, described, given_words
from ._running import running
from ._study import KEY, Study, remember

if TYPE_CHECKING:
    import mudata

__all__ = ["prepare", "read"]


@described("read")
def read(
    path: Optional[Union[str, "os.PathLike[str]"]] = None,
    *,
    seed: Optional[int] = None,
    threads: Optional[int] = None,
    **options,
) -> "mudata.MuData":
    """Reads raw cells in any format that ``grids prepare`` reads (docs/formats.md).

    Backed and remote data: open them with ``anndata`` and ``mudata`` and hand the object to
    :func:`prepare`.

    Parameters
    ----------
    path
        10x multiome ``.h5``, a folder with ``matrix.mtx`` or Cell Ranger's ``outs/``, ``.h5mu``, or
        ``.h5ad`` of both; ``.gz`` of these; ``.zarr`` or ``.zarr.zip``. Without, ``rna`` and ``atac``
        (or ``fragments`` and ``peaks``) say where the two lie.
    {options}

    Returns
    -------
    mudata.MuData
        ``rna`` and ``atac`` with counts in X; of ``.h5mu`` all that the file holds.
    """
    if path is not None and not options and os.fspath(path).endswith(".h5mu") and os.path.exists(path):
        import mudata as md

        # As mudata 0.4 will have it, without its warnings of today: annotations stay where the file has them.
        with md.set_options(pull_on_update=False):
            return md.read_h5mu(path)
    with running(seed, threads) as run:
        return mudata_of(_core.read_cells(run, "" if path is None else os.fspath(path), given_words(options)))


def _modalities(data: Any, options: dict) -> tuple[Any, Any]:
    """The AnnData of the RNA and that of the ATAC, as the reader finds them."""
    if is_anndata(data):
        return data, data
    usual = {"rna": ("rna", "gex", "gene expression"), "atac": ("atac", "peaks")}

    def find(kind: str):
        asked = options.get(f"{kind}_modality")
        for name, adata in data.mod.items():
            if name == asked or (asked is None and name.lower() in usual[kind]):
                return adata
        raise Error(f"no modality for {kind} among {', '.join(data.mod)}; name it: {kind}_modality=")

    return find("rna"), find("atac")


#: Columns as pyranges has them.
_OF_PYRANGES = {"Chromosome": "chrom", "Start": "start", "End": "end", "Strand": "strand", "gene_name": "gene"}


def _whole(places: Any, names: Any) -> Any:
    """Places as whole numbers: a table in which some were missing holds them as floats."""
    import pandas

    numbers = pandas.to_numeric(places, errors="coerce")
    wrong = ~(numbers % 1 == 0)
    if wrong.any():
        at = wrong.to_numpy().argmax()
        raise Error(
            f"genes: '{places.name}' of {names.iloc[at]} is {places.iloc[at]!r}; whole numbers are needed, "
            "0-based and half-open as in BED; leave out genes without a place"
        )
    return numbers.astype("int64")


def _bed(genes: Any) -> Any:
    """A table of genes in the order of a BED file."""
    table = genes.reset_index() if genes.index.name in ("gene", "name") else genes
    table = table.rename(columns={other: own for other, own in _OF_PYRANGES.items() if own not in table})
    name = "gene" if "gene" in table else "name"
    if "chrom" in table:  # a header that was read as a row
        table = table[~table["chrom"].astype(str).str.startswith("#")]
    missing = [column for column in ("chrom", "start", "end", name) if column not in table]
    if missing:
        raise Error(f"genes: the table has no column {', '.join(missing)}; needed are gene, chrom, start, end")
    bed = table[["chrom", "start", "end", name]].rename(columns={name: "gene"})
    for column in ("start", "end"):
        bed[column] = _whole(bed[column], table[name])
    bed["score"] = 0
    bed["strand"] = table["strand"] if "strand" in table else "."
    return bed


def _labels(labels: Any, barcodes: Any) -> Any:
    """Labels as a table of barcode and label; ``barcodes``: of the cells, where they are in memory."""
    import pandas

    if hasattr(labels, "columns"):  # a DataFrame
        if len(labels.columns) == 2 and not set(labels.index) & set(() if barcodes is None else barcodes):
            return labels.astype(str)
        if len(labels.columns) != 1:
            shown = ", ".join(str(name) for name in labels.columns[:5])
            raise Error(
                f"labels: a table of {len(labels.columns)} columns ({shown}); give a Series by barcode, one column "
                'of it (labels=table["cell_type"]), two columns, barcode and label, or the name of a column of obs'
            )
        labels = labels.iloc[:, 0]
    elif isinstance(labels, Mapping):
        labels = pandas.Series(labels)
    elif not hasattr(labels, "to_frame"):  # one a cell, in the order of the cells
        labels = list(labels)
        if barcodes is None or len(labels) != len(barcodes):
            cells = "cells in a file" if barcodes is None else f"{len(barcodes)} cells"
            raise Error(
                f"labels: {len(labels)} labels for {cells}; give one a cell, in their order, or a Series by barcode"
            )
        labels = pandas.Series(labels, index=barcodes)
    labels = labels.astype(object).where(labels.notna(), "")
    return labels.rename("label").rename_axis("barcode").reset_index().astype(str)


def _given_tables(options: dict, barcodes: Any) -> dict:
    """Tables that were given where the command line has files, in the form of these."""
    tables = {}
    if hasattr(options.get("genes"), "to_csv"):
        tables["genes"] = _bed(options["genes"])
    labels = options.get("labels")
    if labels is not None and not isinstance(labels, (str, os.PathLike)):
        tables["labels"] = _labels(labels, barcodes)
    return tables


def _paths(files: Files, options: dict, tables: dict) -> dict:
    """The options with paths in the place of tables."""
    given = files.of("prepare", {name: value for name, value in options.items() if name not in tables})
    for name, table in tables.items():
        given[name] = files._path(f"{name}.{'bed' if name == 'genes' else 'tsv'}")
        table.to_csv(given[name], sep="\t", header=name != "genes", index=False)
    return given


@described("prepare")
def prepare(
    data: Any,
    *,
    seed: Optional[int] = None,
    threads: Optional[int] = None,
    rna_layer: Optional[str] = None,
    atac_layer: Optional[str] = None,
    rna_modality: Optional[str] = None,
    atac_modality: Optional[str] = None,
    **options,
) -> Study:
    """Matches, checks and splits cells, and chooses peaks and genes: in place, nothing is dropped.

    Marks what the study uses: ``var["scgrids"]`` of each modality (features used), and of the
    whole, or of the AnnData, ``obs["scgrids_split"]`` (train, validation, test; missing: a cell that
    was left out) and ``obs["scgrids_type"]``. How it was made stands in ``uns["scgrids"]``: a MuData
    that is written and read again needs no second call.

    Parameters
    ----------
    data
        MuData with ``rna`` and ``atac``, AnnData of both (``var["feature_types"]``), or the path of
        any file of raw cells, of which nothing is marked.
    rna_layer, atac_layer
        Matrix of each: X, raw/X or a layer; without, the one that holds counts.
    rna_modality, atac_modality
        Their names, where they are not the usual ones.
    {options}

    Returns
    -------
    Study
        Also kept with ``data``: functions of ``tl`` take either.
    """
    places = {
        "rna_layer": rna_layer,
        "atac_layer": atac_layer,
        "rna_modality": rna_modality,
        "atac_modality": atac_modality,
    }
    in_memory = is_mudata(data) or is_anndata(data)
    if not in_memory and not isinstance(data, (str, os.PathLike)):
        raise Error(f"prepare: {type(data).__name__} is no MuData, AnnData or path of a file of raw cells", "usage")
    if in_memory:
        rna, atac = _modalities(data, places)
        require_readable(data, {name: options.get(name) for name in ("labels", "donors", "batches")})
    with Files() as files, running(seed, threads) as run:
        tables = _given_tables(options, data.obs_names if in_memory else None)
        given = _paths(files, options, tables)
        if in_memory:
            name = "MuData" if is_mudata(data) else "AnnData"
            cells = _core.cells_of(run, stored(data), name, given_words(places))
        else:
            cells = _core.read_cells(run, os.fspath(data), given_words(places))
        core, rows, genes, peaks, summary = _core.prepare(run, cells, given_words(given))
    study = Study(core, summary)
    if in_memory:
        _mark(data, rna, atac, study, rows, genes, peaks)
        kept = {**options, **places, "seed": seed}
        kept = {name: _plain(value) for name, value in kept.items() if value is not None and name not in tables}
        remember(data, study, kept, tables, (rna, atac))
    return study


def _plain(value: Any) -> Any:
    """A value of an option as JSON holds it."""
    if isinstance(value, os.PathLike):
        return os.path.abspath(value)
    if hasattr(value, "tolist"):
        return value.tolist()
    return value


#: What tells genes from peaks in one AnnData, as src/io/feature_kind.cpp has it.
_KIND_COLUMNS = ("feature types", "feature type", "modality", "modalities", "featuretype", "assay")
_KINDS = {
    "genes": "gene expression, geneexpression, gex, rna, gene, genes, expression, mrna, scrna, snrna, rna seq, "
    "transcripts, rna expression",
    "peaks": "peaks, peak, atac, chromatin accessibility, chromatinaccessibility, open chromatin, accessibility, "
    "chromatin, scatac, snatac, atac seq, atac peaks, region, regions",
}


def _spoken(text: Any) -> str:
    return str(text).lower().replace("_", " ").replace("-", " ")


def _kinds(var: Any) -> Any:
    """``genes``, ``peaks`` or neither, of each feature of an AnnData of both, as the reader tells them."""
    named = {word: kind for kind, words in _KINDS.items() for word in words.split(", ")}
    columns = [name for spoken in _KIND_COLUMNS for name in var.columns if _spoken(name) == spoken]
    told = [var[name].map(lambda text: named.get(_spoken(text))).to_numpy() for name in columns]
    return next((kinds for kinds in told if {"genes", "peaks"} <= set(kinds)), told[0])


def _mark(data: Any, rna: Any, atac: Any, study: Study, rows: Any, genes: Any, peaks: Any) -> None:
    import numpy
    import pandas

    places = [(rna, genes), (atac, peaks)]
    if rna is atac:
        kinds = _kinds(read_now(rna.var))
        of_genes = numpy.flatnonzero(kinds == "genes")
        of_peaks = numpy.flatnonzero(kinds == "peaks")
        places = [(rna, numpy.concatenate([of_genes[genes], of_peaks[peaks]]))]
    for adata, used in places:
        marks = numpy.zeros(adata.n_vars, dtype=bool)
        marks[used] = True
        adata.var[KEY] = marks
    obs = study.obs
    names = rna.obs_names[rows]
    where = data.obs_names.get_indexer(names)
    for column, kept in ((f"{KEY}_split", obs["split"]), (f"{KEY}_type", obs["cell_type"])):
        codes = numpy.full(data.n_obs, -1)
        codes[where] = kept.cat.codes
        data.obs[column] = pandas.Categorical.from_codes(codes, kept.cat.categories)
