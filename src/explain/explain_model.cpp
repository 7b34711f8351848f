#include "explain/explain_model.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <numeric>

#include "base/random.hpp"
#include "search/softmax.hpp"

namespace grids::core {
namespace {

std::span<const float> row_of(std::span<const float> outputs, int64_t width, int64_t row) {
  return outputs.subspan(static_cast<size_t>(row * width), static_cast<size_t>(width));
}

std::vector<float> all_outputs(const MaskableModel& model, std::span<const Feature> subset,
                               std::span<const int32_t> rows) {
  std::vector<int32_t> outputs(static_cast<size_t>(model.shape().outputs));
  std::iota(outputs.begin(), outputs.end(), 0);
  const auto state = model.begin(subset, rows, outputs);
  return {state->outputs().begin(), state->outputs().end()};
}

}  // namespace

ExplainedModel explain_model(const MaskableModel& model, const ModelQuestion& question,
                             const Explainer& method, const ExplainerOptions& options,
                             const Context& context) {
  if (method.needs_data()) {
    throw usage_error(
        "the method '{}' looks at measured chromatin, which a model of your own does "
        "not have; choose another",
        method.name());
  }
  validate(options, "explain");
  ObjectiveInput input;
  input.cells = question.learn;
  input.target = question.output;
  Objective objective = make_objective(model, input, question.loss);
  if (options.budget > 0) objective.budget = options.budget;
  ExplainerOptions own = options;
  own.stream = stream_key(fmt::format("output {}", question.output));
  ExplainedModel result;
  const auto start = std::chrono::steady_clock::now();
  result.explanation = method.explain(objective, own, context);
  const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
  result.method_seconds = elapsed.count();
  auto subset = result.explanation.subset;
  std::sort(subset.begin(), subset.end());
  result.before = all_outputs(model, {}, question.test);
  result.after = all_outputs(model, subset, question.test);
  return result;
}

int32_t class_read(std::span<const float> outputs) {
  return static_cast<int32_t>(std::max_element(outputs.begin(), outputs.end()) - outputs.begin());
}

double class_probability(std::span<const float> outputs, int32_t output) {
  const auto scale = softmax_scale(outputs);
  return std::exp(double{outputs[static_cast<size_t>(output)]} - scale.largest) / scale.sum;
}

double ClassChange::share() const {
  if (counted == 0) return std::numeric_limits<double>::quiet_NaN();
  return static_cast<double>(turned) / static_cast<double>(counted);
}

ClassChange class_change(const ExplainedModel& explained, int64_t outputs, int32_t from,
                         int32_t to) {
  ClassChange change;
  const int64_t rows = std::ssize(explained.before) / outputs;
  for (int64_t row = 0; row < rows; ++row) {
    const auto before = row_of(explained.before, outputs, row);
    const auto after = row_of(explained.after, outputs, row);
    change.probability_before += class_probability(before, to) / static_cast<double>(rows);
    change.probability_after += class_probability(after, to) / static_cast<double>(rows);
    const int32_t read = class_read(before);
    if (from >= 0 ? read != from : read == to) continue;
    ++change.counted;
    change.turned += class_read(after) == to ? 1 : 0;
  }
  return change;
}

}  // namespace grids::core
