/// Hidden share, losses, gains and Shapley shares of values that are known for every setting.
#pragma once

#include <span>
#include <vector>

#include "redundancy/settings.hpp"

namespace grids::core {

struct ElementNumbers {
  double loss = 0;     ///< m_a
  double gain = 0;     ///< g_a
  double shapley = 0;  ///< share of R
  double shapley_log = 0;
};

/// N = R·H and R of rates (one a setting), and of their logs likewise.
struct HiddenParts {
  double numerator = 0;
  double total = 0;
};
HiddenParts hidden_parts(std::span<const double> values, size_t elements);

/// Loss, gain and Shapley share of each element; `log_values` gives shapley_log.
std::vector<ElementNumbers> element_numbers(std::span<const double> values,
                                            std::span<const double> log_values, size_t elements);

/// What a value by setting is to the share of an element: elements × settings, so that an element's
/// Shapley value is a sum over settings (Shapley 1953).
std::vector<double> shapley_weights(size_t elements);

/// N ÷ R; NaN where R is 0.
double hidden_share(std::span<const double> values, size_t elements);

}  // namespace grids::core
