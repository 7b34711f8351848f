/// What each command is asked, as the library takes it: all but files and folders.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/described.hpp"
#include "evaluate/evaluation.hpp"
#include "grids/commands.hpp"
#include "pipeline/cis_into.hpp"
#include "pipeline/compare_into.hpp"
#include "pipeline/compared_targets.hpp"
#include "pipeline/evaluate_into.hpp"
#include "pipeline/explain_into.hpp"
#include "pipeline/inputs.hpp"
#include "pipeline/knockout_arguments.hpp"
#include "pipeline/redundancy_into.hpp"
#include "pipeline/target_arguments.hpp"

namespace grids {

struct AskedSession {
  uint64_t seed = 1;
  int32_t threads = 0;

  void describe(core::OptionSet& set);
};

struct AskedCis {
  core::CisArguments stage;
  std::vector<std::string> genes;
  std::filesystem::path gene_file;

  void describe(core::OptionSet& set);
};

struct AskedExplain {
  core::SurrogateKind kind = core::SurrogateKind::kCis;
  core::TargetArguments targets;
  core::ExplainArguments stage;

  void describe(core::OptionSet& set);
};

struct AskedRedundancy {
  core::SurrogateKind kind = core::SurrogateKind::kCis;
  core::TargetArguments targets;
  core::RedundancyArguments stage;

  AskedRedundancy() { targets.genes_of_all_types = true; }
  void describe(core::OptionSet& set);
};

struct AskedEvaluate {
  core::SurrogateKind kind = core::SurrogateKind::kCis;
  core::EvaluateArguments stage;
  bool map = false;

  void describe(core::OptionSet& set);
};

struct AskedCompare {
  core::SurrogateKind kind = core::SurrogateKind::kCis;
  core::TargetArguments targets;
  core::CompareArguments stage;

  void describe(core::OptionSet& set);
};

struct AskedKnockouts {
  core::SurrogateKind kind = core::SurrogateKind::kCis;
  core::KnockoutArguments stage;

  void describe(core::OptionSet& set) { stage.describe(set, kind); }
};

/// Takes away what is about files that a command writes.
void leave_out_files(core::OptionSet& set);

}  // namespace grids
