"""Calls that make no sense, outputs that cannot be written, configuration files, whole runs."""

from break_files import cut
from harness import case

PREPARE = ["prepare", "../good/cells.h5mu", "--labels", "cell_type", "--genes", "../good/genes.bed"]
MODEL = ["../good/study.h5mu", "../good/surrogate.safetensors"]

# ---- options ----


def call(name, words, *says, code=2, torch=False):
    @case(f"call: {name}", *says, code=code, torch=torch)
    def make(room):
        return words


call("no such command", ["prepair", "cells.h5mu"], r"no command 'prepair'", r"--help")
call("several unknown options, all told", [*PREPARE, "--fast", "--colour", "red", "-o", "s.h5mu"],
     r"'--fast'", r"'--colour'", r"--help")
call("an option misspelt", [*PREPARE, "--min-gene", "3", "-o", "s.h5mu"], r"'--min-gene' \(",
     r"did you mean.*--min-genes")
call("required ones missing, all told", ["explain"], r"study is required",
     r"surrogate is required", r"--out is required")
call("no cells", ["prepare", "-o", "s.h5mu"], r"no cells are given", r"--rna and --atac")
call("threads below zero", [*PREPARE, "--threads", "-1", "-o", "s.h5mu"], r"--threads", r"-1")
call("threads beyond reason", [*PREPARE, "--threads", "1000000", "-o", "s.h5mu"], r"--threads",
     r"1000000")
call("threads as a word", [*PREPARE, "--threads", "many", "-o", "s.h5mu"],
     r"--threads: 'many' is not a whole number")
call("seed below zero", [*PREPARE, "--seed", "-4", "-o", "s.h5mu"], r"--seed", r"'-4'", r"not negative")
call("seed too large", [*PREPARE, "--seed", "99999999999999999999999", "-o", "s.h5mu"], r"--seed")
call("several wrong values, all told",
     [*PREPARE, "--min-genes", "few", "--min-peak-share", "half", "-o", "s.h5mu"],
     r"--min-genes: 'few'", r"--min-peak-share: 'half'")
call("values out of range, all told",
     [*PREPARE, "--min-genes", "-1", "--min-peak-share", "1.5", "--max-mito-share", "-1", "-o", "s.h5mu"],
     r"--min-genes", r"--min-peak-share must be at least 0 and at most 1", r"--max-mito-share")
call("a value that is nan", [*PREPARE, "--min-peak-share", "nan", "-o", "s.h5mu"], r"--min-peak-share",
     r"nan")
call("shares of the split", [*PREPARE, "--train-share", "0.9", "--test-share", "0.9", "-o", "s.h5mu"],
     r"share")
call("an option without its value", [*PREPARE, "-o"], r"-o")
call("a choice that is none", ["explain", *MODEL, "--objective", "best", "-o", "out"],
     r"--objective: 'best' is none of: rate, eq11, value", torch=True)
call("two files of cells", [*PREPARE, "more.h5mu", "-o", "s.h5mu"], r"'more\.h5mu'")
call("an output without a name", [*PREPARE, "-o", ""], r"output file has no name", code=3)
call("simulate: no such preset", ["simulate", "--preset", "huge", "-o", "sim"], r"'huge'",
     r"tiny, demo, paper")
call("simulate: several impossible sizes",
     ["simulate", "--preset", "tiny", "--cells", "0", "--peaks", "-5", "--capture", "2", "-o", "sim"],
     r"--cells must be at least 1.*not 0", r"--peaks must be.*not -5",
     r"--capture must be.*not 2")
call("train: unknown options", ["train", "../good/study.h5mu", "--speed", "9", "-o", "s.safetensors"],
     r"'--speed'", torch=True)

# ---- outputs ----


@case("output: below a file", r"in_the_way/study\.h5mu", r"[Nn]ot a directory")
def _(room):
    room.file("in_the_way", "a file\n")
    return [*PREPARE, "-o", "in_the_way/study.h5mu"]


