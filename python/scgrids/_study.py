"""A prepared experiment."""

from __future__ import annotations

import json
import os
import weakref
from typing import TYPE_CHECKING, Any, Optional, Union

from . import _core
from ._cells import is_anndata, is_mudata
from ._error import Error
from ._running import running
from ._tables import frame

if TYPE_CHECKING:
    import pandas
    import scipy.sparse

#: The name of everything that scgrids leaves in a MuData.
KEY = "scgrids"
PARTS = ("train", "validation", "test")


class Study:
    """A prepared experiment: cells matched, checked and split; peaks and genes chosen.

    Made by :func:`scgrids.pp.prepare`, or read from a file that ``grids prepare`` wrote. Cells, genes
    and peaks stand in an order of the study's own.
    """

    def __init__(self, core: "_core.Study", summary: "Optional[_core.Table]" = None):
        self._core = core
        self._summary = summary

    @classmethod
    def load(cls, path: Union[str, "os.PathLike[str]"]) -> "Study":
        """Reads a study of ``grids prepare``, or of :meth:`save`."""
        with running() as run:
            return cls(_core.Study.read(run, os.fspath(path)))

    def save(self, path: Union[str, "os.PathLike[str]"]) -> None:
        """Writes ``study.h5mu``, which every command of ``grids`` reads."""
        with running() as run:
            self._core.write(run, os.fspath(path))

    @property
    def obs(self) -> "pandas.DataFrame":
        """Cells by barcode: ``cell_type`` and ``split`` (train, validation, test)."""
        import pandas

        return pandas.DataFrame(
            {
                "cell_type": pandas.Categorical.from_codes(self._core.type_of_cell, self._core.cell_types),
                "split": pandas.Categorical.from_codes(self._core.part_of_cell, PARTS),
            },
            index=pandas.Index(self._core.barcodes, dtype=object, name="barcode"),
        )

    @property
    def summary(self) -> "pandas.DataFrame":
        """What each step of :func:`scgrids.pp.prepare` left of cells, peaks and genes: its ``prepare.tsv``."""
        if self._summary is None:
            raise Error("what prepare did is known of studies that were prepared in this session, not of their files")
        return frame(self._summary)

    @property
    def cell_types(self) -> list[str]:
        return self._core.cell_types

    @property
    def genes(self) -> "pandas.DataFrame":
        """Genes by name: ``chrom``, ``start``, ``end`` (half-open, 0-based), ``strand``."""
        return self._places(self._core.gene_places, "gene")

    @property
    def peaks(self) -> "pandas.DataFrame":
        """Peaks by name, likewise."""
        return self._places(self._core.peak_places, "peak").drop(columns="strand")

    @staticmethod
    def _places(places: dict, name: str) -> "pandas.DataFrame":
        import pandas

        frame = pandas.DataFrame(places)
        return frame.rename(columns={"name": name}).set_index(name)

    @property
    def open(self) -> "scipy.sparse.csr_matrix":
        """cells × peaks, 1 = open. Shares the study's memory but for the ones: not to be written to."""
        return self._matrix(self._core.open)

    @property
    def expression(self) -> "scipy.sparse.csr_matrix":
        """cells × genes, log1p of counts per 100,000. Shares the study's memory: not to be written to."""
        return self._matrix(self._core.expression)

    @staticmethod
    def _matrix(parts) -> "scipy.sparse.csr_matrix":
        import numpy
        import scipy.sparse

        rows, columns, offsets, indices, values = parts
        if values is None:
            values = numpy.ones(len(indices), dtype=numpy.float32)
        matrix = scipy.sparse.csr_matrix((rows, columns), dtype=values.dtype)
        matrix.data, matrix.indices, matrix.indptr = values, indices, offsets
        return matrix

    def __repr__(self) -> str:
        core = self._core
        return (
            f"Study of {len(core.barcodes)} cells × {len(core.peaks)} peaks × {len(core.genes)} genes, "
            f"{len(core.cell_types)} cell types"
        )


class _Kept:
    """Which study was made of which MuData in this session. Keyed by identity: MuData has no hash."""

    def __init__(self):
        self._by_id: dict[int, tuple[Any, Study]] = {}

    def put(self, data: Any, study: Study) -> None:
        key = id(data)
        self._by_id[key] = (weakref.ref(data, lambda _: self._by_id.pop(key, None)), study)

    def get(self, data: Any) -> Optional[Study]:
        found = self._by_id.get(id(data))
        return found[1] if found is not None and found[0]() is data else None


kept = _Kept()


def _shapes(data: Any) -> dict:
    """Cells × features of each modality."""
    mods = data.mod if is_mudata(data) else {"data": data}
    return {name: [int(length) for length in adata.shape] for name, adata in mods.items()}


def remember(data: Any, study: Study, options: dict, tables: dict, used: tuple) -> None:
    """Keeps the study with the data, and in ``uns`` how it was made, for data that is written and read.

    ``used``: the AnnData that it was made of.
    """
    kept.put(data, study)
    mods = data.mod if is_mudata(data) else {"data": data}
    names = [name for name, adata in mods.items() if any(adata is one for one in used)]
    shapes = {name: shape for name, shape in _shapes(data).items() if name in names}
    how = {"prepare": json.dumps(options), "version": _core.version, "shapes": json.dumps(shapes)}
    how.update({f"given_{name}": table.reset_index(drop=True) for name, table in tables.items()})
    data.uns[KEY] = how


def _require_unchanged(data: Any) -> None:
    """Of fewer cells another split would be drawn: cells that a surrogate learned from would judge it."""
    before = json.loads(data.uns.get(KEY, {}).get("shapes", "{}"))
    now = _shapes(data)
    if all(now.get(name) == shape for name, shape in before.items()):
        return

    def told(shapes: dict) -> str:
        return ", ".join(
            f"{name} of {shapes[name][0]} × {shapes[name][1]}" if name in shapes else f"no {name}" for name in before
        )

    raise Error(
        f"the data was prepared with {told(before)}, and has now {told(now)}: its cells would be split anew, and "
        "cells that a surrogate was trained on could become test cells. Ask with what scgrids.pp.prepare returned "
        "(a Study, which Study.save keeps), or prepare it again and train anew"
    )


def _made_again(data: Any) -> Study:
    """The study of data that was written and read since it was prepared."""
    how = data.uns.get(KEY, {}) if hasattr(data, "uns") else {}
    if "prepare" not in how:
        raise Error("the data is not prepared; scgrids.pp.prepare(data, labels=…) does that")
    _require_unchanged(data)
    from . import pp

    tables = {name.removeprefix("given_"): table for name, table in how.items() if name.startswith("given_")}
    return pp.prepare(data, **json.loads(how["prepare"]), **tables)


def study_of(data: Any) -> Study:
    """The study that the data stands for: itself, or what ``pp.prepare`` made of a MuData.

    Of a MuData that was written and read since, it is made again, with the options it was made with.
    """
    if isinstance(data, Study):
        return data
    if isinstance(data, (str, os.PathLike)):
        return Study.load(data)
    if not (is_mudata(data) or is_anndata(data)):
        raise Error(f"{type(data).__name__} is no study, MuData or path", "usage")
    study = kept.get(data)
    if study is None:
        return _made_again(data)
    _require_unchanged(data)
    return study
