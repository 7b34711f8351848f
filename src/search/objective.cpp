#include "search/objective.hpp"

#include <algorithm>
#include <utility>

#include "base/at.hpp"
#include "base/indices.hpp"
#include "base/simd.hpp"

namespace grids::core {
namespace {

std::vector<int32_t> outputs_read(const MaskableModel& model, int32_t target,
                                  const LossOptions& options) {
  std::vector<int32_t> outputs = {target};
  if (!reads_all_outputs(options)) return outputs;
  for (int32_t output = 0; output < model.shape().outputs; ++output) {
    if (output != target) outputs.push_back(output);
  }
  return outputs;
}

/// The first position from `i` on whose score does not exceed the threshold; `count` if there is
/// none. Without `features`, position i is feature i.
GRIDS_CLONES size_t next_low(const double* scores, const Feature* features, size_t count,
                             double threshold, size_t i) {
  constexpr size_t kAtOnce = 16;
  for (; i + kAtOnce <= count; i += kAtOnce) {
    int64_t low = 0;
    if (features == nullptr) {
      for (size_t k = 0; k < kAtOnce; ++k) low += scores[i + k] <= threshold ? 1 : 0;
    } else {
      for (size_t k = 0; k < kAtOnce; ++k) low += scores[features[i + k]] <= threshold ? 1 : 0;
    }
    if (low > 0) break;
  }
  while (i < count && !(scores[features == nullptr ? i : at(features[i])] <= threshold)) ++i;
  return i;
}

std::vector<float> cotangent_of(Objective& objective, const GradientState& state) {
  objective.evaluations += kGradientEvaluations * objective.cell_count();
  const auto outputs = state.outputs();
  std::vector<float> cotangent(outputs.size());
  loss_cotangent(objective.loss, outputs, loss_sums(objective.loss, outputs), cotangent);
  return cotangent;
}

/// A lower score first, of equal ones the smaller index.
struct Ranked {
  double score;
  Feature feature;
  bool operator<(const Ranked& other) const {
    return score != other.score ? score < other.score : feature < other.feature;
  }
};

}  // namespace

Objective Objective::on(std::span<const int32_t> positions) const {
  Objective part;
  part.model = model;
  part.outputs = outputs;
  part.allowed = allowed;
  part.loss = loss_on(loss, positions);
  for (const int32_t position : positions) part.cells.push_back(cells[at(position)]);
  return part;
}

Objective make_objective(const MaskableModel& model, const ObjectiveInput& input,
                         const LossOptions& options) {
  Objective objective;
  objective.model = &model;
  objective.cells = input.cells;
  objective.outputs = outputs_read(model, input.target, options);
  objective.allowed = input.allowed;
  if (objective.allowed.empty()) {
    objective.allowed = indices_below(model.shape().features);
  }
  std::sort(objective.allowed.begin(), objective.allowed.end());

  std::vector<uint8_t> left_out;
  for (const int32_t output : objective.outputs) {
    left_out.push_back(std::find(input.left_out.begin(), input.left_out.end(), output) !=
                       input.left_out.end());
  }
  std::vector<float> observed;
  if (options.reference == LossReference::kObserved) {
    const auto all = model.shape().outputs;
    for (size_t cell = 0; cell < input.cells.size(); ++cell) {
      for (const int32_t output : objective.outputs) {
        observed.push_back(input.observed[cell * at(all) + at(output)]);
      }
    }
  }
  const auto unmasked = begin(objective, {});
  objective.loss = make_loss(
      {static_cast<int64_t>(objective.outputs.size()), unmasked->outputs(), observed, left_out},
      options);
  return objective;
}

std::unique_ptr<MaskState> begin(const Objective& objective, std::span<const Feature> subset) {
  return objective.model->begin(subset, objective.cells, objective.outputs);
}

double value(Objective& objective, const MaskState& state) {
  objective.evaluations += objective.cell_count();
  return loss_value(objective.loss, state.outputs());
}

std::vector<double> values_after(Objective& objective, const MaskState& state,
                                 std::span<const Edit> edits) {
  const BlockSums sums(objective.loss, state.outputs());
  std::vector<double> values(edits.size());
  state.outputs_after(
      edits, [&](size_t edit, std::span<const int32_t> positions, const OutputRows& after) {
        values[edit] = loss_finish(objective.loss, sums.sums_after(positions, after));
      });
  objective.evaluations += static_cast<int64_t>(edits.size()) * objective.cell_count();
  return values;
}

std::vector<double> gains(Objective& objective, const MaskState& state) {
  std::vector<double> result(at(objective.model->shape().features));
  state.gains_of(cotangent_of(objective, state), objective.allowed, result);
  return result;
}

void cell_gains(Objective& objective, const GradientState& state, const CellGainSink& sink) {
  state.cell_gains(cotangent_of(objective, state), sink);
}

CellChanges::CellChanges(const Objective& objective)
    : loss_(objective.loss),
      unmasked_(loss_, begin(objective, {})->outputs()),
      value_(loss_finish(loss_, unmasked_.sums())) {}

std::vector<double> CellChanges::operator()(std::span<const int32_t> positions,
                                            std::span<const float> outputs) const {
  const auto sums = unmasked_.sums();
  std::vector<double> terms(positions.size() * sums.size());
  loss_terms(loss_, positions, outputs, terms);
  std::vector<double> changes;
  changes.reserve(positions.size());
  for (size_t row = 0; row < positions.size(); ++row) {
    const auto before = unmasked_.terms(positions[row]);
    const auto own = std::span(terms).subspan(row * sums.size(), sums.size());
    for (size_t t = 0; t < own.size(); ++t) own[t] += sums[t] - before[t];
    changes.push_back(loss_finish(loss_, own) - value_);
  }
  return changes;
}

std::vector<double> cell_changes(Objective& objective, const CellChanges& changes,
                                 std::span<const MaskedPosition> rows) {
  std::vector<MaskedCell> cells;
  std::vector<int32_t> positions;
  cells.reserve(rows.size());
  positions.reserve(rows.size());
  for (const auto& row : rows) {
    cells.push_back({objective.cells[at(row.position)], row.subset});
    positions.push_back(row.position);
  }
  std::vector<double> result(rows.size());
  const size_t width = objective.outputs.size();
  objective.model->predict(
      cells, objective.outputs, [&](size_t first, std::span<const float> outputs) {
        const auto own = std::span(positions).subspan(first, outputs.size() / width);
        const auto values = changes(own, outputs);
        std::copy(values.begin(), values.end(), result.data() + first);
      });
  objective.evaluations += static_cast<int64_t>(rows.size());
  return result;
}

std::vector<double> transition_row(std::span<const double> gains,
                                   std::span<const Feature> coordinates, size_t coordinate) {
  const Feature incumbent = coordinates[coordinate];
  std::vector<double> row(gains.begin(), gains.end());
  for (const Feature member : coordinates) row[at(member)] = 0;
  const double removed = gains[at(incumbent)];
  for (size_t j = 0; j < row.size(); ++j) {
    if (static_cast<Feature>(j) != incumbent) row[j] -= removed;
  }
  return row;
}

std::vector<Feature> lowest(std::span<const double> scores, std::span<const Feature> allowed,
                            int64_t count) {
  const auto wanted = at(std::min<int64_t>(count, static_cast<int64_t>(allowed.size())));
  // Allowed features are distinct and ascend: as many as there are scores are all of them.
  const Feature* listed = allowed.size() == scores.size() ? nullptr : allowed.data();
  std::vector<Ranked> best;  // so far, a heap with the worst on top
  best.reserve(wanted + 1);
  for (size_t i = 0; i < allowed.size() && wanted > 0; ++i) {
    const bool full = best.size() == wanted;
    if (full) i = next_low(scores.data(), listed, allowed.size(), best.front().score, i);
    if (i == allowed.size()) break;
    const Ranked candidate{scores[at(allowed[i])], allowed[i]};
    if (full) {
      if (!(candidate < best.front())) continue;
      std::pop_heap(best.begin(), best.end());
      best.pop_back();
    }
    best.push_back(candidate);
    std::push_heap(best.begin(), best.end());
  }
  std::sort_heap(best.begin(), best.end());
  std::vector<Feature> features;
  features.reserve(best.size());
  for (const Ranked& ranked : best) features.push_back(ranked.feature);
  return features;
}

}  // namespace grids::core
