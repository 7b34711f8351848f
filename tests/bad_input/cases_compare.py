"""Comparisons that make no sense, or of files that do not belong together."""

from harness import case

STUDY, SURROGATE = "../good/study.h5mu", "../good/surrogate.safetensors"


def compare(*more, study=STUDY, surrogate=SURROGATE):
    return ["compare", study, surrogate, "--methods", "grids,random", "--seeds", "1", *more,
            "-o", "out"]


def call(name, words, *says, code=3):
    @case(f"compare: {name}", *says, code=code, torch=True)
    def make(room):
        return words


TARGET = ["--cell-type", "type_1", "--gene", "SIM00001"]

call("an unknown method", ["compare", STUDY, SURROGATE, *TARGET, "--methods", "grids,limes", "-o",
                           "out"], r"--methods: 'limes' is none of: all, grids, .*did you mean 'lime'", code=2)
call("all that is wrong with the call, at once",
     ["compare", STUDY, SURROGATE, *TARGET, "--methods", "random", "--seeds", "0", "-L", "10,many",
      "-o", "out"], r"--seeds must be at least 1, not 0", r"--set-size: 'many' is not a whole number", r"add it to --methods, or give "
     r"--budget", code=2)
call("nothing to explain", compare(), r"--targets FILE", code=2)
call("planted targets without the truth", compare("--planted", "3"), r"--truth, which is not given",
     code=2)
call("a set larger than the peaks", compare(*TARGET, "-L", "10,100000"),
     r"L = 100000 is not between 1 and \d+")
call("an unknown gene", compare("--cell-type", "type_1", "--gene", "SIM0001"), r"no gene 'SIM0001'")
call("a truth without its cells", compare(*TARGET, "--truth", "../good/truth.tsv"),
     r"no cells\.tsv beside it")
call("a truth that does not exist", compare(*TARGET, "--truth", "truth.tsv"), r"truth\.tsv")
call("another surrogate", compare(*TARGET, surrogate="../good/other.safetensors"),
     r"other\.safetensors", r"genes|peaks")


@case("compare: an empty list of targets", r"targets\.tsv: names no targets", torch=True)
def _(room):
    return compare("--targets", room.file("targets.tsv", "cell_type\tgene\n"))


def truth(name, file, row, column, value, *says):
    @case(f"compare: a truth with {name}", *says, torch=True)
    def make(room):
        for each in ("truth.tsv", "cells.tsv"):
            lines = (room.good / "sim" / each).read_text().splitlines()
            if each == file:
                cells = lines[row].split("\t")
                cells[lines[0].split("\t").index(column)] = value
                lines[row] = "\t".join(cells)
            room.file(each, "\n".join(lines) + "\n")
        return compare(*TARGET, "--truth", "truth.tsv")


truth("a score that is NaN", "cells.tsv", 2, "score_1", "nan",
      r"cells\.tsv: row 2: column score_1 holds 'nan'")
truth("an infinite depth", "cells.tsv", 3, "rna_size", "inf",
      r"cells\.tsv: row 3: column rna_size holds 'inf'")
truth("an effect that is NaN", "truth.tsv", 1, "effect", "NA",
      r"truth\.tsv: row 1: column effect holds 'NA'")
truth("a programme that no cell has", "truth.tsv", 1, "programme", "99",
      r"cells\.tsv: has no column score_99")


@case("compare: runs that were damaged since are learned again", r"random.*changed since it was kept", code=0,
      once=True, torch=True)
def _(room):
    words = compare(*TARGET, "--no-types", "--force")
    room.run(*words)
    for kept in (room.folder / "out/.grids/runs").glob("*random*.tsv"):
        kept.write_text(kept.read_text()[:-40])
    return words


@case("compare: the truth of other cells", r"has no gene|has no cell", torch=True)
def _(room):
    return compare(*TARGET, "--truth", "../good/sim2/truth.tsv", "--force")
