"""The pages of grids, from a notebook: the report, and the live page that switches peaks."""

from __future__ import annotations

import html
import os
import pathlib
import tempfile
import weakref
from typing import Any, Optional, Union

from . import _core
from ._error import Error
from ._options import described, given_words
from ._running import running
from ._study import study_of
from ._surrogate import core_of
from ._tables import Tables


class Page:
    """A page: shown where a notebook shows values, else opened by :meth:`open`."""

    def __init__(self, path: pathlib.Path, height: int = 700):
        self.path = path
        self.height = height

    def open(self) -> None:
        """In a browser."""
        import webbrowser

        webbrowser.open(self.path.resolve().as_uri())

    def _repr_html_(self) -> str:
        # Inside of the notebook, so that it shows wherever that is served from.
        text = self.path.read_text(encoding="utf-8")
        return (
            f'<iframe srcdoc="{html.escape(text, quote=True)}" width="100%" height="{self.height}" '
            'style="border:1px solid #dcdcd6"></iframe>'
        )

    def __repr__(self) -> str:
        return f"Page {self.path}"


@described("report")
def report(
    results: "Union[str, os.PathLike[str], Tables, list[Tables]]",
    folder: "Union[str, os.PathLike[str], None]" = None,
    *,
    seed: Optional[int] = None,
    threads: Optional[int] = None,
    **options,
) -> Page:
    """Makes the report of results: one page, which needs no network.

    Parameters
    ----------
    results
        A folder of ``grids run`` or :meth:`Tables.write`; or what functions of ``tl`` returned, one or
        several, which are written to ``folder`` first.
    folder
        Where ``report.html`` and the tables go; without, beside the results, or to a folder that goes
        with the session.
    {options}

    Returns
    -------
    Page
        Shows itself in a notebook; ``.path`` is the file, ``.open()`` opens a browser.
    """
    if isinstance(results, Tables):
        results = [results]
    if isinstance(results, (list, tuple)):
        place = folder if folder is not None else _folder_of_session()
        for tables in results:
            tables.write(place)
    else:
        place = results
    with running(seed, threads) as run:
        return Page(pathlib.Path(_core.report(run, os.fspath(place), given_words(options))))


_folders: list = []


def _folder_of_session() -> str:
    _folders.append(tempfile.TemporaryDirectory(prefix="scgrids-"))
    return _folders[-1].name


class View:
    """The live page that runs: what-ifs and searches on a surrogate. ``close()`` ends it."""

    def __init__(self, core: "_core.View", folder: Any = None):
        self.url = core.address
        self._end = weakref.finalize(self, _end, core, folder)

    def open(self) -> None:
        """In a browser of this machine."""
        import webbrowser

        webbrowser.open(self.url)

    def close(self) -> None:
        self._end()

    @property
    def running(self) -> bool:
        return self._end.alive

    def __enter__(self) -> "View":
        return self

    def __exit__(self, *failure) -> None:
        self.close()

    def _repr_html_(self) -> str:
        url = html.escape(self.url, quote=True)
        return f'<p><a href="{url}" target="_blank">{url}</a></p>'

    def __repr__(self) -> str:
        return f"View at {self.url}" if self.running else "View, closed"


def _end(core: "_core.View", folder: Any) -> None:
    core.stop()
    if folder is not None:
        folder.cleanup()


def view(
    results: "Union[str, os.PathLike[str], Tables]",
    data: Any = None,
    surrogate: Any = None,
    *,
    port: int = 0,
    open: bool = False,
) -> View:
    """Serves the live page of results, in which peaks are switched off and on.

    It listens on this machine alone; its address holds a secret. ``close()``, or the end of the
    session, ends it.

    Parameters
    ----------
    results
        A folder of ``grids run``, ``explain`` or ``redundancy``; or what :func:`scgrids.tl.explain`
        returned.
    data, surrogate
        What they were made of; of a folder its manifest says it.
    port
        Of 127.0.0.1; 0 = any that is free.
    open
        Whether to open a browser at once.

    Returns
    -------
    View
        ``.url``, a link in a notebook; from another machine: ``ssh -N -L PORT:127.0.0.1:PORT``.
    """
    kept = None
    if isinstance(results, Tables):
        if data is None or surrogate is None:
            raise Error("view: results of tl need data and surrogate beside them", "usage")
        kept = tempfile.TemporaryDirectory(prefix="scgrids-")
        results.write(kept.name)
        results = kept.name
    place = os.fspath(results)
    with running() as run:
        if data is None or surrogate is None:
            core = _core.view_folder(run, place, _path(data, "data"), _path(surrogate, "surrogate"), port)
        else:
            core = _core.view(run, place, study_of(data)._core, core_of(surrogate), port)
    live = View(core, kept)
    if open:
        live.open()
    return live


def _path(value: Any, what: str) -> str:
    if value is None:
        return ""
    if isinstance(value, (str, os.PathLike)):
        return os.fspath(value)
    raise Error("view: give data and surrogate, or neither", "usage")
