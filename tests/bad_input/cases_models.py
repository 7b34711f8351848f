"""Studies, targets and masks that are damaged, or that do not belong together."""

import h5py
import numpy

from break_files import cut, opened, replace, set_entry, texts, write_texts
from harness import case

STUDY, SURROGATE = "../good/study.h5mu", "../good/surrogate.safetensors"


def explain(*more, study=STUDY, surrogate=SURROGATE, cell_type="type_1", gene="SIM00001"):
    return ["explain", study, surrogate, "--cell-type", cell_type, "--gene", gene, "--force", *more,
            "-o", "out"]


def explain_table(table, *more):
    return ["explain", STUDY, SURROGATE, "--targets", table, "--force", *more, "-o", "out"]


# ---- studies ----


def study(name, *says, **options):
    def register(change):
        @case(f"study: {name}", r"study\.h5mu", *says, torch=True, **options)
        def make(room):
            with opened(room.copy("study.h5mu")) as file:
                change(file)
            return explain(study="study.h5mu")

        return change

    return register


@case("study: cells as they came", r"cells\.h5mu", r"not a prepared study", r"grids prepare", torch=True)
def _(room):
    return explain(study="../good/cells.h5mu")


@case("study: cut in the middle", r"study\.h5mu", r"damaged, or not copied to its end", torch=True)
def _(room):
    cut(room.copy("study.h5mu"), 0.5)
    return explain(study="study.h5mu")


@case("study: no such file", r"study\.h5mu: there is no such file", torch=True)
def _(room):
    return explain(study="study.h5mu")


@case("study: a folder", r"study: .*folder|study: .*not an HDF5 file", torch=True)
def _(room):
    (room.folder / "study").mkdir()
    return explain(study="study")


@case("study: empty", r"study\.h5mu", r"not an HDF5 file|is empty", torch=True)
def _(room):
    room.file("study.h5mu", b"")
    return explain(study="study.h5mu")


@study("of a later version", r"uns/grids/format", r"format 99", r"knows formats up to 3",
       r"use the grids that prepared it", r"prepare the study again \(grids prepare\)")
def _(file):
    replace(file["uns/grids"], "format", numpy.int64(99))


@study("no expression", r"mod/rna/X: the study lacks it", r"grids prepare")
def _(file):
    del file["mod/rna/X"]


@study("an unknown part of the split", r"obs/split", r"'exam' is not one of train, validation, test")
def _(file):
    write_texts(file["obs/split"], "categories", ["exam", "train", "validation"])


@study("no cell types", r"obs", r"'?cell_type'?", r"missing")
def _(file):
    del file["obs/cell_type"]
    file["obs"].attrs["column-order"] = ["split", "total_rna", "open_peaks"]


@study("a cell without a type", r"obs/cell_type", r"cell 4")
def _(file):
    set_entry(file["obs/cell_type"], "codes", 4, -1)


@study("peaks not sorted", r"not sorted", r"prepare the study again")
def _(file):
    codes = file["mod/atac/var/chrom/codes"][:]
    set_entry(file["mod/atac/var/chrom"], "codes", 0, codes[-1])


@study("openness that is not binary", r"mod/atac/X/data", r"entry 5 is 2", r"must be 1")
def _(file):
    set_entry(file["mod/atac/X"], "data", 5, 2)


@study("cells in another order", r"mod/rna/obs", r"another order", r"prepare the study again")
def _(file):
    write_texts(file["mod/rna/obs"], "_index", texts(file["mod/rna/obs/_index"])[::-1])


@study("expression that is NaN", r"mod/rna/X", r"not finite")
def _(file):
    set_entry(file["mod/rna/X"], "data", 5, numpy.nan)


@study("counts of fewer cells", r"mod/rna/layers/counts")
def _(file):
    del file["mod/rna/layers/counts/indptr"]


@study("an unknown scale", r"uns/grids/scale", r"not a known scale")
def _(file):
    replace(file["uns/grids"], "scale", "z-scores")


@study("a negative place", r"mod/atac/var/start", r"-5 is not a position")
def _(file):
    set_entry(file["mod/atac/var"], "start", 0, -5)


@study("text instead of totals", r"obs/total_rna", r"numbers")
def _(file):
    write_texts(file["obs"], "total_rna", ["many"] * 300)


def unpaired(room):
    """A study whose cells are not paired; its name."""
    with opened(room.copy("study.h5mu")) as file:
        replace(file["uns/grids"], "paired", numpy.bool_(False))
    return "study.h5mu"


for words in (["explain", "--cell-type", "type_1", "--gene", "SIM00001"],
              ["knockout", "--cell-type", "type_1", "--gene", "SIM00001"], ["predict"]):

    @case(f"study: cells that are said not to be paired, {words[0]}", r"study\.h5mu: ", r"uns/grids/labels_in",
          torch=True)
    def _(room, words=words):
        out = {"predict": "out.h5ad", "cis": "out.safetensors"}
        return [words[0], unpaired(room), SURROGATE, *words[1:], "-o", out.get(words[0], "out")]


