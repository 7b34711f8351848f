/// `grids run`: every stage in turn, from raw files to a report, in one folder that remembers what
/// is done.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "base/context.hpp"
#include "base/described.hpp"
#include "pipeline/cis_into.hpp"
#include "pipeline/evaluate_into.hpp"
#include "pipeline/explain_into.hpp"
#include "pipeline/inputs.hpp"
#include "pipeline/prepare_files.hpp"
#include "report/report.hpp"

namespace grids::core {

/// Of cells that were not measured together what needs pairs is left out, and told once: the cis
/// path, whether elements stand in for one another, the map of the cells.
struct RunArguments {
  PrepareArguments prepare;
  SurrogateKind kind = SurrogateKind::kCis;
  CisArguments cis;
  EvaluateArguments evaluate;
  ExplainArguments explain;
  std::filesystem::path targets;  ///< instead of the markers; empty = the markers
  std::filesystem::path truth;    ///< of simulated cells; empty = none
  bool negative_control = false;  ///< the same in studies in which nothing is to be found
  std::filesystem::path out;
  bool overwrite = false;  ///< what is of another command or target there
  ReportOptions report;
  /// What each section of the options holds (prepare, train, cis, evaluate, explain, …): a stage is
  /// done again where its section changed; all go into the manifest.
  std::map<std::string, OptionSet::Values> values;
  /// What of [train] the user gave, as words for the program that trains.
  std::vector<std::string> given_training;

  /// Whether the cells are such: --unpaired, or a study of them in place of raw files.
  bool unpaired() const { return prepare.input.unpaired || gives_study(); }
  /// Whether a study that was prepared of such cells is given.
  bool gives_study() const;
};

/// Throws what the stages throw; what is done by then is kept for the next call.
void run_into(const RunArguments& arguments, const Context& context);

}  // namespace grids::core
