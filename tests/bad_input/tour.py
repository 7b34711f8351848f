#!/usr/bin/env python3
"""A tour of bad input: broken files and senseless calls, each with its expected message and exit code.

    tour.py PROGRAMS [--show] [--only TEXT]

PROGRAMS is the folder with `grids` and maybe `grids-torch`; without the latter, what needs a
surrogate is skipped, by name. --show prints every message, to be read by someone who decides
whether it says what is wrong, where, and what to do. Ends with "N passed, N failed".
"""

import argparse
import concurrent.futures
import os
import pathlib
import shutil
import sys
import tempfile

try:
    import h5py  # noqa: F401  (the cases break files with it)
except ImportError:
    print("skipped: the tour of bad input needs python3-h5py")
    sys.exit(77)

import cases_calls  # noqa: F401  (registers its cases)
import cases_cells  # noqa: F401
import cases_cis  # noqa: F401
import cases_compare  # noqa: F401
import cases_damage  # noqa: F401
import cases_export  # noqa: F401
import cases_knockout  # noqa: F401
import cases_lists  # noqa: F401
import cases_models  # noqa: F401
import cases_own_models  # noqa: F401
import cases_shards  # noqa: F401
import cases_surrogates  # noqa: F401
import cases_top  # noqa: F401
import cases_unpaired  # noqa: F401
import cases_unpaired_commands  # noqa: F401
import cases_validate  # noqa: F401
import cases_view  # noqa: F401
import good
import harness
import interrupted


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("programs", type=harness.path_of)
    parser.add_argument("--show", action="store_true")
    parser.add_argument("--only", default="", help="cases whose name contains this")
    arguments = parser.parse_args()
    with_torch = (arguments.programs / "grids-torch").exists()
    root = pathlib.Path(tempfile.mkdtemp(prefix="grids-tour-"))
    try:
        good.make(arguments.programs, root / "good", with_torch)
        before = harness.snapshot(root / "good")
        chosen = [case for case in harness.CASES if arguments.only in case.name]
        skipped = [case.name for case in chosen if case.torch and not with_torch]
        chosen = [case for case in chosen if not case.torch or with_torch]
        # Twice the cores: many cases wait for the disk, which every output is flushed to.
        with concurrent.futures.ThreadPoolExecutor(2 * os.cpu_count()) as pool:
            jobs = [pool.submit(harness.check, case, arguments.programs, root / "good",
                                root / f"case_{number}") for number, case in enumerate(chosen)]
            results = [(case.name, *job.result()) for case, job in zip(chosen, jobs)]
            if with_torch:
                results += interrupted.tour(arguments.programs, root, arguments.only, pool)
            else:
                skipped.append("interrupted runs")
        for line in harness.differences(before, harness.snapshot(root / "good")):
            results.append((f"good file {line}", ["no case may touch it"], ""))
    finally:
        shutil.rmtree(root)
    for name in skipped:
        print(f"skipped, as grids-torch is not built: {name}")
    failed = 0
    for name, problems, message in results:
        failed += 1 if problems else 0
        if problems or arguments.show:
            print(f"{'FAILED' if problems else 'passed'}: {name}")
            print("".join(f"    {problem}\n" for problem in problems), end="")
            print("".join(f"    | {line}\n" for line in message.splitlines()), end="")
    print(f"{len(results) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
