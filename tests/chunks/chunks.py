#!/usr/bin/env python3
"""Writes the same cells in every way in which HDF5 lays out vectors, and expects the same study.

    chunks.py PROGRAMS

Vectors of numbers are packed and unpacked outside of the library (src/io/hdf5_chunks.hpp): here the library
itself, through h5py, writes what grids reads and reads what grids writes. Damaged pieces must be refused by
name, with nothing written. Exits with 77 where h5py is missing.
"""

import pathlib
import subprocess
import sys
import tempfile

try:
    import h5py
    import numpy
except ImportError as error:
    print(f"skipped: {error}")
    sys.exit(77)

MATRIX = "mod/atac/X"
VECTORS = ("data", "indices", "indptr")


def grids(programs, *arguments):
    return subprocess.run([str(programs / "grids"), *map(str, arguments)], capture_output=True, text=True)


def prepare(programs, cells, study, *more):
    return grids(programs, "prepare", cells, "--labels", "cell_type", "--keep-all", "-o", study, "--overwrite", *more)


def arrays_of(path):
    """Every dataset of a file, but what tells of the run."""
    found = {}

    def visit(name, item):
        if isinstance(item, h5py.Dataset) and name != "uns/grids/provenance":
            found[name] = item[()]

    with h5py.File(path) as file:
        file.visititems(visit)
    return found


def differences(one, other):
    names = sorted(set(one) ^ set(other))
    for name in set(one) & set(other):
        a, b = one[name], other[name]
        if getattr(a, "dtype", None) != getattr(b, "dtype", None) or not numpy.array_equal(a, b):
            names.append(name)
    return names


def replaced(source, target, how):
    """A copy of the cells whose vectors are written as `how(name, values)` says: options of h5py."""
    target.write_bytes(source.read_bytes())
    with h5py.File(target, "r+") as file:
        group = file[MATRIX]
        for name in VECTORS:
            values = group[name][:]
            options = how(name, values)
            if options is None:
                continue
            values = values.astype(options.pop("dtype", values.dtype))
            if "chunks" in options and "maxshape" not in options:
                options["chunks"] = (min(options["chunks"][0], len(values)),)
            del group[name]
            group.create_dataset(name, data=values, **options)
    return target


def layouts():
    """Name and options of each layout."""
    for chunk in (1000, 777, 1 << 14, 1 << 20):
        for filters in ({}, {"compression": "gzip"}, {"compression": "gzip", "shuffle": True},
                        {"compression": "gzip", "compression_opts": 9}, {"shuffle": True},
                        {"compression": "lzf"}, {"compression": "gzip", "fletcher32": True}):
            told = " ".join(f"{key}={value}" for key, value in filters.items())
            yield f"chunks of {chunk} {told}", lambda name, values: {
                "chunks": (min(chunk, len(values)),), **filters}
    yield "chunks of 1", lambda name, values: {"chunks": (1,)} if name == "indptr" else None
    yield "one piece", lambda name, values: {}
    for width in ("int64", "uint32", "uint64", ">i4", ">i8", "float64"):
        yield f"indices {width}", lambda name, values: {
            "chunks": (500,), "compression": "gzip", "shuffle": True,
            "dtype": numpy.dtype(width) if name != "data" else numpy.dtype("float32")}
    for width in ("uint8", "int8", "uint16", "int64", "float64", ">f4", "float16"):
        yield f"data {width}", lambda name, values: {
            "chunks": (500,), "compression": "gzip", "shuffle": True,
            "dtype": numpy.dtype(width) if name == "data" else values.dtype}
    yield "growing", lambda name, values: {"chunks": (1000,), "maxshape": (None,), "compression": "gzip"}


def never_written(source, target):
    """All ones as what chunks hold that were never written."""
    target.write_bytes(source.read_bytes())
    with h5py.File(target, "r+") as file:
        group = file[MATRIX]
        count = len(group["indices"])
        del group["data"]
        group.create_dataset("data", (count,), numpy.float32, chunks=(1000,), fillvalue=1, compression="gzip")
    return target


