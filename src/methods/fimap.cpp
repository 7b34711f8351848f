#include "methods/fimap.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <mutex>
#include <numeric>

#include "base/at.hpp"
#include "base/random.hpp"
#include "methods/nets/gate_network.hpp"
#include "methods/nets/gate_samples.hpp"
#include "methods/scores.hpp"

namespace grids::core {
namespace {

constexpr double kFirstTemperature = 1;
constexpr double kLastTemperature = 0.1;
/// Every gate starts half open, where its gradient is largest.
constexpr float kFirstLogit = 0;
/// Close enough to L gates: a share of L, or half a gate.
constexpr double kSizeTolerance = 0.1;
/// From one weight to the next until L lies between two of them.
constexpr double kBracketFactor = 4;
/// Fewer steps of a round teach nothing.
constexpr int64_t kUsefulSteps = 50;
/// Of the streams that draw weights and batches: no cells.
constexpr uint32_t kWeightDraws = 0xffffffff;
constexpr uint32_t kBatchDraws = 0xfffffffe;

/// −log of the probability that a gate of this logit stays closed.
double evidence_open(double logit) {
  return std::max(logit, 0.0) + std::log1p(std::exp(-std::abs(logit)));
}

/// The features of each cell that a mask may change, and the same numbered from 0 on, those that
/// differ in no cell left out.
struct CellFeatures {
  std::vector<std::vector<Feature>> features;
  std::vector<std::vector<int32_t>> numbers;
  std::vector<Feature> feature_of;
};

CellFeatures find_features(const Objective& objective, ThreadPool& pool) {
  CellFeatures found;
  found.features.resize(objective.cells.size());
  found.numbers.resize(objective.cells.size());
  std::vector<uint8_t> allowed(at(objective.model->shape().features), 0);
  for (const Feature j : objective.allowed) allowed[at(j)] = 1;
  pool.for_each(objective.cell_count(), [&](int64_t i) {
    auto own = objective.model->differing(objective.cells[at(i)]);
    std::erase_if(own, [&](Feature j) { return allowed[at(j)] == 0; });
    found.features[at(i)] = std::move(own);
  });
  std::vector<int32_t> number(allowed.size(), -1);
  for (const auto& own : found.features) {
    for (const Feature j : own) number[at(j)] = 0;
  }
  for (size_t j = 0; j < number.size(); ++j) {
    if (number[j] < 0) continue;
    number[j] = static_cast<int32_t>(found.feature_of.size());
    found.feature_of.push_back(static_cast<Feature>(j));
  }
  for (size_t i = 0; i < found.features.size(); ++i) {
    for (const Feature j : found.features[i]) found.numbers[i].push_back(number[at(j)]);
  }
  return found;
}

/// Where to begin: the weight at which L gates a cell would open were the objective linear, on the
/// objective's scale. Counts a gradient.
double first_weight(Objective& objective, int64_t members) {
  const auto state = begin(objective, {});
  std::vector<float> losses;
  std::mutex mutex;
  cell_gains(objective, *state,
             [&](size_t, std::span<const Feature>, std::span<const float> gains) {
               const std::lock_guard lock(mutex);
               for (const float gain : gains) {
                 if (gain < 0) losses.push_back(-gain);
               }
             });
  const auto cells = static_cast<double>(objective.cell_count());
  const double scale = std::abs(loss_value(objective.loss, state->outputs()));
  if (losses.empty()) return std::max(1e-3 * scale, 1e-12);
  const auto rank = std::min(losses.size() - 1, at(members * objective.cell_count()));
  const auto place = losses.begin() + static_cast<std::ptrdiff_t>(rank);
  std::nth_element(losses.begin(), place, losses.end(), std::greater<>());
  return std::max(cells * double{*place}, 1e-6 * scale);
}

/// Gates of one cell.
struct Sample {
  std::vector<uint32_t> words;
  std::vector<float> gates, slopes;

  void draw(std::span<const float> logits, RandomStream& random, double temperature) {
    words.resize(logits.size());
    gates.resize(logits.size());
    slopes.resize(logits.size());
    random.fill(words);
    sample_gates(words, logits, static_cast<float>(temperature), gates, slopes);
  }
};

/// One round: a fresh network trained with one weight.
class Round {
 public:
  Round(Objective& objective, const CellFeatures& cells, const FimapOptions& options, uint64_t seed,
        const Context& context)
      : objective_(objective),
        cells_(cells),
        options_(options),
        seed_(seed),
        context_(context),
        network_(static_cast<int64_t>(cells.feature_of.size()), kFirstLogit,
                 RandomStream(seed, Purpose::kMethods, 0, kWeightDraws)),
        order_(objective.cells.size()) {
    std::iota(order_.begin(), order_.end(), 0);
  }

