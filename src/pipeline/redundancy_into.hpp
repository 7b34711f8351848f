/// The question whether elements stand in for one another, for many genes: searched, judged and
/// written in portions, so that what is done is kept.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/context.hpp"
#include "base/described.hpp"
#include "cis/fit_cis.hpp"
#include "pipeline/explain_into.hpp"
#include "redundancy/search_and_judge.hpp"

namespace grids::core {

/// Which part of the targets: every `count`-th portion from the `number`-th (from 1).
struct Shard {
  int64_t number = 1;
  int64_t count = 1;
};

/// "2/8". Throws Error(kUsage).
Shard shard_from(const std::string& text);

struct RedundancyArguments {
  ExplainArguments explain;  ///< its judging of sets is left out
  CisOptions cis;            ///< of the folds
  bool cross_fit = false;
  CrossFitOptions folds;
  std::string shard = "1/1";
  bool negative_control = false;
  bool by_terms = true;      ///< --direction auto is that of each gene's terms
  int64_t stability = 0;     ///< half-samples
  bool retrain = false;      ///< each half-sample gets a surrogate of its own
  int64_t alternatives = 0;  ///< further sets

  void describe(OptionSet& set);
  RedundancyPlan plan() const;
  /// Names of the tables.
  std::vector<std::string> files() const;
};

/// The same targets in studies in which nothing is to be found (redundancy/control_studies.hpp),
/// each with a cis path of its own, searched and judged as the real one was; `real`: its
/// redundancy.tsv. Writes negative_control.tsv, whose name is returned.
std::string negative_control_into(OutputFolder& out, const Study& study,
                                  const StudySurrogate& surrogate,
                                  const std::vector<ExplainTarget>& targets, const Table& real,
                                  const RedundancyArguments& arguments, const Context& context);
TableText describe_negative_control();

/// Searches and judges the targets; returns the names of the tables written into the folder. What
/// a portion found lies under .grids/portions, and is used again where nothing that it depends on
/// has changed: `settings` says what that is, beside the seed. Calls are held together over the
/// targets of this shard. `how`: as the surrogate was trained (SurrogateFile::options), for those
/// of half-samples.
std::vector<std::string> redundancy_into(OutputFolder& out, const Study& study,
                                         const StudySurrogate& surrogate,
                                         const std::vector<ExplainTarget>& targets,
                                         const RedundancyArguments& arguments,
                                         const std::string& settings, const std::string& how,
                                         const Context& context);

}  // namespace grids::core
