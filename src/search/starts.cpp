#include "search/starts.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "base/at.hpp"
#include "base/error.hpp"
#include "search/coordinate_descent.hpp"

namespace grids::core {
namespace {

std::vector<Feature> lowest_gains(Objective& objective, std::span<const Feature> masked,
                                  int64_t count) {
  const auto state = begin(objective, masked);
  return lowest(gains(objective, *state), objective.allowed, count);
}

/// Candidates of each step of the grown subset.
constexpr int64_t kGrowingCandidates = 8;

/// Member by member: of the candidates with the lowest gains beside those that are masked already,
/// the one with the lowest value. The strongest first.
std::vector<Feature> grown_subset(Objective& objective, int64_t count) {
  const auto state = begin(objective, {});
  for (int64_t members = 0; members < count; ++members) {
    auto candidates =
        lowest(gains(objective, *state), objective.allowed, kGrowingCandidates + members);
    const auto subset = state->subset();
    std::erase_if(candidates, [&](Feature feature) {
      return std::binary_search(subset.begin(), subset.end(), feature);
    });
    candidates.resize(std::min(candidates.size(), at(kGrowingCandidates)));
    std::vector<Edit> additions;
    additions.reserve(candidates.size());
    for (const Feature feature : candidates) additions.push_back({kNoFeature, feature});
    const auto values = values_after(objective, *state, additions);
    const auto best = std::min_element(values.begin(), values.end()) - values.begin();
    state->apply(additions[at(best)]);
  }
  return rank_members(objective, *state).members;
}

}  // namespace

std::vector<Feature> initial_subset(Objective& objective, const SearchStarts& starts,
                                    const Context& context, uint32_t start) {
  if (start == 0 && !starts.initial.empty()) {
    return {starts.initial.begin(), starts.initial.end()};
  }
  // A value and the ranks of the members follow in any case.
  const int64_t cost = informed_start_evaluations(starts.set_size) + 1 + starts.set_size;
  if (start == 0 && starts.informed && objective.affords(objective.cell_count() * cost)) {
    return informed_start(objective, starts.set_size);
  }
  return random_subset(objective.allowed, starts.set_size,
                       {context.seed, Purpose::kSearch, starts.stream, start});
}

std::vector<Feature> random_subset(std::span<const Feature> allowed, int64_t count,
                                   RandomStream random) {
  require_features(allowed, count);
  std::vector<Feature> deck(allowed.begin(), allowed.end());
  for (int64_t i = 0; i < count; ++i) {
    const auto rest = static_cast<uint32_t>(deck.size() - at(i));
    std::swap(deck[at(i)], deck[at(i) + random.below(rest)]);
  }
  deck.resize(at(count));
  return deck;
}

std::vector<Feature> informed_start(Objective& objective, int64_t count) {
  require_features(objective.allowed, count);
  auto near = lowest_gains(objective, {}, count);
  auto far = lowest_gains(objective, objective.allowed, count);
  std::vector<Feature> pool = near;
  pool.insert(pool.end(), far.begin(), far.end());
  std::sort(pool.begin(), pool.end());
  pool.erase(std::unique(pool.begin(), pool.end()), pool.end());
  auto pooled = rank_members(objective, *begin(objective, pool)).members;
  pooled.resize(at(count));

  std::array<std::vector<Feature>, 4> subsets = {std::move(near), std::move(far), std::move(pooled),
                                                 grown_subset(objective, count)};
  size_t best = 0;
  double lowest_value = 0;
  for (size_t i = 0; i < subsets.size(); ++i) {
    const double of_subset = value(objective, *begin(objective, subsets[i]));
    if (i > 0 && of_subset >= lowest_value) continue;
    best = i;
    lowest_value = of_subset;
  }
  std::reverse(subsets[best].begin(), subsets[best].end());  // each was ranked best first
  return std::move(subsets[best]);
}

int64_t informed_start_evaluations(int64_t count) {
  const int64_t grown = count * (kGradientEvaluations + kGrowingCandidates + 1);
  return 2 * kGradientEvaluations + 2 * count + grown + 4;
}

void require_features(std::span<const Feature> allowed, int64_t count) {
  if (count > static_cast<int64_t>(allowed.size())) {
    throw input_error("a subset of L = {} was asked for, but only {} features may be masked", count,
                      allowed.size());
  }
}

}  // namespace grids::core
