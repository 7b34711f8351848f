"""How stages are run: seed, threads, where messages and progress go."""

from __future__ import annotations

import logging
import os
import sys
import warnings
from typing import Any, Optional

from . import _core

_HERE = os.path.dirname(os.path.abspath(__file__)) + os.sep

logger = logging.getLogger("scgrids")


class ScgridsWarning(UserWarning):
    """Something to know before trusting a result."""


class Settings:
    """What all calls share, unless a call says otherwise.

    Attributes
    ----------
    seed
        Seed of every random draw. The same seed gives the same result for any number of threads.
    threads
        Threads; 0 = all cores. No result depends on it.
    verbosity
        0: warnings alone; 1: what each stage did, too (through the logger ``scgrids``).
    progress
        Whether long stages show a bar. ``None``: in notebooks and terminals, where tqdm is there.
    trainer
        The program ``grids-torch``, where it is not on the PATH.
    """

    def __init__(self):
        standard = {option["name"]: option["standard"] for option in _core.options_of("session")}
        self.seed: int = int(standard["seed"][0])
        self.threads: int = int(standard["threads"][0])
        self.verbosity: int = 1
        self.progress: Optional[bool] = None
        self.trainer: Optional[str] = None

    def __repr__(self):
        return "Settings(" + ", ".join(f"{key}={value!r}" for key, value in vars(self).items()) + ")"


settings = Settings()


def _in_notebook() -> bool:
    shell = sys.modules.get("IPython")
    if shell is None:
        return False
    current = shell.get_ipython()
    return current is not None and current.__class__.__name__ == "ZMQInteractiveShell"


class _ToScreen(logging.Handler):
    """Writes to what is the error stream now: notebooks and tests put another in its place."""

    def emit(self, record: logging.LogRecord) -> None:
        print(self.format(record), file=sys.stderr)


# As scanpy does: messages go to the screen, and to nobody else's handlers, unless the user says so.
if not logger.handlers:
    logger.addHandler(_ToScreen())
    logger.setLevel(logging.INFO)
    logger.propagate = False


def _level_of_user() -> int:
    """How many frames above the caller of this the user's code stands."""
    frame, level = sys._getframe(1), 1
    while frame is not None and frame.f_code.co_filename.startswith(_HERE):
        frame, level = frame.f_back, level + 1
    return level


class Reporter:
    """Takes what a stage says: messages, warnings, and how far it is."""

    def __init__(self):
        self.bars: dict[str, Any] = {}
        self.tqdm = self._tqdm()

    @staticmethod
    def _tqdm():
        wanted = settings.progress
        if wanted is None:
            wanted = _in_notebook() or sys.stderr.isatty()
        if not wanted:
            return None
        try:
            from tqdm.auto import tqdm
        except ImportError:
            return None
        return tqdm

    def info(self, text: str) -> None:
        if settings.verbosity > 0:
            logger.info(text)

    def warning(self, text: str) -> None:
        warnings.warn(text, ScgridsWarning, stacklevel=_level_of_user())

    def progress(self, task: str, done: int, total: int) -> None:
        if self.tqdm is None:
            return
        bar = self.bars.get(task)
        if bar is None:
            for other in self.bars.values():
                other.close()
            bar = self.bars[task] = self.tqdm(total=total, desc=task, leave=False)
        bar.total = total
        bar.update(done - bar.n)

    def close(self) -> None:
        for bar in self.bars.values():
            bar.close()
        self.bars.clear()


class running:
    """``with running(seed, threads) as run:`` what a stage of ``_core`` is run with."""

    def __init__(self, seed: Optional[int] = None, threads: Optional[int] = None, trainer: str = ""):
        self.seed = settings.seed if seed is None else seed
        self.threads = settings.threads if threads is None else threads
        self.trainer = trainer

    def __enter__(self) -> "_core.Run":
        self.reporter = Reporter()
        return _core.Run(self.seed, self.threads, self.trainer, self.reporter)

    def __exit__(self, *failure) -> None:
        self.reporter.close()
