/// The stage `evaluate` for cells that were not measured together: what can be judged without
/// pairs. What cannot: whether the right cells were matched within a type, and how well the
/// expression of single cells is predicted.
#pragma once

#include <optional>
#include <vector>

#include "base/context.hpp"
#include "evaluate/alignment.hpp"
#include "evaluate/evaluation.hpp"
#include "model/folded_surrogate.hpp"
#include "model/transfer_types.hpp"
#include "study/unpaired_study.hpp"

namespace grids::core {

struct UnpairedEvaluation {
  std::vector<AlignmentRow> alignment;
  std::vector<Marker> markers;
  std::vector<MarkerMean> means;              ///< of the markers
  std::vector<TransferredTypes> transferred;  ///< cells with chromatin first
};

/// `study`: with types filled in (fill_in_types), of which `filled` says what was. Tells what
/// cannot be judged. Throws Error(kInput) when a modality has no cells to judge or to learn from.
UnpairedEvaluation evaluate_unpaired(const UnpairedStudy& study,
                                     const std::optional<TransferredTypes>& filled,
                                     const FoldedSurrogate& surrogate,
                                     const EvaluationOptions& options, const Context& context);

/// alignment.tsv, marker_means.tsv, markers.tsv and transferred_types.tsv.
std::vector<Table> unpaired_evaluation_tables(const UnpairedStudy& study,
                                              const UnpairedEvaluation& evaluation);

}  // namespace grids::core
