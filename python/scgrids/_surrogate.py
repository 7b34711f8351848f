"""The learned model from open peaks to expression."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING, Any, Iterable, Optional, Union

from . import _core
from ._error import Error
from ._options import Files, described, given_words
from ._running import running, settings
from ._study import study_of
from ._tables import frame

if TYPE_CHECKING:
    import anndata
    import pandas

#: How to get the program that trains, in one line.
INSTALL = "scripts/package.sh && sudo apt install ./build/packages/grids_*.deb ./build/packages/grids-torch_*.deb"


def _trainer() -> str:
    """``grids-torch``: of the settings, of PATH, or where programs are installed."""
    if settings.trainer:
        return os.fspath(settings.trainer)
    found = shutil.which("grids-torch")
    for place in (found, "/usr/bin/grids-torch", "/usr/local/bin/grids-torch"):
        if place and os.access(place, os.X_OK):
            return place
    raise Error(
        "training needs the program grids-torch, which pip does not install (it needs LibTorch); in a clone of "
        f"grids on Debian 12:\n    {INSTALL}\n"
        "or name it: scgrids.settings.trainer = '/path/to/grids-torch'. Without it, a surrogate that was trained "
        "elsewhere is read by scgrids.Surrogate.load."
    )


class Surrogate:
    """The learned model from open peaks to expression, with or without the peaks around each gene."""

    def __init__(self, core: "_core.Surrogate", cis: "Optional[_core.Table]" = None):
        self._core = core
        self._cis = cis

    @classmethod
    @described("train", leave_out=("checkpoint", "resume"))
    def train(cls, data: Any, *, seed: Optional[int] = None, threads: Optional[int] = None, **options):
        """Trains a surrogate on a prepared experiment.

        Runs the program ``grids-torch``, which is looked for on the PATH; pip does not install it.

        Parameters
        ----------
        data
            MuData after :func:`scgrids.pp.prepare`, a :class:`Study`, or the path of one.
        {options}

        Returns
        -------
        Surrogate
        """
        with running(seed, threads, _trainer()) as run:
            return cls(_core.train(run, study_of(data)._core, given_words(options)))

    @classmethod
    def load(cls, path: Union[str, "os.PathLike[str]"]) -> "Surrogate":
        """Reads a ``.safetensors`` file of ``grids train``, ``grids cis`` or :meth:`save`."""
        return cls(_core.Surrogate.read(os.fspath(path)))

    def save(self, path: Union[str, "os.PathLike[str]"]) -> None:
        """Writes a ``.safetensors`` file, which every command of ``grids`` reads."""
        self._core.write(os.fspath(path))

    @described("cis")
    def fit_cis(self, data: Any, *, seed: Optional[int] = None, threads: Optional[int] = None, **options):
        """Fits the peaks around each gene, beside the surrogate.

        Parameters
        ----------
        data
            As for :meth:`train`: the experiment that the surrogate was trained on.
        {options}

        Returns
        -------
        Surrogate
            A new one; its :attr:`cis` says what was fitted.
        """
        with Files() as files, running(seed, threads) as run:
            given = given_words(files.of("cis", options))
            return type(self)(*_core.fit_cis(run, study_of(data)._core, self._core, given))

    @property
    def has_cis(self) -> bool:
        """Whether the peaks around each gene were fitted."""
        return self._core.has_cis

    @property
    def cis(self) -> "pandas.DataFrame":
        """``cis.tsv`` of the fit: terms of each gene, and its gates. Only where it was fitted here."""
        if self._cis is None:
            raise Error("this surrogate was not fitted here; read cis.tsv beside its file", "usage")
        return frame(self._cis)

    def without_cis(self) -> "Surrogate":
        """The same networks alone, as published."""
        return type(self)(self._core.without_cis())

    def predict(
        self,
        data: Any,
        mask: Iterable[str] = (),
        *,
        cells: Optional[Iterable[str]] = None,
        threads: Optional[int] = None,
    ) -> "anndata.AnnData":
        """Predicted expression, some peaks masked.

        Parameters
        ----------
        data
            As for :meth:`train`.
        mask
            Names of peaks that count as closed in every cell.
        cells
            Barcodes; without, all cells of the study.
        threads
            As in ``scgrids.settings``.

        Returns
        -------
        anndata.AnnData
            X = predicted expression, cells × genes, on the study's scale; ``obs`` as
            :attr:`Study.obs`. In ``uns["scgrids"]`` the peaks that were masked.
        """
        import anndata
        import pandas

        study = study_of(data)
        obs, core = study.obs, study._core
        rows = _positions("cells", obs.index, cells, range(len(obs)))
        if isinstance(mask, str):
            mask = [mask]
        mask = list(mask)
        masked = _positions("mask", pandas.Index(core.peaks), mask, ())
        with running(threads=threads) as run:
            values = _core.predict(run, core, self._core, rows, masked)
        made = anndata.AnnData(values, obs=obs.iloc[rows], var=study.genes)
        made.uns["scgrids"] = {"X": "predicted expression", "masked_peaks": mask}
        return made

    def __repr__(self) -> str:
        return f"Surrogate {'with' if self.has_cis else 'without'} the peaks around each gene"


def core_of(surrogate: Any) -> "_core.Surrogate":
    """What ``_core`` takes: of a surrogate, or of the path of one."""
    if isinstance(surrogate, Surrogate):
        return surrogate._core
    if isinstance(surrogate, (str, os.PathLike)):
        return Surrogate.load(surrogate)._core
    raise Error(f"{type(surrogate).__name__} is no surrogate and no path of one", "usage")


def _positions(what: str, index: Any, names: Any, otherwise: Iterable[int]):
    import numpy

    if names is None or (not isinstance(names, str) and len(names := list(names)) == 0):
        return numpy.array(list(otherwise), dtype=numpy.int32)
    found = index.get_indexer(names)
    missing = [name for name, place in zip(names, found) if place < 0]
    if missing:
        shown = ", ".join(str(name) for name in missing[:5]) + (" …" if len(missing) > 5 else "")
        raise Error(f"{what}: not in the study: {shown}")
    return found.astype(numpy.int32)
