#!/usr/bin/python3
"""The floors are law: house.py COMPILER BUILD_FOLDER

Each room is compiled with a folder that holds links to the rooms it may use (cmake/room.cmake). What is
held here: a header of another room is not found, those it may use are, and no source goes around the
folder by a path of its own; and no two headers have a type of one name.
"""

import concurrent.futures
import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
TYPE = re.compile(r"^(?:struct|class|enum class)\s+([A-Z]\w*)(?:\s+final)?\s*(?::[^;{]*)?\{", re.M)
INCLUDE = re.compile(r'^\s*#\s*include\s*["<]([^">]+)[">]', re.M)


def rooms():
    return sorted(folder.name for folder in (ROOT / "src").iterdir() if folder.is_dir())


def a_header(room):
    return next(path.relative_to(ROOT / "src") for path in sorted((ROOT / "src" / room).rglob("*.hpp")))


def reads(compiler, seen, header):
    """Whether a source that includes the header finds it; headers of libraries are not asked for."""
    command = [compiler, "-std=c++20", "-I", seen, "-x", "c++", "-M", "-MG", "-o", os.devnull, "-"]
    probe = f'#if !__has_include("{header}")\n#error not found\n#endif\n'
    return subprocess.run(command, input=probe, text=True, stderr=subprocess.DEVNULL).returncode == 0


def wrong_pairs(compiler, build, room):
    seen = build / "sees" / f"grids_{room}"
    allowed = {link.name for link in seen.iterdir()}
    if room not in allowed:
        yield f"{room} does not see itself"
    for other in rooms():
        if other != "programs" and reads(compiler, seen, a_header(other)) != (other in allowed):
            yield f"{room} → {other}: " + ("not found" if other in allowed else "found though not allowed")


def paths_of_their_own():
    for source in sorted((ROOT / "src").rglob("*.[ch]pp")):
        for header in INCLUDE.findall(source.read_text()):
            if ".." in header or header.startswith("/"):
                yield f"{source.relative_to(ROOT)} includes {header}"


def upward_circles(build):
    """Two rooms that may each use the other: then neither is below."""
    sees = {room: {link.name for link in (build / "sees" / f"grids_{room}").iterdir()} for room in built(build)}
    for room in sees:
        for other in sees[room] - {room}:
            if room in sees.get(other, ()):
                yield f"{room} and {other} use each other"


def types_of_one_name():
    """The rooms share a namespace and a program: of two types of one name the linker keeps one's functions."""
    headers = {}
    for header in sorted((ROOT / "src").rglob("*.hpp")):
        for name in TYPE.findall(header.read_text()):
            headers.setdefault(name, []).append(str(header.relative_to(ROOT)))
    for name, places in headers.items():
        if len(places) > 1:
            yield f"{name} is a type in {' and in '.join(places)}"


def built(build):
    return [room for room in rooms() if (build / "sees" / f"grids_{room}").is_dir()]


def main():
    compiler, build = sys.argv[1], pathlib.Path(sys.argv[2])
    # Once as a source is compiled, and for the reason that is meant.
    forbidden = '#include "report/results.hpp"\nint main() {}\n'
    command = [compiler, "-std=c++20", "-I", build / "sees" / "grids_base", "-x", "c++", "-fsyntax-only", "-"]
    compiled = subprocess.run(command, input=forbidden, text=True, capture_output=True)
    wrong = [] if compiled.returncode and "report/results.hpp" in compiled.stderr else ["base includes report"]
    with concurrent.futures.ThreadPoolExecutor() as pool:
        for found in pool.map(lambda room: list(wrong_pairs(compiler, build, room)), built(build)):
            wrong += found
    wrong += list(paths_of_their_own()) + list(upward_circles(build)) + list(types_of_one_name())
    if not built(build):
        wrong.append(f"no room found in {build}")
    print("\n".join(wrong) or f"{len(built(build))} rooms see what they may, and nothing else")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