  void train(int64_t steps, double weight) {
    for (int64_t step = 0; step < steps; ++step) {
      context_.check_cancelled();
      const double share =
          steps > 1 ? static_cast<double>(step) / static_cast<double>(steps - 1) : 1;
      const double temperature =
          kFirstTemperature * std::pow(kLastTemperature / kFirstTemperature, share);
      take_step(step, weight, temperature);
    }
  }

  /// Fills the scores of the numbered features; returns the mean number of open gates.
  double read(std::vector<double>& scores) const {
    scores.assign(cells_.feature_of.size(), 0.0);
    const auto count = static_cast<int64_t>(cells_.numbers.size());
    std::vector<GateNetwork::Cell> read(at(count));
    context_.pool.for_each(count, [&](int64_t i) {
      read[at(i)].features = cells_.numbers[at(i)];
      network_.forward(read[at(i)]);
    });
    int64_t open = 0;
    for (const auto& cell : read) {
      for (size_t k = 0; k < cell.features.size(); ++k) {
        scores[at(cell.features[k])] +=
            evidence_open(double{cell.logits[k]}) / static_cast<double>(count);
        if (cell.logits[k] > 0) ++open;
      }
    }
    return static_cast<double>(open) / static_cast<double>(count);
  }

 private:
  /// Cells without replacement, in a fresh order whenever too few are left.
  std::vector<int32_t> next_batch(int64_t step) {
    const auto size = std::min(at(options_.batch), order_.size());
    if (next_ == 0 || next_ + size > order_.size()) {
      RandomStream random(seed_, Purpose::kMethods, static_cast<uint64_t>(step), kBatchDraws);
      random.shuffle(std::span(order_));
      next_ = 0;
    }
    std::vector<int32_t> batch(order_.begin() + static_cast<std::ptrdiff_t>(next_),
                               order_.begin() + static_cast<std::ptrdiff_t>(next_ + size));
    next_ += size;
    std::sort(batch.begin(), batch.end());
    return batch;
  }

  void take_step(int64_t step, double weight, double temperature) {
    const auto batch = next_batch(step);
    const auto count = static_cast<int64_t>(batch.size());
    networks_.resize(batch.size());
    samples_.resize(batch.size());
    context_.pool.for_each(count, [&](int64_t i) {
      const int32_t position = batch[at(i)];
      networks_[at(i)].features = cells_.numbers[at(position)];
      network_.forward(networks_[at(i)]);
      RandomStream random(seed_, Purpose::kMethods, static_cast<uint64_t>(step),
                          static_cast<uint32_t>(position));
      samples_[at(i)].draw(networks_[at(i)].logits, random, temperature);
    });
    std::vector<CellGates> gated;
    for (size_t i = 0; i < batch.size(); ++i) {
      gated.push_back({cells_.features[at(batch[i])], samples_[i].gates});
    }
    Objective part = objective_.on(batch);
    const auto state = part.model->begin_relaxed(part.cells, part.outputs, gated);
    const auto penalty = static_cast<float>(weight / static_cast<double>(count));
    cell_gains(part, *state,
               [&](size_t i, std::span<const Feature> told, std::span<const float> gains) {
                 const auto& own = gated[i].features;
                 auto& gradients = networks_[i].logit_gradients;
                 gradients.resize(own.size());
                 size_t next = 0;
                 for (size_t k = 0; k < own.size(); ++k) {
                   while (told[next] < own[k]) ++next;  // those that differ, whether allowed or not
                   gradients[k] = (gains[next] + penalty) * samples_[i].slopes[k];
                 }
               });
    objective_.evaluations += part.evaluations;
    network_.learn(networks_, step + 1, {options_.rate}, context_.pool);
  }

