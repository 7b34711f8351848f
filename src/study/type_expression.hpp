/// Expression of types, for cells with chromatin whose RNA was not measured (study/chromatin.hpp).
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/at.hpp"

namespace grids::core {

/// From cells with RNA: a row for each type in the order of its names, and the last for the cells
/// of all types together.
struct TypeExpression {
  int64_t genes = 0;
  std::vector<float> means;         ///< rows × genes, over training cells; 0 without any
  std::vector<int64_t> test_cells;  ///< of each row
  std::vector<int64_t> expressing;  ///< rows × genes: of these, cells that express the gene

  int64_t rows() const { return std::ssize(test_cells); }
  /// That of a type, or (nothing) of all.
  size_t row_of(std::optional<int32_t> type) const { return type ? at(*type) : at(rows()) - 1; }
};

}  // namespace grids::core
