/// What report.html holds for its script: every set in a row, and the tables of the best of them.
#pragma once

#include <string>

#include "report/report.hpp"
#include "report/results.hpp"

namespace grids::core {

/// A JSON object without a "<" in it, so that it can stand in a page: version, cell types, genome
/// (of a browser's address; empty: not known), the words of the command that made the sets, and
/// tables by name, each {"columns": [...], "rows": [[...], ...]} of texts as they stand in the TSV.
/// `sets` has every set in the order of `results.sets`, by column: {"columns", "values": [column,
/// ...], "detailed": how many have details}; a column is an array of numbers of five digits (null:
/// not known), or {"of": different texts, "at": a place in these for each set}. The other tables
/// have the first `options.report_sets` sets alone.
std::string page_data(const Results& results, const ReportOptions& options);

}  // namespace grids::core