@case("study: cells that are not paired, evaluate, half written", r"study\.h5mu: uns/grids/labels_in", r"the study lacks it",
      r"prepare the study again", torch=True)
def _(room):
    return ["evaluate", unpaired(room), SURROGATE, "-o", "out"]


@case("study: cells that are not paired, train, half written", r"study\.h5mu: uns/grids/labels_in", r"the study lacks it",
      r"prepare the study again", torch=True)
def _(room):
    return ["train", unpaired(room), "--max-steps", "3", "-o", "s.safetensors"]


@case("train: hidden pairs without a guide", r"--guide positions", r"--alignment published", torch=True, code=2)
def _(room):
    return ["train", STUDY, "--hide-pairing", "--guide", "off", "-o", "s.safetensors"]


# ---- what is to be explained ----


@case("cell type misspelt", r"no cell type 'typ_1'", r"did you mean 'type_1'", torch=True)
def _(room):
    return explain(cell_type="typ_1")


@case("gene misspelt", r"no gene 'SIM0001'", r"did you mean 'SIM00001'", torch=True)
def _(room):
    return explain(gene="SIM0001")


@case("gene of nothing near", r"no gene 'PAX5'", torch=True)
def _(room):
    return explain(gene="PAX5")


@case("more peaks than there are", r"L = 5000 is not between 1 and \d+, the number of peaks", torch=True)
def _(room):
    return explain("-L", "5000")


@case("no peaks at all", r"--set-size must be at least 1, not 0", code=2, torch=True)
def _(room):
    return explain("-L", "0")


@case("redundancy: --gene alone is of all types together", r"no gene 'SIM9'", torch=True)
def _(room):
    return ["redundancy", STUDY, SURROGATE, "--gene", "SIM9", "-o", "out"]


@case("nothing to explain", r"what is to be explained\? --all-genes, --targets FILE, or --cell-type", code=2, torch=True)
def _(room):
    return ["explain", STUDY, SURROGATE, "-o", "out"]


@case("targets twice", r"--all-genes, --targets FILE, or --cell-type", code=2, torch=True)
def _(room):
    return explain("--targets", "../good/targets.tsv")


@case("a type without a gene", r"go together", code=2, torch=True)
def _(room):
    return ["explain", STUDY, SURROGATE, "--cell-type", "type_1", "-o", "out"]


@case("several wrong settings at once", r"candidates must be at least 1", r"restarts", r"'magic' is none of",
      code=2, torch=True)
def _(room):
    return explain("--candidates", "0", "--restarts", "-1", "--method", "magic")


def targets(name, content, *says, code=3):
    @case(f"targets: {name}", *says, code=code, torch=True)
    def make(room):
        return explain_table(room.file("targets.tsv", content))


targets("no column gene", "cell_type\tname\ntype_1\tSIM00001\n",
        r"targets\.tsv: no column 'gene'; it has: cell_type, name")
targets("L no number", "cell_type\tgene\tL\ntype_1\tSIM00001\tmany\n",
        r"targets\.tsv", r"line 2", r"'L'", r"'many'")
targets("L not whole", "cell_type\tgene\tL\ntype_1\tSIM00001\t2.5\n", r"targets\.tsv", r"2\.5")
targets("L larger than the peaks", "cell_type\tgene\tL\ntype_1\tSIM00001\t999\n", r"L = 999 is not between 1 and")
targets("unknown names, all told", "cell_type\tgene\ntype_9\tSIM00001\ntype_1\tNONE1\n",
        r"'type_9'", r"'NONE1'")
targets("a row too short", "cell_type\tgene\tL\ntype_1\tSIM00001\n",
        r"targets\.tsv: line 2 has 2 tab-separated cells, the header has 3")
targets("header alone", "cell_type\tgene\n", r"targets\.tsv: names no targets")
targets("empty", "", r"targets\.tsv: empty; expected a header")
targets("commas", "cell_type,gene\ntype_1,SIM00001\n", r"targets\.tsv: no column", r"tab")


@case("targets: no such file", r"targets\.tsv: No such file", torch=True)
def _(room):
    return explain_table("targets.tsv")


# ---- predict and evaluate ----


def predict(*more):
    return ["predict", STUDY, SURROGATE, *more, "-o", "masked.h5ad"]


@case("mask: an unknown peak", r"mask\.txt", r"no peak 'chr9:1-2'", r"look like 'chr1:", torch=True)
def _(room):
    return predict("--mask", room.file("mask.txt", "chr9:1-2\n"))


@case("mask: empty", r"mask\.txt: names no peaks", torch=True)
def _(room):
    return predict("--mask", room.file("mask.txt", "# none\n\n"))


@case("mask: no such file", r"mask\.txt: No such file", torch=True)
def _(room):
    return predict("--mask", "mask.txt")


