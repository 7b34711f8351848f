#!/usr/bin/env python3
"""What the programs link, against what they say: licences.py PROGRAMS

Every library that a program names to the loader stands in what its --licences prints, every file that
stands there is loaded, nothing that `grids` or `grids-tracks` loads, by whatever way, is under the GPL
alone, and what `grids-torch` loads of that kind is named. PROGRAMS is the folder with `grids`, `grids-tracks`
and maybe `grids-torch`.
"""

import pathlib
import re
import subprocess
import sys

# Under the GPL without an exception for those who link, by file; and by what name a page tells of it.
GPL_ONLY = {
    "libigraph": "igraph", "libplfit": "plfit", "libglpk": "GLPK", "libgsl": "GSL", "libfftw3": "FFTW",
    "libreadline": "Readline", "libumfpack": "UMFPACK", "libcholmod": "CHOLMOD",
    "libavcodec": "FFmpeg", "libavformat": "FFmpeg", "libavutil": "FFmpeg", "libavfilter": "FFmpeg",
    "libavdevice": "FFmpeg", "libpostproc": "FFmpeg", "libswscale": "FFmpeg", "libswresample": "FFmpeg",
    "libx264": "x264", "libx265": "x265", "libxvidcore": "Xvid", "libjbig": "JBIG-KIT",
    "librttopo": "librttopo", "libpoppler": "Poppler",
}
# Not the program's: the loader, and what a build under a sanitizer adds.
NOT_OURS = re.compile(r"ld-linux|lib(asan|ubsan|tsan|lsan)$")


def output(*command):
    return subprocess.run(command, check=True, text=True, capture_output=True).stdout


def stem(file):
    return file.split(".so")[0]


def needed(program):
    found = re.findall(r"\(NEEDED\).*\[(.+)\]", output("readelf", "-d", program))
    return {stem(file) for file in found if not NOT_OURS.search(stem(file))}


def loaded(program):
    return {stem(line.split()[0].split("/")[-1]) for line in output("ldd", program).splitlines()}


def under_gpl(libraries):
    """The names of those that are under the GPL alone; fftw3 comes as libfftw3f and others, too."""
    return {name for file, name in GPL_ONLY.items() for one in libraries if re.fullmatch(f"{file}[a-z]?", one)}


def said(page):
    """The files that the page's lines end with, in brackets."""
    groups = re.findall(r"^  .*\((.+)\)$", page, re.M)
    return {file for group in groups for file in group.split() if file != "headers"}


def wrong_with(program):
    page = output(program, "--licences")
    links, loads, files = needed(program), loaded(program), said(page)
    if not re.match(rf"{program.name} [0-9.]+: MIT licence", page):
        yield "does not begin with its own licence"
    if not links or not files:
        yield f"nothing to compare: {len(links)} linked, {len(files)} said"
    for file in sorted(links - files):
        yield f"links {file}, of which --licences says nothing"
    for file in sorted(files - loads):
        yield f"--licences says {file}, which is not loaded"
    gpl = under_gpl(loads)
    if program.name != "grids-torch" and gpl:
        yield "loads what is under the GPL: " + ", ".join(sorted(gpl))
    for name in sorted(gpl):
        if not re.search(rf"\b{re.escape(name)}\b", page) or "under the GPL" not in page:
            yield f"loads {name}, which is under the GPL, and does not say so"


def main():
    folder = pathlib.Path(sys.argv[1])
    programs = [folder / name for name in ("grids", "grids-tracks", "grids-torch") if (folder / name).exists()]
    wrong = [f"{program.name} {problem}" for program in programs for problem in wrong_with(program)]
    if not programs:
        wrong.append(f"no program in {folder}")
    print("\n".join(wrong) or f"{len(programs)} programs link what they say")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