@case("output: in no folder", r"cannot write nowhere/study\.h5mu", r"No such file")
def _(room):
    return [*PREPARE, "-o", "nowhere/study.h5mu"]


@case("output: is a folder", r"cannot write out: it is a folder")
def _(room):
    (room.folder / "out").mkdir()
    return [*PREPARE, "-o", "out"]


@case("output: a folder below a file", r"cannot make the folder in_the_way/out", torch=True)
def _(room):
    room.file("in_the_way", "a file\n")
    return ["evaluate", *MODEL, "-o", "in_the_way/out"]


@case("output: a folder that is a file", r"cannot make the folder in_the_way", torch=True)
def _(room):
    room.file("in_the_way", "a file\n")
    return ["explain", *MODEL, "--cell-type", "type_1", "--gene", "SIM00001", "--force",
            "-o", "in_the_way"]


call("partners: fewer than none", ["explain", *MODEL, "--cell-type", "type_1", "--gene", "SIM00001",
                                   "--partners", "-1", "--domain-window", "0", "-o", "out"],
     r"--partners must be at least 0, not -1", r"--domain-window must be at least 1, not 0", code=2)


@case("output: simulation below a file", r"in_the_way/sim")
def _(room):
    room.file("in_the_way", "a file\n")
    return ["simulate", "--preset", "tiny", "-o", "in_the_way/sim"]


@case("output: training told before it begins", r"cannot write nowhere/s\.safetensors", torch=True)
def _(room):
    return ["train", "../good/study.h5mu", "--max-steps", "1000000", "-o", "nowhere/s.safetensors"]


@case("output: curves told before training begins", r"cannot write nowhere/curves\.tsv", torch=True)
def _(room):
    return ["train", "../good/study.h5mu", "--max-steps", "1000000", "--curves",
            "nowhere/curves.tsv", "-o", "s.safetensors"]


@case("output: a device", r"/dev/full", r"not a regular file")
def _(room):
    return [*PREPARE, "-o", "/dev/full"]


def too_small(name, blocks, words, *says, torch=False):
    """No file may grow beyond some blocks of 512 bytes: what a full disk looks like."""

    @case(f"disk full: {name}", *says, torch=torch, once=not str(words[-1]).count("."))
    def make(room):
        return ["limit", blocks, *words]


too_small("prepare", 40, [*PREPARE, "-o", "study.h5mu"], r"study\.h5mu", r"File too large|disk")
too_small("train", 40, ["train", "../good/study.h5mu", "--max-steps", "3", "-o", "s.safetensors"],
          r"s\.safetensors", r"File too large|disk", torch=True)
too_small("predict", 40, ["predict", *MODEL, "-o", "p.h5ad"], r"p\.h5ad", r"File too large|disk", torch=True)

# ---- configuration ----


def config(name, content, *says, code=2):
    @case(f"config: {name}", *says, code=code)
    def make(room):
        room.file("options.toml", content)
        return ["--config", "options.toml", *PREPARE, "-o", "study.h5mu"]


config("unknown key", "[prepare]\nmin-geens = 3\n", r"options\.toml", r"line 2", r"'min-geens' in \[prepare\]",
       r"did you mean 'min-genes'")
config("unknown section", "[prepair]\nmin-genes = 3\n", r"options\.toml", r"\[prepair\]", r"did you mean 'prepare'")
config("unknown key of another command", "[train]\nno-such-option = 7\n", r"line 2",
       r"no option 'no-such-option' in \[train\]")
config("an option twice", "[prepare]\nmin-genes = 3\nmin-genes = 4\n", r"options\.toml, line 3")
config("wrong value", '[prepare]\nmin-genes = "few"\n', r"--min-genes: 'few' is not a number")
config("not TOML", "{ this is: [ no toml\n", r"options\.toml")
config("a binary file", bytes(range(256)), r"options\.toml")


@case("config: other commands' sections are passed over", r"--min-genes: 'few'", code=2)
def _(room):
    room.file("options.toml", "[train]\nmax-steps = 3\n[explain]\nset-size = 3\n")
    return ["--config", "options.toml", *PREPARE, "--min-genes", "few", "-o", "study.h5mu"]


