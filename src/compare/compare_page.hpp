/// The page of `grids compare`: its tables as Markdown, in the order in which they should be read.
#pragma once

#include <string>

#include "compare/compare_types.hpp"
#include "io/table.hpp"

namespace grids::core {

/// A table as Markdown; numbers are rounded to four digits.
std::string markdown_table(const Table& table);

struct ComparePage {
  /// What was compared: one sentence each.
  std::string setting;
  Table held_out;
  Table own_objective;
  Table by_type;  ///< no rows: left out, as are those below
  Table by_method;
  Table recall;  ///< recall_by_kind.tsv; shown with a column a method
  Table skipped;
  bool has_types = false;  ///< refers to types.svg
};

std::string compare_markdown(const ComparePage& page);

/// types.svg: a picture that stands alone.
std::string draw_type_matrix(const TypeMatrix& matrix);

}  // namespace grids::core
