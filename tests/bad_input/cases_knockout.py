"""Knock-outs that make no sense, or of studies and surrogates that do not belong together."""

from break_files import opened
from harness import case

STUDY, SURROGATE = "../good/study.h5mu", "../good/surrogate.safetensors"


def knockout(*more, study=STUDY, surrogate=SURROGATE, cell_type="type_1"):
    return ["knockout", study, surrogate, "--cell-type", cell_type, *more, "-o", "out"]


def call(name, words, *says, code=3):
    @case(f"knockout: {name}", *says, code=code, torch=True)
    def make(room):
        return words


call("no gene is named", knockout(), r"--gene G, --genes FILE or --all-genes", code=2)
call("genes named in two ways", knockout("--gene", "SIM00001", "--all-genes"),
     r"one of --gene, --genes and --all-genes", code=2)
call("nothing is named, all told", ["knockout", STUDY, SURROGATE, "-o", "out"],
     r"which genes\?", r"which cells\?", code=2)
call("cells that are none", knockout("--gene", "SIM00001", "--cells", "exam"),
     r"--cells: 'exam' is none of: test, validation, train, all", code=2)
call("a type without a name", knockout("--gene", "SIM00001", cell_type=""), r"no cell type ''")
call("a gene without a name", knockout("--gene", ""), r"no gene ''")
call("an unknown type", knockout("--gene", "SIM00001", cell_type="typ_1"), r"no cell type 'typ_1'",
     r"did you mean 'type_1'")
call("unknown genes and type, all told",
     knockout("--gene", "SIM0001,PAX5", cell_type="neuron"), r"no gene 'SIM0001'", r"no gene 'PAX5'",
     r"no cell type 'neuron'")
call("a list that does not exist", knockout("--genes", "genes.txt"), r"genes\.txt", r"No such file")
call("another surrogate", knockout("--gene", "SIM00001", surrogate="../good/other.safetensors"),
     r"other\.safetensors", r"genes|peaks")
call("study and surrogate swapped",
     knockout("--gene", "SIM00001", study=SURROGATE, surrogate=STUDY), r"study\.h5mu")


@case("knockout: a list without names", r"genes\.txt: names no genes; give one symbol or id per line",
      torch=True)
def _(room):
    return knockout("--genes", room.file("genes.txt", "\n# none yet\n"))


@case("knockout: a list with an unknown name", r"no gene 'PAX5'", torch=True)
def _(room):
    return knockout("--genes", room.file("genes.txt", "SIM00001\nPAX5\n"))


def without_test_cells(room, which):
    """A study in which the cells of some types train instead of testing."""
    with opened(room.copy("study.h5mu")) as file:
        types = file["obs/cell_type/codes"][:]
        names = [text.decode() for text in file["obs/split/categories"][:]]
        codes = file["obs/split/codes"][:]
        moved = (codes == names.index("test")) & which(types)
        codes[moved] = names.index("train")
        file["obs/split/codes"][:] = codes


@case("knockout: a type without test cells", r"no test cells of type_2", r"--cells all", torch=True)
def _(room):
    without_test_cells(room, lambda types: types == 1)
    return knockout("--gene", "SIM00001", study="study.h5mu", cell_type="type_2")


@case("knockout: no type has test cells", r"no test cells of type_1, type_2, type_3", torch=True)
def _(room):
    without_test_cells(room, lambda types: types >= 0)
    return knockout("--gene", "SIM00001", study="study.h5mu", cell_type="each")


@case("knockout: results below a file", r"cannot make the folder in_the_way/out", torch=True)
def _(room):
    room.file("in_the_way", "a file\n")
    return knockout("--all-genes")[:-1] + ["in_the_way/out"]


@case("knockout: a folder where a matrix should be", r"knockout_type_1\.h5ad: it is a folder",
      torch=True)
def _(room):
    (room.folder / "out/knockout_type_1.h5ad").mkdir(parents=True)
    return knockout("--all-genes")


for form in ("--all-genes", "--gene=SIM00001"):

    @case(f"knockout: disk full with {form}", r"^grids: [^\n]*out/knockout[^\n]*(File too large|disk)",
          torch=True)
    def _(room, form=form):
        (room.folder / "out").mkdir()
        return ["limit", 20, *knockout(form)]