@case("config: one file for both programs", r"--batch: 'few'", code=2, torch=True, once=True)
def _(room):
    room.file("options.toml", "seed = 3\n[train]\nmax-steps = 3\n[prepare]\nmin-genes = 3\n")
    return ["--config", "options.toml", "train", MODEL[0], "--batch", "few", "-o", "s.safetensors"]


@case("config: no such file", r"--config", r"options\.toml")
def _(room):
    return ["--config", "options.toml", *PREPARE, "-o", "study.h5mu"]


@case("config: a folder", r"--config", r"sim")
def _(room):
    return ["--config", "../good/sim", *PREPARE, "-o", "study.h5mu"]


@case("config: unknown key of a stage of run", r"no option 'no-such-option' in \[train\]", code=2)
def _(room):
    room.file("options.toml", "[train]\nno-such-option = 7\n")
    return run("--config", "options.toml")


# ---- options given twice, lists ----

call("an option twice", [*PREPARE, "--min-genes", "3", "--min-genes", "4", "-o", "s.h5mu"],
     r"--min-genes is given 2 times \(3, 4\)")
call("a flag twice", [*PREPARE, "--keep-all", "--keep-all", "-o", "s.h5mu"], r"--keep-all is given 2")
call("a method twice", ["explain", *MODEL, "--method", "greedy", "--method", "links", "--cell-type",
                        "type_1", "--gene", "SIM00001", "-o", "out"], r"--method is given 2 times")
call("a list that took the files", ["explain", "--cell-type", "type_1", "--gene", "SIM00001", *MODEL,
                                    "-o", "out"], r"--gene takes all words", r"--gene SIM00001 -- ")


# ---- results folders ----


@case("report: no such folder", r"results: .*no such folder|results: holds no results")
def _(room):
    return ["report", "results"]


@case("report: a folder of other things", r"holds no results of grids", r"grids run")
def _(room):
    return ["report", "../good/sim2"]


@case("report: a file", r"cells\.h5mu", r"folder|no results")
def _(room):
    return ["report", "../good/cells.h5mu"]


@case("report: a table without a column", r"subsets\.tsv: no column 'rank'")
def _(room):
    room.file("subsets.tsv", "gene\tcell_type\nA\tB\n")
    return ["report", "."]


@case("report: a damaged manifest", r"manifest\.json")
def _(room):
    room.file("manifest.json", '{"command": "run", ')
    return ["report", "."]


def run(*more):
    return ["run", "../good/cells.h5mu", "--labels", "cell_type", "--genes", "../good/genes.bed",
            "--max-training-steps", "3", *more, "-o", "results"]


@case("run: targets told before anything is done", r"targets\.tsv: no column 'gene'", torch=True)
def _(room):
    return run("--targets", room.file("targets.tsv", "cell_type\tname\nA\tB\n"))


@case("run: truth told before anything is done", r"truth\.tsv", torch=True)
def _(room):
    return run("--truth", room.file("truth.tsv", "gene\tpeaks\nA\tB\n"))


@case("run: wrong options of all stages at once", r"--min-genes", r"candidates", code=2, torch=True)
def _(room):
    return run("--min-genes", "-4", "--candidates", "0")


@case("run: a training that is none", r"--training", r"'quick' is none of: default, paper", code=2,
      torch=True)
def _(room):
    return run("--training", "quick")


@case("run: cells cut in the middle", r"cells\.h5mu", r"damaged", torch=True)
def _(room):
    cut(room.copy("cells.h5mu"), 0.5)
    return ["run", "cells.h5mu", "--labels", "cell_type", "-o", "results"]


@case("run: no such cells", r"cells\.h5mu: there is no such file", torch=True)
def _(room):
    return ["run", "cells.h5mu", "--labels", "cell_type", "-o", "results"]


@case("run: results below a file", r"cannot make the folder in_the_way/results", torch=True)
def _(room):
    room.file("in_the_way", "a file\n")
    return run()[:-1] + ["in_the_way/results"]
