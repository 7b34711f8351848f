#!/usr/bin/python3
"""libgrids as it is installed: outside.py BUILD_FOLDER COMPILER

Installs into a clean root, builds outside.cpp against that alone (by find_package, then by
pkg-config) and runs it; holds the library to what it shows and what it loads.
"""

import os
import pathlib
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
FIXTURES = HERE.parent / "fixtures"


def run(*words, **more):
    return subprocess.run([str(word) for word in words], check=True, capture_output=True, text=True,
                          **more).stdout


def require(holds, what):
    if not holds:
        sys.exit(f"outside: {what}")


def check_sets(printed):
    """What was kept when the surrogate was made: subsets.tsv of the same options."""
    rows = [line.split("\t") for line in (FIXTURES / "version_2/run/subsets.tsv").read_text().splitlines()[1:]]
    for line, gene in zip(printed.splitlines(), ("SLC8A1", "BCL11B"), strict=True):
        peaks = [row[5] for row in rows if row[1] == gene]
        require(line.split(": ")[1].split() == peaks, f"{gene}: printed {line}, kept {peaks}")


def check_symbols(library):
    """Of our own only the face shows."""
    for line in run("nm", "-DC", "--defined-only", library).splitlines():
        name = line.split(maxsplit=2)[2]
        require("grids::core" not in re.sub(r"std::[^<]*<.*", "", name), f"the library shows {name}")


def main():
    build, compiler = pathlib.Path(sys.argv[1]), sys.argv[2]
    with tempfile.TemporaryDirectory(prefix="grids-outside-") as work:
        root = pathlib.Path(work) / "root"
        run("cmake", "--install", build, "--prefix", root)
        library = next(root.glob("lib/**/libgrids.so"))
        check_symbols(library)
        environment = dict(os.environ, LD_LIBRARY_PATH=str(library.parent),
                           PKG_CONFIG_PATH=str(library.parent / "pkgconfig"))
        made = pathlib.Path(work) / "made"
        run("cmake", "-G", "Ninja", "-S", HERE, "-B", made, f"-DCMAKE_PREFIX_PATH={root}", f"-DCMAKE_CXX_COMPILER={compiler}")
        run("cmake", "--build", made)
        check_sets(run(made / "outside", FIXTURES, env=environment))
        if subprocess.run(["pkg-config", "--version"], capture_output=True).returncode == 0:
            flags = run("pkg-config", "--cflags", "--libs", "grids", env=environment).split()
            run(compiler, HERE / "outside.cpp", *flags, "-o", made / "by_flags")
            check_sets(run(made / "by_flags", FIXTURES, env=environment))
    print("built against the installed library, run from two threads")


if __name__ == "__main__":
    try:
        main()
    except subprocess.CalledProcessError as error:
        sys.exit(f"outside: {error}\n{error.stdout}\n{error.stderr}")
    except FileNotFoundError as error:
        sys.exit(f"outside: {error}")
