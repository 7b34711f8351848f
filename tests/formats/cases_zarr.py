"""AnnData and MuData as Zarr stores: what layouts.py writes as HDF5, turned over by hand."""

import json
import struct
import zipfile
import zlib

import h5py
import numpy

import layouts
from harness import reads, refuses

ZARR_PAIR = ["--rna", "rna.zarr", "--atac", "atac.zarr", "--labels", "cell_type"]
ROWS = 50  # of a chunk


def plain(value):
    """A value of an attribute as JSON has it."""
    if isinstance(value, bytes):
        return value.decode()
    return value.tolist() if hasattr(value, "tolist") else value


def chunks_of(values):
    """Shape and bytes of each chunk, the last filled up."""
    values = values.reshape(1) if values.ndim == 0 else values
    rows = min(ROWS, max(1, len(values)))
    for first in range(0, len(values), rows):
        chunk = numpy.zeros((rows, *values.shape[1:]), values.dtype)
        chunk[:len(values[first:first + rows])] = values[first:first + rows]
        yield first // rows, chunk


def packed_text(chunk):
    words = [word if isinstance(word, bytes) else str(word or "").encode() for word in chunk.ravel()]
    return struct.pack("<I", len(words)) + b"".join(struct.pack("<I", len(word)) + word for word in words)


def array_files(dataset, version):
    """Keys and bytes of an array, packed by zlib (2) or gzip (3)."""
    values = dataset[()]
    values = numpy.array(values, object) if isinstance(values, (bytes, str)) else numpy.asarray(values)
    text = values.dtype.kind == "O"
    shape = list(values.shape)
    side = [min(ROWS, max(1, shape[0])), *shape[1:]] if shape else []
    if version == 2:
        yield ".zarray", json.dumps({
            "zarr_format": 2, "shape": shape, "chunks": side, "order": "C", "fill_value": "" if text else 0,
            "dtype": "|O" if text else values.dtype.str, "filters": [{"id": "vlen-utf8"}] if text else None,
            "compressor": {"id": "zlib", "level": 1}})
    else:
        entries = {"name": "vlen-utf8"} if text else {"name": "bytes", "configuration": {"endian": "little"}}
        yield "zarr.json", json.dumps({
            "zarr_format": 3, "node_type": "array", "shape": shape, "fill_value": "" if text else 0,
            "data_type": "string" if text else values.dtype.name,
            "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": side}},
            "chunk_key_encoding": {"name": "default"}, "attributes": attributes(dataset),
            "codecs": [entries, {"name": "gzip", "configuration": {"level": 1}}]})
    for number, chunk in chunks_of(values):
        rest = [str(number)] + ["0"] * (len(shape) - 1) if shape else []
        key = (".".join(rest) or "0") if version == 2 else "/".join(["c", *rest])
        content = packed_text(chunk) if text else chunk.tobytes()
        window = 15 if version == 2 else 31
        packer = zlib.compressobj(1, zlib.DEFLATED, window)
        yield key, packer.compress(content) + packer.flush()


def attributes(item):
    return {name: plain(value) for name, value in item.attrs.items()}


def node_files(item, version):
    if isinstance(item, h5py.Dataset):
        yield from array_files(item, version)
    elif version == 2:
        yield ".zgroup", json.dumps({"zarr_format": 2})
    else:
        yield "zarr.json", json.dumps({"zarr_format": 3, "node_type": "group", "attributes": attributes(item)})
    if version == 2:
        yield ".zattrs", json.dumps(attributes(item))
    if isinstance(item, h5py.Group):
        for name in item:
            for key, content in node_files(item[name], version):
                yield f"{name}/{key}", content


def turned(path, version, archive=None):
    """The HDF5 file as a store in its place, or as an archive packed by that method."""
    made = path.with_suffix(".zarr")
    with h5py.File(path) as file:
        contents = {key: content.encode() if isinstance(content, str) else content
                    for key, content in node_files(file, version)}
    path.unlink()
    if archive is None:
        for key, content in contents.items():
            (made / key).parent.mkdir(parents=True, exist_ok=True)
            (made / key).write_bytes(content)
    else:
        with zipfile.ZipFile(made, "w", archive) as packed:
            for key, content in contents.items():
                packed.writestr(key, content)
    return made


def zarr_pair(folder, version, archive=None):
    layouts.rna_file(folder).close()
    layouts.atac_file(folder).close()
    return [turned(folder / name, version, archive) for name in ("rna.h5ad", "atac.h5ad")]


for version in (2, 3):
    for archive, how in ((None, "a folder"), (zipfile.ZIP_STORED, "an archive"), (zipfile.ZIP_DEFLATED, "a packed one")):
        @reads(f"Zarr {version} in {how}", r"rna\.zarr: X: 60 cells × 30 genes", r"atac\.zarr: X: 60 cells × 40 peaks")
        def _(folder, version=version, archive=archive):
            zarr_pair(folder, version, archive)
            return ZARR_PAIR

    @refuses(f"a lost chunk of Zarr {version}", r"rna\.zarr: X/indices: chunk '(c/)?1': is missing",
             r"copy the store again")
    def _(folder, version=version):
        rna, _ = zarr_pair(folder, version)
        (rna / "X/indices" / ("1" if version == 2 else "c/1")).unlink()
        return ZARR_PAIR


@reads("both in one Zarr", r"both\.zarr: X: 60 cells × 40 peaks")
def _(folder):
    layouts.mixed_file(folder, feature_types=["Gene Expression"] * layouts.GENES + ["Peaks"] * layouts.PEAKS).close()
    turned(folder / "both.h5ad", 3)
    return ["both.zarr", "--labels", "cell_type"]


@refuses("a codec of Zarr that is not read", r"rna\.zarr: X/data: is packed by the codec 'own_packer'", r"write_h5ad")
def _(folder):
    rna, _ = zarr_pair(folder, 2)
    metadata = rna / "X/data/.zarray"
    metadata.write_text(metadata.read_text().replace('"zlib"', '"own_packer"'))
    return ZARR_PAIR


@refuses("a Zarr with other content", r"rna\.zarr: cannot be read: it is a Zarr store with other content: data, indices")
def _(folder):
    rna, _ = zarr_pair(folder, 2)
    whole = rna.rename(folder / "whole.zarr")
    (whole / "X").rename(rna)
    return ZARR_PAIR


@refuses("a part of a Zarr", r"rna\.zarr: cannot be read: it is like a part of a Zarr store, without")
def _(folder):
    rna, _ = zarr_pair(folder, 2)
    (rna / ".zgroup").unlink()
    return ZARR_PAIR
