/// Methods judged on the true regulatory function of simulated cells: what is found there depends
/// on the search alone (true_regulation_model.hpp), what is found on the surrogate on both.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "compare/compare.hpp"
#include "simulate/truth.hpp"

namespace grids::core {

struct SimulatedTruth {
  Truth truth;
  CellTruth cells;
};

/// truth.tsv, and cells.tsv beside it; `path` is the file or its folder. Throws Error(kInput) that
/// names the file that is missing or wrong.
SimulatedTruth read_simulated_truth(const std::filesystem::path& path);

/// Throws Error(kInput) when the truth does not know a gene or a cell of the study.
void check_truth(const Study& study, const SimulatedTruth& truth);

/// Which training cells the true function is searched on.
enum class TruthCells : uint8_t {
  kAll,
  /// Those with every planted member open; genes of which any member suffices only. No single mask
  /// changes anything there, and no gradient says anything.
  kRedundant,
};

/// "all", "redundant".
const char* truth_cells_name(TruthCells cells);

/// Fewest cells that are searched on.
inline constexpr int64_t kLeastTruthCells = 5;

/// Searches the true function for each target whose gene has planted regulation that acts in its
/// type, on training cells, with the options of the stage that explains (domain, perturbation,
/// direction, start). Rows are those of compare.tsv, without test cells: changes and contrast are
/// NaN. Genes that the method cannot explain, or with too few cells, have none; nor has any
/// gene for methods on measured cells, which search no function. Budgets as in CompareRun. Throws
/// as check_truth does.
std::vector<ComparedSet> compare_on_truth(const Study& study, const SimulatedTruth& truth,
                                          const std::vector<ExplainTarget>& targets,
                                          const CompareRun& run, TruthCells cells,
                                          const ExplainStageOptions& options,
                                          const Context& context);

/// The first `count` genes of each kind of planted regulation (in the order of the truth, all
/// members among the study's peaks), each in the type where it acts that has the most training
/// cells.
std::vector<TargetRequest> planted_targets(const Study& study, const Truth& truth, int64_t count,
                                           int64_t set_size);

}  // namespace grids::core
