#include "math/within_type.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "math/dot.hpp"

namespace grids::core {
namespace {

/// What is left of a column that is explained but for rounding carries no information.
constexpr double kLeastVariance = 1e-10;

/// The values of some cells less their projection; all zeros when only rounding is left.
std::vector<double> rest_of(std::span<const double> values, std::span<const int32_t> cells,
                            const ColumnSpace& covariates) {
  std::vector<double> part;
  part.reserve(cells.size());
  for (const int32_t cell : cells) part.push_back(values[static_cast<size_t>(cell)]);
  const double before = dot(part, part);
  covariates.remove_from(part);
  if (!(dot(part, part) > kLeastVariance * before)) std::fill(part.begin(), part.end(), 0.0);
  return part;
}

}  // namespace

WithinType::WithinType(std::span<const int32_t> types,
                       std::span<const std::vector<double>> covariates) {
  const int32_t most = types.empty() ? -1 : *std::max_element(types.begin(), types.end());
  std::vector<std::vector<int32_t>> members(static_cast<size_t>(most + 1));
  for (size_t cell = 0; cell < types.size(); ++cell) {
    members[static_cast<size_t>(types[cell])].push_back(static_cast<int32_t>(cell));
  }
  for (auto& cells : members) {
    if (cells.size() < covariates.size() + 2) continue;
    std::vector<std::vector<double>> columns = {std::vector<double>(cells.size(), 1.0)};
    for (const auto& covariate : covariates) {
      auto& column = columns.emplace_back();
      for (const int32_t cell : cells) column.push_back(covariate[static_cast<size_t>(cell)]);
    }
    groups_.push_back({std::move(cells), ColumnSpace(columns)});
  }
}

double WithinType::correlation(std::span<const double> measured,
                               std::span<const double> predicted) const {
  double sum = 0, weight = 0;
  for (const auto& group : groups_) {
    const auto x = rest_of(measured, group.cells, group.covariates);
    const auto y = rest_of(predicted, group.cells, group.covariates);
    const double xx = dot(x, x);
    const double yy = dot(y, y);
    if (xx == 0) continue;
    const auto cells = static_cast<double>(group.cells.size());
    if (yy > 0) sum += cells * dot(x, y) / std::sqrt(xx * yy);
    weight += cells;
  }
  return weight > 0 ? sum / weight : std::numeric_limits<double>::quiet_NaN();
}

}  // namespace grids::core
