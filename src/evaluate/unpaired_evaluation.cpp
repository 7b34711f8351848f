#include "evaluate/unpaired_evaluation.hpp"

#include "base/error.hpp"
#include "evaluate/reconstruction.hpp"
#include "evaluate/type_means.hpp"

namespace grids::core {
namespace {

struct UnpairedCells {
  std::vector<int32_t> atac, rna;
};

UnpairedCells judged_cells(const UnpairedStudy& study, Split split) {
  for (const auto half : {StudyHalf::kAtac, StudyHalf::kRna}) {
    const char* word = half == StudyHalf::kAtac ? "chromatin" : "RNA";
    const Study& cells = modality_half(study, half);
    if (cells.cells_of(split).empty() || cells.cells_of(Split::kTrain).empty()) {
      throw input_error(
          "there are {} {} cells with {} to judge, and {} training cells; --cells "
          "names others, and prepare splits them",
          cells.cells_of(split).size(), split_name(split), word,
          cells.cells_of(Split::kTrain).size());
    }
  }
  return {study.atac.cells_of(split), study.rna.cells_of(split)};
}

AlignedCells placed_cells(const UnpairedStudy& study, const UnpairedCells& judged,
                          const FoldedSurrogate& surrogate, ThreadPool& pool) {
  AlignedCells cells;
  cells.dimensions = surrogate.shape().latent;
  cells.types = study.atac.cells.type.names;
  cells.paired = false;
  cells.atac = place_atac(study.atac, judged.atac, surrogate, pool);
  cells.rna = place_rna(study.rna, judged.rna, surrogate, pool);
  cells.training_atac = place_atac(study.atac, study.atac.cells_of(Split::kTrain), surrogate, pool);
  cells.training_rna = place_rna(study.rna, study.rna.cells_of(Split::kTrain), surrogate, pool);
  if (study.labels_in != LabelsIn::kBoth) {
    // Types that were transferred by these very distances would confirm themselves.
    for (auto* of : {&cells.atac, &cells.rna, &cells.training_atac, &cells.training_rna}) {
      of->types.clear();
    }
  }
  return cells;
}

void tell_what_cannot_be_judged(const std::optional<TransferredTypes>& filled,
                                const Context& context) {
  context.reporter.warning(
      "no cell has both chromatin and RNA: neither whether the right cells were matched within a "
      "type, nor how well the expression of single cells is predicted, can be judged; there is no "
      "accuracy.tsv. Means of types and mixing can look good where cells are matched wrongly");
  if (!filled) return;
  context.reporter.warning(fmt::format(
      "the cells with {} have no labels of their own: their types are those that this surrogate "
      "transfers (transferred_types.tsv), so how often a label is transferred rightly is not "
      "known, "
      "and means by type agree in part because of that",
      filled->to == StudyHalf::kAtac ? "chromatin" : "RNA"));
}

}  // namespace

UnpairedEvaluation evaluate_unpaired(const UnpairedStudy& study,
                                     const std::optional<TransferredTypes>& filled,
                                     const FoldedSurrogate& surrogate,
                                     const EvaluationOptions& options, const Context& context) {
  const auto judged = judged_cells(study, options.split);
  tell_what_cannot_be_judged(filled, context);
  UnpairedEvaluation result;
  if (filled) {
    result.transferred.push_back(*filled);
  } else {
    for (const auto half : {StudyHalf::kAtac, StudyHalf::kRna}) {
      result.transferred.push_back(transfer_types(study, surrogate, half, {}, context));
    }
  }
  result.markers = options.markers;
  if (result.markers.empty()) {
    // Without pairs no gene can be tested on validation cells.
    result.markers = choose_markers(study.rna, {}, {}, {options.markers_per_type, {}}).markers;
  }
  result.alignment =
      judge_alignment(placed_cells(study, judged, surrogate, context.pool), {}, context);
  const auto add = [&](std::vector<AlignmentRow> rows) {
    result.alignment.insert(result.alignment.end(), rows.begin(), rows.end());
  };
  const auto means = type_means(study, judged.atac, judged.rna, surrogate, context);
  add(judge_type_means(means, study.rna.cells.type.names));
  add(judge_rna_reconstruction(study.rna, judged.rna, surrogate, context));
  add({judge_atac_reconstruction(study.atac, judged.atac, surrogate, context)});
  result.means = means_of_genes(means, genes_of_markers(result.markers));
  return result;
}

std::vector<Table> unpaired_evaluation_tables(const UnpairedStudy& study,
                                              const UnpairedEvaluation& evaluation) {
  return {alignment_columns().table(evaluation.alignment),
          marker_means_table(study.rna, evaluation.means),
          marker_columns().table(marker_names(study.rna, evaluation.markers)),
          transferred_types_table(study, evaluation.transferred)};
}

}  // namespace grids::core
