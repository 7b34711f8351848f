#include "search/softmax.hpp"

#include <algorithm>
#include <cmath>

namespace grids::core {

SoftmaxScale softmax_scale(std::span<const float> outputs) {
  SoftmaxScale scale;
  scale.largest = *std::max_element(outputs.begin(), outputs.end());
  for (const float output : outputs) scale.sum += std::exp(double{output} - scale.largest);
  return scale;
}

}  // namespace grids::core
