#include "evaluate/evaluation.hpp"

#include <algorithm>

#include "base/indices.hpp"
#include "evaluate/log_values.hpp"

namespace grids::core {
namespace {

std::vector<float> predicted_values(const Study& study, const StudySurrogate& surrogate,
                                    std::span<const int32_t> cells, const Context& context) {
  return predict_log_values(study, surrogate, cells, indices_below(study.genes.size()), context);
}

std::vector<Marker> markers_of(const Study& study, const StudySurrogate& surrogate,
                               const EvaluationOptions& wanted, const Context& context) {
  if (!wanted.markers.empty()) return wanted.markers;
  const auto validation = study.cells_of(Split::kValidation);
  const auto predicted = predicted_values(study, surrogate, validation, context);
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

std::vector<int32_t> genes_of(std::span<const Marker> markers) {
  std::vector<int32_t> genes;
  for (const Marker& marker : markers) {
    if (std::find(genes.begin(), genes.end(), marker.gene) == genes.end()) {
      genes.push_back(marker.gene);
    }
  }
  return genes;
}

}  // namespace

Evaluation evaluate_surrogate(const Study& study, const StudySurrogate& surrogate,
                              const EvaluationOptions& options, const Context& context) {
  const auto cells = study.cells_of(options.split);
  Evaluation result;
  result.markers = markers_of(study, surrogate, options, context);
  const auto predicted = predicted_values(study, surrogate, cells, context);
  result.accuracy = judge_accuracy(study, cells, predicted, {}, context);
  result.means = marker_means(study, cells, predicted, genes_of(result.markers));
  return result;
}

std::vector<Table> evaluation_tables(const Study& study, const Evaluation& evaluation) {
  return {accuracy_table(study, evaluation.accuracy), accuracy_summary_table(evaluation.accuracy),
          marker_means_table(study, evaluation.means),
          marker_columns().table(marker_names(study, evaluation.markers))};
}

}  // namespace grids::core
