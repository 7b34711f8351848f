/// Sparse rows in one to two bytes a non-zero, where `CsrMatrix` takes eight: the form in which the
/// matrices of a user's files wait in memory to be chosen from.
///
/// A row is a sequence of bytes. For each non-zero it holds the step from the column before
/// (neighbours in a row of thousands of open peaks are some dozens of columns apart: one byte) and,
/// unless the value is 1, the value: whole numbers by as many bytes as they need, others as they
/// are. Rows are read from front to back and cannot be changed.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

#include "base/thread_pool.hpp"
#include "math/sparse.hpp"

namespace grids::core {

class PackedRows {
 public:
  PackedRows() = default;
  explicit PackedRows(int64_t columns) : columns_(columns) {}
  /// The same matrix; zeros that it stores are left out. Rows must ascend. Implicit, as the reverse
  /// is: what holds whole matrices in memory takes both.
  PackedRows(const CsrMatrix& matrix);
  operator CsrMatrix() const;

  int64_t rows() const { return static_cast<int64_t>(begins_.size()); }
  int64_t columns() const { return columns_; }
  int64_t nonzeros() const { return nonzeros_; }
  int64_t nonzeros(int64_t row) const { return begins_[static_cast<size_t>(row)].nonzeros; }
  /// The sum of a row's values, added up in the order of columns.
  double total(int64_t row) const { return begins_[static_cast<size_t>(row)].total; }
  /// What the rows take.
  int64_t bytes() const;
  /// Whether all values are 1, or all whole numbers.
  bool all_ones() const { return others_ == 0; }
  bool all_whole() const { return fractions_ == 0; }
  /// Whether some value is no whole number from 1 to `kMostPacked`.
  bool any_odd() const { return odd_ > 0; }

  /// Whole numbers beyond are held as they are given.
  static constexpr float kMostPacked = 16777216;

  /// One more row: columns ascend, each once (Error(kInternal) otherwise); zeros are left out.
  void append(std::span<const int32_t> columns, std::span<const float> values);
  /// Further rows of as many columns, packed elsewhere.
  void append(PackedRows&& more);
  /// The rows of a block, packed side by side by the threads of the pool, one after the other
  /// without one.
  void append(const CsrMatrix& block, ThreadPool* pool);

  /// Calls take(column, value) for each non-zero of a row, columns ascending.
  template <typename Take>
  void each(int64_t row, Take&& take) const {
    const auto bounds = bytes_of(row);
    const uint8_t* next = bounds.data();
    const uint8_t* const end = next + bounds.size();
    int64_t column = -1;
    while (next != end) {
      const uint64_t step = take_number(next);
      column += static_cast<int64_t>(step >> 1) + 1;
      float value = 1;
      if ((step & 1) != 0) value = take_value(next);
      take(static_cast<int32_t>(column), value);
    }
  }

 private:
  struct Begin {
    uint32_t block = 0;
    uint32_t first = 0;
    uint32_t size = 0;
    uint32_t nonzeros = 0;
    double total = 0;
  };

  void put_value(float value, uint8_t*& out);
  /// `begin` says what is known of the row; where it lies is filled in.
  void append_bytes(std::span<const uint8_t> row, Begin begin);
  std::span<const uint8_t> bytes_of(int64_t row) const {
    const auto& begin = begins_[static_cast<size_t>(row)];
    return std::span(blocks_[begin.block]).subspan(begin.first, begin.size);
  }
  /// Seven bits a byte, the lowest first; the last has its highest bit clear.
  static uint64_t take_number(const uint8_t*& next) {
    uint64_t number = *next++;
    if (number < 128) return number;
    number &= 127;
    for (int shift = 7;; shift += 7) {
      const uint64_t byte = *next++;
      number |= (byte & 127) << shift;
      if (byte < 128) return number;
    }
  }
  /// 0: the four bytes of a float follow; else a whole number less 1.
  static float take_value(const uint8_t*& next) {
    const uint64_t number = take_number(next);
    if (number != 0) return static_cast<float>(number + 1);
    float value = 0;
    std::memcpy(&value, next, sizeof value);
    next += sizeof value;
    return value;
  }

  int64_t columns_ = 0;
  int64_t nonzeros_ = 0;
  int64_t others_ = 0;     ///< values that are not 1
  int64_t fractions_ = 0;  ///< and no whole numbers either
  int64_t odd_ = 0;        ///< held as they are given
  std::vector<Begin> begins_;
  std::vector<std::vector<uint8_t>> blocks_;  ///< a row lies in one of them
  std::vector<uint8_t> line_;                 ///< room in which a row is packed
};

/// The given columns in the given order; each column at most once.
PackedRows select_columns(const PackedRows& matrix, std::span<const int32_t> columns,
                          ThreadPool* pool);

/// Each row put together from the rows of that number of all parts, which have as many rows. Parts
/// are freed. Sets `doubled` to a row that holds a column twice, or −1.
PackedRows joined_rows(std::vector<PackedRows>&& parts, ThreadPool* pool, int64_t& doubled);

/// The sum of matrices of one shape, which are freed; of none, an empty one.
PackedRows summed_rows(std::vector<PackedRows>&& parts, ThreadPool* pool);

}  // namespace grids::core
