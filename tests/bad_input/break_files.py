"""Ways to break a file."""

import contextlib
import gzip
import json
import struct

import h5py
import numpy


def cut(path, share):
    """Keeps the first part of a file, as an interrupted copy does."""
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])


@contextlib.contextmanager
def opened(path):
    with h5py.File(path, "r+") as file:
        yield file


def replace(parent, name, value):
    """Other values under the same name; attributes stay."""
    attributes = dict(parent[name].attrs)
    del parent[name]
    parent[name] = value
    for key, attribute in attributes.items():
        parent[name].attrs[key] = attribute


def set_entry(parent, name, index, value):
    values = parent[name][:]
    values[index] = value
    replace(parent, name, values)


def texts(dataset):
    return [text.decode() for text in dataset[:]]


def write_texts(parent, name, values):
    replace(parent, name, numpy.array(values, dtype=h5py.string_dtype()))


def read_gz(path):
    with gzip.open(path, "rt") as file:
        return file.read()


def write_gz(path, text):
    with gzip.open(path, "wt", compresslevel=1) as file:
        file.write(text)


def edit_line(path, number, change):
    """Changes one line (from 1) of a text file, .gz or not."""
    text = read_gz(path) if path.suffix == ".gz" else path.read_text()
    lines = text.splitlines()
    lines[number - 1] = change(lines[number - 1])
    text = "\n".join(lines) + "\n"
    if path.suffix == ".gz":
        write_gz(path, text)
    else:
        path.write_text(text)


def edit_header(path, change):
    """Changes the JSON header of a safetensors file; the data stay, but for those of tensors that it
    takes out."""
    content = path.read_bytes()
    (length,) = struct.unpack("<Q", content[:8])
    header = json.loads(content[8 : 8 + length])
    data = content[8 + length :]
    before = set(header)
    change(header)
    if before - set(header):
        data = close_ranks(header, data)
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


def close_ranks(header, data):
    """The data of the tensors that the header names, one after another; it learns where."""
    kept = b""
    for entry in sorted((entry for name, entry in header.items() if name != "__metadata__"),
                        key=lambda entry: entry["data_offsets"]):
        begin, end = entry["data_offsets"]
        entry["data_offsets"] = [len(kept), len(kept) + end - begin]
        kept += data[begin:end]
    return kept


def poke_tensor(path, name, value, code="f"):
    """Writes a number (code of struct: f, d, q) over the first one of a tensor."""
    content = bytearray(path.read_bytes())
    (length,) = struct.unpack("<Q", content[:8])
    begin = json.loads(content[8 : 8 + length])[name]["data_offsets"][0]
    number = struct.pack("<" + code, value)
    content[8 + length + begin : 8 + length + begin + len(number)] = number
    path.write_bytes(content)
