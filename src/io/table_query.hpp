/// The rows of a table that one wants to see: those that meet some conditions, in the order of a
/// column, the first few. Of a table of any size little more than the rows that are shown is in
/// memory, and its text.
///
/// A cell "NA" or "" is missing: it meets no condition but `!=` and `=NA`, and comes last in every
/// order.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "io/table.hpp"

namespace grids::core {

enum class CellTest : uint8_t {
  kEqual,
  kNotEqual,
  kBelow,
  kAtMost,
  kAbove,
  kAtLeast,
  kContains,  ///< as a text, upper and lower case told apart
};

/// What a cell of a column must be.
struct Condition {
  std::string column;
  CellTest comparison = CellTest::kEqual;
  std::string value;
};

/// "q<0.1", "verdict=borne_out", "peak~chr6:": a column, one of = != < <= > >= ~, a value; blanks
/// around them do not count. Throws Error(kUsage) for anything else, and where a number must be
/// given and is not.
Condition parse_condition(std::string_view text);

/// Whether a cell meets the condition. What both sides are as numbers decides where both are some,
/// else (of = and != alone) their texts.
bool holds(const Condition& condition, std::string_view cell);

struct TableQuery {
  std::vector<Condition> conditions;  ///< all of them must hold
  std::string order_by;               ///< a column; empty: the order of the file
  bool descending = false;
  size_t most_rows = SIZE_MAX;
  std::vector<std::string> columns;  ///< in this order; empty: all
  /// What nobody asked for by name: the order and the columns are taken as far as they are there.
  bool order_if_there = false;
  bool columns_if_there = false;
  /// Columns of which each value's rows are counted; those that the table lacks are passed over.
  std::vector<std::string> counted;
};

struct QueryResult {
  Table table;             ///< the columns and rows asked for
  std::string ordered_by;  ///< empty: the order of the file
  size_t rows = 0;
  size_t kept = 0;  ///< rows that meet the conditions, shown or not
  /// For each counted column that the table has, in their order: value → rows that are kept.
  std::vector<std::pair<std::string, std::map<std::string, size_t>>> counts;
};

/// In an order numbers come before texts and equal cells stay as in the file. Throws what
/// `read_table` throws, and Error(kInput) for a column that does not exist, with those it may have
/// meant.
QueryResult query_table(const std::filesystem::path& path, const TableQuery& query);

}  // namespace grids::core
