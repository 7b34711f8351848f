"""What a foreign reader is: what it needs, and what it finds wrong."""

import dataclasses
import importlib.util
import shutil
import subprocess
from typing import Callable


@dataclasses.dataclass
class Reader:
    name: str
    needs: list  # programs; Python's modules as "import NAME", R's as "library NAME"
    read: Callable  # (programs, folder, made) → problems

    def missing(self):
        """The first of what it needs that is not there; "" where all is."""
        return next((need for need in self.needs if not is_there(need)), "")


def is_there(need):
    kind, _, name = need.rpartition(" ")
    if kind == "import":
        return importlib.util.find_spec(name) is not None
    if kind == "library":
        ask = f"quit(status = !suppressPackageStartupMessages(requireNamespace('{name}', quietly = TRUE)))"
        return is_there("Rscript") and subprocess.run(["Rscript", "-e", ask]).returncode == 0
    return shutil.which(name) is not None


def reader(readers, name, *needs):
    """Adds a function to the readers under a name."""
    def add(function):
        readers.append(Reader(name, list(needs), function))
        return function
    return add


def output(*words, **more):
    return subprocess.run([str(word) for word in words], check=True, capture_output=True, text=True, **more).stdout
