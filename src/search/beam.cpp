#include "search/beam.hpp"

#include <algorithm>
#include <set>
#include <tuple>
#include <utility>

namespace grids::core {
namespace {

/// Swaps evaluated between two looks at whether the user wants to stop.
constexpr size_t kSwapsAtOnce = 2048;

using Subset = std::vector<Feature>;  // ascending

Subset swapped(const Subset& subset, Edit edit) {
  Subset result = subset;
  std::erase(result, edit.out);
  result.insert(std::lower_bound(result.begin(), result.end(), edit.in), edit.in);
  return result;
}

std::vector<Feature> best_additions(std::span<const double> gains, const Subset& subset,
                                    std::span<const Feature> allowed, int64_t count) {
  auto features = lowest(gains, allowed, count + static_cast<int64_t>(subset.size()));
  std::erase_if(features, [&](Feature feature) {
    return std::binary_search(subset.begin(), subset.end(), feature);
  });
  if (static_cast<int64_t>(features.size()) > count) features.resize(static_cast<size_t>(count));
  return features;
}

/// A subset of the beam.
struct Entry {
  Subset subset;
  double value = 0;
  bool is_expanded = false;
  SearchStep made_by;  ///< the swap; no features for the start

  bool operator<(const Entry& other) const {
    return std::tie(value, subset) < std::tie(other.value, other.subset);
  }
};

/// One start.
class Beam {
 public:
  Beam(Objective& objective, const BeamOptions& options, const Context& context, Subset initial)
      : objective_(objective),
        options_(options),
        context_(context),
        max_steps_(options.max_steps > 0 ? options.max_steps : 50 * options.set_size) {
    std::sort(initial.begin(), initial.end());
    Entry start;
    start.value = value(objective_, *begin(objective_, initial));
    start.subset = std::move(initial);
    entries_.push_back(std::move(start));
  }

  SearchResult run() {
    while (result_.steps < max_steps_ && affords_step()) {
      context_.check_cancelled();
      const auto open = std::find_if(entries_.begin(), entries_.end(),
                                     [](const Entry& entry) { return !entry.is_expanded; });
      const Subset best = entries_.front().subset;
      if (open != entries_.end()) {
        expand_all();
      } else if (!escape()) {
        result_.local_optimum = true;
        break;
      }
      SearchStep step;
      if (entries_.front().subset != best) step = entries_.front().made_by;
      step.step = result_.steps++;
      step.value = entries_.front().value;
      result_.trace.push_back(step);
    }
    result_.value = entries_.front().value;
    result_.subset = rank_members(objective_, *begin(objective_, entries_.front().subset)).members;
    return std::move(result_);
  }

 private:
  /// The next step at most, and the ranks of the members.
  bool affords_step() {
    const auto closed = std::count_if(entries_.begin(), entries_.end(),
                                      [](const Entry& entry) { return entry.is_expanded; });
    const auto open = static_cast<int64_t>(entries_.size()) - closed;
    const int64_t swaps =
        open > 0 ? open * options_.candidates : options_.set_size * options_.candidates;
    const int64_t cost = swaps + std::max<int64_t>(open, 1) * kGradientEvaluations;
    result_.budget_spent =
        !objective_.affords(objective_.cell_count() * (cost + options_.set_size));
    return !result_.budget_spent;
  }

  /// Changes every subset that has not been changed yet, and keeps the best.
  void expand_all() {
    std::set<Subset> seen;
    for (const Entry& entry : entries_) seen.insert(entry.subset);
    std::vector<Entry> changed;
    for (Entry& entry : entries_) {
      if (entry.is_expanded) continue;
      entry.is_expanded = true;
      const auto state = begin(objective_, entry.subset);
      auto edits = best_swaps(gains(objective_, *state), entry.subset, objective_.allowed,
                              options_.candidates);
      std::erase_if(edits,
                    [&](Edit edit) { return !seen.insert(swapped(entry.subset, edit)).second; });
      evaluate(*state, entry, edits, changed);
    }
    keep(std::move(changed));
  }

