#!/usr/bin/env python3
"""Some genes of many, and some rows: few_genes.py PROGRAMS

`cis` of a few genes gives each the numbers that it has in a fit of all, where capture is given or kept
from such a fit, and leaves the others to the surrogate; `top` shows what a table holds. PROGRAMS is the
folder with `grids` and `grids-torch`.
"""

import csv
import gzip
import pathlib
import subprocess
import sys
import tempfile

# What other genes decide: the false discovery rate is over those that are fitted.
OF_ALL = {"gate_a_q", "gate_a_passed", "gate_b_q", "gate_b_passed"}


class Room:
    def __init__(self, programs, folder):
        self.grids, self.folder = programs / "grids", folder

    def run(self, *words, code=0):
        done = subprocess.run([self.grids, *map(str, words)], cwd=self.folder, text=True, capture_output=True)
        assert done.returncode == code, f"{words}: exit {done.returncode}\n{done.stderr}"
        return done

    def rows(self, name):
        with open(self.folder / name, newline="") as file:
            return list(csv.DictReader(file, delimiter="\t"))


def of_gene(rows, genes):
    """The rows of some genes, without what other genes decide."""
    return [{key: value for key, value in row.items() if key not in OF_ALL} for row in rows if row["gene"] in genes]


def check_cis(room):
    """The file of a fit of all genes, for `check_top`."""
    room.run("simulate", "--preset", "tiny", "--seed", 5, "-o", "cells")
    room.run("prepare", "cells/cells.h5mu", "--labels", "cell_type", "--genes", "cells/genes.bed", "-o", "study.h5mu")
    room.run("train", "study.h5mu", "--max-steps", 30, "-o", "surrogate.safetensors")
    (room.folder / "all").mkdir()
    room.run("cis", "study.h5mu", "surrogate.safetensors", "-o", "all/s.safetensors")
    every = room.rows("all/cis.tsv")
    with_terms = [row["gene"] for row in every if row["term"] != "0"]
    assert with_terms, "nothing to tell genes by"
    genes = sorted({with_terms[0], with_terms[-1], every[0]["gene"]})
    (room.folder / "genes.txt").write_text("\n".join(genes) + "\n")
    for folder, words in {"listed": ["--genes", "genes.txt"], "named": ["--gene", ",".join(genes)],
                          "alone": ["--gene", genes[0]]}.items():
        (room.folder / folder).mkdir()
        told = room.run("cis", "study.h5mu", "all/s.safetensors", *words, "-o", f"{folder}/s.safetensors").stderr
        some = room.rows(f"{folder}/cis.tsv")
        fitted = {row["gene"] for row in some}
        assert fitted == set(genes if folder != "alone" else genes[:1]), fitted
        assert of_gene(some, fitted) == of_gene(every, fitted), folder
        assert "Only these genes were fitted" in told and "Capture " in told, told
    # The others are the surrogate's own.
    room.run("predict", "study.h5mu", "alone/s.safetensors", "-o", "alone/p.h5ad")
    # Without an estimate to keep this is told, and a given capture needs none.
    told = room.run("cis", "study.h5mu", "surrogate.safetensors", "--gene", genes[0], "-o", "own.safetensors").stderr
    assert "from these genes alone" in told, told
    told = room.run("cis", "study.h5mu", "surrogate.safetensors", "--gene", genes[0], "--latent-openness", "off",
                    "-o", "own.safetensors", "--overwrite").stderr
    assert "from these genes alone" not in told, told
    before = (room.folder / "all/s.safetensors").read_bytes()
    done = room.run("cis", "study.h5mu", "surrogate.safetensors", "--gene", genes[0], "-o", "all/s.safetensors", code=3)
    assert (room.folder / "all/s.safetensors").read_bytes() == before, done.stderr


def check_top(room):
    table, rows = "all/cis.tsv", room.rows("all/cis.tsv")
    done = room.run("top", table, "-n", 3)
    shown = list(csv.DictReader(done.stdout.splitlines(), delimiter="\t"))
    first = sorted((row for row in rows if row["gate_b_q"] != "NA"), key=lambda row: float(row["gate_b_q"]))[:3]
    assert shown == first, "piped: whole rows, the smallest q first"
    assert f"{table}: {len(rows)} rows, 3 shown by gate_b_q" in done.stderr, done.stderr
    done = room.run("top", table, "--where", "term=1", "--where", "fold>1", "--sort", "fold", "--descending",
                    "--columns", "gene,fold", "-n", 0)
    wanted = [row for row in rows if row["term"] == "1" and row["fold"] != "NA" and float(row["fold"]) > 1]
    wanted.sort(key=lambda row: -float(row["fold"]))
    assert done.stdout.splitlines() == ["gene\tfold"] + [f"{row['gene']}\t{row['fold']}" for row in wanted]
    assert f"{len(rows)} rows, {len(wanted)} kept, {len(wanted)} shown by fold, largest first" in done.stderr
    with gzip.open(room.folder / "packed.tsv.gz", "wt") as file:
        file.write((room.folder / table).read_text())
    # A file gets what a pipe gets, and a packed table is read as a plain one.
    room.run("top", "packed.tsv.gz", "--sort", "gate_b_q", "-n", 3, "-o", "rows.tsv")
    assert (room.folder / "rows.tsv").read_text() == room.run("top", table, "-n", 3).stdout
    aligned = room.run("top", table, "-n", 3, "--form", "aligned").stdout.splitlines()
    assert len(aligned) == 4 and len({line.rstrip().rfind(" ") for line in aligned}) <= 4, aligned
    assert aligned[0].split()[0] == "gene" and "\t" not in "".join(aligned), aligned
    assert all(len(line) <= len(max(aligned, key=len)) for line in aligned)
    done = room.run("top", table, "--where", "gate_b_Q<0.1,", code=2)
    assert "is not a number" in done.stderr, done.stderr
    done = room.run("top", table, "--where", "gate_q<0.1", "-o", "rows.tsv", "--overwrite", code=3)
    assert "no column 'gate_q'" in done.stderr and "gate_a_q" in done.stderr, done.stderr
    assert len((room.folder / "rows.tsv").read_text().splitlines()) == 4, "an error leaves the output"
    done = room.run("top", table, "-o", table, code=2)
    assert room.rows(table) == rows


def main():
    programs = pathlib.Path(sys.argv[1]).resolve()
    if not (programs / "grids-torch").exists():
        print("skipped: there is no grids-torch to train with")
        return 77
    with tempfile.TemporaryDirectory(prefix="grids-few-") as folder:
        room = Room(programs, pathlib.Path(folder))
        check_cis(room)
        check_top(room)
    print("few genes: as among all; top: the rows of the table")
    return 0


if __name__ == "__main__":
    sys.exit(main())
