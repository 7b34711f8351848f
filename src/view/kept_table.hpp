/// Tables that a viewer's answers rest on.
#pragma once

#include <filesystem>
#include <vector>

#include "base/error.hpp"
#include "io/columns.hpp"

namespace grids::core {

/// The rows of a table that grids wrote; none where there is no file. Throws Error(kInput) also for
/// a table without rows that lacks a column: what cannot be read is not taken for nothing.
template <typename Row>
std::vector<Row> read_kept(const std::filesystem::path& file, const Columns<Row>& columns) {
  if (!std::filesystem::exists(file)) return {};
  const Table table = read_table(file);
  for (const auto& name : columns.names()) {
    if (!table.has(name)) throw input_error("{}: no column '{}'", file.string(), name);
  }
  return columns.read(table);
}

}  // namespace grids::core
