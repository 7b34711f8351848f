#include "search/objective.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

namespace grids {
namespace {

size_t at(int64_t i) {
  return static_cast<size_t>(i);
}

std::vector<int32_t> outputs_read(const MaskableModel& model, int32_t target, double beta) {
  std::vector<int32_t> outputs = {target};
  if (beta <= 0) return outputs;
  for (int32_t output = 0; output < model.shape().outputs; ++output) {
    if (output != target) outputs.push_back(output);
  }
  return outputs;
}

}  // namespace

Objective Objective::on(std::span<const int32_t> positions) const {
  Objective part;
  part.model = model;
  part.outputs = outputs;
  part.allowed = allowed;
  part.loss = loss->on(positions);
  for (const int32_t position : positions) part.cells.push_back(cells[at(position)]);
  return part;
}

Objective make_objective(const MaskableModel& model, const ObjectiveInput& input,
                         const LossOptions& options) {
  Objective objective;
  objective.model = &model;
  objective.cells = input.cells;
  objective.outputs = outputs_read(model, input.target, options.beta);
  objective.allowed = input.allowed;
  if (objective.allowed.empty()) {
    objective.allowed.resize(at(model.shape().features));
    std::iota(objective.allowed.begin(), objective.allowed.end(), 0);
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
  ++objective.evaluations;
  return loss_value(*objective.loss, state.outputs());
}

std::vector<double> values_after(Objective& objective, const MaskState& state,
                                 std::span<const Edit> edits) {
  const Loss& loss = *objective.loss;
  const auto width = at(loss.outputs());
  const auto count = at(loss.terms());
  const auto outputs = state.outputs();
  std::vector<double> unchanged(at(loss.cells()) * count);
  for (int64_t cell = 0; cell < loss.cells(); ++cell) {
    loss.cell_terms(cell, outputs.subspan(at(cell) * width, width),
                    std::span(unchanged).subspan(at(cell) * count, count));
  }
  std::vector<double> values(edits.size());
  std::vector<double> changed;
  std::vector<double> sums(count);
  state.outputs_after(
      edits, [&](size_t edit, std::span<const int32_t> positions, std::span<const float> after) {
        changed.resize(positions.size() * count);
        for (size_t i = 0; i < positions.size(); ++i) {
          loss.cell_terms(positions[i], after.subspan(i * width, width),
                          std::span(changed).subspan(i * count, count));
        }
        // The order of loss_sums, so that the value is that of the edited subset to the last bit.
        std::fill(sums.begin(), sums.end(), 0.0);
        size_t next = 0;
        for (int64_t cell = 0; cell < loss.cells(); ++cell) {
          const bool is_changed = next < positions.size() && positions[next] == cell;
          const double* terms =
              is_changed ? changed.data() + next * count : unchanged.data() + at(cell) * count;
          for (size_t t = 0; t < count; ++t) sums[t] += terms[t];
          next += is_changed ? 1 : 0;
        }
        values[edit] = loss.finish(sums);
      });
  objective.evaluations += static_cast<int64_t>(edits.size());
  return values;
}

std::vector<double> gains(const Objective& objective, const MaskState& state) {
  const auto outputs = state.outputs();
  std::vector<float> cotangent(outputs.size());
  objective.loss->cotangent(outputs, loss_sums(*objective.loss, outputs), cotangent);
  std::vector<double> result(at(objective.model->shape().features));
  state.gains(cotangent, result);
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
  std::vector<Feature> best(allowed.begin(), allowed.end());
  const auto end = best.begin() + std::min<int64_t>(count, static_cast<int64_t>(best.size()));
  std::partial_sort(best.begin(), end, best.end(), [&](Feature a, Feature b) {
    if (scores[at(a)] != scores[at(b)]) return scores[at(a)] < scores[at(b)];
    return a < b;
  });
  best.erase(end, best.end());
  return best;
}

}  // namespace grids
