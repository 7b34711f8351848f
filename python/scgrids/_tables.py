"""Result tables as DataFrames, with the columns of the command line's (docs/results.md)."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Iterator, Sequence

from . import _core
from ._error import Error

if TYPE_CHECKING:
    import pandas

#: Columns that hold names or sentences, whatever they look like.
_TEXTS = frozenset(
    "cell_type gene gene_id peak peaks chrom strand set method element element_class class call reason "
    "verdict note caution gate domain direction tested_in most_changed elements open others first second "
    "arm knocked_down most_open predictor kind what of step contrast_note why_not cells_from "
    "capture_source label subset barcode split".split()
)


def column(name: str, texts: Sequence[str]):
    """A column as pandas has it: whole numbers, floats with NaN, booleans, else texts with None."""
    import numpy
    import pandas

    if name in _TEXTS:
        return pandas.Series([None if text == "NA" else text for text in texts], dtype=object)
    known = set(texts)
    if known and known <= {"yes", "no"}:
        return pandas.Series([text == "yes" for text in texts], dtype=bool)
    if known & {"yes", "no"} and known <= {"yes", "no", "NA"}:
        return pandas.array([None if text == "NA" else text == "yes" for text in texts], dtype="boolean")
    try:
        return numpy.array([int(text) for text in texts], dtype=numpy.int64)
    except (ValueError, OverflowError):
        pass
    try:
        return numpy.array([numpy.nan if text in ("NA", "") else float(text) for text in texts], dtype=float)
    except ValueError:
        return pandas.Series([None if text == "NA" else text for text in texts], dtype=object)


class TextTable:
    """A table of a folder of results, as ``_core`` has those that were just made."""

    def __init__(self, path: str):
        import csv
        import gzip

        self.file = os.path.basename(path)
        opened = gzip.open(path, "rt", encoding="utf-8", newline="") if path.endswith(".gz") else open(
            path, encoding="utf-8", newline=""
        )
        with opened as lines:
            rows = list(csv.reader(lines, delimiter="\t"))
        if not rows or any(len(row) != len(rows[0]) for row in rows):
            raise Error(f"{path}: is no table with a header and rows of as many columns")
        self.names, self._rows = rows[0], rows[1:]

    def columns(self) -> list[list[str]]:
        # An apostrophe keeps spreadsheets from taking a text for a formula.
        return [[_unguarded(row[i]) for row in self._rows] for i in range(len(self.names))]

    def __len__(self) -> int:
        return len(self._rows)


def _unguarded(text: str) -> str:
    return text[1:] if len(text) > 1 and text[0] == "'" and text[1] in "=+-@'" else text


def frame(table: "_core.Table") -> "pandas.DataFrame":
    import pandas

    columns = {name: column(name, texts) for name, texts in zip(table.names, table.columns())}
    return pandas.DataFrame(columns, columns=list(table.names))


class Tables(Mapping):
    """The tables of a result, by the names that their files have on the command line.

    ``found["subsets"]`` and ``found.subsets`` are DataFrames, made when they are first asked for.
    ``found.write(folder)`` writes the files that the command line would have written.
    """

    def __init__(self, tables: Sequence["_core.Table"], kind: str):
        self._tables = {table.file.split(".")[0]: table for table in tables}
        self._frames: dict = {}
        self.kind = kind

    @classmethod
    def load(cls, folder: "str | os.PathLike[str]") -> "Tables":
        """The tables of a folder that the command line, or :meth:`write`, wrote."""
        folder = os.fspath(folder)
        if not os.path.isdir(folder):
            raise Error(f"{folder}: there is no such folder of results")
        names = sorted(name for name in os.listdir(folder) if name.endswith((".tsv", ".tsv.gz")))
        if not names:
            raise Error(f"{folder}: holds no tables; it is no folder of results")
        return cls([TextTable(os.path.join(folder, name)) for name in names], os.path.basename(folder))

    def __getitem__(self, name: str) -> "pandas.DataFrame":
        if name not in self._frames:
            self._frames[name] = frame(self._tables[name])
        return self._frames[name]

    def __getattr__(self, name: str) -> "pandas.DataFrame":
        if name.startswith("_") or name not in self._tables:
            raise AttributeError(f"no table '{name}'; there are {', '.join(self.__dict__.get('_tables', ()))}")
        return self[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._tables)

    def __len__(self) -> int:
        return len(self._tables)

    def __dir__(self):
        return [*super().__dir__(), *self._tables]

    def write(self, folder: "str | os.PathLike[str]") -> None:
        """Writes all tables as TSV, byte for byte those of the command line."""
        tables = list(self._tables.values())
        if any(isinstance(table, TextTable) for table in tables):
            raise Error("these tables were read from a folder; copy that", "usage")
        _core.write_tables(tables, os.fspath(folder))

    def __repr__(self) -> str:
        rows = ", ".join(f"{name} ({len(table)})" for name, table in self._tables.items())
        return f"Tables of {self.kind}: {rows}"

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><td style='text-align:left'><code>{name}</code></td><td>{len(table)}</td></tr>"
            for name, table in self._tables.items()
        )
        return f"<table><tr><th>{self.kind}: table</th><th>rows</th></tr>{rows}</table>"
