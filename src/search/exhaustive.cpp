#include "search/exhaustive.hpp"

#include <limits>

#include "base/error.hpp"

namespace grids::core {
namespace {

constexpr double kMostSubsets = 1e6;

double binomial(int64_t n, int64_t k) {
  double count = 1;
  for (int64_t i = 0; i < k; ++i) count *= static_cast<double>(n - i) / static_cast<double>(i + 1);
  return count;
}

/// The next combination of positions below `n` in lexicographic order, or false after the last.
bool advance(std::vector<size_t>& positions, size_t n) {
  const size_t k = positions.size();
  for (size_t i = k; i-- > 0;) {
    if (positions[i] < n - k + i) {
      ++positions[i];
      for (size_t j = i + 1; j < k; ++j) positions[j] = positions[j - 1] + 1;
      return true;
    }
  }
  return false;
}

}  // namespace

ExhaustiveResult exhaustive_search(Objective& objective, int64_t set_size, const Context& context) {
  const auto allowed = static_cast<int64_t>(objective.allowed.size());
  if (set_size < 1 || set_size > allowed) {
    throw input_error("subsets of L = {} of {} features", set_size, allowed);
  }
  if (binomial(allowed, set_size) > kMostSubsets) {
    throw input_error("{} features have too many subsets of {} to try them all", allowed, set_size);
  }
  std::vector<size_t> positions(static_cast<size_t>(set_size));
  for (size_t i = 0; i < positions.size(); ++i) positions[i] = i;
  ExhaustiveResult best;
  best.value = std::numeric_limits<double>::infinity();
  std::vector<Feature> subset(positions.size());
  do {
    context.check_cancelled();
    for (size_t i = 0; i < positions.size(); ++i) subset[i] = objective.allowed[positions[i]];
    const double current = value(objective, *begin(objective, subset));
    if (current < best.value) best = {subset, current};
  } while (advance(positions, objective.allowed.size()));
  return best;
}

}  // namespace grids::core
