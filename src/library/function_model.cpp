#include "library/function_model.hpp"

#include <algorithm>
#include <utility>

#include "base/at.hpp"
#include "base/error.hpp"
#include "base/random.hpp"

namespace grids {

using core::at;

FunctionModel::FunctionModel(const OwnModel& model, const core::FeatureMatrix& rows,
                             std::vector<float> replacement)
    : RowModel(model.name, {rows.values, rows.rows, rows.features, std::move(replacement), ""},
               nullptr),
      model_(model) {
  settle(model.outputs);
}

void FunctionModel::fill(const Row& row, std::span<float> to) const {
  put_masked(row, to);
  if (row.noise != nullptr) {
    core::RandomStream random(row.noise->seed, core::Purpose::kNoise, row.noise->copy,
                              static_cast<uint32_t>(row.cell));
    for (float& value : to) value += static_cast<float>(row.noise->deviation * random.normal());
  }
  for (size_t k = 0; row.gates != nullptr && k < row.gates->features.size(); ++k) {
    const size_t j = at(row.gates->features[k]);
    const float gate = row.gates->gates[k];
    if (gate != 0 && gate != 1) to[j] += gate * (rows().replacement[j] - to[j]);
  }
}

std::vector<float> FunctionModel::batch_of(int64_t count, const RowOf& row) const {
  std::vector<float> batch(at(batch_rows() * features()));
  for (int64_t i = 0; i < batch_rows(); ++i) {
    fill(row(std::min(i, count - 1)), std::span(batch).subspan(at(i * features()), at(features())));
  }
  return batch;
}

std::vector<float> FunctionModel::outputs_of(int64_t count, const RowOf& row) const {
  const auto batch = batch_of(count, row);
  std::vector<float> outputs(at(batch_rows() * model_.outputs));
  const std::lock_guard lock(one_at_a_time_);
  model_.predict(batch, batch_rows(), outputs);
  return outputs;
}

void FunctionModel::gains_of(int64_t count, const RowOf& row, std::span<const float> cotangent,
                             const RowGains& sink) const {
  if (!model_.gradient) {
    throw core::usage_error(
        "{}: this method needs gradients; give the function of gradients, or a method that needs "
        "none: greedy, random, knockout, lime, sage",
        name());
  }
  const auto batch = batch_of(count, row);
  std::vector<float> slopes(at(batch_rows() * features())), gains(at(features()));
  {
    const std::lock_guard lock(one_at_a_time_);
    model_.gradient(batch, cotangent, batch_rows(), slopes);
  }
  for (int64_t i = 0; i < count; ++i) {
    const auto unmasked = values(row(i).cell);
    for (size_t j = 0; j < gains.size(); ++j) {
      gains[j] = slopes[at(i * features()) + j] * (rows().replacement[j] - unmasked[j]);
    }
    sink(i, gains);
  }
}

}  // namespace grids
