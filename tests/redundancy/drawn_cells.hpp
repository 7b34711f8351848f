/// Cells drawn for one case of reach.hpp, for its tests and bench/reach_grid.cpp.
#pragma once

#include <cmath>
#include <vector>

#include "redundancy/reach.hpp"
#include "redundancy/seen_together.hpp"
#include "simulate/simulate_draws.hpp"

namespace grids::core::testing {

/// Cells in which elements open independently of each other, some of them unseen; where any is
/// open the gene has `fold` times its rate.
struct DrawnCells {
  DrawnCells(const ReachCase& given, size_t members, double fold, uint64_t seed)
      : elements(members) {
    RandomStream random(seed, Purpose::kBenchmark);
    const double open = given.open / given.capture;
    const double any = 1 - std::pow(1 - open, static_cast<double>(members));
    const double none = given.counts / (1 + (fold - 1) * any);
    contrast.ridge = {0};
    for (int i = 0; i < static_cast<int>(given.cells); ++i) {
      Setting seen = 0;
      bool is_open = false;
      for (size_t a = 0; a < members; ++a) {
        if (random.uniform() >= open) continue;
        is_open = true;
        if (random.uniform() < given.capture) seen |= bit_of(a);
      }
      settings.push_back(seen);
      contrast.cells.push_back(i);
      contrast.offset.push_back(0);
      counts.push_back(static_cast<double>(simulation::draw_negative_binomial(
          random, none * (is_open ? fold : 1), given.dispersion)));
    }
    contrast.columns = {std::vector<double>(counts.size(), 1.0)};
    other.assign(counts.size(), 0.0);
  }

  /// z of the score test that a seen element says nothing, at the given dispersion.
  double score(const ReachCase& given) const {
    const auto n = static_cast<double>(counts.size());
    double seen = 0, mean = 0;
    for (size_t i = 0; i < counts.size(); ++i) {
      seen += settings[i] == 0 ? 0 : 1 / n;
      mean += counts[i] / n;
    }
    double score = 0;
    for (size_t i = 0; i < counts.size(); ++i) {
      score += ((settings[i] == 0 ? 0 : 1) - seen) * (counts[i] - mean);
    }
    const double spread = 1 + given.dispersion * mean;
    return score / spread / std::sqrt(n * seen * (1 - seen) * mean / spread);
  }

  /// Whether these counts are called redundant, or quorum.
  bool is_called(double capture) const {
    const SettingData data{contrast, counts, other, settings, elements};
    const auto rates = measured_rates(data, {});
    if (!rates.problem.empty()) return false;
    const SeenTogether seen(elements, settings, std::vector<int32_t>(settings.size(), 0));
    RandomStream random(1, Purpose::kRedundancy);
    RuleOptions options;
    options.draws = 500;
    options.power_replicates = 1;
    const auto call = judge_rates(rates, seen, capture, options, random).call;
    return call == RedundancyCall::kRedundant || call == RedundancyCall::kQuorum;
  }

  size_t elements;
  ContrastCells contrast;
  std::vector<double> counts, other;
  std::vector<Setting> settings;
};

}  // namespace grids::core::testing
