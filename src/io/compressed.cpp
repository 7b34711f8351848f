#include "io/compressed.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <limits>
#include <numeric>

#include "base/at.hpp"

namespace grids::core {
namespace {

/// The row bounds, of which a matrix of these rows has one more than rows. Only of a matrix
/// without `entries` they may all be 0, and so never have been written.
std::vector<int64_t> read_bounds(const store::Group& group, int64_t rows, int64_t entries) {
  auto bounds = group.array("indptr");
  if (entries > 0) bounds = bounds.without_fill();
  bounds.require_dimensions(1);
  if (bounds.size() - 1 != rows) {
    throw bounds.error(fmt::format("has {} entries; a matrix with {} rows needs {}", bounds.size(),
                                   rows, static_cast<double>(rows) + 1));
  }
  auto offsets = bounds.read_whole<int64_t>();
  if (offsets.front() != 0 || !std::is_sorted(offsets.begin(), offsets.end())) {
    throw bounds.error("must start at 0 and never descend");
  }
  return offsets;
}

store::Array entries_of(const store::Group& group, const std::string& name) {
  auto entries = group.array(name);
  entries.require_dimensions(1);
  entries.believable_size();
  return entries;
}

/// Indices and values that fit each other and the matrix; none of them is read.
void require_fitting(const store::Group& group, const store::Array& indices,
                     const store::Array& values, int64_t rows, int64_t columns) {
  if (rows < 0 || columns < 0 || columns > std::numeric_limits<int32_t>::max()) {
    throw group.error(fmt::format("a matrix of {} × {} cannot be read", rows, columns));
  }
  if (values.size() != indices.size()) {
    throw values.error(
        fmt::format("has {} values, but there are {} indices", values.size(), indices.size()));
  }
  if (static_cast<double>(indices.size()) >
      static_cast<double>(rows) * static_cast<double>(columns)) {
    throw indices.error(
        fmt::format("has {} entries, more than {} × {} places", indices.size(), rows, columns));
  }
}

/// Whether no row has two entries: then all of them may be in column 0.
bool one_a_row(std::span<const int64_t> offsets) {
  for (size_t row = 1; row < offsets.size(); ++row) {
    if (offsets[row] - offsets[row - 1] > 1) return false;
  }
  return true;
}

/// Looks at all, which is faster than to stop at the first that does not.
bool ascends_strictly(std::span<const int32_t> indices) {
  bool all = true;
  for (size_t i = 1; i < indices.size(); ++i) all &= indices[i - 1] < indices[i];
  return all;
}

/// Brings the entries of one row into ascending order; the vectors are room to work in.
struct RowSorter {
  std::vector<int32_t> order;
  std::vector<int32_t> row_indices;
  std::vector<float> row_values;

  /// `values` may be empty. Returns whether a column is there twice.
  bool sort(std::span<int32_t> indices, std::span<float> values) {
    if (ascends_strictly(indices)) return false;
    if (!std::is_sorted(indices.begin(), indices.end())) {
      order.resize(indices.size());
      std::iota(order.begin(), order.end(), 0);
      std::stable_sort(order.begin(), order.end(),
                       [&](int32_t a, int32_t b) { return indices[at(a)] < indices[at(b)]; });
      row_indices.assign(indices.begin(), indices.end());
      row_values.assign(values.begin(), values.end());
      for (size_t i = 0; i < indices.size(); ++i) indices[i] = row_indices[at(order[i])];
      for (size_t i = 0; i < values.size(); ++i) values[i] = row_values[at(order[i])];
    }
    return std::adjacent_find(indices.begin(), indices.end()) != indices.end();
  }
};

/// Sorts the rows that `offsets` bounds; entries lie from the first bound on. As sort_rows.
int64_t sort_slice(std::span<const int64_t> offsets, std::span<int32_t> indices,
                   std::span<float> values) {
  RowSorter sorter;
  for (size_t row = 0; row + 1 < offsets.size(); ++row) {
    const size_t begin = at(offsets[row] - offsets.front());
    const size_t count = at(offsets[row + 1] - offsets[row]);
    const auto row_values = values.empty() ? values : values.subspan(begin, count);
    if (sorter.sort(indices.subspan(begin, count), row_values)) return static_cast<int64_t>(row);
  }
  return -1;
}

/// Memory for the entries of blocks, one after the other: those in a room are there from the start,
/// those of a vector grow, so that a damaged matrix is refused before there is memory for all that
/// it claims.
template <typename T>
class GrowingEntries {
 public:
  GrowingEntries(const std::shared_ptr<EntryRoom>& room, size_t count) {
    if (room != nullptr) entries_ = Entries<T>::zeros(room, count);
    if (entries_.empty()) entries_.reserve(count);
  }
  std::span<T> next(size_t count) {
    if (entries_.size() < done_ + count) entries_.resize(done_ + count);
    const auto block = std::span<T>(entries_.data(), entries_.size()).subspan(done_, count);
    done_ += count;
    return block;
  }
  Entries<T> take() { return std::move(entries_); }