def skipped_filters(source, target):
    """Chunks whose filters were skipped, some all of them, some gzip alone."""
    target.write_bytes(source.read_bytes())
    with h5py.File(target, "r+") as file:
        group = file[MATRIX]
        values = group["indices"][:]
        del group["indices"]
        chunk = 512
        dataset = group.create_dataset("indices", values.shape, values.dtype, chunks=(chunk,), compression="gzip",
                                       shuffle=True)
        for number, first in enumerate(range(0, len(values), chunk)):
            part = numpy.zeros(chunk, values.dtype)
            part[:len(values[first:first + chunk])] = values[first:first + chunk]
            if number % 3 == 0:
                dataset.id.write_direct_chunk((first,), part.tobytes(), 3)
            elif number % 3 == 1:
                shuffled = numpy.frombuffer(part.tobytes(), numpy.uint8).reshape(chunk, -1).T.tobytes()
                dataset.id.write_direct_chunk((first,), shuffled, 2)
            else:
                dataset[first:first + chunk] = values[first:first + chunk]
    return target


def damaged(source, target, name, chunk, change):
    """One piece changed by `change(bytes)`; the others are as they were."""
    replaced(source, target, lambda vector, values: {"chunks": (600,), "compression": "gzip", "shuffle": True})
    with h5py.File(target, "r+") as file:
        dataset = file[f"{MATRIX}/{name}"]
        mask, packed = dataset.id.read_direct_chunk((600 * chunk,))
        dataset.id.write_direct_chunk((600 * chunk,), change(packed), mask)
    return target


def zlib_of(count):
    import zlib
    return zlib.compress(bytes(count))


DAMAGES = (
    ("cut", lambda packed: packed[:len(packed) // 2]),
    ("overwritten", lambda packed: packed[:20] + bytes(40) + packed[60:]),
    ("noise", lambda packed: bytes(range(1, 200))),
    ("too small", lambda packed: zlib_of(2399)),
    ("too large", lambda packed: zlib_of(2401)),
    ("far too large", lambda packed: zlib_of(1 << 24)),
    ("nothing of it", lambda packed: b"x"),
    ("larger than it can be", lambda packed: packed + bytes(1 << 16)),
)


def main():
    programs = pathlib.Path(sys.argv[1]).resolve()
    failures, tried = [], 0
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        made = grids(programs, "simulate", "--preset", "tiny", "--seed", 5, "-o", folder / "cells")
        assert made.returncode == 0, made.stderr
        cells, case, study = folder / "cells/cells.h5mu", folder / "case.h5mu", folder / "study.h5mu"
        first = prepare(programs, cells, study, "--threads", 1)
        assert first.returncode == 0, first.stderr
        expected, bytes_of_one = arrays_of(study), study.read_bytes()
        with h5py.File(study) as file:
            ones = file[f"{MATRIX}/data"]
            assert ones.id.get_storage_size() == 0 and (ones[:] == 1).all(), "ones are stored"

        def same(told):
            nonlocal tried
            tried += 1
            study.unlink(missing_ok=True)
            done = prepare(programs, case, study)
            if done.returncode != 0:
                failures.append(f"{told}: {done.stderr.strip()[-300:]}")
            elif differences(expected, arrays_of(study)):
                failures.append(f"{told}: other values: {differences(expected, arrays_of(study))}")

        for threads in (2, 5):
            tried += 1
            prepare(programs, cells, study, "--threads", threads)
            if study.read_bytes() != bytes_of_one:
                failures.append(f"{threads} threads: other bytes")
        for told, how in layouts():
            replaced(cells, case, how)
            same(told)
        for told, make in (("never written", never_written), ("skipped filters", skipped_filters)):
            make(cells, case)
            same(told)
        for name in ("data", "indices"):
            for chunk in (0, 3):
                for told, change in DAMAGES:
                    tried += 1
                    damaged(cells, case, name, chunk, change)
                    study.unlink(missing_ok=True)
                    done = prepare(programs, case, study)
                    if done.returncode != 3 or f"{MATRIX}/{name}" not in done.stderr or study.exists():
                        failures.append(f"{name}, piece {chunk}, {told}: exit {done.returncode}: {done.stderr[-300:]}")
    for failure in failures:
        print(failure)
    print(f"{tried} files, {len(failures)} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
