/// Compression of HDF5 files beyond what the library reads by itself (gzip, szip): lzf of h5py,
/// Zstandard and Blosc of hdf5plugin and PyTables. For the files behind hdf5.hpp; under its lock.
#pragma once

#include <hdf5.h>

#include <string>

namespace grids::core::hdf5 {

/// Makes the library read them; they are never used for writing.
void register_filters();

/// H5Dread. The filters are told what a chunk unpacks to, and unpack to that and nothing else: what
/// a file says of its sizes decides on no memory.
herr_t read_entries(hid_t dataset, hid_t type, hid_t memory, hid_t slice, void* out);

/// "lz4 (filter 32004)": the filter of a dataset that cannot be read here; empty where all can.
std::string filter_without_reader(hid_t dataset);

}  // namespace grids::core::hdf5