  /// Every member of the best subset against the best features: whether one of the swaps is better
  /// and has entered the beam.
  bool escape() {
    const Entry best = entries_.front();
    const auto state = begin(objective_, best.subset);
    const auto features = best_additions(gains(objective_, *state), best.subset, objective_.allowed,
                                         options_.candidates);
    std::vector<Edit> edits;
    for (const Feature out : best.subset) {
      for (const Feature in : features) edits.push_back({out, in});
    }
    std::vector<Entry> changed;
    evaluate(*state, best, edits, changed);
    std::erase_if(changed, [&](const Entry& entry) { return entry.value >= best.value; });
    if (changed.empty()) return false;
    keep(std::move(changed));
    return true;
  }

  void evaluate(const MaskState& state, const Entry& from, std::span<const Edit> edits,
                std::vector<Entry>& changed) {
    for (size_t first = 0; first < edits.size(); first += kSwapsAtOnce) {
      context_.check_cancelled();
      const auto part = edits.subspan(first, std::min(kSwapsAtOnce, edits.size() - first));
      const auto values = values_after(objective_, state, part);
      for (size_t i = 0; i < part.size(); ++i) {
        Entry entry;
        entry.subset = swapped(from.subset, part[i]);
        entry.value = values[i];
        const auto place = std::lower_bound(from.subset.begin(), from.subset.end(), part[i].out);
        entry.made_by.coordinate = static_cast<size_t>(place - from.subset.begin());
        entry.made_by.out = part[i].out;
        entry.made_by.in = part[i].in;
        changed.push_back(std::move(entry));
      }
    }
  }

  void keep(std::vector<Entry> changed) {
    for (Entry& entry : changed) entries_.push_back(std::move(entry));
    std::sort(entries_.begin(), entries_.end());
    if (entries_.size() > static_cast<size_t>(options_.width)) {
      entries_.resize(static_cast<size_t>(options_.width));
    }
  }

  Objective& objective_;
  const BeamOptions& options_;
  const Context& context_;
  int64_t max_steps_;
  std::vector<Entry> entries_;  ///< best first
  SearchResult result_;
};

}  // namespace

void BeamOptions::describe(OptionSet& set) {
  set.inner("set-size", set_size, at_least(1));
  set.inner("candidates", candidates, at_least(1));
  set.inner("max-steps", max_steps, at_least(0));
  set.inner("restarts", restarts, at_least(1));
  set.value("--beam-width", width, "Sets kept in a step", at_least(1));
  set.rule([this](Problems& problems) {
    if (initial.empty() || static_cast<int64_t>(initial.size()) == set_size) return;
    problems.add("the initial subset has {} features, L is {}", initial.size(), set_size);
  });
}

std::vector<Edit> best_swaps(std::span<const double> gains, std::span<const Feature> subset,
                             std::span<const Feature> allowed, int64_t count) {
  const Subset members(subset.begin(), subset.end());
  // The best sums of two terms use none but the best of either term.
  const auto additions = best_additions(gains, members, allowed, count);
  struct Swap {
    double transition;
    Edit edit;
  };
  std::vector<Swap> swaps;
  for (const Feature in : additions) {
    for (const Feature out : members) {
      const double transition = gains[static_cast<size_t>(in)] - gains[static_cast<size_t>(out)];
      swaps.push_back({transition, {out, in}});
    }
  }
  const auto end = swaps.begin() + std::min<int64_t>(count, static_cast<int64_t>(swaps.size()));
  std::partial_sort(swaps.begin(), end, swaps.end(), [](const Swap& a, const Swap& b) {
    return std::tie(a.transition, a.edit.in, a.edit.out) <
           std::tie(b.transition, b.edit.in, b.edit.out);
  });
  std::vector<Edit> edits;
  for (auto swap = swaps.begin(); swap != end; ++swap) edits.push_back(swap->edit);
  return edits;
}

SearchResult beam_search(Objective& objective, const BeamOptions& options, const Context& context) {
  validate(options, "search");
  return best_of_starts(
      objective,
      {options.set_size, options.restarts, options.stream, options.initial, options.informed_start},
      context, [&](std::vector<Feature> initial, uint32_t) {
        return Beam(objective, options, context, std::move(initial)).run();
      });
}

}  // namespace grids::core
