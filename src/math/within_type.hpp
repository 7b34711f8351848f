/// What varies within cell types once depth is accounted for: the scale on which a claim about a
/// gene's own regulation must be judged, because type and depth alone predict much of expression.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "math/least_squares.hpp"

namespace grids::core {

class WithinType {
 public:
  /// `types` holds a code ≥ 0 for each cell; every covariate (typically log total RNA and log open
  /// peaks) has a value for each. Types with fewer than 2 + covariates cells are left out.
  WithinType(std::span<const int32_t> types, std::span<const std::vector<double>> covariates);

  /// Mean over types, weighted by cells, of the Pearson correlation within the type of what the
  /// type's mean and a fit on the covariates leave of both. 0 in a type where `predicted` has no
  /// variance left; types where `measured` has none are left out; NaN when all are.
  double correlation(std::span<const double> measured, std::span<const double> predicted) const;

 private:
  struct Group {
    std::vector<int32_t> cells;
    ColumnSpace covariates;
  };

  std::vector<Group> groups_;
};

}  // namespace grids::core
