"""How long a reader of report.html waits, in Chromium: for the demo's results, and for 24,000 sets made of them.

    bench/page_speed/page_speed.py build/release/bin build/release/page/npm demo/results

Prints a table: sets, size of the page, first paint, sorting (the slowest column), searching, opening a row, and its
genome drawn. Medians of five tries, each in a window of its own.
"""

import pathlib
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
PROGRAMS, NPM, RESULTS = (pathlib.Path(word).resolve() for word in sys.argv[1:4])


def measured(results):
    """The page of a folder of results, which is left as it was."""
    subprocess.run([PROGRAMS / "grids", "report", results, "-q"], check=True, stderr=subprocess.DEVNULL)
    done = subprocess.run(["node", HERE / "page_speed.mjs", NPM, results / "report.html"], check=True,
                          capture_output=True, text=True)
    print(done.stdout, end="", flush=True)


def main():
    print("| sets | page | first paint | sort | search | open a row | … with its genome |")
    print("| ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    with tempfile.TemporaryDirectory(prefix="grids-page-speed-") as place:
        copy = pathlib.Path(place) / "as_it_is"
        shutil.copytree(RESULTS, copy, ignore=shutil.ignore_patterns("*.h5mu", "*.safetensors", ".grids", "*.asked", "report.html"))
        measured(copy)
        many = pathlib.Path(place) / "many"
        subprocess.run([sys.executable, HERE / "many_sets.py", RESULTS, many], check=True)
        measured(many)


main()
