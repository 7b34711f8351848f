/// Which columns of a table of pairs say what, in links.tsv, compare.tsv and the tables of other
/// tools.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "io/table.hpp"

namespace grids::core {

/// A column of a table, or none.
class PairColumn {
 public:
  PairColumn() = default;
  /// The first of these names that the table has, in any letter case.
  PairColumn(const Table& table, std::initializer_list<std::string_view> names);

  bool there() const { return index_.has_value(); }
  /// Its name in the table; empty where there is none.
  const std::string& name() const { return name_; }
  /// Its text in a row; empty where there is none, or where the cell says NA.
  const std::string& text(size_t row) const;
  /// Its number; NaN likewise. Throws Error(kInput) naming file, line and column for other texts.
  double number(size_t row) const;
  /// A whole number from 0 to `kLongestChromosome`; nothing likewise. Throws likewise.
  std::optional<int64_t> whole(size_t row) const;

 private:
  const Table* table_ = nullptr;
  std::optional<size_t> index_;
  std::string name_;
};

/// The columns of a table of pairs.
struct PairColumns {
  PairColumn gene, gene_id, gene_chrom, tss, strand, distance;
  PairColumn peak, peaks, chrom, start, end, element;
  PairColumn cell_type, method, set_size, set, seed, allowance;
  PairColumn rank, partner, in_minimal, element_class, score, call, hidden_share;

  /// Throws Error(kInput) where gene or peak are not told, or `score` is no column.
  PairColumns(const Table& table, const std::string& score);
};

}  // namespace grids::core
