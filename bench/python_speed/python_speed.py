#!/usr/bin/env python3
"""What Python itself costs: importing scgrids, and copying a MuData's matrices in.

    build/python-test/bin/python bench/python_speed/python_speed.py      # after scripts/python.sh

Imports: the median of several fresh processes, beside an empty one; the goal is 0.3 s. Copying in: a CSR matrix of
305 MiB (40 million entries of float32 and int32, the size of the paper's ATAC), read where it lies and packed as a
file's would be; the goal is 1.6 CPU seconds.
"""

import argparse
import statistics
import subprocess
import sys
import time

import anndata
import mudata
import numpy
import pandas
import scipy.sparse

from scgrids import _cells, _core, settings
from scgrids._running import running

CELLS, PEAKS, GENES = 10_000, 125_000, 200


def seconds_of(code, repeats):
    """Median wall seconds of a process, and of its processor time."""
    found = []
    for _ in range(repeats):
        began = time.monotonic()
        line = f"import time\n{code}\nprint(time.process_time())"
        said = subprocess.run([sys.executable, "-c", line], check=True, capture_output=True, text=True).stdout
        found.append((time.monotonic() - began, float(said)))
    return [statistics.median(column) for column in zip(*found)]


def imports(repeats):
    modules = ("scgrids", "scgrids.tl", "scgrids.pl", "scgrids.pp, scgrids.tl, scgrids.pl")
    for code in ("pass", *(f"import {names}" for names in modules)):
        wall, cpu = seconds_of(code, repeats)
        print(f"{code:44} {wall:.3f} s, {cpu:.3f} s of the processor")


def cells(entries):
    """MuData of as many open peaks in each cell, ascending."""
    random = numpy.random.default_rng(1)
    each = entries // CELLS
    steps = random.integers(1, PEAKS // each, (CELLS, each), dtype=numpy.int32)  # ends before the last peak
    columns = steps.cumsum(axis=1, dtype=numpy.int32).ravel()
    counts = random.integers(1, 3, CELLS * each).astype(numpy.float32)
    starts = numpy.arange(0, CELLS * each + 1, each, dtype=numpy.int32)
    obs = pandas.DataFrame(index=[f"cell{i}" for i in range(CELLS)])
    atac = anndata.AnnData(
        scipy.sparse.csr_matrix((counts, columns, starts), shape=(CELLS, PEAKS)),
        obs=obs,
        var=pandas.DataFrame(index=[f"chr1:{1000 * i}-{1000 * i + 500}" for i in range(PEAKS)]),
    )
    seen = random.poisson(0.2, (CELLS, GENES)).astype(numpy.float32)
    var = pandas.DataFrame(index=[f"gene{i}" for i in range(GENES)])
    rna = anndata.AnnData(scipy.sparse.csr_matrix(seen), obs=obs, var=var)
    return mudata.MuData({"rna": rna, "atac": atac})


def copying(entries, threads):
    data = cells(entries)
    X = data["atac"].X
    size = (X.data.nbytes + X.indices.nbytes) / 2**20
    for count in threads:
        began, cpu = time.monotonic(), time.process_time()
        with running(threads=count) as run:
            read = _core.cells_of(run, _cells.stored(data), "MuData", [])
        wall, cpu = time.monotonic() - began, time.process_time() - cpu
        of = f"{size:.0f} MiB, {count} thread{'s' * (count > 1)}"
        print(f"copied in, {of}: {wall:.2f} s, {cpu:.2f} s of the processor")
        del read


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--entries", type=int, default=40_000_000)
    parser.add_argument("--repeats", type=int, default=9, help="processes that import")
    arguments = parser.parse_args()
    settings.verbosity = 0
    imports(arguments.repeats)
    copying(arguments.entries, (1, 2, 1, 2))


if __name__ == "__main__":
    main()
