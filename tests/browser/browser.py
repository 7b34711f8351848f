"""The report of a small run in a real browser: everything that a reader does with it, without a request
that leaves the machine, an error in the console, or a name that becomes markup.

    browser.py PROGRAMS NPM-FOLDER [PICTURES]

NPM-FOLDER is where the page's script was built (scripts/page.sh); PICTURES: a folder for screenshots to
be looked at.
"""

import csv
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

PROGRAMS = pathlib.Path(sys.argv[1]).resolve()
NPM = pathlib.Path(sys.argv[2]).resolve()
PICTURES = pathlib.Path(sys.argv[3]).resolve() if len(sys.argv) > 3 else None
HERE = pathlib.Path(__file__).resolve().parent
SKIPPED = 77
HOSTILE = "<img src=x onerror=alert(1)>\"'&</script>"


def grids(*words, cwd):
    done = subprocess.run([PROGRAMS / "grids", *words, "-q"], cwd=cwd, capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"grids {' '.join(map(str, words))}: {done.returncode}\n{done.stderr}")


def a_run(folder):
    """A results folder of a small simulation."""
    grids("simulate", "--preset", "tiny", "-o", "cells", cwd=folder)
    grids("run", "cells/cells.h5mu", "--labels", "cell_type", "--genes", "cells/genes.bed",
          "--max-training-steps", "60", "--markers-per-type", "3", "--force", "--contrast-groups", "donor", "-o", "results",
          cwd=folder)
    # Something that each set's first peak lies at, for what the page says of validated peaks.
    with open(folder / "results/subsets.tsv", newline="") as file:
        first = [row for row in csv.DictReader(file, delimiter="\t") if row["rank"] == "1"]
    (folder / "places.bed").write_text("".join(f"{row['chrom']}\t{row['start']}\t{row['end']}\n" for row in first))
    grids("validate", "results", "--bed", "places.bed", "-o", "results", cwd=folder)
    grids("report", "results", cwd=folder)
    return folder / "results"


def with_hostile_gene(results, copy):
    """The same results with a gene and a cell type whose names are markup."""
    shutil.copytree(results, copy, ignore=shutil.ignore_patterns("*.h5mu", "*.safetensors", ".grids"))
    with open(results / "subsets.tsv", newline="") as file:
        first = next(csv.DictReader(file, delimiter="\t"))
    for table in copy.glob("*.tsv"):
        text = table.read_text()
        # A quote at the beginning of a cell would be one of the table's own; this name begins with "<".
        text = text.replace(first["gene"], HOSTILE).replace(first["cell_type"], "<b>type</b>")
        table.write_text(text)
    (copy / "report.html").unlink()
    grids("report", str(copy), cwd=copy)


def look(page, name, hostile):
    environment = dict(os.environ, NODE_PATH=str(NPM / "node_modules"))
    words = ["node", HERE / "page.mjs", NPM, page, name, HOSTILE if hostile else ""]
    if PICTURES:
        words.append(PICTURES)
    done = subprocess.run(words, env=environment, capture_output=True, text=True, timeout=240)
    print(done.stdout, end="")
    if done.returncode != 0:
        raise SystemExit(f"{name}: {done.returncode}\n{done.stderr}")


def main():
    missing = [what for what, there in (("node", shutil.which("node")), ("chromium", shutil.which("chromium")),
                                        ("the page's script", (NPM / "node_modules" / "playwright-core").is_dir()))
               if not there]
    if missing:
        print("skipped: no", ", ".join(missing))
        sys.exit(SKIPPED)
    words = subprocess.run(["node", HERE / "words.mjs"], capture_output=True, text=True, timeout=60)
    print(words.stdout, end="")
    if words.returncode != 0:
        raise SystemExit(f"words: {words.returncode}\n{words.stderr}")
    if PICTURES:
        PICTURES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="grids-browser-") as place:
        folder = pathlib.Path(place)
        results = a_run(folder)
        look(results / "report.html", "report", hostile=False)
        with_hostile_gene(results, folder / "hostile")
        look(folder / "hostile" / "report.html", "hostile", hostile=True)
    print("the page does what its reader asks")


main()
