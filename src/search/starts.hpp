/// Where searches over subsets begin.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/context.hpp"
#include "base/random.hpp"
#include "search/objective.hpp"

namespace grids::core {

/// The starts of a search; the fields are those of SearchOptions.
struct SearchStarts {
  int64_t set_size = 0;
  int64_t restarts = 1;
  uint64_t stream = 0;
  std::span<const Feature> initial;
  bool informed = false;
};

/// The subset of start number `start`: the first is `initial` if there is one, else, if asked for
/// and within the budget, informed_start; all others are random. Throws as random_subset does.
std::vector<Feature> initial_subset(Objective& objective, const SearchStarts& starts,
                                    const Context& context, uint32_t start);

/// `count` distinct features of `allowed`, uniformly. Throws Error(kInput) when there are fewer.
std::vector<Feature> random_subset(std::span<const Feature> allowed, int64_t count,
                                   RandomStream random);

/// The best, by its exact value, of four subsets of `count` allowed features, ties to the first:
///
/// - *near*: those with the lowest d_j where nothing is masked. It names every member of a set that
///   is needed jointly; members of a set of which any one suffices have no gradient there.
/// - *far*: those with the lowest d_j where every allowed feature is masked: each of those of which
///   any one suffices restores the value, and of those that are needed jointly none. Of a model
///   that was fitted to cells it may say little, since no cell looks like that.
/// - *pooled*: near and far together are masked, and those are kept whose return would cost most.
///   So features that stand in for one another stay beside others that far does not name.
/// - *grown*: one member after the other, each the best, by its exact value, of eight with the
///   lowest d_j beside those that are masked already. It sees that a strong member makes another
///   one needless, or needed, where the three above rank every feature once.
///
/// The weakest member comes first, since a search visits the members in their order: exchanging the
/// strong ones first would undo the start.
/// Throws Error(kInput) when there are fewer features.
std::vector<Feature> informed_start(Objective& objective, int64_t count);

/// Evaluations a cell that informed_start takes at most.
int64_t informed_start_evaluations(int64_t count);

/// Throws Error(kInput) when fewer than `count` features may be masked.
void require_features(std::span<const Feature> allowed, int64_t count);

}  // namespace grids::core
