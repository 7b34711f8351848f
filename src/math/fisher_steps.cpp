#include "math/fisher_steps.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace grids::core {
namespace {

constexpr double kLongestFisherStep = 1.0;

}  // namespace

CholeskyFactor take_fisher_steps(std::vector<double>& parameters, int most,
                                 const AssembleStep& assemble,
                                 const std::function<double(size_t, double)>& within,
                                 double tolerance) {
  std::vector<double> gradient, information;
  CholeskyFactor factor({});
  for (int step = 0; step < most; ++step) {
    assemble(gradient, information);
    auto move = gradient;
    factor = CholeskyFactor(std::move(information));
    factor.solve(move);
    double promised = 0, longest = 0;
    for (size_t j = 0; j < move.size(); ++j) {
      promised += gradient[j] * move[j] / 2;
      longest = std::max(longest, std::abs(move[j]));
    }
    const double part = longest > kLongestFisherStep ? kLongestFisherStep / longest : 1;
    for (size_t j = 0; j < move.size(); ++j) {
      parameters[j] = within(j, parameters[j] + part * move[j]);
    }
    if (promised < tolerance) break;
  }
  return factor;
}

}  // namespace grids::core
