/// The stage `compare` with its files, whole or as a shard (portions.hpp).
///
/// A shard is one portion: every so many-th gene of the targets, in all types in which it is asked.
/// What it leaves are the sets of its runs, with the place of each among all targets, so that they
/// come back in the order of one run; q is made anew from p with all digits.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/context.hpp"
#include "base/described.hpp"
#include "compare/comparison.hpp"
#include "io/output_folder.hpp"
#include "pipeline/explain_into.hpp"
#include "pipeline/portions.hpp"

namespace grids::core {

inline constexpr const char* kCompareCommand = "compare";

struct CompareArguments {
  ExplainArguments stage;
  int64_t planted = 0;
  std::filesystem::path truth;
  std::vector<int64_t> sizes = {10};
  std::vector<std::string> methods = {"all"};
  std::vector<std::string> unlimited;
  int64_t seeds = 5;
  int64_t budget = 0;
  bool no_types = false;
  std::string shard = "1/1";

  /// All but `stage`, of which `describe_question` is for a section of its own.
  void describe(OptionSet& set);
  /// Adds to the problems what does not go together.
  void check(Problems& problems) const;
  /// Without the files that finished runs are kept in.
  ComparisonOptions options() const;
  /// Names of the files.
  std::vector<std::string> files() const;
};

/// What a comparison is asked besides its options.
struct AskedComparison {
  std::vector<ExplainTarget> targets;  ///< of all shards, without L
  const SimulatedTruth* truth = nullptr;
  /// All that a run depends on, besides its targets, method and seed: what is kept of it is read
  /// again where that is the same.
  std::string run_settings;
  /// The same of a portion, which holds many runs.
  std::string portion_settings;
};

struct FinishedComparison {
  std::vector<std::string> files;
  int64_t sets = 0;
  std::string run;  ///< see `run_of`
};

/// Compares and writes the tables of this shard's targets. Nothing is written where it has none.
FinishedComparison compare_into(OutputFolder& out, const Study& study,
                                const StudySurrogate& surrogate, const AskedComparison& asked,
                                const CompareArguments& arguments, const Context& context);

/// Makes and writes the tables of all portions; the names. Throws Error(kInput) for portions that
/// are not of one run.
std::vector<std::string> finish_compare(OutputFolder& out, const Study& study,
                                        const PortionFiles& portions,
                                        const CompareArguments& arguments, const Context& context);

}  // namespace grids::core
