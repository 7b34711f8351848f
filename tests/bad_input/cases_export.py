"""links.tsv that is missing or broken, and studies that are not the one it was made from."""

import json

from harness import alone, case

COLUMNS = ("cell_type gene gene_id tss strand set peak chrom start end element class rank in_minimal partner loss_alone "
           "loss_from_whole relative_change verdict slope q call call_q hidden_share method L distance_to_tss").split()
LINK = ("type_1 G NA 5000 + found chr1:100-500 chr1 100 500 chr1:100-500 distal 1 yes no NA NA -0.25 borne_out 1 0.01 NA NA "
        "NA grids 1 -4500").split()


def links(change=None, without=None):
    """The text of a links.tsv of one link, with a cell changed or a column missing."""
    cells = dict(zip(COLUMNS, LINK)) | (change or {})
    names = [name for name in COLUMNS if name != without]
    return "\t".join(names) + "\n" + "\t".join(cells[name] for name in names) + "\n"


def export(results, *more, form="bed"):
    return ["export", results, "--format", form, *more, "-o", "out"]


def broken(name, content, *says, code=3, more=(), form="bed"):
    @case(f"export: {name}", *says, code=code)
    def make(room):
        return export(room.file("links.tsv", content), *more, form=form)


broken("a format that is none", links(), r"--format: 'gff' is none of: bed, bedpe", code=2, form="gff")
broken("a column is missing", links(without="chrom"), r"links\.tsv", r"chrom")
broken("a start that is no number", links({"start": "near"}), r"links\.tsv", r"start", r"near")
for column, value, wanted in (("start", "-1", "from 0 to 2\\^40"), ("end", "100", "behind the start"),
                              ("end", "5000000000000000", "below 2\\^40"), ("tss", "-7", "from 0 to 2\\^40"),
                              ("tss", "2000000000000", "from 0 to 2\\^40"), ("rank", "0", "a rank from 1"),
                              ("relative_change", "inf", "a finite number"), ("slope", "-inf", "a finite number"),
                              ("call_q", "inf", "a finite number"), ("verdict", "fine", "a verdict"),
                              ("call", "maybe", "a call")):
    broken(f"{column} of {value}", links({column: value}), rf"links\.tsv: line 2, column '{column}': '{value}' is not",
           wanted, form="multiqc")
broken("no rows, and no links", "a\tb\n", r"links\.tsv: no column 'cell_type'", r"no links\.tsv")
for form in ("bigwig", "igv", "muon"):
    broken(f"another experiment's links, {form}", links(), r"the peak 'chr1:100-500', which the study has not", r"--study",
           form=form, more=["--study", "../good/study.h5mu"])
broken("an unknown gene", links(), r"--gene: links\.tsv has no 'PAX5'", code=2, more=["--gene", "PAX5"])
broken("an unknown type", links(), r"--cell-type: links\.tsv has no 'B'", code=2, more=["--cell-type", "B"])
broken("contradicted alone, which is left out", links(), r"needs --contradicted", code=2,
       more=["--verdict", "contradicted"])
broken("no study", links(), r"no manifest\.json beside it", r"give --study", form="muon")
broken("lengths that do not exist", links(), r"lengths\.txt", more=["--chrom-sizes", "lengths.txt"])
broken("a study that is none", links(), r"links\.tsv", form="muon", more=["--study", "links.tsv"])


@case("export: no format", r"--format: which\?", code=2)
def _(room):
    return ["export", room.file("links.tsv", links()), "-o", "out"]


@case("export: nothing there", r"results")
def _(room):
    return export("results")


@case("export: a folder without results", r"results: holds no links\.tsv", r"run, explain or redundancy")
def _(room):
    (room.folder / "results").mkdir()
    return export("results")


def manifest(room, **section):
    """A folder of results with this section in its manifest."""
    folder = room.folder / "results"
    folder.mkdir()
    whole = {"command": "explain", "version": "0.1.0", "options": {}, "seed": 1, "threads": 1, "inputs": [],
             "outputs": [], "warnings": [], "stages": []} | section
    (folder / "manifest.json").write_text(json.dumps({"commands": [whole]}))
    return folder


def record(path):
    return {"path": path, "sha256": "0" * 64, "bytes": 1}


@case("export: a folder of an earlier version", r"holds no links\.tsv: grids 0\.1\.0 wrote", r"grids explain")
def _(room):
    manifest(room, outputs=[record("subsets.tsv")])
    return export("results")


@case("export: the study is gone", r"gone\.h5mu .*is not there", r"--study")
def _(room):
    folder = manifest(room, inputs=[record("gone.h5mu")], outputs=[record("links.tsv")])
    (folder / "links.tsv").write_text(links())
    return export("results", form="muon")


@case("export: the study is another", r"study\.h5mu is not the study", r"--study")
def _(room):
    folder = manifest(room, inputs=[record("study.h5mu")], outputs=[record("links.tsv")])
    (folder / "links.tsv").write_text(links())
    (folder / "study.h5mu").write_text("another")
    return export("results", form="muon")


@case("export: a folder in the way", r"links\.bedpe: it is a folder", r"move it away", once=True)
def _(room):
    (room.folder / "out/links.bedpe").mkdir(parents=True)
    return [*export(room.file("links.tsv", links()), form="bedpe"), "--overwrite"]


@case("export: grids-tracks may not be executed", r"grids-tracks is there, and may not be executed", r"chmod \+x")
def _(room):
    return [*alone(room, "grids-tracks"), *export(room.file("links.tsv", links()), form="longrange")]


@case("export: grids-tracks is missing", r"grids-tracks is not there", r"install grids-tracks beside grids")
def _(room):
    return [*alone(room), *export(room.file("links.tsv", links()), form="longrange")]


for name, siblings, says in (("missing", [], (r"grids-torch is not there", r"install grids-torch beside grids")),
                             ("not executable", ["grids-torch"], (r"may not be executed", r"chmod \+x"))):
    @case(f"run: grids-torch is {name}, told before any work", *says)
    def _(room, siblings=siblings):
        return [*alone(room, *siblings), "run", "../good/cells.h5mu", "--labels", "cell_type", "--genes", "../good/genes.bed",
                "-o", "out"]
