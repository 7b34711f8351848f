/// The stage `explain` with its files.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "base/context.hpp"
#include "base/described.hpp"
#include "evaluate/explained.hpp"
#include "io/output_folder.hpp"
#include "pipeline/inputs.hpp"
#include "pipeline/portions.hpp"
#include "redundancy/judge_redundancy.hpp"

namespace grids::core {

/// Where a prediction is to go; kAuto: opening peaks asks what raises it, all else what lowers it.
enum class WantedDirection : uint8_t { kAuto, kDown, kUp };

/// Whether sets are sought as this program does, or as the published one did.
enum class ExplainPreset : uint8_t { kDefault, kPaper };

/// What is told where `ExplainArguments::without_pairs` leaves a question out.
inline constexpr const char* kRedundancyLeftOut =
    "whether elements stand in for one another is not asked: joint open and closed settings beside "
    "counts of the same cell were not observed";

struct ExplainArguments {
  ExplainPreset preset = ExplainPreset::kDefault;
  int64_t set_size = 10;  ///< L, where a target does not say
  WantedDirection direction = WantedDirection::kAuto;
  /// But for the direction of the loss: see `stage_options`.
  ExplainStageOptions options;
  JudgeSetsOptions judge;
  /// Whether it is asked if the elements of each set stand in for one another.
  bool ask_redundancy = true;
  RedundancyOptions redundancy;  ///< its contrast is that of `judge`

  /// --preset, for a command to declare before the options that it changes; `kind` is what the
  /// command holds of --surrogate.
  void describe_preset(OptionSet& set, SurrogateKind& kind);
  void describe(OptionSet& set);
  /// Of these, what is asked and how methods work; `compare` has methods, sizes, budgets and random
  /// sets of its own.
  void describe_question(OptionSet& set);
  /// What `grids redundancy` asks: the search and the question, without the judging of sets.
  void describe_search(OptionSet& set);
  /// The options with the direction that was asked for.
  ExplainStageOptions stage_options() const;
  RedundancyOptions redundancy_options() const;
  /// Names of the tables.
  std::vector<std::string> files() const;
  /// What of these can be asked of the cells of a study that were not measured together: not
  /// whether elements stand in for one another. Throws Error(kInput) for what was asked and needs
  /// pairs.
  ExplainArguments without_pairs(const std::filesystem::path& study) const;

 private:
  void describe_size(OptionSet& set);
  void describe_direction(OptionSet& set);
};

/// Whether the elements of found sets stand in for one another, calls held together; nothing where
/// that is not to be asked.
std::vector<SetRedundancy> ask_redundancy(const Study& study, const StudySurrogate& surrogate,
                                          const ExplainResult& result,
                                          const ExplainArguments& arguments,
                                          const Context& context);

/// The tables of a run that is in memory, as `explain_into` writes them; `redundant`: what was
/// asked of these sets.
std::vector<Table> explain_tables(const Study& study, const Explained& explained,
                                  std::span<const SetRedundancy> redundant,
                                  const ExplainArguments& arguments);

/// Names of the tables that say whether elements stand in for one another.
std::vector<std::string> redundancy_files(const RedundancyOptions& options);

/// What a run of `explain` is asked besides its options.
struct AskedTargets {
  std::vector<ExplainTarget> targets;  ///< of all shards
  Shard shard = {};
  /// One file for each set under tracks/: for targets that someone named.
  bool tracks = true;
};

/// Explains the targets, judges the sets on test cells, and asks whether their elements stand in
/// for one another. Writes tables and tracks/, whose names it returns; records beside `study_file`
/// that its test cells were asked (asked.hpp). What a portion of targets gave lies under
/// .grids/portions, and is used again where nothing that it depends on has changed: `settings` says
/// what that is, beside seed and targets. q, verdicts and calls are held together over the targets
/// of this shard.
std::vector<std::string> explain_into(OutputFolder& out, const std::filesystem::path& study_file,
                                      const Study& study, const StudySurrogate& surrogate,
                                      const AskedTargets& asked, const ExplainArguments& arguments,
                                      const std::string& settings, const Context& context);

}  // namespace grids::core
