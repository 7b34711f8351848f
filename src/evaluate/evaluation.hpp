/// The stage `evaluate`: how well the surrogate predicts cells that it has not seen, and how
/// well it aligns the modalities, and which genes mark each type.
#pragma once

#include <vector>

#include "base/context.hpp"
#include "evaluate/accuracy.hpp"
#include "evaluate/alignment.hpp"
#include "evaluate/markers.hpp"
#include "model/study_surrogate.hpp"
#include "study/study.hpp"

namespace grids::core {

struct EvaluationOptions {
  Split split = Split::kTest;  ///< cells on which the surrogate is judged
  int64_t markers_per_type = 5;
  /// The user's own markers; none = chosen on the validation cells.
  std::vector<Marker> markers = {};
};

struct Evaluation {
  Accuracy accuracy;
  std::vector<AlignmentRow> alignment;
  std::vector<Marker> markers;
  std::vector<MarkerMean> means;  ///< of the markers, over the judged cells of each type
};

/// Throws Error(kInput) when there are no cells to judge or to learn from.
Evaluation evaluate_surrogate(const Study& study, const StudySurrogate& surrogate,
                              const EvaluationOptions& options, const Context& context);

/// accuracy.tsv, accuracy_summary.tsv, alignment.tsv, marker_means.tsv and markers.tsv.
std::vector<Table> evaluation_tables(const Study& study, const Evaluation& evaluation);

}  // namespace grids::core
