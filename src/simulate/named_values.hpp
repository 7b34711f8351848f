/// Lists of numbers with names in a column of a table: "type_1=0.25,type_2=1".
#pragma once

#include <span>
#include <string>
#include <vector>

#include "io/columns.hpp"

namespace grids::core {

std::vector<std::string> named_values(std::span<const std::string> names,
                                      std::span<const double> values);

/// Appends. `expected`: "type=rate", for messages. Throws Error(kInput) that names table, row and
/// column.
void read_named_values(const Cell& cell, const char* expected, std::vector<std::string>& names,
                       std::vector<double>& values);

}  // namespace grids::core
