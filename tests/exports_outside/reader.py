"""What a foreign reader is: what it needs, and what it finds wrong."""

import dataclasses
import importlib.util
import shutil
import subprocess
from typing import Callable


@dataclasses.dataclass
class Reader:
    name: str
    needs: list  # programs, and Python's modules as "import NAME"
    read: Callable  # (programs, folder, made) → problems

    def missing(self):
        """The first of what it needs that is not there; "" where all is."""
        for need in self.needs:
            module = need.removeprefix("import ")
            there = importlib.util.find_spec(module) if module != need else shutil.which(need)
            if not there:
                return module
        return ""


def reader(readers, name, *needs):
    """Adds a function to the readers under a name."""
    def add(function):
        readers.append(Reader(name, list(needs), function))
        return function
    return add


def output(*words, **more):
    return subprocess.run([str(word) for word in words], check=True, capture_output=True, text=True, **more).stdout
