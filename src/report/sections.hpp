/// The sections of the report: each turns what a stage wrote into HTML, or says in a sentence that
/// the stage's file is missing. To add one, write its function and name it in report.cpp.
#pragma once

#include <string>
#include <string_view>

#include "report/report.hpp"
#include "report/results.hpp"

namespace grids::core {

/// What a section needs besides the results.
struct Page {
  const ReportOptions& options;
  int figures = 0;  ///< numbered so far

  int next_figure() { return ++figures; }
};

std::string summary_section(const Results& results, Page& page);
std::string contrast_section(const Results& results, Page& page);
std::string cells_section(const Results& results, Page& page);
std::string accuracy_section(const Results& results, Page& page);
std::string sets_section(const Results& results, Page& page);
std::string redundancy_section(const Results& results, Page& page);
std::string types_section(const Results& results, Page& page);
std::string recovery_section(const Results& results, Page& page);
std::string validation_section(const Results& results, Page& page);
std::string training_section(const Results& results, Page& page);
std::string methods_section(const Results& results, Page& page);
std::string words_section(const Results& results, Page& page);
std::string run_section(const Results& results, Page& page);

/// "This run has no FILE: WHAT." as a paragraph.
std::string missing_file(std::string_view file, std::string_view what);

/// " WORDS 150 of 24,000 sets."; empty where no more than `most` are there.
std::string first_of_many(size_t all, size_t most, std::string_view words);

/// "−58.5% (−65.0% to −50.7%), where −49.2% is predicted": of a set judged by counts, in the
/// average test cell (exp of the mean of logs).
std::string measured_against_predicted(const SetView& set);

/// A set's gene and type: "<i>GENE</i> in TYPE", escaped.
std::string set_name(const SetView& set);

}  // namespace grids::core
