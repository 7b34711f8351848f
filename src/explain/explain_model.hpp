/// The stage `explain` for a model of the user's own: which features, masked together in every row,
/// move an output, or make rows be read as a class? Learned on some rows; what becomes of others,
/// which no search has seen, is returned beside.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "methods/explainer.hpp"
#include "search/maskable_model.hpp"

namespace grids::core {

struct ModelQuestion {
  std::vector<int32_t> learn;  ///< rows of the model, ascending
  std::vector<int32_t> test;
  int32_t output = 0;  ///< of the model: the class, or the number
  /// Of the kind `cross-entropy` or `output`.
  LossOptions loss;
};

struct ExplainedModel {
  Explanation explanation;
  std::vector<float> before;  ///< test rows × outputs of the model
  std::vector<float> after;   ///< the same with the features masked
  double method_seconds = 0;
};

/// Throws Error(kUsage) for methods that look at measured chromatin, and for options that make no
/// sense; Error(kInput) when there are fewer features than the set is to have.
ExplainedModel explain_model(const MaskableModel& model, const ModelQuestion& question,
                             const Explainer& method, const ExplainerOptions& options,
                             const Context& context);

/// The class that a row of outputs is read as: the largest output, of equals the first.
int32_t class_read(std::span<const float> outputs);

/// Softmax of one of the outputs.
double class_probability(std::span<const float> outputs, int32_t output);

/// What masking does to the rows that count: those read as class `from` unmasked; where that is
/// nothing (−1), those not read as class `to`.
struct ClassChange {
  int64_t counted = 0;
  int64_t turned = 0;  ///< of these, read as `to` once masked
  /// Mean probability of `to` over all test rows.
  double probability_before = 0;
  double probability_after = 0;

  double share() const;  ///< turned / counted; NaN where none counts
};
ClassChange class_change(const ExplainedModel& explained, int64_t outputs, int32_t from,
                         int32_t to);

}  // namespace grids::core
