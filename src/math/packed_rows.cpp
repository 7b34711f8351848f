#include "math/packed_rows.hpp"

#include <algorithm>
#include <utility>

#include "base/at.hpp"
#include "base/error.hpp"

namespace grids::core {
namespace {

/// Large enough to be given back to the system when freed, small enough that the last one, half
/// empty, does not count.
constexpr size_t kBlockBytes = size_t{1} << 22;
constexpr size_t kFirstBytes = size_t{1} << 12;
constexpr int64_t kRowsAtOnce = 256;

void put_number(uint64_t number, uint8_t*& out) {
  for (; number >= 128; number >>= 7) *out++ = static_cast<uint8_t>(number | 128);
  *out++ = static_cast<uint8_t>(number);
}

/// Work on blocks of rows whose results are appended in their order.
void append_blocks(PackedRows& to, int64_t rows, ThreadPool* pool,
                   const std::function<void(int64_t begin, int64_t end, PackedRows& part)>& work) {
  if (pool == nullptr || pool->threads() == 1) {
    work(0, rows, to);
    return;
  }
  std::vector<PackedRows> parts(at((rows + kRowsAtOnce - 1) / kRowsAtOnce),
                                PackedRows(to.columns()));
  pool->for_blocks(rows, kRowsAtOnce, [&](int64_t begin, int64_t end, int64_t block) {
    work(begin, end, parts[at(block)]);
  });
  for (auto& part : parts) to.append(std::move(part));
}

/// Entries of one row while they are brought into order.
struct Line {
  std::vector<std::pair<int32_t, float>> entries;
  std::vector<int32_t> columns;
  std::vector<float> values;

