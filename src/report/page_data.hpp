/// What report.html holds for its script: every set in a row, and the tables of the best of them.
#pragma once

#include <string>

#include "report/report.hpp"
#include "report/results.hpp"

namespace grids::core {

/// A JSON object without a "<" in it, so that it can stand in a page: version, cell types, genome
/// (of a browser's address; empty: not known), the words of the command that made the sets, and
/// tables by name, each {"columns": [...], "rows": [[...], ...]} of texts as they stand in the TSV.
/// `sets` has every set in the order of `results.sets`; the others have those of the first
/// `options.report_sets` alone, whose `detailed` is "yes".
std::string page_data(const Results& results, const ReportOptions& options);

}  // namespace grids::core
