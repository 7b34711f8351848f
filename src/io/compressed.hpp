/// Compressed sparse matrices as HDF5 groups hold them: `data`, `indices`, `indptr`. AnnData and
/// Cell Ranger share this part.
#pragma once

#include "io/hdf5.hpp"
#include "math/sparse.hpp"

namespace grids {

/// The matrix of `rows` × `columns` whose rows `indptr` bounds (for a CSC matrix: its columns).
/// Indices come back ascending; stored zeros stay. Throws Error(kInput) naming the dataset and the
/// place for lengths that do not fit, bounds that descend, indices out of range, entries given
/// twice. Memory: the result and at most one row more.
CsrMatrix read_compressed(const hdf5::Group& group, int64_t rows, int64_t columns);

/// The same where all values must be 1; they are checked block by block, never all in memory.
CsrPattern read_compressed_ones(const hdf5::Group& group, int64_t rows, int64_t columns);

void drop_zeros(CsrMatrix& matrix);

/// Brings each row into ascending order with its values. Returns a row that holds a column twice,
/// or -1. `values` may be empty.
int64_t sort_rows(CsrPattern& pattern, std::span<float> values);

}  // namespace grids
