/// A folder of results, and the page made from it, for the tests of pages.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "evaluate/small_study.hpp"
#include "io/atomic_file.hpp"
#include "io/table.hpp"
#include "report/report.hpp"
#include "support/temp_folder.hpp"

namespace grids::core::testing {

/// Whether the page holds the text; as a plain bool, so that a failed expectation does not print
/// all of it.
inline bool holds(const std::string& page, std::string_view part) {
  return page.find(part) != std::string::npos;
}

/// Names that would break a page, a path or a byte-wise cut.
inline const std::string kType = "CD4+ T/NK <naïve> & \"β\"";
inline const std::string kGene = "HLA-'A'<1>";

struct ReportFolder {
  test::TempFolder temporary;
  std::filesystem::path path = temporary.path();

  void write(const std::string& file, std::vector<std::string> columns,
             const std::vector<std::vector<std::string>>& rows) const {
    Table table(std::move(columns));
    for (const auto& row : rows) table.add(row);
    write_table(path / file, table);
  }

  /// The page as it reads without its script, which tests/browser runs.
  std::string report(ReportOptions options = {}) const {
    options.is_static = true;
    TestContext test;
    write_report(path, options, test.context);
    return read_file(path / "report.html");
  }
};

inline const std::vector<std::string> kContrastColumns = {
    "cell_type",    "gene",    "method",     "L",          "set", "cells", "changed_cells",
    "predicted",    "slope",   "slope_low",  "slope_high", "p",   "q",     "p_below_half",
    "q_below_half", "verdict", "detectable", "clusters",   "note"};

}  // namespace grids::core::testing
