"""Calls of grids whose results must be the same bytes: the frame of the tours that compare them."""

import os
import subprocess
import sys

TIMED = ("manifest.json", "timings.tsv")
SECONDS = 300  # far above what a command here needs


class SameBytes:
    """Counts what passed and failed; commands work in the folder `root`."""

    def __init__(self, programs, root):
        self.grids, self.root = programs.resolve() / "grids", root
        self.passed, self.failed = 0, 0

    def told(self, name, problem=""):
        self.passed += not problem
        self.failed += bool(problem)
        print(f"{'FAILED: ' + name + ': ' + problem if problem else name}", flush=True)

    def call(self, words, **environment):
        """Exit code and standard error."""
        done = subprocess.run([self.grids, *words, "--threads", "2"], cwd=self.root, text=True, capture_output=True,
                              timeout=SECONDS, env={**os.environ, **environment})
        return done.returncode, done.stderr

    def must(self, words):
        code, message = self.call(words)
        if code != 0:
            sys.exit(f"{' '.join(words)} ends with {code}:\n{message}")
        return message

    def contents(self, place):
        """Name → bytes of a file, or of what a folder holds for people."""
        place = self.root / place
        files = [place] if place.is_file() else sorted(place.rglob("*"))
        return {str(path.relative_to(place)): path.read_bytes() for path in files
                if path.is_file() and ".grids" not in path.parts and path.name not in TIMED}


def differing(one, other):
    """Names of the files that are not the same."""
    return [name for name in sorted(one.keys() | other.keys()) if one.get(name) != other.get(name)]
