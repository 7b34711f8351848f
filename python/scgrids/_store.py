"""Results where users of scanpy and muon look for them."""

from __future__ import annotations

from typing import Any

from ._cells import is_anndata
from ._error import Error
from ._study import KEY
from ._tables import Tables


def store(data: Any, tables: Tables, key: str = KEY) -> None:
    """Puts result tables into a MuData, in place, so that they are written with it.

    - ``uns[key]`` of the whole: every table, as a DataFrame, by its name.
    - ``var`` of the ATAC, for peaks of found sets: ``{key}_genes`` (names, with commas),
      ``{key}_minimal`` (whether it is of the minimal sub-set of one).
    - ``obsm["X_{key}_umap"]`` of the whole: the map of cells, of ``evaluate(map=True)``; NaN for cells
      that are not on it.
    - ``uns["atac"]["peak_annotation"]`` of the ATAC, where muon looks for the genes of peaks (its
      columns ``peak``, ``distance``, ``peak_type``), unless there is one already.

    Parameters
    ----------
    data
        The MuData that was prepared, or an AnnData of both.
    tables
        What a function of ``tl`` returned.
    key
        Under which name.
    """
    if not isinstance(tables, Tables):
        raise Error(f"{type(tables).__name__} is no result of scgrids.tl", "usage")
    kept = dict(data.uns.get(key, {}))
    for name in tables:
        kept[name] = _writable(tables[name])
    data.uns[key] = kept
    if "umap" in tables:
        _place_cells(data, tables["umap"], key)
    if "links" in tables:
        _mark_peaks(data if is_anndata(data) else _atac(data), tables["links"], key)


def _atac(data: Any) -> Any:
    for name, adata in data.mod.items():
        if name.lower() in ("atac", "peaks") or KEY in adata.var and adata.var.index.str.contains(":").all():
            return adata
    raise Error("there is no modality of peaks to mark")


def _writable(frame: Any) -> Any:
    """As anndata writes it: texts without a None between."""
    made = frame.copy()
    for name in made.columns:
        if made[name].dtype == object:
            made[name] = made[name].fillna("").astype(str)
        elif str(made[name].dtype) == "boolean":
            made[name] = made[name].astype(object).map({True: "yes", False: "no"}).fillna("NA")
    made.index = made.index.astype(str)
    return made


def _place_cells(data: Any, cells: Any, key: str) -> None:
    import numpy

    places = numpy.full((data.n_obs, 2), numpy.nan, dtype=numpy.float32)
    where = data.obs_names.get_indexer(cells["barcode"])
    known = where >= 0
    places[where[known]] = cells[["umap1", "umap2"]].to_numpy()[known]
    data.obsm[f"X_{key}_umap"] = places


def _mark_peaks(atac: Any, links: Any, key: str) -> None:
    import pandas

    found = links[links["rank"].notna()] if "rank" in links else links
    by_peak = _by_place(found)
    places = _by_name(atac.var_names)
    genes = pandas.Series("", index=atac.var_names, dtype=object)
    minimal = pandas.Series(False, index=atac.var_names)
    for place, rows in by_peak.items():
        name = places.get(place)
        if name is None:
            continue
        genes[name] = ",".join(dict.fromkeys(rows["gene"]))
        minimal[name] = bool((rows["in_minimal"] == True).any())  # noqa: E712 (may be missing)
    atac.var[f"{key}_genes"] = genes.to_numpy()
    atac.var[f"{key}_minimal"] = minimal.to_numpy()
    kept = dict(atac.uns.get("atac", {}))
    if "peak_annotation" not in kept:
        kept["peak_annotation"] = _annotation(found, places)
        atac.uns["atac"] = kept


def _by_place(links: Any) -> dict:
    return {place: rows for place, rows in links.groupby(["chrom", "start", "end"], sort=False)}


def _by_name(names: Any) -> dict:
    """Places of peaks whose names say where they lie: chr1:1-2, chr1-1-2, chr1_1_2."""
    import re

    places = {}
    for name in names:
        found = re.fullmatch(r"(.+)[:_-](\d+)[_-](\d+)", name)
        if found:
            places[found[1], int(found[2]), int(found[3])] = name
    return places


def _annotation(links: Any, places: dict) -> Any:
    import pandas

    rows = links.drop_duplicates(["gene", "peak"])
    names = [places.get(place, peak) for place, peak in zip(zip(rows.chrom, rows.start, rows.end), rows.peak)]
    distance = pandas.to_numeric(rows["distance_to_tss"], errors="coerce").fillna(0).astype(int)
    kinds = rows["class"].fillna("").replace({"intronic": "distal", "": "distal"})
    return pandas.DataFrame(
        {"peak": names, "distance": distance.to_numpy(), "peak_type": kinds.to_numpy()},
        index=pandas.Index(rows["gene"].to_numpy(), name="gene"),
    )
