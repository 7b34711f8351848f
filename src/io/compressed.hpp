/// Compressed sparse matrices as stores hold them: `data`, `indices`, `indptr` in a group. AnnData
/// and Cell Ranger share this part.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "io/store.hpp"
#include "math/packed_rows.hpp"
#include "math/sparse.hpp"

namespace grids::core {

/// How many entries of a matrix are worked on at a time.
inline constexpr int64_t kEntriesAtOnce = int64_t{1} << 21;

/// The rows of a compressed matrix that stays in its store (of a CSC matrix: its columns). Only the
/// bounds of the rows are in memory.
class CompressedRows {
 public:
  /// `rows` × `columns`, whose rows `indptr` bounds. Throws Error(kInput) naming the array for
  /// lengths that do not fit and bounds that descend; indices and values are not read yet. Pieces
  /// that were never written are not taken for zeros, of which these arrays have none.
  CompressedRows(const store::Group& group, int64_t rows, int64_t columns);

  int64_t rows() const { return static_cast<int64_t>(offsets_.size()) - 1; }
  int64_t columns() const { return columns_; }
  /// Where the entries of each row begin; rows + 1.
  const std::vector<int64_t>& offsets() const { return offsets_; }
  /// Stored entries of rows [first, last).
  int64_t nonzeros(int64_t first, int64_t last) const;

  /// Rows [first, last) into memory for all their entries; `values` may be empty: they are not
  /// read. Indices come back ascending in each row; stored zeros stay. Throws Error(kInput) naming
  /// the place for indices out of range and entries given twice.
  void read(int64_t first, int64_t last, std::span<int32_t> indices, std::span<float> values) const;

  /// Rows [first, last) with offsets from 0, in place of what `block` held; as `read`.
  void read_block(int64_t first, int64_t last, CsrMatrix& block) const;
  /// Where a block of rows from `first` on ends that holds `kEntriesAtOnce` entries at most, but
  /// one row at least.
  int64_t block_end(int64_t first) const;

  /// The stored values, one for each index.
  const store::Array& values() const { return values_; }

 private:
  void require_in_range(int64_t first_entry, std::span<const int32_t> indices) const;

  store::Group group_;
  int64_t columns_;
  std::vector<int64_t> offsets_;
  store::Array indices_;
  store::Array values_;
};

/// The whole matrix. Memory: the result and at most one row more; with a room, which may be null,
/// the entries lie there.
CsrMatrix read_compressed(const store::Group& group, int64_t rows, int64_t columns,
                          const std::shared_ptr<EntryRoom>& room = nullptr);

/// The same where all values must be 1; they are checked block by block, never all in memory.
CsrPattern read_compressed_ones(const store::Group& group, int64_t rows, int64_t columns,
                                const std::shared_ptr<EntryRoom>& room = nullptr);

/// The same where the entries are likely those of `pattern`, whose indices are then shared
/// (Entries::share) and not held twice.
CsrMatrix read_compressed_like(const store::Group& group, const CsrPattern& pattern,
                               const std::shared_ptr<EntryRoom>& room = nullptr);

/// A whole matrix, packed block by block; zeros are left out. The threads of `pool`, where one is
/// given, pack.
PackedRows read_compressed_packed(const store::Group& group, int64_t rows, int64_t columns,
                                  ThreadPool* pool);

/// Brings each row into ascending order with its values. Returns a row that holds a column twice,
/// or -1. `values` may be empty.
int64_t sort_rows(CsrPattern& pattern, std::span<float> values);

}  // namespace grids::core