  void clear() {
    entries.clear();
    columns.clear();
    values.clear();
  }
  /// The row of all parts, by column.
  void gather(const std::vector<PackedRows>& parts, int64_t row) {
    clear();
    for (const auto& part : parts) {
      part.each(row, [&](int32_t column, float value) { entries.emplace_back(column, value); });
    }
    std::stable_sort(entries.begin(), entries.end(),
                     [](const auto& a, const auto& b) { return a.first < b.first; });
  }
  /// In the order of columns.
  void add_next(int32_t column, float value) {
    columns.push_back(column);
    values.push_back(value);
  }
  void append_to(PackedRows& rows) {
    if (entries.empty()) return rows.append(columns, values);
    const auto by_column = [](const auto& a, const auto& b) { return a.first < b.first; };
    if (!std::is_sorted(entries.begin(), entries.end(), by_column)) {
      std::stable_sort(entries.begin(), entries.end(), by_column);
    }
    for (const auto& [column, value] : entries) add_next(column, value);
    rows.append(columns, values);
  }
};

}  // namespace

PackedRows::PackedRows(const CsrMatrix& matrix) : columns_(matrix.columns()) {
  append(matrix, nullptr);
}

PackedRows::operator CsrMatrix() const {
  CsrMatrix matrix;
  matrix.pattern.rows = rows();
  matrix.pattern.columns = columns_;
  matrix.pattern.indices.reserve(at(nonzeros_));
  matrix.values.reserve(at(nonzeros_));
  for (int64_t row = 0; row < rows(); ++row) {
    each(row, [&](int32_t column, float value) {
      matrix.pattern.indices.push_back(column);
      matrix.values.push_back(value);
    });
    matrix.pattern.offsets.push_back(matrix.pattern.nonzeros());
  }
  return matrix;
}

int64_t PackedRows::bytes() const {
  int64_t sum = 0;
  for (const auto& block : blocks_) sum += std::ssize(block);
  return sum;
}

void PackedRows::append(std::span<const int32_t> columns, std::span<const float> values) {
  if (columns.size() != values.size()) {
    throw internal_error("{} columns with {} values", columns.size(), values.size());
  }
  // No entry takes more: five bytes of step, one that says "a float", four of it.
  constexpr size_t kMostBytes = 10;
  line_.resize(std::max(line_.size(), kMostBytes * columns.size()));
  uint8_t* out = line_.data();
  int64_t before = -1;
  Begin begin;
  for (size_t k = 0; k < columns.size(); ++k) {
    const float value = values[k];
    if (value == 0) continue;
    const int64_t step = columns[k] - before - 1;
    if (step < 0 || columns[k] >= columns_) {
      throw internal_error("column {} of {} after column {}", columns[k], columns_, before);
    }
    before = columns[k];
    ++begin.nonzeros;
    begin.total += value;
    put_number(static_cast<uint64_t>(step) << 1 | (value == 1 ? 0u : 1u), out);
    if (value != 1) put_value(value, out);
  }
  nonzeros_ += begin.nonzeros;
  append_bytes({line_.data(), at(out - line_.data())}, begin);
}

void PackedRows::put_value(float value, uint8_t*& out) {
  ++others_;
  const bool whole = value == std::floor(value);
  fractions_ += whole ? 0 : 1;
  if (whole && value > 1 && value <= kMostPacked) {
    put_number(static_cast<uint64_t>(value) - 1, out);
    return;
  }
  ++odd_;
  *out++ = 0;
  std::memcpy(out, &value, sizeof value);
  out += sizeof value;
}

void PackedRows::append_bytes(std::span<const uint8_t> row, Begin begin) {
  if (blocks_.empty() || blocks_.back().capacity() - blocks_.back().size() < row.size()) {
    blocks_.emplace_back().reserve(
        std::max(row.size(), std::min(kBlockBytes, kFirstBytes + at(bytes()))));
  }
  auto& out = blocks_.back();
  begin.block = static_cast<uint32_t>(blocks_.size() - 1);
  begin.first = static_cast<uint32_t>(out.size());
  begin.size = static_cast<uint32_t>(row.size());
  begins_.push_back(begin);
  out.insert(out.end(), row.begin(), row.end());
}

void PackedRows::append(PackedRows&& more) {
  if (more.columns_ != columns_) {
    throw internal_error("rows of {} columns appended to {}", more.columns_, columns_);
  }
  // Rows are copied: parts are small, and a block for each would waste memory.
  for (int64_t row = 0; row < more.rows(); ++row) {
    append_bytes(more.bytes_of(row), more.begins_[at(row)]);
  }
  nonzeros_ += more.nonzeros_;
  others_ += more.others_;
  fractions_ += more.fractions_;
  odd_ += more.odd_;
  more = PackedRows(columns_);
}

void PackedRows::append(const CsrMatrix& block, ThreadPool* pool) {
  append_blocks(*this, block.rows(), pool, [&](int64_t begin, int64_t end, PackedRows& part) {
    for (int64_t row = begin; row < end; ++row) {
      part.append(block.row_indices(row), block.row_values(row));
    }
  });
}

PackedRows select_columns(const PackedRows& matrix, std::span<const int32_t> columns,
                          ThreadPool* pool) {
  std::vector<int32_t> rename(at(matrix.columns()), -1);
  for (size_t j = 0; j < columns.size(); ++j) {
    auto& slot = rename.at(at(columns[j]));
    if (slot >= 0) throw internal_error("column {} selected twice", columns[j]);
    slot = static_cast<int32_t>(j);
  }
  const bool in_order = std::is_sorted(columns.begin(), columns.end());
  PackedRows result(std::ssize(columns));
  append_blocks(result, matrix.rows(), pool, [&](int64_t begin, int64_t end, PackedRows& part) {
    Line line;
    for (int64_t row = begin; row < end; ++row) {
      line.clear();
      matrix.each(row, [&](int32_t column, float value) {
        const int32_t to = rename[at(column)];
        if (to < 0) return;
        if (in_order) {
          line.add_next(to, value);
        } else {
          line.entries.emplace_back(to, value);
        }
      });
      line.append_to(part);
    }
  });
  return result;
}

PackedRows joined_rows(std::vector<PackedRows>&& parts, ThreadPool* pool, int64_t& doubled) {
  doubled = -1;
  if (parts.empty()) return {};
  if (parts.size() == 1) return std::move(parts.front());
  const int64_t rows = parts.front().rows();
  PackedRows result(parts.front().columns());
  std::vector<int64_t> doubled_in(at(rows), 0);
  append_blocks(result, rows, pool, [&](int64_t begin, int64_t end, PackedRows& part) {
    Line line;
    for (int64_t row = begin; row < end; ++row) {
      line.gather(parts, row);
      const auto twice =
          std::adjacent_find(line.entries.begin(), line.entries.end(),
                             [](const auto& a, const auto& b) { return a.first == b.first; });
      if (twice != line.entries.end()) {
        doubled_in[at(row)] = 1;
        line.entries.clear();
      }
      line.append_to(part);
    }
  });
  const auto first = std::find(doubled_in.begin(), doubled_in.end(), 1);
  if (first != doubled_in.end()) doubled = first - doubled_in.begin();
  parts.clear();
  return result;
}

PackedRows summed_rows(std::vector<PackedRows>&& parts, ThreadPool* pool) {
  if (parts.empty()) return {};
  if (parts.size() == 1) return std::move(parts.front());
  PackedRows result(parts.front().columns());
  append_blocks(result, parts.front().rows(), pool,
                [&](int64_t begin, int64_t end, PackedRows& part) {
                  Line line;
                  for (int64_t row = begin; row < end; ++row) {
                    line.gather(parts, row);
                    const auto entries = std::exchange(line.entries, {});
                    for (const auto& [column, value] : entries) {
                      if (!line.columns.empty() && line.columns.back() == column) {
                        line.values.back() += value;
                      } else {
                        line.add_next(column, value);
                      }
                    }
                    line.append_to(part);
                  }
                });
  parts.clear();
  return result;
}

}  // namespace grids::core
