/// Coordinate descent over subsets (paper, section 3.2, first update rule): visit the members in
/// turn; rank all replacements by the transition values of Eq. 14; evaluate the best few exactly;
/// replace the member by the best of them.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "base/context.hpp"
#include "base/described.hpp"
#include "search/objective.hpp"
#include "search/starts.hpp"

namespace grids::core {

enum class SearchRule : uint8_t {
  /// Members are no candidates, and a member stays unless a candidate is strictly better: on fixed
  /// cells the value never rises.
  kMonotone,
  /// Of the published code: members are candidates (so the subset can shrink), and the best
  /// candidate replaces the member even if it is worse; runs all steps and keeps the last subset.
  kPublished,
};

struct SearchStep {
  int64_t step = 0;
  size_t coordinate = 0;
  Feature out = kNoFeature;  ///< the member that was visited
  Feature in = kNoFeature;   ///< what took its place; the same feature when it stayed
  double value = 0;          ///< of the subset after the step, over the cells of the step
};

struct SearchOptions {
  /// L, the members of the subset.
  int64_t set_size = 10;
  /// k, the candidates evaluated exactly in each step. Larger values cost time in proportion and
  /// miss fewer improvements.
  int64_t candidates = 32;
  /// Steps after which the search stops even if it still improves; 0 = 50 for each member (the
  /// published 500 for L = 10). Reaching it is told by `local_optimum` = false.
  int64_t max_steps = 0;
  /// Cells drawn for each step; 0 = all. Batches are faster on many cells and noisier; what is kept
  /// is the best subset on all cells, and the end is checked on all cells.
  int64_t batch_size = 0;
  SearchRule rule = SearchRule::kMonotone;
  /// Starts, of which those after the first are random; the best result is kept.
  int64_t restarts = 1;
  /// Keys the random numbers together with the seed: the same stream gives the same result whatever
  /// else is searched.
  uint64_t stream = 0;
  /// Where the first start begins; empty = see `informed_start`.
  std::vector<Feature> initial = {};
  /// Whether the first start without `initial` is that of informed_start (starts.hpp), within the
  /// budget; else it is random.
  bool informed_start = false;
  /// Is told of each step of each start as it is done, with the coordinates after it, by the thread
  /// that searches; may be empty. Nothing depends on it.
  std::function<void(const SearchStep& step, std::span<const Feature> coordinates)> on_step = {};

  void describe(OptionSet& set);
};

struct SearchResult {
  /// The members by how much dropping each alone would raise the value, largest first.
  std::vector<Feature> subset;
  std::vector<double> costs;  ///< of these, by how much
  double value = 0;           ///< over all cells
  /// No replacement of any one member lowers the value: by any of its k candidates of Eq. 14, nor,
  /// under the monotone rule, by any of the k best where nothing is masked; nor of the weakest one
  /// by any of 4 k candidates of Eq. 14.
  bool local_optimum = false;
  /// The objective's budget did not afford another step.
  bool budget_spent = false;
  int64_t steps = 0;
  int64_t evaluations = 0;        ///< as `Objective` counts them, of all starts
  std::vector<SearchStep> trace;  ///< of the start that was kept
};

/// One visit of a member.
struct CoordinateStep {
  std::vector<Feature> candidates;  ///< best transition value first; kMonotone: the member last
  std::vector<double> values;       ///< exact, of each candidate
  size_t best = 0;                  ///< position of what takes the place
};

/// Where a search stands when it visits a member.
struct Visit {
  const MaskState& state;  ///< of the distinct members of `coordinates`
  double current = 0;      ///< its value; read by the monotone rule only
  std::span<const Feature> coordinates;
  size_t coordinate = 0;  ///< the member that is visited
};

/// `gains` are those of the state.
CoordinateStep coordinate_step(Objective& objective, const Visit& visit,
                               std::span<const double> gains, const SearchOptions& options);

/// The change of the set when a coordinate gets another feature (repeated members count once).
Edit edit_of(std::span<const Feature> coordinates, size_t coordinate, Feature replacement);

/// Keeps to the objective's budget, ranking the members included; a budget below what the first
/// value and the ranking cost is overdrawn by them. Throws Error(kUsage) for options that make no
/// sense, Error(kInput) when there are fewer allowed features than members.
SearchResult coordinate_descent(Objective& objective, const SearchOptions& options,
                                const Context& context);

/// The best result of `search`, called with each initial subset and its number; the first of
/// equals. Its evaluations are those of all starts. Throws as random_subset does.
SearchResult best_of_starts(
    Objective& objective, const SearchStarts& starts, const Context& context,
    const std::function<SearchResult(std::vector<Feature> initial, uint32_t start)>& search);

/// The members by how much dropping each alone raises the value, largest first, ties to the smaller
/// index.
struct RankedMembers {
  std::vector<Feature> members;
  std::vector<double> values;  ///< without each
};
RankedMembers rank_members(Objective& objective, const MaskState& state);

}  // namespace grids::core
