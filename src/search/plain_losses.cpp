#include "search/plain_losses.hpp"

#include <algorithm>
#include <cmath>

namespace grids::core {

SoftmaxScale softmax_scale(std::span<const float> outputs) {
  SoftmaxScale scale;
  scale.largest = *std::max_element(outputs.begin(), outputs.end());
  for (const float output : outputs) scale.sum += std::exp(double{output} - scale.largest);
  return scale;
}

void CrossEntropyLoss::cell_terms(int64_t, std::span<const float> outputs,
                                  std::span<double> terms) const {
  const auto scale = softmax_scale(outputs);
  terms[0] = std::log(scale.sum) + scale.largest - double{outputs[0]};
}

void CrossEntropyLoss::cotangent(std::span<const float> outputs, std::span<const double>,
                                 std::span<float> cotangent) const {
  const auto width = static_cast<size_t>(this->outputs());
  for (size_t first = 0; first < outputs.size(); first += width) {
    const auto row = outputs.subspan(first, width);
    const auto scale = softmax_scale(row);
    // The target's own slope is minus the sum of the others': 1 − p would lose a small 1 − p.
    double others = 0;
    for (size_t j = 1; j < width; ++j) {
      const double share = std::exp(double{row[j]} - scale.largest) / scale.sum;
      others += share;
      cotangent[first + j] = static_cast<float>(weight() * share);
    }
    cotangent[first] = static_cast<float>(-weight() * others);
  }
}

std::unique_ptr<Loss> CrossEntropyLoss::on(std::span<const int32_t> cells) const {
  return std::make_unique<CrossEntropyLoss>(static_cast<int64_t>(cells.size()), outputs(),
                                            direction());
}

void OutputLoss::cell_terms(int64_t, std::span<const float> outputs,
                            std::span<double> terms) const {
  terms[0] = outputs[0];
}

void OutputLoss::cotangent(std::span<const float>, std::span<const double>,
                           std::span<float> cotangent) const {
  std::fill(cotangent.begin(), cotangent.end(), 0.0f);
  const auto width = static_cast<size_t>(outputs());
  for (size_t first = 0; first < cotangent.size(); first += width) {
    cotangent[first] = static_cast<float>(weight());
  }
}

std::unique_ptr<Loss> OutputLoss::on(std::span<const int32_t> cells) const {
  return std::make_unique<OutputLoss>(static_cast<int64_t>(cells.size()), outputs(), direction());
}

}  // namespace grids::core
