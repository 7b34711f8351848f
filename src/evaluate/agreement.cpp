#include "evaluate/agreement.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "base/error.hpp"
#include "base/nan.hpp"

namespace grids::core {
namespace {

/// Below this share of its mean square the variance of float values is their rounding.
constexpr double kRoundingVariance = 1e-12;

double sum_of_squares(std::span<const double> values) {
  return std::inner_product(values.begin(), values.end(), values.begin(), 0.0);
}

/// Centred in place; returns the sum of squares before.
double centre(std::span<double> values) {
  const double before = sum_of_squares(values);
  const double mean =
      std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
  for (double& value : values) value -= mean;
  return before;
}

/// Correlation of values that were centred (or residualised) already; `x_before` and `y_before` are
/// their sums of squares before that, against which rounding is judged.
double correlation(std::span<const double> x, double x_before, std::span<const double> y,
                   double y_before) {
  const double xx = sum_of_squares(x);
  const double yy = sum_of_squares(y);
  if (!(xx > kRoundingVariance * x_before)) return kNaN;
  if (!(yy > kRoundingVariance * y_before)) return 0;
  return std::inner_product(x.begin(), x.end(), y.begin(), 0.0) / std::sqrt(xx * yy);
}

double median_total(const Study& study, std::span<const int32_t> cells) {
  std::vector<double> totals;
  for (const int32_t cell : cells) {
    totals.push_back(study.cells.total_rna[static_cast<size_t>(cell)]);
  }
  if (totals.empty()) return 0;
  const auto middle = totals.begin() + static_cast<std::ptrdiff_t>(totals.size() / 2);
  std::nth_element(totals.begin(), middle, totals.end());
  return *middle;
}

/// Mean of what is not NaN; NaN when nothing is.
struct WeightedMean {
  double sum = 0;
  double weight = 0;

  void add(double value, double w) {
    if (std::isnan(value)) return;
    sum += w * value;
    weight += w;
  }
  double value() const { return weight > 0 ? sum / weight : kNaN; }
};

}  // namespace

std::vector<std::vector<double>> depth_columns(const Study& study, std::span<const int32_t> cells) {
  std::vector<std::vector<double>> columns(3);
  for (const int32_t cell : cells) {
    const auto i = static_cast<size_t>(cell);
    columns[0].push_back(1);
    columns[1].push_back(std::log1p(study.cells.total_rna[i]));
    columns[2].push_back(std::log1p(study.cells.open_peaks[i]));
  }
  return columns;
}

AgreementScorer::AgreementScorer(const Study& study, std::span<const int32_t> cells,
                                 int64_t min_cells_in_type)
    : cells_(static_cast<int64_t>(cells.size())) {
  if (study.has_counts()) per_median_ = median_total(study, cells) / 100'000;
  std::map<int32_t, std::vector<int32_t>> positions;
  for (size_t i = 0; i < cells.size(); ++i) {
    const int32_t type = study.cells.type.codes[static_cast<size_t>(cells[i])];
    positions[type].push_back(static_cast<int32_t>(i));
  }
  for (auto& [type, members] : positions) {
    if (static_cast<int64_t>(members.size()) < min_cells_in_type) continue;
    std::vector<int32_t> of_type;
    for (const int32_t position : members) of_type.push_back(cells[static_cast<size_t>(position)]);
    groups_.push_back({std::move(members), ColumnSpace(depth_columns(study, of_type))});
  }
}

GeneAgreement AgreementScorer::score(std::span<const float> measured,
                                     std::span<const float> predicted) const {
  if (static_cast<int64_t>(measured.size()) != cells_ || measured.size() != predicted.size()) {
    throw internal_error("agreement of {} measured and {} predicted values over {} cells",
                         measured.size(), predicted.size(), cells_);
  }
  GeneAgreement result;
  std::vector<double> x(measured.begin(), measured.end());
  std::vector<double> y(predicted.begin(), predicted.end());
  double squared_error = 0;
  for (size_t i = 0; i < x.size(); ++i) squared_error += (x[i] - y[i]) * (x[i] - y[i]);
  const double x_before = centre(x);
  const double y_before = centre(y);
  result.r = correlation(x, x_before, y, y_before);
  result.r2 = std::isnan(result.r) ? kNaN : 1 - squared_error / sum_of_squares(x);

  WeightedMean within;
  WeightedMean partial;
  for (const Group& group : groups_) {
    const size_t size = group.positions.size();
    x.resize(size);
    y.resize(size);
    for (size_t i = 0; i < size; ++i) {
      x[i] = measured[static_cast<size_t>(group.positions[i])];
      y[i] = predicted[static_cast<size_t>(group.positions[i])];
    }
    const double x_type_before = centre(x);
    const double y_type_before = centre(y);
    const auto weight = static_cast<double>(size);
    within.add(correlation(x, x_type_before, y, y_type_before), weight);
    if (per_median_ > 0) {
      for (size_t i = 0; i < size; ++i) {
        const double value = measured[static_cast<size_t>(group.positions[i])];
        x[i] = std::log1p(per_median_ * std::expm1(value));
      }
    }
    const double x_rescaled_before = centre(x);
    group.depth.remove_from(x);
    group.depth.remove_from(y);
    partial.add(correlation(x, x_rescaled_before, y, y_type_before), weight);
  }
  result.within_type_r = within.value();
  result.within_type_r_partial = partial.value();
  return result;
}

}  // namespace grids::core
