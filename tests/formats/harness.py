"""A case makes files in a folder of its own and returns the words of `grids prepare`.

`@reads` cases must give the study of layouts.py, and the log must match the patterns; `@refuses` cases
must end with exit code 3, a message that matches, and nothing written.
"""

import dataclasses
import pathlib
import re
import subprocess
import traceback

import study

SECONDS = 60  # far above what any case needs
CASES = []


@dataclasses.dataclass
class Case:
    name: str
    make: object
    says: tuple
    reads: bool
    study: dict


def reads(name, *says, **expected):
    """`expected` goes to study.differences."""
    return lambda make: CASES.append(Case(name, make, says, True, expected)) or make


def refuses(name, *says):
    return lambda make: CASES.append(Case(name, make, says, False, {})) or make


def prepare(programs, folder, words):
    command = [programs / "grids", "prepare", *words, "--keep-all", "-o", "study.h5mu"]
    ended = subprocess.run(command, cwd=folder, capture_output=True, timeout=SECONDS)
    return ended.returncode, (ended.stdout + ended.stderr).decode(errors="replace")


def _wrong(case, folder, before, code, text):
    for pattern in case.says:
        if not re.search(pattern, text):
            yield f"does not say {pattern!r}"
    if code != (0 if case.reads else 3):
        yield f"exit code {code}"
    elif case.reads:
        yield from study.differences(folder / "study.h5mu", **case.study)
    elif {path.name for path in folder.iterdir()} != before:
        yield "something was written"


def _run(case, programs, folder):
    """What is wrong, and the output of the command."""
    text = ""
    try:
        words = case.make(folder)
        before = {path.name for path in folder.iterdir()}
        code, text = prepare(programs, folder, words)
        return list(_wrong(case, folder, before, code, text)), text
    except Exception:  # of the maker, or of a study that cannot be read
        return [traceback.format_exc()], text


def failures(programs, folder):
    """Runs all cases; yields what is wrong, with the output of the command."""
    for number, case in enumerate(CASES):
        place = pathlib.Path(folder) / str(number)
        place.mkdir()
        wrong, text = _run(case, programs, place)
        for one in wrong:
            yield f"{case.name}: {one}"
        if wrong:
            yield "    " + text.replace("\n", "\n    ")
