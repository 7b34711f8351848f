"""What every case of the tour needs: a folder of its own, good files to break, and the checks.

A case is a function that breaks one thing in its folder and returns the words of a `grids` command.
The command runs inside that folder, first with its output absent, then with an earlier output in
its place. Each time it must end with the expected code, say what the patterns ask for, print
nothing to standard output, end in time, and leave the folder exactly as it was: no output, no
half-written file, nothing overwritten.
"""

import dataclasses
import hashlib
import pathlib
import re
import shutil
import subprocess

SECONDS = 60  # far above what any case needs; a command that is still busy then hangs

CASES = []


@dataclasses.dataclass
class Case:
    name: str
    code: int
    says: list
    make: object
    once: bool  # run only with the output absent
    torch: bool  # needs grids-torch


def case(name, *says, code=3, once=False, torch=False):
    """Registers the decorated function. `says`: patterns that the message must all match."""

    def register(make):
        CASES.append(Case(name, code, list(says), make, once, torch))
        return make

    return register


class Room:
    """The folder of one case, and the good files."""

    def __init__(self, folder, good, programs):
        self.folder = folder
        self.good = good
        self.programs = programs
        folder.mkdir(parents=True)

    def run(self, *words):
        """A command that makes something good in the folder, to be broken."""
        must(self.programs, words, self.folder)

    def copy(self, name, new_name=None):
        """A copy of a good file or folder, to be broken; returns its path."""
        target = self.folder / (new_name or name)
        if (self.good / name).is_dir():
            shutil.copytree(self.good / name, target)
        else:
            shutil.copy(self.good / name, target)
        return target

    def file(self, name, content):
        """A new file, of text or bytes; returns its name."""
        path = self.folder / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return name


def alone(room, *broken):
    """A grids in the room without the programs beside it, or with some that may not be executed."""
    folder = room.folder / "programs"
    folder.mkdir()
    shutil.copy(room.programs / "grids", folder)
    for name in broken:
        (folder / name).write_text("")
    return ["program", folder / "grids"]


def snapshot(folder):
    """Everything in a folder but when its study was asked: name → kind or digest."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.suffix == ".asked":
            continue
        name = str(path.relative_to(folder))
        if path.is_file():
            found[name] = hashlib.sha256(path.read_bytes()).hexdigest()
        else:
            found[name] = "folder" if path.is_dir() else "other"
    return found


def differences(before, after):
    lines = []
    for name in sorted(before.keys() | after.keys()):
        if before.get(name) == after.get(name):
            continue
        how = "appeared" if name not in before else "vanished" if name not in after else "changed"
        lines.append(f"{name} {how}")
    return lines


def command(programs, words):
    """The words as a command; a leading ("limit", blocks) caps the size of written files, ("program", path)
    is another grids."""
    grids = str(programs / "grids")
    if words[0] == "program":
        return [str(word) for word in words[1:]]
    if words[0] == "limit":
        return ["sh", "-c", f'ulimit -f {words[1]}; exec "$@"', "sh", grids, *map(str, words[2:])]
    return [grids, *map(str, words)]


def run(programs, words, folder):
    return subprocess.run(
        command(programs, words),
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=SECONDS,
    )


def output_of(words, folder):
    """Where the command would write, or None."""
    words = [str(word) for word in words]
    for flag in ("-o", "--out", "--output"):
        if flag in words[:-1]:
            return folder / words[words.index(flag) + 1]
    return None


def put_earlier_result(output):
    """An earlier result in the place of the output: a file, or a folder with a file in it."""
    if output.suffix:
        output.write_text("an earlier result\n")
    else:
        output.mkdir()
        (output / "subsets.tsv").write_text("an earlier result\n")


def check_once(case, programs, words, folder):
    before = snapshot(folder)
    try:
        done = run(programs, words, folder)
    except subprocess.TimeoutExpired:
        return [f"still running after {SECONDS} s"], ""
    problems = []
    if done.returncode != case.code:
        problems.append(f"exit code {done.returncode} instead of {case.code}")
    for pattern in case.says:
        if not re.search(pattern, done.stderr, re.DOTALL):
            problems.append(f"the message does not match {pattern!r}")
    if case.code != 0 and re.search(r"unexpected:|terminate called|\bstd::", done.stderr):
        problems.append("the message speaks of the program, not of the input")
    if case.code != 0 and done.stdout:
        problems.append("something was printed to standard output")
    if case.code != 0:
        problems += differences(before, snapshot(folder))
    return problems, done.stderr


def check(case, programs, good, folder):
    """Runs a case; returns what is wrong with it (nothing when it passes) and the message."""
    room = Room(folder, good, programs)
    words = case.make(room)
    problems, message = check_once(case, programs, words, folder)
    output = output_of(words, folder)
    if problems or case.once or output is None or output.exists() or not output.parent.is_dir():
        return problems, message
    put_earlier_result(output)
    # Without this word the earlier result alone would be a reason to refuse.
    problems, message = check_once(case, programs, [*words, "--overwrite"], folder)
    return [f"with an earlier output: {problem}" for problem in problems], message


def must(programs, words, folder):
    """A command that has to succeed: the good files rest on it."""
    done = run(programs, words, folder)
    if done.returncode != 0:
        raise SystemExit(f"the tour cannot start, {' '.join(map(str, words))} fails:\n{done.stderr}")


def path_of(text):
    return pathlib.Path(text).resolve()
