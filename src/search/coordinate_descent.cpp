#include "search/coordinate_descent.hpp"

#include <algorithm>
#include <numeric>
#include <set>
#include <utility>

#include "base/at.hpp"

namespace grids::core {
namespace {

bool is_member(std::span<const Feature> coordinates, Feature feature) {
  return std::find(coordinates.begin(), coordinates.end(), feature) != coordinates.end();
}

std::vector<Feature> distinct(std::span<const Feature> coordinates) {
  const std::set<Feature> members(coordinates.begin(), coordinates.end());
  return {members.begin(), members.end()};
}

/// The `count` features with the lowest gains that are no members, best first.
std::vector<Feature> outsiders(const Objective& objective, std::span<const double> gains,
                               std::span<const Feature> coordinates, int64_t count) {
  auto features =
      lowest(gains, objective.allowed, count + static_cast<int64_t>(coordinates.size()));
  std::erase_if(features, [&](Feature feature) { return is_member(coordinates, feature); });
  if (static_cast<int64_t>(features.size()) > count) features.resize(at(count));
  return features;
}

/// Evaluates the candidates; under the monotone rule the member is the last of them.
CoordinateStep exact_step(Objective& objective, const Visit& visit, std::vector<Feature> candidates,
                          const SearchOptions& options) {
  const bool monotone = options.rule == SearchRule::kMonotone;
  const Feature member = visit.coordinates[visit.coordinate];
  std::vector<Edit> edits;
  edits.reserve(candidates.size());
  for (const Feature feature : candidates) {
    edits.push_back(edit_of(visit.coordinates, visit.coordinate, feature));
  }
  CoordinateStep step;
  step.candidates = std::move(candidates);
  step.values = values_after(objective, visit.state, edits);
  if (monotone) {
    step.candidates.push_back(member);
    step.values.push_back(visit.current);
    step.best = step.values.size() - 1;
  }
  for (size_t i = 0; i < step.values.size(); ++i) {
    const double difference = step.values[i] - step.values[step.best];
    const bool stays = step.candidates[step.best] == member && monotone;
    if (difference < 0 ||
        (difference == 0 && !stays && step.candidates[i] < step.candidates[step.best])) {
      step.best = i;
    }
  }
  return step;
}

/// Batches of positions: a shuffled deck, shuffled again when it runs out.
class Batches {
 public:
  Batches(int64_t cells, int64_t size, RandomStream random)
      : deck_(at(cells)), size_(at(std::min(size, cells))), random_(random) {
    std::iota(deck_.begin(), deck_.end(), 0);
    next_ = deck_.size();
  }

  std::vector<int32_t> draw() {
    if (next_ + size_ > deck_.size()) {
      random_.shuffle(std::span(deck_));
      next_ = 0;
    }
    const auto begin = deck_.begin() + static_cast<std::ptrdiff_t>(next_);
    std::vector<int32_t> batch(begin, begin + static_cast<std::ptrdiff_t>(size_));
    std::sort(batch.begin(), batch.end());
    next_ += size_;
    return batch;
  }

 private:
  std::vector<int32_t> deck_;
  size_t size_;
  size_t next_;
  RandomStream random_;
};

/// Candidates of the weakest member at the end, in multiples of k.
constexpr int64_t kWideLook = 4;

/// One start: its coordinates, and the best of them on all cells so far.
class Descent {
 public:
  Descent(Objective& objective, const SearchOptions& options, const Context& context,
          std::vector<Feature> initial, uint32_t start)
      : objective_(objective),
        options_(options),
        context_(context),
        coordinates_(std::move(initial)),
        start_(start),
        max_steps_(options.max_steps > 0 ? options.max_steps : 50 * options.set_size) {}

