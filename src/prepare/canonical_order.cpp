#include "prepare/canonical_order.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <bit>
#include <tuple>
#include <utility>
#include <variant>

#include "base/at.hpp"
#include "base/indices.hpp"

namespace grids::core {
namespace {

constexpr int64_t kCellsAtOnce = 256;

/// The finaliser of SplitMix64 (Steele, Lea & Flood 2014): each bit depends on all.
uint64_t mixed(uint64_t x) {
  x += 0x9e3779b97f4a7c15u;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}

/// FNV-1a.
uint64_t text_hash(std::string_view text) {
  uint64_t hash = 14695981039346656037u;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211u;
  return hash;
}

/// What a value says of the cell or feature whose hash is `of`.
uint64_t entry_hash(uint64_t of, float value) {
  return mixed(of ^ mixed(std::bit_cast<uint32_t>(value)));
}

/// Hashes of rows: sums over their values, so that the order of columns does not matter.
class RowHash {
 public:
  RowHash(const PackedRows& matrix, std::vector<uint64_t> of_column)
      : matrix_(matrix), of_column_(std::move(of_column)) {
    of_one_.reserve(of_column_.size());
    for (const uint64_t of : of_column_) of_one_.push_back(entry_hash(of, 1));
  }
  uint64_t operator()(int64_t row) const {
    uint64_t sum = 0;
    matrix_.each(row, [&](int32_t column, float value) {
      sum += value == 1 ? of_one_[at(column)] : entry_hash(of_column_[at(column)], value);
    });
    return sum;
  }

 private:
  const PackedRows& matrix_;
  std::vector<uint64_t> of_column_;
  std::vector<uint64_t> of_one_;  ///< as most values are
};

std::vector<uint64_t> hashes_of(const GeneNames& genes) {
  std::vector<uint64_t> hashes;
  for (size_t j = 0; j < genes.symbols.size(); ++j) {
    hashes.push_back(text_hash(fmt::format("gene {}\t{}", genes.symbols[j], genes.ids[j])));
  }
  return hashes;
}

std::vector<uint64_t> hashes_of(std::span<const Interval> peaks) {
  std::vector<uint64_t> hashes;
  for (const auto& peak : peaks) {
    hashes.push_back(
        text_hash(fmt::format("peak {}:{}-{}", peak.chromosome, peak.start, peak.end)));
  }
  return hashes;
}

/// The same of columns, from rows whose hashes the order of columns does not decide.
std::vector<uint64_t> column_hashes(const PackedRows& matrix, const RowHash& row_hash) {
  std::vector<uint64_t> sums(at(matrix.columns()));
  for (int64_t row = 0; row < matrix.rows(); ++row) {
    const uint64_t own = row_hash(row);
    matrix.each(row,
                [&](int32_t column, float value) { sums[at(column)] += entry_hash(own, value); });
  }
  return sums;
}

template <typename T>
void reorder(std::vector<T>& list, std::span<const int32_t> order) {
  std::vector<T> result;
  result.reserve(order.size());
  for (const int32_t i : order) result.push_back(std::move(list[at(i)]));
  list = std::move(result);
}

}  // namespace

void order_genes(PackedModality& rna, ThreadPool& pool) {
  const auto names = gene_names(rna.var);
  const auto name = [&](int32_t j) { return std::tie(names.symbols[at(j)], names.ids[at(j)]); };
  auto order = indices_below(rna.values.columns());
  const auto by_name = [&](int32_t a, int32_t b) { return name(a) < name(b); };
  std::sort(order.begin(), order.end(), by_name);
  const auto alike = std::adjacent_find(order.begin(), order.end(),
                                        [&](int32_t a, int32_t b) { return name(a) == name(b); });
  if (alike != order.end()) {
    const auto values = column_hashes(rna.values, RowHash(rna.values, hashes_of(names)));
    std::sort(order.begin(), order.end(), [&](int32_t a, int32_t b) {
      if (name(a) != name(b)) return name(a) < name(b);
      return std::pair(values[at(a)], a) < std::pair(values[at(b)], b);
    });
  }
  if (std::is_sorted(order.begin(), order.end())) return;
  reorder(rna.var.index, order);
  for (auto& column : rna.var.columns) {
    std::visit([&](auto& values) { reorder(values, order); }, column.values);
  }
  rna.values = select_columns(rna.values, order, &pool);
}

void order_cells(const PackedMultiome& raw, const GeneNames& genes, std::span<const Interval> peaks,
                 MatchedCells& cells, ThreadPool& pool) {
  const RowHash of_rna(raw.rna.values, hashes_of(genes));
  const RowHash of_atac(raw.atac.values, hashes_of(peaks));
  std::vector<uint64_t> hash(at(cells.size()));
  pool.for_blocks(cells.size(), kCellsAtOnce, [&](int64_t begin, int64_t end, int64_t) {
    for (int64_t cell = begin; cell < end; ++cell) {
      if (!cells.rna_row.empty()) hash[at(cell)] += of_rna(cells.rna_row[at(cell)]);
      if (!cells.atac_row.empty()) hash[at(cell)] += of_atac(cells.atac_row[at(cell)]);
    }
  });
  auto order = indices_below(cells.size());
  std::sort(order.begin(), order.end(), [&](int32_t a, int32_t b) {
    return std::tie(hash[at(a)], cells.barcodes[at(a)]) <
           std::tie(hash[at(b)], cells.barcodes[at(b)]);
  });
  reorder(cells.barcodes, order);
  if (!cells.rna_row.empty()) reorder(cells.rna_row, order);
  if (!cells.atac_row.empty()) reorder(cells.atac_row, order);
}

}  // namespace grids::core
