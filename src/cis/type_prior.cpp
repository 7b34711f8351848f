#include "cis/type_prior.hpp"

#include <algorithm>

namespace grids::core {

TypePrior::TypePrior(const GeneProblem& problem, double precision) {
  const auto begin = problem.type_begin();
  for (size_t type = 0; type + 1 < begin.size(); ++type) {
    const auto rows = static_cast<double>(begin[type + 1] - begin[type]);
    const double share = rows / static_cast<double>(std::max<size_t>(1, problem.rows()));
    precision_.push_back(precision * share * (1 - share));
    sum_ += precision_.back();
  }
}

double TypePrior::common(std::span<const double> intercepts) const {
  double total = 0;
  for (size_t type = 0; type < precision_.size(); ++type) {
    total += precision_[type] * intercepts[type];
  }
  return sum_ > 0 ? total / sum_ : 0;
}

double TypePrior::log_density(std::span<const double> intercepts) const {
  const double centre = common(intercepts);
  double value = 0;
  for (size_t type = 0; type < precision_.size(); ++type) {
    const double from_common = intercepts[type] - centre;
    value -= precision_[type] * from_common * from_common / 2;
  }
  return value;
}

void TypePrior::add_to_gradient(std::span<const double> intercepts, size_t first,
                                std::vector<double>& gradient) const {
  const double centre = common(intercepts);
  for (size_t a = 0; a < precision_.size(); ++a) {
    gradient[first + a] -= precision_[a] * (intercepts[a] - centre);
  }
}

void TypePrior::add_to_information(size_t first, std::vector<double>& information,
                                   size_t size) const {
  if (!(sum_ > 0)) return;
  for (size_t a = 0; a < precision_.size(); ++a) {
    double* row = information.data() + (first + a) * size + first;
    for (size_t b = 0; b < precision_.size(); ++b) {
      row[b] -= precision_[a] * precision_[b] / sum_;
    }
    row[a] += precision_[a];
  }
}

}  // namespace grids::core
