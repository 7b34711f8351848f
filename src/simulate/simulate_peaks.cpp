#include "simulate/simulate_peaks.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "base/at.hpp"
#include "base/error.hpp"

namespace grids::core::simulation {
namespace {

/// Fragments of a cell for each peak, at most: drawing them takes its time.
constexpr double kMostFragments = 50;

constexpr std::array<double, 3> kLevels = {0.4, 0.8, 1.2};
constexpr int32_t kLevelCount = static_cast<int32_t>(kLevels.size());
constexpr size_t kBins = 16;              // of a group's factor over the cells of a type
constexpr double kTypeSpread = 0.25;      // of the log popularity, private to type and peak
constexpr double kPromoterMedian = 0.45;  // −log P(closed) of a promoter
constexpr double kPromoterSpread = 0.8;
constexpr int64_t kBlock = 4096;  // peaks

/// The level of a group and its programme; group 0 has level 0.
double level_of(size_t group) {
  return group == 0 ? 0 : kLevels[(group - 1) % kLevelCount];
}
int32_t programme_of(size_t group) {
  return group == 0 ? 0 : static_cast<int32_t>((group - 1) / kLevelCount);
}

/// Part of the level by which a peak follows a type's mean score. Promoters are open in most types,
/// whatever their gene's programme does; causes and bystanders are given their openness by type.
double type_share(Role role) {
  switch (role) {
    case Role::kBackground:
      return 1;
    case Role::kPromoter:
      return 0.3;
    default:
      return 0;
  }
}

/// A cell's factor on the popularity of a group's peaks.
double factor(const CellTruth& cells, int64_t cell, size_t group) {
  const double score =
      group == 0 ? 0 : static_cast<double>(cells.scores_of(cell)[at(programme_of(group))]);
  return cells.atac_depth[at(cell)] * std::exp(level_of(group) * score);
}

/// Means of the factor over equal shares of a type's cells, in order: mean openness from them is
/// exact for rare peaks and within 1 % for common ones.
using FactorBins = std::array<double, kBins>;

double mean_open(const FactorBins& factors, double popularity) {
  double sum = 0;
  for (const double h : factors) sum += -std::expm1(-popularity * h);
  return sum / kBins;
}

/// The popularity that makes `mean_open` equal to `target` (below 1), by bisection in the log.
double solve_popularity(const FactorBins& factors, double target) {
  double low = std::log(1e-6), high = std::log(1e3);
  for (int step = 0; step < 40; ++step) {
    const double middle = (low + high) / 2;
    (mean_open(factors, std::exp(middle)) < target ? low : high) = middle;
  }
  return std::exp((low + high) / 2);
}

std::vector<std::vector<FactorBins>> factor_bins(const CellPlan& plan, size_t groups) {
  std::vector<std::vector<FactorBins>> result(plan.types.size(), std::vector<FactorBins>(groups));
  for (size_t type = 0; type < plan.types.size(); ++type) {
    for (size_t group = 0; group < groups; ++group) {
      std::vector<double> factors;
      for (int64_t cell = 0; cell < plan.cells.size(); ++cell) {
        if (at(plan.cells.type[at(cell)]) == type) {
          factors.push_back(factor(plan.cells, cell, group));
        }
      }
      std::sort(factors.begin(), factors.end());
      for (size_t bin = 0; bin < kBins; ++bin) {
        // Types of fewer cells than bins repeat cells.
        const size_t begin = factors.size() * bin / kBins;
        const size_t end = std::max(begin + 1, factors.size() * (bin + 1) / kBins);
        double sum = 0;
        for (size_t i = begin; i < end; ++i) sum += factors[i];
        result[type][group][bin] = sum / static_cast<double>(end - begin);
      }
    }
  }
  return result;
}

/// Part of [open_min, open_max] from which the causes of a kind are drawn: sets that need all of
/// their members are made of the commoner ones, or they would hardly ever be complete; sets in
/// which one suffices are made of the rarer ones, or they would hardly ever be without.
std::pair<double, double> share_of_range(Regulation kind) {
  if (kind == Regulation::kTogether) return {0.3, 0.9};
  if (kind == Regulation::kEither) return {0.1, 0.5};
  return {0.1, 0.9};
}

void copy_bit(std::span<uint64_t> bits, int32_t from_peak, int32_t to_peak) {
  const auto from = at(from_peak), to = at(to_peak);
  const uint64_t value = bits[from / 64] >> (from % 64) & 1;
  bits[to / 64] = (bits[to / 64] & ~(uint64_t{1} << (to % 64))) | value << (to % 64);
}

/// Popularity of every peak in every type, and its group; background is not scaled yet.
struct Draft {
  std::vector<int32_t> group;                   // of peaks
  std::vector<std::vector<double>> popularity;  // type, peak
};

Draft draw_background(const SimulateOptions& options, const Layout& layout, const CellPlan& plan,
                      const Context& context) {
  const size_t types = plan.types.size();
  Draft draft{std::vector<int32_t>(at(layout.peaks())),
              std::vector(types, std::vector<double>(at(layout.peaks())))};
  context.pool.for_blocks(layout.peaks(), kBlock, [&](int64_t begin, int64_t end, int64_t block) {
    auto random = stream(context.seed, Step::kPeaks, block);
    for (int64_t peak = begin; peak < end; ++peak) {
      const bool promoter = layout.role[at(peak)] == Role::kPromoter;
      size_t group = 0;
      if (random.uniform() < options.programme_share) {
        group = 1 + random.below(static_cast<uint32_t>(plan.cells.programmes * kLevelCount));
      }
      draft.group[at(peak)] = static_cast<int32_t>(group);
      const double log_popularity =
          promoter ? std::log(kPromoterMedian) + kPromoterSpread * random.normal()
                   : options.popularity_spread * random.normal();
      for (size_t type = 0; type < types; ++type) {
        const double mean =
            group == 0 ? 0 : plan.mean_score(static_cast<int32_t>(type), programme_of(group));
        const double follows = type_share(layout.role[at(peak)]) * level_of(group) * mean;
        draft.popularity[type][at(peak)] =
            std::exp(log_popularity + follows + kTypeSpread * random.normal());
      }
    }
  });
  return draft;
}

/// Makes a peak as likely to be open as another in every cell: copying it then changes no mean.
void follow(Draft& draft, int32_t peak, int32_t other) {
  draft.group[at(peak)] = draft.group[at(other)];
  for (auto& popularity : draft.popularity) popularity[at(peak)] = popularity[at(other)];
}

void draw_causes(const SimulateOptions& options, const Layout& layout,
                 std::span<const uint8_t> acting, const std::vector<std::vector<FactorBins>>& bins,
                 Draft& draft, const Context& context) {
  const size_t types = bins.size();
  context.pool.for_blocks(options.genes, 64, [&](int64_t begin, int64_t end, int64_t block) {
    auto random = stream(context.seed, Step::kCauses, block);
    for (int64_t g = begin; g < end; ++g) {
      const auto& gene = layout.genes[at(g)];
      const auto [low, high] = share_of_range(gene.kind);
      const double span = options.open_max - options.open_min;
      for (const int32_t cause : gene.causes) {
        for (size_t type = 0; type < types; ++type) {
          double target = options.open_min + span * (low + (high - low) * random.uniform());
          const double fade = std::exp(-std::abs(random.normal()));
          if (acting[at(g) * types + type] == 0) target *= fade;
          draft.popularity[type][at(cause)] =
              solve_popularity(bins[type][at(draft.group[at(cause)])], target);
        }
      }
      if (options.cause_correlation > 0) {
        for (const int32_t cause : gene.causes) follow(draft, cause, gene.causes.front());
      }
      for (size_t i = 0; i < gene.bystanders.size(); ++i) {
        follow(draft, gene.bystanders[i], gene.bystander_cause[i]);
      }
    }
  });
}

/// Scales the background so that a cell has `mean_open_peaks`; fills the marginal probabilities.
std::vector<std::vector<float>> scale_background(const SimulateOptions& options,
                                                 const Layout& layout, const CellPlan& plan,
                                                 const std::vector<std::vector<FactorBins>>& bins,
                                                 Draft& draft, const Context& context) {
  const size_t types = bins.size();
  std::vector<double> share(types);
  for (const int32_t type : plan.cells.type)
    share[at(type)] += 1.0 / static_cast<double>(plan.cells.size());

  std::vector probability(types, std::vector<float>(at(layout.peaks())));
  const auto fill = [&](double scale, bool background) {
    const int64_t blocks = (layout.peaks() + kBlock - 1) / kBlock;
    std::vector<double> sums(at(blocks));
    context.pool.for_blocks(layout.peaks(), kBlock, [&](int64_t begin, int64_t end, int64_t block) {
      for (int64_t peak = begin; peak < end; ++peak) {
        if ((layout.role[at(peak)] == Role::kBackground) != background) continue;
        for (size_t type = 0; type < types; ++type) {
          const double p = mean_open(bins[type][at(draft.group[at(peak)])],
                                     scale * draft.popularity[type][at(peak)]);
          probability[type][at(peak)] = static_cast<float>(p);
          sums[at(block)] += share[type] * p;
        }
      }
    });
    double sum = 0;
    for (const double s : sums) sum += s;
    return sum;
  };

  const double roles = fill(1, false);
  const double wanted = options.mean_open_peaks - roles;
  if (wanted <= 0) {
    throw usage_error(
        "simulate: promoters and causal peaks alone are open {:.0f} times a cell; raise "
        "mean_open_peaks above that or lower genes",
        roles);
  }
  double low = std::log(1e-6), high = std::log(1e4);
  for (int step = 0; step < 24; ++step) {
    const double middle = (low + high) / 2;
    (fill(std::exp(middle), true) < wanted ? low : high) = middle;
  }
  const double scale = std::exp((low + high) / 2);
  const double reached = fill(scale, true);
  if (reached < 0.99 * wanted) {
    throw usage_error("simulate: mean_open_peaks {} cannot be reached with {} peaks",
                      options.mean_open_peaks, options.peaks);
  }
  for (auto& popularity : draft.popularity) {
    double fragments = 0;
    for (int64_t peak = 0; peak < layout.peaks(); ++peak) {
      if (layout.role[at(peak)] == Role::kBackground) popularity[at(peak)] *= scale;
      fragments += popularity[at(peak)];
    }
    // The popular peaks have most of them: with nearly all peaks open they are beyond counting.
    if (fragments > kMostFragments * static_cast<double>(layout.peaks())) {
      throw usage_error(
          "simulate: mean_open_peaks {} is too near to all of {} peaks: a cell would need {:.0e} "
          "fragments; raise --peaks or lower mean_open_peaks",
          options.mean_open_peaks, options.peaks, fragments);
    }
  }
  return probability;
}

}  // namespace

PeakLaw::PeakLaw(const SimulateOptions& options, const Layout& layout, const CellPlan& plan,
                 const BatchPlan& batches, std::span<const uint8_t> acting, const Context& context)
    : bystander_copy_(options.bystander_correlation),
      cause_copy_(options.cause_correlation),
      batches_(std::max<size_t>(batches.size(), 1)) {
  const auto groups = at(1 + plan.cells.programmes * kLevelCount);
  const auto bins = factor_bins(plan, groups);
  auto draft = draw_background(options, layout, plan, context);
  draw_causes(options, layout, acting, bins, draft, context);
  probability_ = scale_background(options, layout, plan, bins, draft, context);

  for (const auto& gene : layout.genes) {
    for (size_t i = 0; i < gene.bystanders.size(); ++i) {
      copies_.push_back({gene.bystanders[i], gene.bystander_cause[i]});
    }
    if (cause_copy_ > 0 && gene.causes.size() > 1) sets_.push_back(gene.causes);
  }
  group_peaks_.resize(groups);
  for (size_t peak = 0; peak < draft.group.size(); ++peak) {
    group_peaks_[at(draft.group[peak])].push_back(static_cast<int32_t>(peak));
  }
  fill_tables(batches, draft.popularity);
}

void PeakLaw::fill_tables(const BatchPlan& batches,
                          const std::vector<std::vector<double>>& popularity) {
  tables_.resize(popularity.size() * batches_);
  for (size_t i = 0; i < tables_.size(); ++i) {
    const size_t type = i / batches_, batch = i % batches_;
    for (const auto& peaks : group_peaks_) {
      std::vector<double> weights;
      weights.reserve(peaks.size());
      for (const int32_t peak : peaks) {
        const double moved = batches.size() == 0 ? 1 : std::exp(batches.of_peak(at(peak))[batch]);
        weights.push_back(popularity[type][at(peak)] * moved);
      }
      tables_[i].emplace_back(weights);
    }
  }
}

PeakTruth PeakLaw::truth(const Layout& layout, std::vector<std::string> names) const {
  PeakTruth truth;
  truth.names = std::move(names);
  truth.role = layout.role;
  truth.programme.resize(truth.names.size());
  truth.level.resize(truth.names.size());
  truth.type_level.resize(truth.names.size());
  for (size_t group = 0; group < group_peaks_.size(); ++group) {
    for (const int32_t peak : group_peaks_[group]) {
      truth.programme[at(peak)] = group == 0 ? -1 : programme_of(group);
      truth.level[at(peak)] = level_of(group);
      truth.type_level[at(peak)] = type_share(layout.role[at(peak)]) * level_of(group);
    }
  }
  return truth;
}

void PeakLaw::draw_open(RandomStream& random, RandomStream& together, const CellPlan& plan,
                        int64_t cell, std::span<uint64_t> bits) const {
  // Fragments of a group fall on its peaks in proportion to their popularity; a peak with at least
  // one is open, which has just the probability stated in the header. Costs a draw a fragment
  // instead of one a peak.
  std::fill(bits.begin(), bits.end(), 0);
  const auto batch = at(std::max(plan.cells.batch_of(cell), 0));
  const auto& tables = tables_[at(plan.cells.type[at(cell)]) * batches_ + batch];
  for (size_t group = 0; group < tables.size(); ++group) {
    if (tables[group].total() <= 0) continue;
    const double mean = tables[group].total() * factor(plan.cells, cell, group);
    for (int64_t left = draw_poisson(random, mean); left > 0; --left) {
      const auto peak = at(group_peaks_[group][at(tables[group].draw(random))]);
      bits[peak / 64] |= uint64_t{1} << (peak % 64);
    }
  }
  // One lot for all causes of a gene, so that every pair of them has the same correlation.
  for (const auto& causes : sets_) {
    if (together.uniform() >= cause_copy_) continue;
    for (const int32_t cause : causes) copy_bit(bits, causes.front(), cause);
  }
  for (const auto [bystander, cause] : copies_) {
    if (random.uniform() < bystander_copy_) copy_bit(bits, cause, bystander);
  }
}

}  // namespace grids::core::simulation