  SearchResult run() {
    const bool batches = options_.batch_size > 0 &&
                         options_.batch_size < static_cast<int64_t>(objective_.cells.size());
    if (options_.rule == SearchRule::kPublished) {
      published(batches);
    } else {
      // Steps for both looks over all cells are kept back for the end, where the local optimum is
      // checked.
      if (batches) on_batches(max_steps_ - 2 * options_.set_size - 1);
      on_all_cells();
    }
    return std::move(result_);
  }

 private:
  size_t coordinate() const {
    return at(result_.steps % static_cast<int64_t>(coordinates_.size()));
  }

  /// Replaces a coordinate and counts the step.
  void take(size_t i, Feature replacement, double value) {
    result_.trace.push_back({result_.steps, i, coordinates_[i], replacement, value});
    coordinates_[i] = replacement;
    ++result_.steps;
    if (options_.on_step) options_.on_step(result_.trace.back(), coordinates_);
  }

  /// What a step on so many cells costs at most, and what must be left for the end.
  int64_t step_cost(int64_t cells) const {
    return cells * (1 + options_.candidates + kGradientEvaluations);
  }
  int64_t end_cost() const { return objective_.cell_count() * (1 + options_.set_size); }
  bool affords_step(int64_t cells, int64_t besides = 0) {
    result_.budget_spent = !objective_.affords(step_cost(cells) + besides + end_cost());
    return !result_.budget_spent;
  }

  RandomStream batch_stream() const {
    // The upper half of the blocks: the lower one draws the initial subsets.
    return {context_.seed, Purpose::kSearch, options_.stream, start_ | 0x80000000u};
  }

  /// Looks at every member until no look finds a better swap: first at the candidates of Eq. 14,
  /// then at those of the gradient where nothing is masked; at last the weakest member is held
  /// against candidates of lower rank.
  void on_all_cells() {
    const auto state = begin(objective_, coordinates_);
    double current = value(objective_, *state);
    std::vector<double> current_gains;
    std::vector<Feature> unseen;
    const int64_t looked_twice = 2 * options_.set_size;
    int64_t unchanged = 0;
    while (result_.steps < max_steps_ && affords_step(objective_.cell_count())) {
      context_.check_cancelled();
      // As long as nothing changes, the gradient is that of the step before.
      if (current_gains.empty()) current_gains = gains(objective_, *state);
      if (unchanged == options_.set_size) unseen = second_candidates(current_gains);
      if (unchanged >= options_.set_size && unseen.empty()) unchanged = looked_twice;
      CoordinateStep step;
      size_t i = coordinate();
      if (unchanged < options_.set_size) {
        step = coordinate_step(objective_, {*state, current, coordinates_, i}, current_gains,
                               options_);
      } else if (unchanged < looked_twice) {
        step = exact_step(objective_, {*state, current, coordinates_, i}, unseen, options_);
      } else {
        if (!affords_wide_look()) break;
        i = weakest(*state);
        step = exact_step(objective_, {*state, current, coordinates_, i},
                          lower_candidates(current_gains), options_);
      }
      const Feature choice = step.candidates[step.best];
      const bool stays = choice == coordinates_[i];
      if (!stays) {
        state->apply(edit_of(coordinates_, i, choice));
        current_gains.clear();
      }
      current = step.values[step.best];
      take(i, choice, current);
      if (stays && unchanged == looked_twice) {
        result_.local_optimum = true;
        break;
      }
      unchanged = stays ? unchanged + 1 : 0;
    }
    finish(*state, current);
  }

  bool affords_wide_look() {
    const int64_t cost = (1 + kWideLook) * options_.candidates + options_.set_size;
    result_.budget_spent = !objective_.affords(objective_.cell_count() * cost + end_cost());
    return !result_.budget_spent;
  }

  /// The coordinate of the member whose drop costs least.
  size_t weakest(const MaskState& state) {
    const Feature member = rank_members(objective_, state).members.back();
    return at(std::find(coordinates_.begin(), coordinates_.end(), member) - coordinates_.begin());
  }

