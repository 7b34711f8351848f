"""Makes of a folder of results one of many genes and types, as large as a run over a whole study: each real set
stands for many, under other names, at other places, with numbers a little different.

    many_sets.py RESULTS FOLDER [--genes 3000] [--types 8] [--random 10]
"""

import argparse
import collections
import csv
import pathlib
import random

OF_SETS = ["subsets", "set_summary", "contrasts", "partners", "change_by_type", "off_target", "redundancy", "members",
           "settings", "design", "evidence", "links", "hits", "timings", "random_sets"]
VARIED = {"relative_change", "average_change", "change_cp100k", "slope", "slope_low", "slope_high", "relative_low",
          "relative_high", "hidden_share", "hidden_low", "hidden_high", "p", "p_below_half", "predicted"}
APART = 2_000_000  # base pairs between the places of two genes
CHROMOSOMES = 20


def read(path):
    with open(path, newline="") as file:
        rows = csv.reader(file, delimiter="\t")
        return next(rows), list(rows)


def write(path, names, rows):
    with open(path, "w", newline="") as file:
        writer = csv.writer(file, delimiter="\t", lineterminator="\n")
        writer.writerow(names)
        writer.writerows(rows)


class Genes:
    """The many genes, each after a real one."""

    def __init__(self, real, count):
        self.real = real  # gene: (chromosome, first base of what is drawn)
        self.names = [f"GENE{i:04d}" for i in range(count)]
        self.model = [list(real)[i % len(real)] for i in range(count)]

    def moved(self, i, chromosome, base):
        """A place beside the model gene, beside the i-th."""
        home, first = self.real[self.model[i]]
        if chromosome != home:
            return chromosome, base
        return f"chr{1 + i % CHROMOSOMES}", base - first + 1_000_000 + (i // CHROMOSOMES) * APART


def moved_row(genes, i, names, row, number):
    row = list(row)
    at = {name: k for k, name in enumerate(names)}
    chromosome = row[at["chrom"]] if "chrom" in at else None
    for name in ("start", "end", "tss"):
        if chromosome and name in at and row[at[name]] not in ("", "NA"):
            place = genes.moved(i, chromosome, int(row[at[name]]))
            row[at[name]] = place[1]
            row[at["chrom"]] = place[0]
    if "peak" in at and chromosome:
        row[at["peak"]] = f"{row[at['chrom']]}:{row[at['start']]}-{row[at['end']]}"
    for name in VARIED & set(names):
        try:
            row[at[name]] = f"{float(row[at[name]]) * number:.6g}"
        except ValueError:
            pass
    return row


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("results", type=pathlib.Path)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--genes", type=int, default=3000)
    parser.add_argument("--types", type=int, default=8)
    parser.add_argument("--random", type=int, default=10)
    words = parser.parse_args()
    words.folder.mkdir(parents=True, exist_ok=True)
    draws = random.Random(1)

    names, links = read(words.results / "links.tsv")
    at = {name: k for k, name in enumerate(names)}
    real, sets_of = {}, {}
    for row in links:
        gene, kind = row[at["gene"]], row[at["cell_type"]]
        if row[at["tss"]] in ("", "NA"):
            continue
        sets_of.setdefault(gene, kind)
        real.setdefault(gene, (row[at["gene_chrom"]], int(row[at["tss"]])))
    genes = Genes(real, words.genes)
    types = [f"cell type {t + 1}" for t in range(words.types)]

    for table in OF_SETS:
        path = words.results / f"{table}.tsv"
        if not path.exists():
            continue
        names, rows = read(path)
        at = {name: k for k, name in enumerate(names)}
        of = collections.defaultdict(list)
        for row in rows:
            if "set" in at and row[at["set"]].replace("random ", "").isdigit() \
                    and int(row[at["set"]].replace("random ", "")) > words.random:
                continue
            of[row[at["cell_type"]], row[at["gene"]]].append(row)

        def many():
            for i, name in enumerate(genes.names):
                own = sets_of[genes.model[i]]
                for t, kind in enumerate(types):
                    number = draws.uniform(0.8, 1.25)
                    for k, row in enumerate(of[own, genes.model[i]]):
                        new = moved_row(genes, i, names, row, number)
                        new[at["cell_type"]], new[at["gene"]] = kind, name
                        if "tested_in" in at:
                            new[at["tested_in"]] = types[(t + k) % len(types)]
                        yield new
        write(words.folder / path.name, names, many())

    for table in ("accuracy", "cis"):
        names, rows = read(words.results / f"{table}.tsv")
        of = collections.defaultdict(list)
        for row in rows:
            of[row[names.index("gene")]].append(row)
        write(words.folder / f"{table}.tsv", names,
              ([name if column == "gene" else cell for column, cell in zip(names, row)]
               for i, name in enumerate(genes.names) for row in of[genes.model[i]]))

    for table in ("loci", "locus_genes"):
        names, rows = read(words.results / f"{table}.tsv")
        at = {name: k for k, name in enumerate(names)}
        beside = {gene: [row for row in rows if row[at["chrom"]] == chromosome and abs(int(row[at["start"]]) - tss) < 400_000]
                  for gene, (chromosome, tss) in real.items()}

        def places():
            for i, name in enumerate(genes.names):
                for row in beside[genes.model[i]]:
                    new = moved_row(genes, i, names, row, 1)
                    if table == "loci":
                        shares = new[4:]
                        yield new[:4] + [shares[t % len(shares)] for t in range(len(types))]
                    else:
                        if new[at["gene"]] == genes.model[i]:
                            new[at["gene"]] = name
                        else:
                            new[at["gene"]] = f"{new[at['gene']]}.{i}"
                        yield new
        write(words.folder / f"{table}.tsv", names[:4] + types if table == "loci" else names, places())

    for name in ("manifest.json", "accuracy_summary.tsv", "umap.tsv", "silhouette.tsv", "training.tsv", "prepare.tsv",
                 "markers.tsv", "marker_means.tsv", "marker_expression.tsv", "skipped.tsv", "redundancy_summary.tsv"):
        if (words.results / name).exists():
            (words.folder / name).write_bytes((words.results / name).read_bytes())


main()
