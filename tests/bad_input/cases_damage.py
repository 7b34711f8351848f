"""Files that are damaged below what their format says, that claim more than they hold, or that break
what every study keeps to."""

import gzip
import struct

import h5py
import numpy

from break_files import opened, replace, set_entry
from cases_cells import h5mu, prepare
from cases_models import explain, study
from harness import case

# ---- what libhdf5 does not survive ----


def heap_without_end(path):
    """The list of free room in a group's heap leads back to its own beginning."""
    content = bytearray(path.read_bytes())
    changed = 0
    place = content.find(b"HEAP")
    while place >= 0:
        free, data = struct.unpack_from("<QQ", content, place + 16)
        base = 512 if content[:6] == b"MuData" else 0
        if free < 1 << 32 and base + data + free + 16 <= len(content):
            struct.pack_into("<QQ", content, base + data + free, free, 16)
            changed += 1
        place = content.find(b"HEAP", place + 4)
    assert changed > 0
    path.write_bytes(content)


@case("damage: a list in the file that has no end", r"cells\.h5mu: .*(finds no end|more memory)")
def _(room):
    heap_without_end(room.copy("cells.h5mu"))
    return prepare()


@case("damage: a study of which a list has no end", r"study\.h5mu: .*(finds no end|more memory)", torch=True)
def _(room):
    heap_without_end(room.copy("study.h5mu"))
    return explain(study="study.h5mu")


@case("damage: entries in another file", r"mod/rna/X/data.*other files, which are not followed")
def _(room):
    room.file("secret", b"\1" * 4_000_000)
    with opened(room.copy("cells.h5mu")) as file:
        group = file["mod/rna/X"]
        count = len(group["data"])
        del group["data"]
        group.create_dataset("data", shape=(count,), dtype="f4", external=[("secret", 0, h5py.h5f.UNLIMITED)])
    return prepare()


@case("damage: a link to another file", r"obs|var")
def _(room):
    with opened(room.copy("cells.h5mu")) as file:
        del file["mod/rna/var"]
        file["mod/rna/var"] = h5py.ExternalLink("../good/cells.h5mu", "/mod/rna/var")
    return prepare()


# ---- small files that want much memory ----


@h5mu("bomb: rows without end", r"mod/rna/X: (has 536870912 rows, but obs names|claims)")
def _(file):
    del file["mod/rna/X"]
    genes = len(file["mod/rna/var/_index"])
    file["mod/rna"].create_dataset("X", shape=(1 << 29, genes), dtype="f4", chunks=(1, genes))


@h5mu("bomb: zeros that unpack to gigabytes", r"mod/rna/X/indptr: has 134217728 entries")
def _(file):
    group = file["mod/rna/X"]
    del group["indptr"]
    group.create_dataset("indptr", shape=(1 << 27,), dtype="i8", chunks=(1 << 20,), compression="gzip")


@h5mu("bomb: entries that nothing backs", r"mod/rna/X/(indices|data).*(claims|more than)")
def _(file):
    group = file["mod/rna/X"]
    for name in ("indices", "data"):
        del group[name]
        group.create_dataset(name, shape=(1 << 40,), dtype="i4", chunks=(1 << 10,))


@h5mu("bomb: a column of other length than its table", r"obs/cell_type.* entries for .* rows")
def _(file):
    group = file["obs/cell_type"]
    del group["codes"]
    group.create_dataset("codes", shape=(1 << 28,), dtype="i1", chunks=(1 << 20,), compression="gzip")


@h5mu("bomb: texts that repeat", r"obs/_index.*far more than the file")
def _(file):
    del file["obs/_index"]
    file["obs"].create_dataset("_index", shape=(1 << 26,), dtype="S1", chunks=(1 << 20,), compression="gzip")


def zipped(path, pieces):
    with gzip.open(path, "wb", compresslevel=9) as file:
        for piece in pieces:
            file.write(piece)


@case("bomb: a line without end", r"labels\.tsv, line 2: is longer than \d+ bytes")
def _(room):
    zipped(room.folder / "labels.tsv", [b"barcode\tcell_type\nA\t"] + [b"x" * (1 << 20)] * 40)
    room.copy("cells.h5mu")
    return prepare(labels="labels.tsv")


@case("bomb: weights that unpack a thousandfold", r"s\.safetensors: its \d+ bytes unpack to more than", torch=True)
def _(room):
    zipped(room.folder / "s.safetensors", [bytes(1 << 20)] * 80)
    return explain(surrogate="s.safetensors")


# ---- numbers that cannot be ----


def as_float(file, name, change):
    parent, leaf = name.rsplit("/", 1)
    replace(file[parent], leaf, change(file[name][:].astype("f8")))


@h5mu("numbers: indices between two columns", r"mod/rna/X/indices: entry 0 is .*\.7.*whole")
def _(file):
    as_float(file, "mod/rna/X/indices", lambda values: values + 0.7)


@h5mu("numbers: bounds between two entries", r"mod/rna/X/indptr: entry 0 is 0\.9.*whole")
def _(file):
    as_float(file, "mod/rna/X/indptr", lambda values: values + 0.9)


@h5mu("numbers: codes between two labels", r"obs/cell_type/codes: entry 0 is .*\.5.*whole")
def _(file):
    as_float(file, "obs/cell_type/codes", lambda values: values + 0.5)


@h5mu("numbers: counts beyond all sequencing", r"mod/rna/X: cell .* the value is 3e\+?38.*below 2\^31")
def _(file):
    set_entry(file["mod/rna/X"], "data", slice(0, 3), 3e38)


@study("indices between two columns", r"mod/atac/X/indices: entry 0 is .*\.7.*whole")
def _(file):
    as_float(file, "mod/atac/X/indices", lambda values: values + 0.7)


# ---- what every study keeps to ----


@study("peaks in another order", r"mod/atac/var", r"not sorted|lies from", r"prepare the study again")
def _(file):
    for name in ("start", "end"):
        replace(file["mod/atac/var"], name, file["mod/atac/var"][name][:][::-1])


@study("a negative count", r"mod/rna/layers/counts: holds -5", r"prepare the study again")
def _(file):
    set_entry(file["mod/rna/layers/counts"], "data", slice(0, 50), -5)


@study("a total that is no number", r"obs/total_rna: cell '.*' has nan", r"prepare the study again")
def _(file):
    as_float(file, "obs/total_rna", lambda values: numpy.where(numpy.arange(len(values)) < 5, numpy.nan, values))


@study("a negative total", r"obs/total_rna: cell '.*' has -100", r"prepare the study again")
def _(file):
    set_entry(file["obs"], "total_rna", slice(0, 5), -100)