  /// The next best candidates after those of the first look.
  std::vector<Feature> lower_candidates(std::span<const double> current_gains) const {
    auto candidates =
        outsiders(objective_, current_gains, coordinates_, kWideLook * options_.candidates);
    const auto first = std::min<int64_t>(options_.candidates, std::ssize(candidates));
    candidates.erase(candidates.begin(), candidates.begin() + first);
    return candidates;
  }

  /// The best candidates where nothing is masked that are not among those by `current_gains`: what
  /// a member stands in for has no gradient beside it.
  std::vector<Feature> second_candidates(std::span<const double> current_gains) {
    if (unmasked_gains_.empty()) {
      unmasked_gains_ = gains(objective_, *begin(objective_, {}));
    }
    auto candidates = outsiders(objective_, unmasked_gains_, coordinates_, options_.candidates);
    const auto seen = outsiders(objective_, current_gains, coordinates_, options_.candidates);
    std::erase_if(candidates, [&](Feature feature) { return is_member(seen, feature); });
    return candidates;
  }

  /// Leaves the best subset on all cells in `coordinates_`. Ends early after a sweep in which no
  /// batch preferred a swap.
  void on_batches(int64_t steps) {
    Batches batches(static_cast<int64_t>(objective_.cells.size()), options_.batch_size,
                    batch_stream());
    const auto everywhere = begin(objective_, coordinates_);
    double best = value(objective_, *everywhere);
    auto best_coordinates = coordinates_;
    int64_t unchanged = 0;
    while (unchanged < options_.set_size && result_.steps < steps &&
           affords_step(options_.batch_size, objective_.cell_count())) {
      context_.check_cancelled();
      const size_t i = coordinate();
      const auto positions = batches.draw();
      Objective batch = objective_.on(positions);
      const auto state = everywhere->on(positions);
      const double current = value(batch, *state);
      const auto batch_gains = gains(batch, *state);
      const auto step =
          coordinate_step(batch, {*state, current, coordinates_, i}, batch_gains, options_);
      objective_.evaluations += batch.evaluations;
      const Feature choice = step.candidates[step.best];
      ++unchanged;
      if (choice != coordinates_[i]) {
        everywhere->apply(edit_of(coordinates_, i, choice));
        unchanged = 0;
      }
      take(i, choice, step.values[step.best]);
      if (unchanged > 0) continue;
      const double all = value(objective_, *everywhere);
      if (all < best) {
        best = all;
        best_coordinates = coordinates_;
      }
    }
    coordinates_ = best_coordinates;
  }

  void published(bool in_batches) {
    const auto cells = static_cast<int64_t>(objective_.cells.size());
    const int64_t batch_size = in_batches ? options_.batch_size : cells;
    Batches batches(cells, batch_size, batch_stream());
    while (result_.steps < max_steps_ && affords_step(batch_size)) {
      context_.check_cancelled();
      const size_t i = coordinate();
      Objective batch = objective_.on(batches.draw());
      const auto state = begin(batch, distinct(coordinates_));
      const auto batch_gains = gains(batch, *state);
      const auto step = coordinate_step(batch, {*state, 0, coordinates_, i}, batch_gains, options_);
      objective_.evaluations += batch.evaluations;
      take(i, step.candidates[step.best], step.values[step.best]);
    }
    const auto state = begin(objective_, distinct(coordinates_));
    finish(*state, value(objective_, *state));
  }

  void finish(const MaskState& state, double current) {
    result_.value = current;
    auto ranked = rank_members(objective_, state);
    result_.subset = std::move(ranked.members);
    result_.costs = std::move(ranked.values);
    for (double& cost : result_.costs) cost -= current;
  }