  Objective& objective_;
  const CellFeatures& cells_;
  const FimapOptions& options_;
  uint64_t seed_;
  const Context& context_;
  GateNetwork network_;
  std::vector<int32_t> order_;
  size_t next_ = 0;
  std::vector<GateNetwork::Cell> networks_;  ///< of the batch; room that is kept
  std::vector<Sample> samples_;              ///< likewise
};

/// What the budget pays for.
struct Plan {
  int64_t rounds = 0;
  int64_t steps = 0;
  bool reduced = false;
};

Plan plan_of(const Objective& objective, const FimapOptions& options) {
  const int64_t gradient = kGradientEvaluations * objective.cell_count();
  const int64_t step = kGradientEvaluations * std::min(options.batch, objective.cell_count());
  const int64_t affordable =
      std::max<int64_t>(0, evaluations_left(objective) - gradient) / std::max<int64_t>(1, step);
  Plan plan{options.rounds, options.steps, false};
  if (affordable >= plan.rounds * plan.steps) return plan;
  plan.reduced = true;
  const int64_t useful = std::min(options.steps, kUsefulSteps);
  plan.rounds = std::clamp<int64_t>(affordable / useful, 1, options.rounds);
  plan.steps = std::min(options.steps, affordable / plan.rounds);
  return plan;
}

/// The next weight to try: outwards until L lies between two, then between them, where a power law
/// through both says.
class WeightSearch {
 public:
  explicit WeightSearch(double first) : weight_(first) {}

  double weight() const { return weight_; }
  /// Twice in a row a quarter of the weight has opened no more gates: L is out of reach.
  bool hopeless() const { return flat_ >= 2; }

  /// Both above 0.
  void tell(double open, double wanted) {
    const bool flat = open < wanted && open < too_large_.open * (1 + kSizeTolerance);
    flat_ = flat && too_small_.weight == 0 ? flat_ + 1 : 0;
    (open > wanted ? too_small_ : too_large_) = {weight_, open};
    if (too_small_.weight > 0 && too_large_.weight > 0) {
      const double share = std::clamp(
          std::log(too_small_.open / wanted) / std::log(too_small_.open / too_large_.open), 0.2,
          0.8);
      weight_ = too_small_.weight * std::pow(too_large_.weight / too_small_.weight, share);
    } else {
      weight_ = open > wanted ? weight_ * kBracketFactor : weight_ / kBracketFactor;
    }
  }

 private:
  struct Tried {
    double weight = 0;  ///< 0: none yet
    double open = 0;
  };

  double weight_;
  Tried too_small_, too_large_;
  int flat_ = 0;
};

uint64_t seed_of_gates(uint64_t seed, uint64_t stream) {
  RandomStream random(seed, Purpose::kMethods, stream);
  const uint64_t high = random();
  return high << 32 | random();
}

}  // namespace

void FimapOptions::describe(OptionSet& set) {
  set.value("--fimap-steps", steps, "Training steps of a round", at_least(1));
  set.value("--fimap-rounds", rounds,
            "Most rounds, each with another weight of the number of open gates", at_least(1));
  set.inner("batch", batch, at_least(1));
  set.inner("rate", rate, above(0));
}

FimapGates fimap_gates(Objective& objective, int64_t members, const FimapOptions& options,
                       uint64_t stream, const Context& context) {
  FimapGates result;
  result.scores.assign(at(objective.model->shape().features), 0.0);
  const Plan plan = plan_of(objective, options);
  result.reduced = plan.reduced;
  if (plan.steps == 0) return result;
  const CellFeatures cells = find_features(objective, context.pool);
  const uint64_t seed = seed_of_gates(context.seed, stream);
  WeightSearch search(first_weight(objective, members));
  const auto wanted = static_cast<double>(members);
  // As ratios tell how far a round is, half a gate in all cells together stands for none.
  const double none = 0.5 / static_cast<double>(objective.cell_count());
  double nearest = std::numeric_limits<double>::infinity();
  std::vector<double> scores;
  for (int64_t round = 0; round < plan.rounds; ++round) {
    Round training(objective, cells, options, seed, context);
    training.train(plan.steps, search.weight());
    const double open = std::max(training.read(scores), none);
    ++result.rounds;
    const double distance = std::abs(std::log(open / wanted));
    if (distance < nearest) {
      nearest = distance;
      result.open = open;
      result.weight = search.weight();
      for (size_t k = 0; k < scores.size(); ++k) {
        result.scores[at(cells.feature_of[k])] = scores[k];
      }
    }
    if (std::abs(open - wanted) <= std::max(0.5, kSizeTolerance * wanted)) break;
    search.tell(open, wanted);
    if (search.hopeless()) break;
  }
  return result;
}

}  // namespace grids::core
