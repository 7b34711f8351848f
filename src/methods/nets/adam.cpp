#include "methods/nets/adam.hpp"

#include <cmath>

#include "base/simd.hpp"

namespace grids::core {
namespace {

constexpr float kEpsilon = 1e-8f;

struct Factors {
  float keep_mean, add_mean, keep_square, add_square, rate, square_scale;
};

GRIDS_CLONES void move_values(size_t count, const float* gradients, float* mean, float* square,
                              float* values, Factors f) {
  for (size_t i = 0; i < count; ++i) {
    const float g = gradients[i];
    mean[i] = f.keep_mean * mean[i] + f.add_mean * g;
    square[i] = f.keep_square * square[i] + f.add_square * g * g;
    values[i] -= f.rate * mean[i] / (std::sqrt(square[i] * f.square_scale) + kEpsilon);
  }
}

}  // namespace

void AdamValues::move(size_t begin, std::span<const float> gradients, int64_t step,
                      const AdamOptions& options) {
  const double bias_mean = 1 - std::pow(options.decay_mean, static_cast<double>(step));
  const double bias_square = 1 - std::pow(options.decay_square, static_cast<double>(step));
  const Factors factors = {
      static_cast<float>(options.decay_mean),       static_cast<float>(1 - options.decay_mean),
      static_cast<float>(options.decay_square),     static_cast<float>(1 - options.decay_square),
      static_cast<float>(options.rate / bias_mean), static_cast<float>(1 / bias_square)};
  move_values(gradients.size(), gradients.data(), mean_.data() + begin, square_.data() + begin,
              values_.data() + begin, factors);
}

}  // namespace grids::core
