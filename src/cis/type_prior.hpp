/// The prior of the types' intercepts: normal around a common one, which is free, for indicator
/// columns scaled to variance 1, as CisOptions::state_ridge has it for the state. Without it, types
/// of few cells are fitted by heart.
#pragma once

#include <span>
#include <vector>

#include "cis/gene_problem.hpp"

namespace grids::core {

class TypePrior {
 public:
  /// `precision` 0: none.
  TypePrior(const GeneProblem& problem, double precision);

  /// Log density of intercepts, one a type, but for a constant.
  double log_density(std::span<const double> intercepts) const;
  /// Adds what it says of the intercepts, the parameters from `first` on, to the gradient of the
  /// log likelihood.
  void add_to_gradient(std::span<const double> intercepts, size_t first,
                       std::vector<double>& gradient) const;
  /// The same to its information, size × size.
  void add_to_information(size_t first, std::vector<double>& information, size_t size) const;

 private:
  double common(std::span<const double> intercepts) const;

  std::vector<double> precision_;
  double sum_ = 0;
};

}  // namespace grids::core