  Objective& objective_;
  const SearchOptions& options_;
  const Context& context_;
  std::vector<Feature> coordinates_;
  uint32_t start_;
  int64_t max_steps_;
  std::vector<double> unmasked_gains_;  ///< of the second look
  SearchResult result_;
};

}  // namespace

void SearchOptions::describe(OptionSet& set) {
  set.inner("set-size", set_size, at_least(1));
  set.value("--candidates", candidates, "Replacements evaluated exactly in a step", at_least(1));
  set.value("--max-steps", max_steps, "Most steps; 0 = 50 for each member of the set", at_least(0));
  set.value("--batch", batch_size, "Cells of a step; 0 = all that the set is learned on",
            at_least(0));
  set.choice<SearchRule>(
      "--rule", rule, {{"monotone", SearchRule::kMonotone}, {"published", SearchRule::kPublished}},
      "monotone = a member stays unless strictly beaten; published = the best candidate replaces "
      "it");
  set.value("--restarts", restarts, "Starts, all but the first random; the best result is kept",
            at_least(1));
  set.rule([this](Problems& problems) {
    if (initial.empty() || static_cast<int64_t>(initial.size()) == set_size) return;
    problems.add("the initial subset has {} features, L is {}", initial.size(), set_size);
  });
}

Edit edit_of(std::span<const Feature> coordinates, size_t coordinate, Feature replacement) {
  const Feature incumbent = coordinates[coordinate];
  Edit edit{incumbent, replacement};
  for (size_t i = 0; i < coordinates.size(); ++i) {
    if (i == coordinate) continue;
    if (coordinates[i] == incumbent) edit.out = kNoFeature;
    if (coordinates[i] == replacement) edit.in = kNoFeature;
  }
  return incumbent == replacement ? Edit{} : edit;
}

CoordinateStep coordinate_step(Objective& objective, const Visit& visit,
                               std::span<const double> gains, const SearchOptions& options) {
  // Within a row, d_j ranks those that are no members as T does.
  auto candidates = options.rule == SearchRule::kMonotone
                        ? outsiders(objective, gains, visit.coordinates, options.candidates)
                        : lowest(transition_row(gains, visit.coordinates, visit.coordinate),
                                 objective.allowed, options.candidates);
  return exact_step(objective, visit, std::move(candidates), options);
}

SearchResult coordinate_descent(Objective& objective, const SearchOptions& options,
                                const Context& context) {
  validate(options, "search");
  return best_of_starts(
      objective,
      {options.set_size, options.restarts, options.stream, options.initial, options.informed_start},
      context, [&](std::vector<Feature> initial, uint32_t start) {
        return Descent(objective, options, context, std::move(initial), start).run();
      });
}

SearchResult best_of_starts(
    Objective& objective, const SearchStarts& starts, const Context& context,
    const std::function<SearchResult(std::vector<Feature> initial, uint32_t start)>& search) {
  const int64_t evaluations_before = objective.evaluations;
  SearchResult best;
  bool spent = false;
  for (uint32_t start = 0; start < static_cast<uint32_t>(starts.restarts) && !spent; ++start) {
    auto initial = initial_subset(objective, starts, context, start);
    auto result = search(std::move(initial), start);
    spent = result.budget_spent;
    if (start == 0 || result.value < best.value) best = std::move(result);
  }
  best.evaluations = objective.evaluations - evaluations_before;
  best.budget_spent = spent;
  return best;
}

RankedMembers rank_members(Objective& objective, const MaskState& state) {
  const std::vector<Feature> members(state.subset().begin(), state.subset().end());
  std::vector<Edit> drops;
  drops.reserve(members.size());
  for (const Feature member : members) drops.push_back({member, kNoFeature});
  const auto without = values_after(objective, state, drops);
  std::vector<size_t> order(members.size());
  std::iota(order.begin(), order.end(), 0u);
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return without[a] > without[b]; });
  RankedMembers ranked;
  for (const size_t i : order) {
    ranked.members.push_back(members[i]);
    ranked.values.push_back(without[i]);
  }
  return ranked;
}

}  // namespace grids::core