 private:
  Entries<T> entries_;
  size_t done_ = 0;
};

/// Calls work(first, last) for blocks of rows that are of a size to work on.
template <typename Work>
void each_block(const CompressedRows& stored, const Work& work) {
  for (int64_t first = 0; first < stored.rows();) {
    const int64_t last = stored.block_end(first);
    work(first, last);
    first = last;
  }
}

CsrPattern without_entries(const CompressedRows& stored) {
  CsrPattern pattern;
  pattern.rows = stored.rows();
  pattern.columns = stored.columns();
  pattern.offsets = stored.offsets();
  return pattern;
}

}  // namespace

int64_t sort_rows(CsrPattern& pattern, std::span<float> values) {
  return sort_slice(pattern.offsets, pattern.indices, values);
}

CompressedRows::CompressedRows(const store::Group& group, int64_t rows, int64_t columns)
    : group_(group),
      columns_(columns),
      indices_(entries_of(group, "indices")),
      values_(entries_of(group, "data").without_fill()) {
  require_fitting(group, indices_, values_, rows, columns);
  offsets_ = read_bounds(group, rows, indices_.size());
  // A row's columns ascend, so that a whole piece of 0 is a piece that was lost.
  if (!one_a_row(offsets_)) indices_ = indices_.without_fill();
  if (offsets_.back() != indices_.size()) {
    throw group.array("indptr").error(
        fmt::format("ends at {}, but there are {} indices", offsets_.back(), indices_.size()));
  }
}

int64_t CompressedRows::nonzeros(int64_t first, int64_t last) const {
  return offsets_[at(last)] - offsets_[at(first)];
}

void CompressedRows::require_in_range(int64_t first_entry, std::span<const int32_t> indices) const {
  // All of them without a way out, which many at once are looked at for; then which it is.
  bool all = true;
  for (const int32_t index : indices) {
    all &= static_cast<uint32_t>(index) < static_cast<uint32_t>(columns_);
  }
  if (all) return;
  for (size_t i = 0; i < indices.size(); ++i) {
    if (indices[i] < 0 || indices[i] >= columns_) {
      throw indices_.error(fmt::format("entry {} is {}, outside of 0 to {}", at(first_entry) + i,
                                       indices[i], columns_ - 1));
    }
  }
}

void CompressedRows::read(int64_t first, int64_t last, std::span<int32_t> indices,
                          std::span<float> values) const {
  if (first < 0 || first > last || last > rows() || nonzeros(first, last) != std::ssize(indices) ||
      (!values.empty() && values.size() != indices.size())) {
    throw internal_error("{}: rows {} to {} of {} read into {} indices and {} values",
                         group_.path(), first, last, rows(), indices.size(), values.size());
  }
  // A larger type in the file saturates here, which the range check then reports.
  indices_.read_whole_rows(offsets_[at(first)], indices);
  require_in_range(offsets_[at(first)], indices);
  values_.read_rows<float>(offsets_[at(first)], values);
  const auto bounds = std::span(offsets_).subspan(at(first), at(last - first) + 1);
  const int64_t doubled = sort_slice(bounds, indices, values);
  if (doubled < 0) return;
  const auto row = indices.subspan(at(bounds[at(doubled)] - bounds.front()),
                                   at(bounds[at(doubled) + 1] - bounds[at(doubled)]));
  throw group_.error(fmt::format("row {} holds column {} twice", first + doubled,
                                 *std::adjacent_find(row.begin(), row.end())),
                     "indices");
}

void CompressedRows::read_block(int64_t first, int64_t last, CsrMatrix& block) const {
  block.pattern.rows = last - first;
  block.pattern.columns = columns_;
  block.pattern.indices.resize(at(nonzeros(first, last)));
  block.values.resize(block.pattern.indices.size());
  read(first, last, block.pattern.indices, block.values);
  block.pattern.offsets.assign(1, 0);
  for (int64_t row = first; row < last; ++row) {
    block.pattern.offsets.push_back(nonzeros(first, row + 1));
  }
}

int64_t CompressedRows::block_end(int64_t first) const {
  const auto from = offsets_.begin() + first + 1;
  const auto beyond = std::upper_bound(from, offsets_.end(), offsets_[at(first)] + kEntriesAtOnce);
  return std::max(first + 1, beyond - offsets_.begin() - 1);
}

PackedRows read_compressed_packed(const store::Group& group, int64_t rows, int64_t columns,
                                  ThreadPool* pool) {
  const CompressedRows stored(group, rows, columns);
  PackedRows packed(columns);
  CsrMatrix block;
  for (int64_t first = 0; first < rows;) {
    const int64_t last = stored.block_end(first);
    stored.read_block(first, last, block);
    packed.append(block, pool);
    first = last;
  }
  return packed;
}

CsrMatrix read_compressed(const store::Group& group, int64_t rows, int64_t columns,
                          const std::shared_ptr<EntryRoom>& room) {
  const CompressedRows stored(group, rows, columns);
  CsrMatrix matrix;
  matrix.pattern = without_entries(stored);
  GrowingEntries<int32_t> indices(room, at(stored.offsets().back()));
  GrowingEntries<float> values(room, at(stored.offsets().back()));
  each_block(stored, [&](int64_t first, int64_t last) {
    const size_t count = at(stored.nonzeros(first, last));
    stored.read(first, last, indices.next(count), values.next(count));
  });
  matrix.pattern.indices = indices.take();
  matrix.values = values.take();
  return matrix;
}

CsrPattern read_compressed_ones(const store::Group& group, int64_t rows, int64_t columns,
                                const std::shared_ptr<EntryRoom>& room) {
  constexpr int64_t kBlock = 1 << 20;
  const CompressedRows stored(group, rows, columns);
  CsrPattern pattern = without_entries(stored);
  GrowingEntries<int32_t> indices(room, at(stored.offsets().back()));
  each_block(stored, [&](int64_t first, int64_t last) {
    stored.read(first, last, indices.next(at(stored.nonzeros(first, last))), {});
  });
  pattern.indices = indices.take();
  const auto& data = stored.values();
  std::vector<float> block;
  for (int64_t first = 0; first < pattern.nonzeros(); first += kBlock) {
    block.resize(at(std::min(kBlock, pattern.nonzeros() - first)));
    data.read_rows<float>(first, block);
    const auto other = std::find_if(block.begin(), block.end(), [](float x) { return x != 1; });
    if (other != block.end()) {
      throw data.error(fmt::format("entry {} is {}, but all must be 1",
                                   first + (other - block.begin()), *other));
    }
  }
  return pattern;
}

CsrMatrix read_compressed_like(const store::Group& group, const CsrPattern& pattern,
                               const std::shared_ptr<EntryRoom>& room) {
  const CompressedRows stored(group, pattern.rows, pattern.columns);
  if (stored.offsets() != pattern.offsets) {
    return read_compressed(group, pattern.rows, pattern.columns, room);
  }
  GrowingEntries<float> values(room, at(stored.offsets().back()));
  std::vector<int32_t> indices;
  for (int64_t first = 0; first < stored.rows();) {
    const int64_t last = stored.block_end(first);
    indices.resize(at(stored.nonzeros(first, last)));
    stored.read(first, last, indices, values.next(indices.size()));
    if (!std::equal(indices.begin(), indices.end(),
                    pattern.indices.begin() + pattern.offsets[at(first)])) {
      return read_compressed(group, pattern.rows, pattern.columns, room);
    }
    first = last;
  }
  CsrMatrix matrix;
  matrix.pattern = pattern;
  matrix.values = values.take();
  return matrix;
}

}  // namespace grids::core
