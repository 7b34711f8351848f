#!/usr/bin/env python3
"""What foreign readers say of files for others: exports_outside.py PROGRAMS [--keep FOLDER]

Text tracks are packed by `grids-tracks` and read by tabix, bedtools and pyBigWig; a small simulated run is
exported by `grids export` in every format, and each file is opened by the program that it is for: bedtools,
tabix, pyBigWig, anndata, multiqc and R. What is not there is skipped by name, and the exit code is then 77.

By hand, because they cost CI too much or are not in Debian:

    --igv FOLDER      Debian's igv under Xvfb loads the session and leaves a picture there, to be looked at
    --mudata PYTHON   a Python with mudata of PyPI reads the study with links

PROGRAMS is the folder with the programs. --keep leaves the files where they can be looked at.
"""

import argparse
import pathlib
import subprocess
import sys
import tempfile

import exported
import packed


def simulated_run(programs, folder):
    """A run on a tiny study, in seconds; its sets are few, and some are forced."""
    grids = programs / "grids"
    steps = (["simulate", "--preset", "tiny", "--seed", "3", "-o", "cells"],
             ["run", "cells/cells.h5mu", "--labels", "cell_type", "--genes", "cells/genes.bed",
              "--max-training-steps", "30", "--latent", "7", "--training-batch", "100", "-L", "3", "--force",
              "-o", "run"])
    for step in steps:
        done = subprocess.run([grids, *step, "--quiet"], cwd=folder, capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(f"grids {step[0]}: {done.stderr}")
    return folder / "run"


def failures(programs, folder, hand):
    skipped, wrong = [], []
    made = {}
    if (programs / "grids-torch").exists():
        made = exported.export(programs, simulated_run(programs, folder), folder)
    else:
        skipped.append("exports: grids-torch is missing")
    for reader in packed.READERS + (exported.READERS if made else []):
        missing = reader.missing()
        if missing:
            skipped.append(f"{reader.name}: {missing} is missing")
            continue
        wrong += [f"{reader.name}: {problem}" for problem in reader.read(programs, folder, made)]
        print(f"{reader.name} was asked")
    if made:
        wrong += exported.by_hand(made, hand)
    return wrong, skipped


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("programs", type=pathlib.Path)
    arguments.add_argument("--keep", type=pathlib.Path)
    arguments.add_argument("--igv", type=pathlib.Path)
    arguments.add_argument("--mudata")
    hand = arguments.parse_args()
    with tempfile.TemporaryDirectory(prefix="grids_exports_") as temporary:
        folder = hand.keep or pathlib.Path(temporary)
        folder.mkdir(exist_ok=True)
        wrong, skipped = failures(hand.programs.resolve(), folder, hand)
    print("\n".join(wrong + [f"skipped: {each}" for each in skipped]))
    if wrong:
        return 1
    return 77 if skipped else 0


if __name__ == "__main__":
    sys.exit(main())
