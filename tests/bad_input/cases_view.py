"""Folders that `grids view` cannot show: told before anything is served."""

import json
import socket

from harness import case


def view(*words):
    return ["view", "results", "--no-open", *words]


@case("view: nothing there", r"results: holds no grids results", r"grids run")
def _(room):
    return view()


@case("view: a port that is none", r"--port", r"65535", code=2)
def _(room):
    return view("--port", "65536")


@case("view: no folder", r"results is required", code=2)
def _(room):
    return ["view"]


def results(room, **section):
    """A folder of results with this section in its manifest."""
    folder = room.folder / "results"
    folder.mkdir()
    whole = {"command": "explain", "version": "0.2.0", "options": {}, "seed": 1, "threads": 1, "inputs": [],
             "outputs": [{"path": "links.tsv", "sha256": "0" * 64, "bytes": 1}], "warnings": [], "stages": []} | section
    (folder / "manifest.json").write_text(json.dumps({"commands": [whole]}))
    return folder


def record(path, sha256="0" * 64):
    return {"path": path, "sha256": sha256, "bytes": 1}


@case("view: a manifest that tells of no sets", r"no manifest\.json tells", r"--study and --surrogate-file")
def _(room):
    results(room, outputs=[])
    return view()


@case("view: the study is gone", r"gone\.h5mu .*is not there", r"--study")
def _(room):
    results(room, inputs=[record("gone.h5mu"), record("surrogate.safetensors")])
    return view()


@case("view: the study is another", r"study\.h5mu is not the study", r"--study")
def _(room):
    (results(room, inputs=[record("study.h5mu")]) / "study.h5mu").write_text("another")
    return view()


@case("view: no surrogate is named", r"names no surrogate", r"--surrogate-file")
def _(room):
    results(room)
    return view("--study", "../good/study.h5mu")


@case("view: the surrogate is gone", r"gone\.safetensors .*is not there", r"--surrogate-file")
def _(room):
    results(room, inputs=[record("gone.safetensors")])
    return view("--study", "../good/study.h5mu")


@case("view: the surrogate is another", r"s\.safetensors is not the surrogate", r"its content is another")
def _(room):
    (results(room, inputs=[record("s.safetensors")]) / "s.safetensors").write_text("another")
    return view("--study", "../good/study.h5mu")


@case("view: the surrogate is of another study", r"other\.safetensors", r"genes|peaks", torch=True)
def _(room):
    results(room)
    return view("--study", "../good/study.h5mu", "--surrogate-file", "../good/other.safetensors")


@case("view: looks that cannot be counted", r"test cells were looked at", r"view_looks\.tsv", torch=True)
def _(room):
    (results(room) / ".grids").mkdir()
    (room.folder / "results/.grids/view_looks.tsv").write_text("nothing\n")
    return view("--study", "../good/study.h5mu", "--surrogate-file", "../good/surrogate.safetensors")


@case("view: view_sets.tsv is someone's own", r"view_sets\.tsv: it was not written by grids view", r"another name", torch=True)
def _(room):
    (results(room) / "view_sets.tsv").write_text("mine\n")
    return view("--study", "../good/study.h5mu", "--surrogate-file", "../good/surrogate.safetensors")


TAKEN = []  # held until the tour ends


@case("view: the port is taken", r"--port \d+: it cannot be had", torch=True)
def _(room):
    results(room)
    TAKEN.append(socket.create_server(("127.0.0.1", 0)))
    port = TAKEN[-1].getsockname()[1]
    return view("--study", "../good/study.h5mu", "--surrogate-file", "../good/surrogate.safetensors", "--port", str(port))
