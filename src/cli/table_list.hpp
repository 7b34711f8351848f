/// Every table that grids writes, by the command that writes it, and the page about them
/// (docs/results.md).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "io/columns.hpp"

namespace grids::core {

struct CommandTables {
  std::string command;  ///< "explain"
  std::vector<TableText> tables;
};

std::vector<CommandTables> all_tables();

/// A template with every line `<!-- table COMMAND/FILE -->` replaced by what that table holds.
/// Throws Error(kInput) that names the lines that speak of no table, and the tables that none
/// speaks of.
std::string fill_in_tables(std::string_view page_template);

/// All of them, a section for each command.
std::string tables_page();

}  // namespace grids::core
