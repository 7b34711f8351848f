/// The stages as the commands run them: results computed by the rooms below, written into a folder.
/// `grids run` calls the same functions as the single commands.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/program.hpp"
#include "cis/fit_cis.hpp"
#include "cli/inputs.hpp"
#include "evaluate/judge_sets.hpp"
#include "evaluate/markers.hpp"
#include "explain/explain_stage.hpp"
#include "explain/targets.hpp"
#include "io/manifest.hpp"
#include "io/readers.hpp"
#include "prepare/prepare.hpp"

namespace grids {

/// The raw files, and how a study is made of them.
struct PrepareArguments {
  MultiomeInput input;
  std::string labels;           ///< a column's name or a file
  std::string donors;           ///< a column's name
  std::filesystem::path genes;  ///< BED or GTF
  std::filesystem::path chromosome_sizes;
  std::filesystem::path keep;  ///< genes always kept, one a line
  PrepareOptions options;

  void describe(OptionSet& set);
  /// Every file that is read, the user's tables included.
  std::vector<std::filesystem::path> files() const;
};

/// Checks everything that can be checked before the matrices are read, then reads and prepares.
PrepareResult prepare_from_files(const PrepareArguments& arguments, const Context& context);

/// prepare.tsv.
Table prepare_table(const PrepareSummary& summary);
TableText describe_prepare();

struct CisArguments {
  CisOptions options;
  std::string latent_openness = "auto";  ///< or off, or a capture

  void describe(OptionSet& set);
  /// `options` with what `latent_openness` says.
  CisOptions resolved() const;
};

/// Whether any gene has a position.
bool has_positions(const Study& study);

/// Fits the cis path and writes the surrogate with it to `out`, and the table beside it.
void fit_cis_into(const std::filesystem::path& out, const Study& study, SurrogateFile file,
                  const FoldedSurrogate& folded, const CisArguments& arguments,
                  const Context& context);

/// cis.tsv in the folder of the surrogate.
std::filesystem::path cis_table_beside(const std::filesystem::path& surrogate);

struct EvaluateArguments {
  Split split = Split::kTest;  ///< cells on which the surrogate is judged
  int64_t markers_per_type = 5;
  /// The user's list: a table with a column gene and maybe cell_type; empty = choose.
  std::filesystem::path markers;

  void describe(OptionSet& set);
};

/// Judges the surrogate and chooses markers; returns the names of the tables that it writes.
std::vector<std::string> evaluate_into(const std::filesystem::path& folder, const Study& study,
                                       const StudySurrogate& surrogate,
                                       const EvaluateArguments& arguments, const Context& context);

/// Where a prediction is to go; kAuto: opening peaks asks what raises it, all else what lowers it.
enum class WantedDirection : uint8_t { kAuto, kDown, kUp };

struct ExplainArguments {
  int64_t set_size = 10;  ///< L, where a target does not say
  WantedDirection direction = WantedDirection::kAuto;
  /// But for the direction of the loss: see `stage_options`.
  ExplainStageOptions options;
  JudgeSetsOptions judge;

  void describe(OptionSet& set);
  /// Of these, what is asked and how methods work; `compare` has methods, sizes, budgets and random
  /// sets of its own.
  void describe_question(OptionSet& set);
  /// The options with the direction that was asked for.
  ExplainStageOptions stage_options() const;

 private:
  void describe_direction(OptionSet& set);
};

/// Explains the targets and judges the sets on test cells. Writes tables, whose names it returns,
/// and tracks/.
std::vector<std::string> explain_into(const std::filesystem::path& folder, const Study& study,
                                      const StudySurrogate& surrogate,
                                      const std::vector<ExplainTarget>& targets,
                                      const ExplainArguments& arguments, const Context& context);

/// A manifest of this program, seed and threads.
Manifest new_manifest(const std::string& command, const OptionSet::Values& options,
                      const Context& context);

/// The records of all files, in order.
std::vector<FileRecord> record_files(const std::vector<std::filesystem::path>& files);
/// Of files of a folder, named without it.
std::vector<FileRecord> record_outputs(const std::filesystem::path& folder,
                                       const std::vector<std::string>& names);

}  // namespace grids
