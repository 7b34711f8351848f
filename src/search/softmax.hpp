/// What a softmax divides by.
#pragma once

#include <span>

namespace grids::core {

/// Σ exp(output − largest), and the largest: softmax without overflow.
struct SoftmaxScale {
  double largest = 0;
  double sum = 0;
};
SoftmaxScale softmax_scale(std::span<const float> outputs);

}  // namespace grids::core
