"""Takes something out of an HDF5 file, and out of the columns of the table that it was in.

    take_away.py FILE NAME
"""

import sys

import h5py

path, name = sys.argv[1:]
with h5py.File(path, "r+") as file:
    del file[name]
    parent, _, last = name.rpartition("/")
    if "column-order" in file[parent].attrs:
        columns = [column for column in file[parent].attrs["column-order"] if column != last]
        del file[parent].attrs["column-order"]
        file[parent].attrs["column-order"] = columns
