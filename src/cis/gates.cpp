#include "cis/gates.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/nan.hpp"
#include "math/negative_binomial.hpp"
#include "math/statistics.hpp"

namespace grids::core {
namespace {

/// What is kept at least: the search is to see what may belong to the gene, however little held-out
/// cells say of it.
constexpr double kLeastShare = 0.05;

/// Of a type's cells, weighted.
struct Totals {
  double weight = 0;
  double direction = 0;
};

/// From one mean to another, on the scale on which they are predicted.
double step(CisResponse response, double from, double to) {
  return response == CisResponse::kCounts ? std::log(to / from) : to - from;
}

double saved(const GateInput& in, size_t i) {
  if (in.response == CisResponse::kCounts) {
    return negative_binomial_deviance(in.values[i], in.smaller[i], in.dispersion) -
           negative_binomial_deviance(in.values[i], in.larger[i], in.dispersion);
  }
  const double before = in.values[i] - in.smaller[i], after = in.values[i] - in.larger[i];
  return (before * before - after * after) / in.dispersion;
}

/// Of each cell: score and information with respect to its log mean (or value), and the direction
/// from some means to the larger model's, without its mean over the cell's type.
struct Score {
  std::vector<double> score, weight, direction;
};

Score score_from(const GateInput& in, std::span<const double> means) {
  const bool counts = in.response == CisResponse::kCounts;
  Score result;
  std::vector<Totals> types;
  for (size_t i = 0; i < means.size(); ++i) {
    const double scale = 1 / (counts ? 1 + in.dispersion * means[i] : in.dispersion);
    result.score.push_back((in.values[i] - means[i]) * scale);
    result.weight.push_back(counts ? means[i] * scale : scale);
    result.direction.push_back(step(in.response, means[i], in.larger[i]));
    const auto type = static_cast<size_t>(in.type[i]);
    if (types.size() <= type) types.resize(type + 1);
    types[type].weight += result.weight[i];
    types[type].direction += result.weight[i] * result.direction[i];
  }
  for (size_t i = 0; i < means.size(); ++i) {
    const auto& type = types[static_cast<size_t>(in.type[i])];
    result.direction[i] -= type.direction / type.weight;
  }
  return result;
}

}  // namespace

void GateSums::operator+=(const GateSums& other) {
  score += other.score;
  variance += other.variance;
  second_score += other.second_score;
  second_information += other.second_information;
  saved += other.saved;
  cells += other.cells;
}

GateSums gate_sums(const GateInput& in) {
  GateSums sums;
  const Score whole = score_from(in, in.smaller);
  for (size_t i = 0; i < in.values.size(); ++i) {
    const double part = whole.score[i] * whole.direction[i];
    sums.score += part;
    sums.variance += part * part;
    sums.saved += saved(in, i);
  }
  sums.cells = static_cast<double>(in.values.size());
  if (in.between.empty()) return sums;
  const Score second = score_from(in, in.between);
  for (size_t i = 0; i < in.values.size(); ++i) {
    sums.second_score += second.score[i] * second.direction[i];
    sums.second_information += second.weight[i] * second.direction[i] * second.direction[i];
  }
  return sums;
}

double kept_share(const GateSums& sums) {
  if (!(sums.second_information > 0)) return 1;
  return std::clamp(sums.second_score / sums.second_information, kLeastShare, 1.0);
}

CisGate test_gate(const GateSums& sums) {
  CisGate gate{kNaN, kNaN, kNaN, false};
  if (sums.cells > 0) gate.gain = sums.saved / sums.cells;
  if (sums.variance > 0) gate.p = normal_upper_tail(sums.score / std::sqrt(sums.variance));
  return gate;
}

void judge(std::span<CisGate*> gates, double rate, GateRule rule) {
  std::vector<double> p;
  for (const CisGate* gate : gates) p.push_back(gate->p);
  const auto q = benjamini_hochberg(p);
  for (size_t i = 0; i < gates.size(); ++i) {
    gates[i]->q = q[i];
    const bool gains = rule == GateRule::kTested || gates[i]->gain > 0;
    gates[i]->passed = q[i] <= rate && gains;  // NaN passes nothing
  }
}

}  // namespace grids::core
