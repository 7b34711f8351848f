#!/usr/bin/env python3
"""Prepares small experiments as users have them and reads the studies with AnnData.

    pairing.py PROGRAMS [--show] [--only TEXT]

Which cells, labels, genes and peaks belong together, whatever the lists look like; and what of the
user's annotations a study keeps. --show prints all messages. Ends with "N passed, N failed"; exits
with 77 where AnnData is missing.
"""

import argparse
import pathlib
import sys
import tempfile

try:
    import anndata  # noqa: F401
except ImportError:
    print("skipped: needs python3-anndata")
    sys.exit(77)

import cases_apart  # noqa: F401  (registers its cases)
import cases_kept  # noqa: F401
import cases_pairs  # noqa: F401
import cases_text  # noqa: F401
import harness
import predicted


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("programs", type=lambda text: pathlib.Path(text).resolve())
    parser.add_argument("--show", action="store_true")
    parser.add_argument("--only", default="", help="cases whose name contains this")
    arguments = parser.parse_args()
    chosen = [case for case in harness.CASES if arguments.only in case.name]
    failed = 0
    with tempfile.TemporaryDirectory(prefix="grids-pairing-") as root:
        for number, case in enumerate(chosen):
            problems, message = harness.run_case(case, arguments.programs,
                                                 pathlib.Path(root) / str(number))
            failed += bool(problems)
            if problems or arguments.show:
                print(f"== {case.name}: {'; '.join(problems) or 'passed'}\n{message}")
        harness.os.chdir("/")
        for problem in predicted.tour(arguments.programs, pathlib.Path(root) / "predicted"):
            failed += 1
            print(f"== predict: {problem}")
    print(f"{len(chosen) + 1 - failed} passed, {failed} failed")
    return 1 if failed or not chosen else 0


if __name__ == "__main__":
    sys.exit(main())
