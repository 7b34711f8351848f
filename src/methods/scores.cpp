#include "methods/scores.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <mutex>
#include <utility>

#include "base/indices.hpp"
#include "base/random.hpp"

namespace grids::core {
namespace {

/// Of the stream that draws cells: no cell of its own.
constexpr uint32_t kCellDraws = 0xffffffff;

/// Sums over cells in the order of their positions, whichever thread comes first.
class OrderedSums {
 public:
  explicit OrderedSums(std::span<double> sums) : sums_(sums) {}

  void add(size_t position, std::span<const Feature> features, std::span<const float> gains) {
    const std::lock_guard lock(mutex_);
    waiting_[position] = {{features.begin(), features.end()}, {gains.begin(), gains.end()}};
    while (!waiting_.empty() && waiting_.begin()->first == next_) {
      const Cell& cell = waiting_.begin()->second;
      for (size_t i = 0; i < cell.features.size(); ++i) {
        sums_[static_cast<size_t>(cell.features[i])] += std::abs(double{cell.gains[i]});
      }
      waiting_.erase(waiting_.begin());
      ++next_;
    }
  }

 private:
  struct Cell {
    std::vector<Feature> features;
    std::vector<float> gains;
  };

  std::span<double> sums_;
  std::mutex mutex_;
  std::map<size_t, Cell> waiting_;
  size_t next_ = 0;
};

}  // namespace

int64_t evaluations_left(const Objective& objective) {
  return std::max<int64_t>(0, objective.budget - objective.evaluations - objective.cell_count());
}

std::vector<int32_t> some_cells(const Objective& objective, int64_t count, uint64_t stream,
                                const Context& context) {
  auto positions = indices_below(objective.cell_count());
  if (count >= objective.cell_count()) return positions;
  RandomStream random(context.seed, Purpose::kMethods, stream, kCellDraws);
  random.shuffle(std::span(positions));
  positions.resize(static_cast<size_t>(std::max<int64_t>(0, count)));
  std::sort(positions.begin(), positions.end());
  return positions;
}

bool on_affordable_cells(Objective& objective, int64_t cost, uint64_t stream,
                         const Context& context, const std::function<void(Objective&)>& work) {
  const int64_t cells = evaluations_left(objective) / cost;
  if (cells >= objective.cell_count()) {
    work(objective);
    return true;
  }
  if (cells == 0) return false;
  Objective part = objective.on(some_cells(objective, cells, stream, context));
  work(part);
  objective.evaluations += part.evaluations;
  return false;
}

void add_absolute_gains(Objective& objective, const GradientState& state, std::span<double> sums) {
  OrderedSums ordered(sums);
  cell_gains(objective, state,
             [&](size_t position, std::span<const Feature> features, std::span<const float> gains) {
               ordered.add(position, features, gains);
             });
}

std::vector<Feature> highest(std::span<const double> scores, const Objective& objective,
                             int64_t count) {
  std::vector<double> negated(scores.size());
  std::transform(scores.begin(), scores.end(), negated.begin(), std::negate<>());
  return lowest(negated, objective.allowed, count);
}

Explanation conclude(Objective& objective, std::vector<Feature> ranked, int64_t before,
                     bool budget_spent, const ScoredFeatures& scored) {
  Explanation explanation;
  for (const Feature feature : ranked) {
    if (scored.scores.empty()) break;
    const auto j = static_cast<size_t>(feature);
    FeatureScore score{.score = scored.scores[j]};
    if (!scored.low.empty()) score = {score.score, scored.low[j], scored.high[j]};
    explanation.scores.push_back(score);
  }
  explanation.objective = value(objective, *begin(objective, ranked));
  explanation.subset = std::move(ranked);
  explanation.evaluations = objective.evaluations - before;
  explanation.budget_spent = budget_spent;
  return explanation;
}

}  // namespace grids::core
