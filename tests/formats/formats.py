#!/usr/bin/env python3
"""Experiments as others write them: formats.py PROGRAMS

What is readable is read to the same study, whatever the layout; what is not is told by what it is. The
lines of R and Python that a message gives are run, and grids must read what they write. PROGRAMS is the
folder with `grids`. Exits with 77 where h5py or Rscript is missing.
"""

import pathlib
import shutil
import sys
import tempfile

try:
    import anndata  # noqa: F401  the lines of messages use it
    import h5py  # noqa: F401
except ImportError as error:
    print(f"skipped: {error}")
    sys.exit(77)

import cases_anndata  # noqa: F401
import cases_filters  # noqa: F401
import cases_foreign  # noqa: F401
import cases_places  # noqa: F401
import cases_r
import cases_zarr  # noqa: F401
import harness
import lines


def main():
    programs = pathlib.Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory(prefix="grids_formats_") as folder:
        wrong = list(harness.failures(programs, folder))
        wrong += lines.failures(programs, pathlib.Path(folder) / "python", lines.PYTHON)
        if shutil.which("Rscript"):
            wrong += lines.failures(programs, pathlib.Path(folder) / "r", cases_r.OBJECTS)
    print("\n".join(wrong))
    print(f"{len(harness.CASES)} layouts, {len(wrong)} lines of failures")
    if wrong:
        return 1
    if not shutil.which("Rscript"):
        print("skipped: Rscript is missing (r-base-core, r-cran-matrix); the rest passed")
        return 77
    return 0


if __name__ == "__main__":
    sys.exit(main())
