/// Tables of the rooms below as the face shows them.
#pragma once

#include <vector>

#include "grids/grids.hpp"
#include "io/table.hpp"

namespace grids {

inline Table table_of(const core::Table& table) {
  Table result{table.source, table.columns(), {}};
  result.rows.reserve(table.rows());
  for (size_t row = 0; row < table.rows(); ++row) result.rows.push_back(table.row(row));
  return result;
}

inline std::vector<Table> tables_of(const std::vector<core::Table>& tables) {
  std::vector<Table> result;
  result.reserve(tables.size());
  for (const auto& table : tables) result.push_back(table_of(table));
  return result;
}

}  // namespace grids
