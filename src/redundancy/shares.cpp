#include "redundancy/shares.hpp"

#include <bit>
#include <cmath>

#include "base/at.hpp"
#include "base/nan.hpp"
#include "math/statistics.hpp"

namespace grids::core {

HiddenParts hidden_parts(std::span<const double> values, size_t elements) {
  const Setting all = all_open(elements);
  HiddenParts parts;
  parts.total = values[all] - values[0];
  parts.numerator = parts.total;
  for (size_t a = 0; a < elements; ++a) {
    parts.numerator -= values[all] - values[all & ~bit_of(a)];
  }
  return parts;
}

std::vector<double> shapley_weights(size_t elements) {
  const size_t settings = at(all_open(elements)) + 1;
  std::vector<double> weights(elements * settings, 0.0);
  for (size_t a = 0; a < elements; ++a) {
    for (Setting s = 0; s < settings; ++s) {
      if ((s & bit_of(a)) != 0) continue;
      // |s|! (n − |s| − 1)! ÷ n!
      const auto size = static_cast<double>(std::popcount(s));
      const auto n = static_cast<double>(elements);
      const double weight = std::exp(log_gamma(size + 1) + log_gamma(n - size) - log_gamma(n + 1));
      weights[a * settings + (s | bit_of(a))] += weight;
      weights[a * settings + s] -= weight;
    }
  }
  return weights;
}

std::vector<ElementNumbers> element_numbers(std::span<const double> values,
                                            std::span<const double> log_values, size_t elements) {
  const Setting all = all_open(elements);
  const auto weights = shapley_weights(elements);
  const double total = values[all] - values[0], log_total = log_values[all] - log_values[0];
  std::vector<ElementNumbers> numbers(elements);
  for (size_t a = 0; a < elements; ++a) {
    numbers[a].loss = (values[all] - values[all & ~bit_of(a)]) / total;
    numbers[a].gain = (values[bit_of(a)] - values[0]) / total;
    for (size_t s = 0; s < values.size(); ++s) {
      numbers[a].shapley += weights[a * values.size() + s] * values[s] / total;
      numbers[a].shapley_log += weights[a * values.size() + s] * log_values[s] / log_total;
    }
  }
  return numbers;
}

double hidden_share(std::span<const double> values, size_t elements) {
  const auto parts = hidden_parts(values, elements);
  return parts.total != 0 ? parts.numerator / parts.total : kNaN;
}

}  // namespace grids::core
