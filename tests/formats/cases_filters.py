"""HDF5 that is compressed by others than gzip."""

import ctypes

import h5py
import numpy

import layouts
from cases_anndata import PAIR
from harness import reads, refuses

LZF, BLOSC, ZSTD, LZ4 = 32000, 32001, 32015, 32004


def pack_zstd(data):
    library = ctypes.CDLL("libzstd.so.1")
    out = ctypes.create_string_buffer(len(data) + 1024)
    library.ZSTD_compress.restype = ctypes.c_size_t
    size = library.ZSTD_compress(out, ctypes.c_size_t(len(out)), data, ctypes.c_size_t(len(data)), 3)
    return out.raw[:size]


def pack_blosc(data):
    library = ctypes.CDLL("libblosc.so.1")
    out = ctypes.create_string_buffer(len(data) + 1024)
    size = library.blosc_compress_ctx(5, 1, ctypes.c_size_t(4), ctypes.c_size_t(len(data)), data, out,
                                      ctypes.c_size_t(len(out)), b"lz4", ctypes.c_size_t(0), 1)
    return out.raw[:size]


def in_chunks(filter_number, pack):
    """A writer for layouts.csr that packs chunks itself; the last is filled up."""

    def put(group, name, values):
        rows = min(100, len(values))
        properties = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        properties.set_chunk((rows,))
        properties.set_filter(filter_number, h5py.h5z.FLAG_OPTIONAL, (3,))
        made = h5py.h5d.create(group.id, name.encode(), h5py.h5t.py_create(values.dtype),
                               h5py.h5s.create_simple(values.shape), properties)
        for first in range(0, len(values), rows):
            chunk = numpy.zeros(rows, values.dtype)
            chunk[:len(values[first:first + rows])] = values[first:first + rows]
            made.write_direct_chunk((first,), pack(chunk.tobytes()), 0)

    return put


def packed_pair(folder, put):
    for make, values in ((layouts.rna_file, layouts.RNA), (layouts.atac_file, layouts.ATAC)):
        with make(folder, None) as file:
            layouts.csr(file, "X", values, write=put)
    return PAIR


@reads("lzf throughout, names too, as write_h5ad(compression='lzf') does it")
def _(folder):
    def put(group, name, values):
        group.create_dataset(name, data=values, chunks=(min(100, len(values)),), compression="lzf",
                             shuffle=True)

    words = packed_pair(folder, put)
    with h5py.File(folder / "rna.h5ad", "r+") as file:
        del file["obs/_index"]
        layouts.texts(file["obs"], "_index", layouts.BARCODES, chunks=(25,), compression="lzf")
    return words


@reads("a dense matrix in lzf, in chunks that end beyond it")
def _(folder):
    with layouts.rna_file(folder, None) as file:
        made = file.create_dataset("X", data=layouts.RNA, chunks=(7, 9), compression="lzf")
        layouts.encode(made, "array")
    layouts.atac_file(folder)
    return PAIR


@reads("Zstandard")
def _(folder):
    return packed_pair(folder, in_chunks(ZSTD, pack_zstd))


@reads("Blosc")
def _(folder):
    return packed_pair(folder, in_chunks(BLOSC, pack_blosc))


@refuses("Zstandard that is damaged", r"rna\.h5ad: X/\w+: cannot be read")
def _(folder):
    return packed_pair(folder, in_chunks(ZSTD, lambda data: pack_zstd(data)[:-9] + bytes(9)))


@refuses("Zstandard of a shorter chunk", r"rna\.h5ad: X/\w+: cannot be read")
def _(folder):
    return packed_pair(folder, in_chunks(ZSTD, lambda data: pack_zstd(data[:-4])))


@refuses("Zstandard that unpacks to a gigabyte", r"rna\.h5ad: X/\w+: cannot be read")
def _(folder):
    bomb = pack_zstd(bytes(1 << 28))
    return packed_pair(folder, in_chunks(ZSTD, lambda data: bomb))


@refuses("lz4", r"rna\.h5ad: X/\w+: is compressed by lz4 \(filter 32004\)", r"h5repack -f GZIP=1",
         r"compression='gzip'")
def _(folder):
    return packed_pair(folder, in_chunks(LZ4, bytes))
