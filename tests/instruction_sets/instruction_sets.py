"""One study, one surrogate, explained with every instruction set: own loops at each level for which
they are cloned, oneDNN's products at several that it knows. The sets are the same and their numbers
close; to the last bit they agree on one level, whatever the number of threads.

    instruction_sets.py PROGRAMS
"""

import csv
import math
import os
import pathlib
import subprocess
import sys
import tempfile

PROGRAMS = pathlib.Path(sys.argv[1]).resolve()
SKIPPED = 77
# The largest relative difference of a number of a set, as docs/performance.md says.
CLOSE = 1e-3


def flags():
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("flags"):
            return set(line.split())
    return set()


def run(program, *words, cwd, isa=None):
    environment = dict(os.environ)
    for name in ("ONEDNN_MAX_CPU_ISA", "DNNL_MAX_CPU_ISA"):
        environment.pop(name, None)
        if isa:
            environment[name] = isa
    done = subprocess.run([PROGRAMS / program, *words, "-q"], cwd=cwd, env=environment,
                          capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"{program} {' '.join(words)} ({isa}): {done.returncode}\n{done.stderr}")


def rows(path):
    with open(path, newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def number(text):
    try:
        return float(text)
    except ValueError:
        return None


def difference(folder, other):
    """The sets of two folders, and the largest relative difference of their numbers."""
    largest = 0.0
    for name in ("subsets.tsv", "set_summary.tsv"):
        ours, theirs = rows(folder / name), rows(other / name)
        assert len(ours) == len(theirs), f"{other.name}: {name} has {len(theirs)} rows, not {len(ours)}"
        for mine, its in zip(ours, theirs):
            for column in mine:
                a, b = number(mine[column]), number(its[column])
                if a is None or b is None or not (math.isfinite(a) and math.isfinite(b)):
                    assert mine[column] == its[column], f"{other.name}: {name}: {column}: {mine} {its}"
                elif column in ("average_change", "relative_change", "change_cp100k", "objective"):
                    largest = max(largest, abs(a - b) / max(abs(a), abs(b), 1e-3))
    return largest


def main():
    known = flags()
    levels = [("grids_level_1", "SSE41")]
    if "avx2" in known:
        levels += [("grids_level_1", "AVX2"), ("grids_level_3", "SSE41"), ("grids_level_3", "AVX2")]
    if "avx512bw" in known and "avx512vl" in known and "avx512dq" in known:
        levels += [("grids_level_3", None), ("grids", "AVX2"), ("grids", None)]
    if len(levels) == 1 or not (PROGRAMS / "grids-torch").exists():
        print("skipped: the processor has one instruction set, or grids-torch is not built")
        return SKIPPED
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        run("grids", "simulate", "--preset", "tiny", "--seed", "4", "-o", "sim", cwd=folder)
        run("grids", "prepare", "sim/cells.h5mu", "--labels", "cell_type", "--genes", "sim/genes.bed",
            "-o", "study.h5mu", cwd=folder)
        run("grids", "train", "study.h5mu", "--max-steps", "150", "-o", "s.safetensors", cwd=folder)
        explain = ["explain", "study.h5mu", "s.safetensors", "--gene", "SIM00001", "SIM00005", "--cell-type",
                   "each", "--domain", "all", "--random-sets", "10", "--force"]
        results = []
        for program, isa in levels:
            out = f"{program}-{isa}"
            run(program, *explain, "-o", out, cwd=folder, isa=isa)
            results.append(folder / out)
        for other in results[:-1]:
            far = difference(results[-1], other)
            print(f"{other.name}: {far:.2g} from {results[-1].name}")
            assert far <= CLOSE, f"{other.name}: numbers differ by {far}"
        program, isa = levels[0]
        run(program, *explain, "--threads", "3", "-o", "threads", cwd=folder, isa=isa)
        for table in ("subsets.tsv", "set_summary.tsv"):
            assert (folder / "threads" / table).read_bytes() == (results[0] / table).read_bytes(), table
    return 0


sys.exit(main())