def evaluate(*more):
    return ["evaluate", STUDY, SURROGATE, *more, "-o", "out"]


@case("evaluate: unknown cells", r"--cells", r"'exam' is none of: test, validation, train", code=2,
      torch=True)
def _(room):
    return evaluate("--cells", "exam")


@case("evaluate: markers without a gene", r"markers\.tsv", r"no column 'gene'", torch=True)
def _(room):
    return evaluate("--markers", room.file("markers.tsv", "name\nSIM00001\n"))


@case("evaluate: an unknown marker", r"markers\.tsv", r"'SIM9'", torch=True)
def _(room):
    return evaluate("--markers", room.file("markers.tsv", "gene\nSIM9\n"))


@case("evaluate: an unknown type", r"markers\.tsv", r"'type_9'", torch=True)
def _(room):
    return evaluate("--markers", room.file("markers.tsv", "cell_type\tgene\ntype_9\tSIM00001\n"))


@case("evaluate: a negative number of markers", r"--markers-per-type", r"-1", code=2, torch=True)
def _(room):
    return evaluate("--markers-per-type", "-1")


# ---- train ----


def train(*more, study=STUDY, out="s.safetensors"):
    return ["train", study, "--max-steps", "3", *more, "-o", out]


@case("train: cells as they came", r"cells\.h5mu", r"grids prepare", torch=True, once=True)
def _(room):
    return train(study="../good/cells.h5mu")


@case("train: several wrong options at once", r"batch", r"patience", r"rna-rate", code=2, torch=True,
      once=True)
def _(room):
    return train("--batch", "0", "--patience", "-1", "--rna-rate", "-0.1")


@case("train: nothing to resume from", r"checkpoint", code=2, torch=True, once=True)
def _(room):
    return train("--resume")


@case("train: no open peak", r"cannot be trained on", r"no peak is open", torch=True, once=True)
def _(room):
    with opened(room.copy("study.h5mu")) as file:
        group = file["mod/atac/X"]
        for name in ("data", "indices"):
            replace(group, name, group[name][:0])
        replace(group, "indptr", numpy.zeros_like(group["indptr"][:]))
    return train(study="study.h5mu")


@case("train: no training cells", r"0 training cells", torch=True, once=True)
def _(room):
    with opened(room.copy("study.h5mu")) as file:
        codes = file["obs/split/codes"]
        replace(file["obs/split"], "codes", numpy.zeros_like(codes[:]))
    return train(study="study.h5mu")


@case("train: expression beyond reason", r"stage (rna|joint), step", r"the loss", r"extreme values", torch=True, once=True)
def _(room):
    with opened(room.copy("study.h5mu")) as file:
        values = file["mod/rna/X/data"][:]
        replace(file["mod/rna/X"], "data", values * numpy.float32(1e30))
    return train(study="study.h5mu")


@case("train: checkpoint of another study", r"another run", r"without --resume", torch=True, once=True)
def _(room):
    steps = ["--checkpoint", "checkpoint", "--checkpoint-every", "2"]
    room.run("train", "../good/other_study.h5mu", *steps, "--max-steps", "3", "-o", "other.safetensors")
    return train(*steps, "--resume")


@case("train: over the checkpoint of another training", r"checkpoint\.safetensors", r"of another training",
      r"another folder", torch=True, once=True)
def _(room):
    steps = ["--checkpoint", "checkpoint", "--checkpoint-every", "2"]
    room.run("train", "../good/study.h5mu", *steps, "--max-steps", "3", "--seed", "5", "-o",
             "other.safetensors")
    return train(*steps)


@case("train: over a file that is no checkpoint", r"checkpoint\.safetensors", r"no checkpoint of grids",
      torch=True, once=True)
def _(room):
    (room.folder / "checkpoint").mkdir()
    room.file("checkpoint/checkpoint.safetensors", "weights of my own")
    return train("--checkpoint", "checkpoint")


@case("train: damaged checkpoint", r"checkpoint\.safetensors", torch=True, once=True)
def _(room):
    (room.folder / "checkpoint").mkdir()
    room.file("checkpoint/checkpoint.safetensors", b"\x08\0\0\0\0\0\0\0{}      ")
    return train("--checkpoint", "checkpoint", "--resume")


# ---- methods that look at the data alone ----


for method in ("nearest", "links", "lasso", "susie"):

    @case(f"{method}: no positions of genes", rf"'{method}'", r"no position of any gene",
          r"--genes FILE", torch=True)
    def _(room, method=method):
        with opened(room.copy("study.h5mu")) as file:
            genes = file["mod/rna/var"]
            count = len(genes["chrom/codes"])
            del genes["chrom"]
            genes["chrom"] = numpy.array([""] * count, dtype=h5py.string_dtype())
            genes["chrom"].attrs.update({"encoding-type": "string-array",
                                         "encoding-version": "0.2.0"})
        return explain("--method", method, study="study.h5mu")
