#include "cis/gates.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/nan.hpp"
#include "math/negative_binomial.hpp"
#include "math/statistics.hpp"

namespace grids::core {
namespace {

struct Totals {
  double weight = 0;
  double direction = 0;
};

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
  saved += other.saved;
  cells += other.cells;
}

GateSums gate_sums(const GateInput& in) {
  GateSums sums;
  const size_t cells = in.values.size();
  const bool counts = in.response == CisResponse::kCounts;
  std::vector<double> direction(cells), score(cells), weight(cells);
  std::vector<Totals> types;
  for (size_t i = 0; i < cells; ++i) {
    const double rest = in.values[i] - in.smaller[i];
    const double scale = 1 / (counts ? 1 + in.dispersion * in.smaller[i] : in.dispersion);
    score[i] = rest * scale;
    weight[i] = counts ? in.smaller[i] * scale : scale;
    direction[i] = counts ? std::log(in.larger[i] / in.smaller[i]) : in.larger[i] - in.smaller[i];
    sums.saved += saved(in, i);
    const auto type = static_cast<size_t>(in.type[i]);
    if (types.size() <= type) types.resize(type + 1);
    types[type].weight += weight[i];
    types[type].direction += weight[i] * direction[i];
  }
  for (size_t i = 0; i < cells; ++i) {
    const auto& type = types[static_cast<size_t>(in.type[i])];
    const double rest = direction[i] - type.direction / type.weight;
    sums.score += score[i] * rest;
    sums.variance += score[i] * score[i] * rest * rest;
  }
  sums.cells = static_cast<double>(cells);
  return sums;
}

CisGate test_gate(const GateSums& sums) {
  CisGate gate{kNaN, kNaN, kNaN, false};
  if (sums.cells > 0) gate.gain = sums.saved / sums.cells;
  if (sums.variance > 0) gate.p = normal_upper_tail(sums.score / std::sqrt(sums.variance));
  return gate;
}

void judge(std::span<CisGate*> gates, double rate) {
  std::vector<double> p;
  for (const CisGate* gate : gates) p.push_back(gate->p);
  const auto q = benjamini_hochberg(p);
  for (size_t i = 0; i < gates.size(); ++i) {
    gates[i]->q = q[i];
    gates[i]->passed = q[i] <= rate && gates[i]->gain > 0;  // NaN passes nothing
  }
}

}  // namespace grids::core
