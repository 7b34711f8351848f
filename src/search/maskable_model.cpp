#include "search/maskable_model.hpp"

#include <algorithm>

#include "base/error.hpp"

namespace grids::core {
namespace {

/// Edits whose rows `outputs_after` may hold at once.
constexpr size_t kEditsAtOnce = 256;

}  // namespace

void MaskState::gains_of(std::span<const float> cotangent, std::span<const Feature>,
                         std::span<double> gains) const {
  this->gains(cotangent, gains);
}

void MaskState::summed_changes(std::span<const Feature> features, const Measure& measure,
                               const ChangeSink& sink) const {
  const auto size = static_cast<size_t>(measure.size());
  std::vector<double> changes;  // edits × size
  std::vector<int64_t> touched;
  std::vector<Edit> edits;
  for (size_t first = 0; first < features.size(); first += kEditsAtOnce) {
    edits.clear();
    for (const Feature feature :
         features.subspan(first, std::min(kEditsAtOnce, features.size() - first))) {
      edits.push_back({kNoFeature, feature});
    }
    changes.assign(edits.size() * size, 0.0);
    touched.assign(edits.size(), 0);
    outputs_after(edits, [&](size_t edit, std::span<const int32_t> positions,
                             const OutputRows& rows) {
      std::vector<double> before(size);
      std::vector<double> after(size);
      double* sums = changes.data() + edit * size;
      for (size_t i = 0; i < positions.size(); ++i) {
        const auto width = rows[i].size();
        measure_cells(measure, outputs().subspan(static_cast<size_t>(positions[i]) * width, width),
                      before);
        measure_cells(measure, rows[i], after);
        for (size_t k = 0; k < size; ++k) sums[k] += after[k] - before[k];
      }
      touched[edit] = static_cast<int64_t>(positions.size());
    });
    for (size_t edit = 0; edit < edits.size(); ++edit) {
      sink(first + edit, touched[edit], std::span(changes).subspan(edit * size, size));
    }
  }
}

std::vector<Feature> MaskableModel::differing(int32_t cell) const {
  const int32_t output = 0;
  std::vector<Feature> differing;
  const float cotangent = 0;
  begin({}, {&cell, 1}, {&output, 1})
      ->cell_gains({&cotangent, 1},
                   [&](size_t, std::span<const Feature> features, std::span<const float>) {
                     differing.assign(features.begin(), features.end());
                   });
  return differing;
}

void MaskableModel::predict(std::span<const MaskedCell> rows, std::span<const int32_t> outputs,
                            const PredictionSink& sink) const {
  for (size_t row = 0; row < rows.size(); ++row) {
    sink(row, begin(rows[row].subset, std::span(&rows[row].cell, 1), outputs)->outputs());
  }
}

std::unique_ptr<GradientState> MaskableModel::begin_relaxed(std::span<const int32_t>,
                                                            std::span<const int32_t>,
                                                            const Relaxation& relaxation) const {
  if (std::holds_alternative<Noise>(relaxation)) {
    throw usage_error("this model takes no noise: choose a method without");
  }
  throw usage_error("this model knows masked and unmasked only: choose a method without gates");
}

}  // namespace grids::core
