"""Cis paths that are damaged, or that do not belong to the study; fits that make no sense."""

import shutil

from break_files import edit_header, opened, poke_tensor, set_entry
from harness import case

STUDY, SURROGATE = "../good/study.h5mu", "../good/surrogate.safetensors"


def predict(*more, study=STUDY):
    return ["predict", study, "s.safetensors", *more, "-o", "out.h5ad"]


def tensors(name, *says, more=(), **options):
    def register(change):
        @case(f"cis path: {name}", r"s\.safetensors", *says, torch=True, **options)
        def make(room):
            change(room.copy("cis/with.safetensors", "s.safetensors"))
            return predict(*more)

        return change

    return register


@tensors("a tensor missing", r"no tensor 'cis\.state'",
         r"fit the cis path again \(grids cis\)")
def _(path):
    edit_header(path, lambda header: header.pop("cis.state"))


@tensors("the shape missing", r"no tensor 'cis\.shape'")
def _(path):
    edit_header(path, lambda header: header.pop("cis.shape"))


@tensors("damage is told even where it is not used", r"no tensor 'cis\.peaks'",
         more=("--surrogate", "published"))
def _(path):
    edit_header(path, lambda header: header.pop("cis.peaks"))


@tensors("weights that are NaN", r"'cis\.state' holds nan at position 0")
def _(path):
    poke_tensor(path, "cis.state", float("nan"), "d")


@tensors("a peak that does not exist", r"'cis\.peaks' holds 1000000 at position 0, outside 0")
def _(path):
    poke_tensor(path, "cis.peaks", 1000000, "q")


@tensors("genes out of order", r"'cis\.genes' (does not ascend|holds)")
def _(path):
    poke_tensor(path, "cis.genes", 40, "q")


@tensors("another shape", r"'cis\.genes' has shape|'cis\.sums' has shape", r"expected")
def _(path):
    def change(header):
        header["cis.sums"]["shape"] = [1, header["cis.sums"]["shape"][0]]

    edit_header(path, change)


@tensors("another type of number", r"'cis\.state' is not of type F64")
def _(path):
    edit_header(path, lambda header: header["cis.state"].update(dtype="I64"))


@tensors("an unknown response", r"'cis\.shape' names no known response")
def _(path):
    poke_tensor(path, "cis.shape", 7, "q")


@case("cis path: of a study without its counts", r"s\.safetensors", r"the cis path is of counts",
      r"--surrogate published", torch=True)
def _(room):
    shutil.copy(room.good / "cis/with.safetensors", room.folder / "s.safetensors")
    with opened(room.copy("study.h5mu")) as file:
        del file["mod/rna/layers/counts"]
    return predict(study="study.h5mu")


def fit(*more, study=STUDY, out="new.safetensors"):
    return ["cis", study, SURROGATE, *more, "-o", out]


def call(name, words, *says, code=3):
    @case(f"cis: {name}", *says, code=code, torch=True)
    def make(room):
        return words


call("no window", fit("--cis-window", "0"), r"--cis-window must be at least 1 and at most 1000000, not 0", code=2)
call("several wrong settings at once", fit("--cis-window", "2000000", "--gate-fdr", "2"), r"window",
     r"--gate-fdr must be above 0 and below 1, not 2", code=2)
call("a capture beyond 1", fit("--latent-openness", "1.5"), r"--latent-openness: '1.5' is not off, auto, a number",
     code=2)
call("the study as output", fit(out=STUDY), r"study\.h5mu", code=2)
call("the table's own name", fit(out="cis.tsv"), r"cis\.tsv is the name of the table", code=2)
call("an unknown kind of surrogate", ["predict", STUDY, SURROGATE, "--surrogate", "new", "-o", "p.h5ad"],
     r"--surrogate: 'new' is none of: cis, published", code=2)
call("an unknown domain", ["explain", STUDY, SURROGATE, "--cell-type", "type_1", "--gene", "SIM00001",
                           "--domain", "far", "-o", "out"], r"--domain: 'far' is none of", code=2)


@case("disk full: cis leaves the table of an earlier fit, too", r"new\.safetensors",
      r"File too large|disk", torch=True)
def _(room):
    room.run(*fit())
    return ["limit", 1000, *fit()]  # the table would fit, the surrogate does not


@case("cis: genes without positions", r"position", torch=True)
def _(room):
    with opened(room.copy("study.h5mu")) as file:
        chrom = file["mod/rna/var/chrom"]
        for gene in range(len(chrom["codes"])):
            set_entry(chrom, "codes", gene, -1)
    return fit(study="study.h5mu")


call("an unknown gene", fit("--gene", "SIM00001,PAX5"), r"no gene 'PAX5'")
call("genes named in two ways", fit("--gene", "SIM00001", "--genes", "genes.txt"), r"one of --gene and --genes",
     code=2)
call("a list that does not exist", fit("--genes", "genes.txt"), r"genes\.txt", r"No such file")


@case("cis: a list without names", r"genes\.txt: names no genes; give one symbol or id per line", torch=True)
def _(room):
    return fit("--genes", room.file("genes.txt", "\n# none yet\n"))


@case("cis: the list as output", r"genes\.txt", code=2, torch=True)
def _(room):
    return fit("--genes", room.file("genes.txt", "SIM00001\n"), out="genes.txt")


@case("cis: a gene without a position", r"none of the genes has a position", torch=True)
def _(room):
    with opened(room.copy("study.h5mu")) as file:
        set_entry(file["mod/rna/var/chrom"], "codes", 0, -1)
        name = file["mod/rna/var/_index"][0].decode()
    return fit("--gene", name, study="study.h5mu")


# ---- what --estimate-openness wrote ----

ESTIMATED = ["cis", STUDY, SURROGATE, "--gate-folds", "0", "--estimate-openness", "-o", "openness"]
call("an estimate beside a share", [*ESTIMATED, "--latent-openness", "0.5"], r"--estimate-openness is what --latent-openness auto",
     code=2)
call("a folder that is not there", fit("--latent-openness", "openness"), r"'openness' is not off, auto", r"folder", code=2)


@case("cis: a folder without an estimate", r"--latent-openness: \. holds no openness\.tsv", r"--estimate-openness", torch=True)
def _(room):
    return fit("--latent-openness", ".")


@case("cis: an estimate of another surrogate", r"openness was estimated with another surrogate than", r"--estimate-openness",
      torch=True)
def _(room):
    room.run(*ESTIMATED)
    return ["cis", STUDY, "../good/cis/with.safetensors", "--latent-openness", "openness", "-o", "new.safetensors"]


def damaged_estimate(name, change, *says):
    @case(f"cis: an estimate {name}", r"openness\.tsv", *says, torch=True)
    def make(room):
        room.run(*ESTIMATED)
        table = room.folder / "openness/openness.tsv"
        table.write_text(change(table.read_text()))
        return fit("--latent-openness", "openness")


damaged_estimate("of which nothing is taken", lambda text: text.replace("yes", "no"), r"0 rows are taken, not one")
damaged_estimate("without a column", lambda text: text.replace("taken", "chosen"), r"no column 'taken'")
damaged_estimate("with a share of 0", lambda text: text.replace("\n1\t", "\n0\t"), r"capture 0 is not above 0")


@case("cis: an estimate without its manifest", r"openness/manifest\.json says nothing of grids cis --estimate-openness", torch=True)
def _(room):
    room.run(*ESTIMATED)
    (room.folder / "openness/manifest.json").unlink()
    return fit("--latent-openness", "openness")
