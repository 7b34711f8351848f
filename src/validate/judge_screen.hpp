/// How well pairs find what a screen of single elements found.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/context.hpp"
#include "validate/pairs.hpp"
#include "validate/screen.hpp"
#include "validate/validation_row.hpp"

namespace grids::core {

struct JudgeScreenOptions {
  /// Pairs that were learned in other cells than the screen was made in are judged all the same.
  bool other_cell_type = false;
  int64_t draws = 1000;  ///< bootstrap draws of genes
};

/// Something that gives every pair of a screen a score; higher = likelier.
struct ScreenScores {
  std::string method;
  std::optional<int64_t> set_size;
  std::string cell_type = "every";
  std::vector<double> scores;  ///< one a pair of the screen; −∞: none is given
};

/// The scores of each method and L: of the pairs of the same gene (by symbol, else by id) whose
/// peak overlaps the element, the highest; −∞ without any. Unless types may differ, pairs of a type
/// speak of the screen's pairs of that type alone.
std::vector<ScreenScores> scores_on_screen(const Pairs& pairs, const Screen& screen,
                                           bool other_cell_type);

/// What costs nothing to know: minus the distance to the start of transcription; and 1 for the gene
/// of those tested with an element that starts nearest to it, 0 for its others.
std::vector<ScreenScores> screen_baselines(const Screen& screen);

/// Average precision, precision at 70 % recall and coverage of every method and baseline: over all
/// pairs, without the significant increasing ones, by distance, of the genes that any method has
/// pairs of, and with only those negatives that had the power to be seen; 95 % intervals by
/// resampling genes. Differences of average precision between any two, in the same draws. Throws
/// Error(kInput) where no pair was learned in the screen's cell type, unless that may differ.
std::vector<ValidationRow> judge_screen(const Pairs& pairs, const Screen& screen,
                                        const JudgeScreenOptions& options, const Context& context);

}  // namespace grids::core
