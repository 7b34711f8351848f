#include "evaluate/log_values.hpp"

#include "base/at.hpp"
#include "base/error.hpp"
#include "math/monotone_map.hpp"

namespace grids::core {
namespace {

/// Positions in the list of the genes whose predictions are log1p of mean counts.
std::vector<size_t> log_means(const StudySurrogate& surrogate, std::span<const int32_t> genes) {
  std::vector<size_t> positions;
  const CisPath* path = surrogate.cis();
  if (path == nullptr || path->response != CisResponse::kCounts) return positions;
  for (size_t i = 0; i < genes.size(); ++i) {
    if (surrogate.path_of(genes[i]) != GenePath::kState) positions.push_back(i);
  }
  return positions;
}

}  // namespace

std::vector<float> predict_log_values(const Study& study, const StudySurrogate& surrogate,
                                      std::span<const int32_t> cells,
                                      std::span<const int32_t> genes, const Context& context) {
  auto predicted = surrogate.predict(study, cells, genes, context.pool);
  const auto positions = log_means(surrogate, genes);
  if (positions.empty()) return predicted;
  const auto training = study.cells_of(Split::kTrain);
  if (training.empty()) {
    throw input_error(
        "the study has no training cells to fit the map from predictions to log values on");
  }
  std::vector<int32_t> mapped;
  mapped.reserve(positions.size());
  for (const size_t position : positions) mapped.push_back(genes[position]);
  const auto seen = surrogate.predict(study, training, mapped, context.pool);
  std::vector<bool> wanted(at(study.genes.size()), false);
  for (const int32_t gene : mapped) wanted[at(gene)] = true;
  const auto measured = transpose_rows(study.expression, training, wanted);
  context.pool.for_each(static_cast<int64_t>(positions.size()), [&](int64_t k) {
    std::vector<float> prediction(training.size());
    std::vector<double> response(training.size(), 0.0);
    for (size_t cell = 0; cell < training.size(); ++cell) {
      prediction[cell] = seen[cell * mapped.size() + at(k)];
    }
    const auto expressing = measured.row_indices(mapped[at(k)]);
    const auto values = measured.row_values(mapped[at(k)]);
    for (size_t i = 0; i < expressing.size(); ++i) response[at(expressing[i])] = values[i];
    const MonotoneMap map = fit_monotone_map(prediction, response);
    for (size_t cell = 0; cell < cells.size(); ++cell) {
      float& value = predicted[cell * genes.size() + positions[at(k)]];
      value = static_cast<float>(map(value));
    }
  });
  return predicted;
}

}  // namespace grids::core
