"""The page of `grids view` in a real browser: log in, switch, search, judge, save, by pointer and by keyboard,
without a request that leaves the machine, an error in the console, or a name that becomes markup.

    live.py PROGRAMS NPM-FOLDER [PICTURES]

NPM-FOLDER is where the page's script was built (scripts/page.sh); PICTURES: a folder for screenshots to
be looked at.
"""

import csv
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile

try:
    import h5py
except ImportError:
    h5py = None

PROGRAMS = pathlib.Path(sys.argv[1]).resolve()
NPM = pathlib.Path(sys.argv[2]).resolve()
PICTURES = pathlib.Path(sys.argv[3]).resolve() if len(sys.argv) > 3 else None
HERE = pathlib.Path(__file__).resolve().parent
SKIPPED = 77
# SIM00009 is a marker of type_1 on these cells: a set of it stands in the table. No blanks and double quotes: it goes into a BED file.
HOSTILE = {"SIM00009": "<svg/onload=alert(1)>'&</script>", "type_1": "<b onclick=alert(2)>\"type</b>"}


def grids(*words, cwd):
    done = subprocess.run([PROGRAMS / "grids", *words, "-q"], cwd=cwd, capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"grids {' '.join(map(str, words))}: {done.returncode}\n{done.stderr}")


def rename(names):
    names[:] = [HOSTILE.get(name.decode(), name.decode()) for name in names[:]]


def a_run(folder):
    """A results folder of a small simulation in which a gene and a type have names that are markup."""
    grids("simulate", "--preset", "tiny", "-o", "cells", cwd=folder)
    with h5py.File(folder / "cells" / "cells.h5mu", "r+") as file:
        for names in ("mod/rna/var/_index", "var/_index", "obs/cell_type/categories"):
            rename(file[names])
    genes = folder / "cells" / "genes.bed"
    genes.write_text(re.sub(r"\bSIM00009\b", lambda match: HOSTILE[match[0]], genes.read_text()))
    grids("run", "cells/cells.h5mu", "--labels", "cell_type", "--genes", "cells/genes.bed",
          "--max-training-steps", "60", "--markers-per-type", "3", "--force", "-o", "results", cwd=folder)
    return folder / "results"


class Server:
    """`grids view`, and the address that it prints."""

    def __init__(self, results):
        self.process = subprocess.Popen([PROGRAMS / "grids", "view", results, "--no-open", "--port", "0"],
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        said = []
        for line in self.process.stdout:
            said.append(line)
            found = re.search(r"http://127\.0\.0\.1:\d+/#\S+", line)
            if found:
                self.address = found[0]
                return
        raise SystemExit("grids view printed no address:\n" + "".join(said))

    def __enter__(self):
        return self.address

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGINT)
        self.process.wait(timeout=20)


def look(address, part):
    environment = dict(os.environ, NODE_PATH=str(NPM / "node_modules"))
    words = ["node", HERE / "live.mjs", NPM, address, part, HOSTILE["SIM00009"], HOSTILE["type_1"]]
    if PICTURES:
        words.append(PICTURES)
    done = subprocess.run(words, env=environment, capture_output=True, text=True, timeout=240)
    print(done.stdout, end="")
    if done.returncode != 0:
        raise SystemExit(f"{part}: {done.returncode}\n{done.stdout}{done.stderr}")


def main():
    missing = [what for what, there in (("node", shutil.which("node")), ("chromium", shutil.which("chromium")), ("h5py", h5py),
                                        ("the page's script", (NPM / "node_modules" / "playwright-core").is_dir()))
               if not there]
    if missing:
        print("skipped: no", ", ".join(missing))
        sys.exit(SKIPPED)
    if PICTURES:
        PICTURES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="grids-live-") as place:
        results = a_run(pathlib.Path(place))
        with Server(results) as address:
            look(address, "first")
        with Server(results) as address:  # looks and saved sets outlive the server
            look(address, "again")
        with open(results / "view_sets.tsv", newline="") as file:
            rows = list(csv.DictReader(file, delimiter="\t"))
        assert rows and all(row["status"] == "exploratory" for row in rows), rows
        assert any(row["note"] == "=a note <b>of mine</b>" or row["note"] == "'=a note <b>of mine</b>" for row in rows), rows
    print("the live page does what its reader asks")


main()
