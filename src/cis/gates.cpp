#include "cis/gates.hpp"

#include <algorithm>
#include <array>
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

struct Totals {
  double weight = 0;
  std::array<double, 2> steps = {};
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

}  // namespace

void GateSums::operator+=(const GateSums& other) {
  score += other.score;
  variance += other.variance;
  second_score += other.second_score;
  second_information += other.second_information;
  shared_information += other.shared_information;
  saved += other.saved;
  cells += other.cells;
}

GateSums gate_sums(const GateInput& in) {
  GateSums sums;
  const size_t cells = in.values.size();
  const bool counts = in.response == CisResponse::kCounts;
  std::vector<std::array<double, 2>> steps(cells);
  std::vector<double> score(cells), weight(cells);
  std::vector<Totals> types;
  for (size_t i = 0; i < cells; ++i) {
    const double scale = 1 / (counts ? 1 + in.dispersion * in.smaller[i] : in.dispersion);
    score[i] = (in.values[i] - in.smaller[i]) * scale;
    weight[i] = counts ? in.smaller[i] * scale : scale;
    const double between = in.between.empty() ? in.larger[i] : in.between[i];
    steps[i] = {step(in.response, in.smaller[i], between),
                step(in.response, between, in.larger[i])};
    sums.saved += saved(in, i);
    const auto type = static_cast<size_t>(in.type[i]);
    if (types.size() <= type) types.resize(type + 1);
    types[type].weight += weight[i];
    for (size_t k = 0; k < 2; ++k) types[type].steps[k] += weight[i] * steps[i][k];
  }
  for (size_t i = 0; i < cells; ++i) {
    const auto& type = types[static_cast<size_t>(in.type[i])];
    const double first = steps[i][0] - type.steps[0] / type.weight;
    const double second = steps[i][1] - type.steps[1] / type.weight;
    const double part = score[i] * (first + second);
    sums.score += part;
    sums.variance += part * part;
    sums.second_score += score[i] * second;
    sums.second_information += weight[i] * second * second;
    sums.shared_information += weight[i] * first * second;
  }
  sums.cells = static_cast<double>(cells);
  return sums;
}

double kept_share(const GateSums& sums) {
  if (!(sums.second_information > 0)) return 1;
  const double left = sums.second_score - sums.shared_information;
  return std::clamp(left / sums.second_information, kLeastShare, 1.0);
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
