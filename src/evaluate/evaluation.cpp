#include "evaluate/evaluation.hpp"

#include <numeric>

#include "evaluate/log_values.hpp"

namespace grids::core {
namespace {

/// Borrows all of these.
GenePredictor predictor_of(const Study& study, const StudySurrogate& surrogate,
                           std::span<const int32_t> cells, const Context& context) {
  return [&, cells](int64_t first, int64_t last) {
    std::vector<int32_t> genes(static_cast<size_t>(last - first));
    std::iota(genes.begin(), genes.end(), static_cast<int32_t>(first));
    return predict_log_values(study, surrogate, cells, genes, context);
  };
}

std::vector<Marker> markers_of(const Study& study, const StudySurrogate& surrogate,
                               const EvaluationOptions& wanted, const Context& context) {
  if (!wanted.markers.empty()) return wanted.markers;
  const auto validation = study.cells_of(Split::kValidation);
  const auto predicted = predictor_of(study, surrogate, validation, context);
  MarkerOptions options;
  options.per_type = wanted.markers_per_type;
  // What fails gate A is not explained unless forced.
  for (int32_t gene = 0; gene < study.genes.size(); ++gene) {
    options.avoided.push_back(surrogate.fails_gate_a(gene) ? 1 : 0);
  }
  const MarkerChoice choice = choose_markers(study, validation, predicted, options);
  if (!choice.gated) {
    context.reporter.warning(
        "no validation cells: markers could not be limited to genes that the surrogate predicts");
  }
  return choice.markers;
}

}  // namespace

Evaluation evaluate_surrogate(const Study& study, const StudySurrogate& surrogate,
                              const EvaluationOptions& options, const Context& context) {
  const auto cells = study.cells_of(options.split);
  Evaluation result;
  result.markers = markers_of(study, surrogate, options, context);
  result.accuracy =
      judge_accuracy(study, cells, predictor_of(study, surrogate, cells, context), {}, context);
  result.alignment = judge_alignment(study, cells, surrogate.folded(), {}, context);
  const auto genes = genes_of_markers(result.markers);
  const auto predicted = predict_log_values(study, surrogate, cells, genes, context);
  result.means = marker_means(study, cells, predicted, genes);
  return result;
}

std::vector<Table> evaluation_tables(const Study& study, const Evaluation& evaluation) {
  return {accuracy_table(study, evaluation.accuracy), accuracy_summary_table(evaluation.accuracy),
          alignment_columns().table(evaluation.alignment),
          marker_means_table(study, evaluation.means),
          marker_columns().table(marker_names(study, evaluation.markers))};
}

}  // namespace grids::core
