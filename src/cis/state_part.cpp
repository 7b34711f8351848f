#include "cis/state_part.hpp"

#include <algorithm>
#include <cmath>

#include "math/information.hpp"
#include "math/negative_binomial.hpp"

namespace grids::core {

StateDesign::StateDesign(const CisRows& training, CisResponse response, double ridge)
    : response_(response), ridge_(ridge) {
  const auto n = static_cast<double>(training.size());
  for (size_t j = 0; j < training.state.size(); ++j) {
    auto column = training.state[j];
    double mean = 0, squares = 0;
    for (const double x : column) mean += x / n;
    for (const double x : column) squares += (x - mean) * (x - mean) / n;
    const bool constant = !(squares > 1e-12 * (mean * mean));  // the intercept stays as it is
    mean_.push_back(constant ? 0 : mean);
    scale_.push_back(constant ? 1 : std::sqrt(squares));
    for (double& x : column) x = (x - mean_.back()) / scale_.back();
    columns_.push_back(std::move(column));
  }
}

StateDesign::Fit StateDesign::regression(std::span<const double> values,
                                         std::span<const double> offset, size_t used,
                                         std::optional<double> dispersion) const {
  std::vector<std::span<const double>> columns(columns_.begin(),
                                               columns_.begin() + static_cast<long>(used));
  std::vector<double> ridge(used, ridge_);
  ridge[0] = 0;
  Fit result;
  if (response_ == CisResponse::kCounts) {
    NegativeBinomialOptions options;
    options.ridge = std::move(ridge);
    options.tolerance = 1e-6;  // of log likelihood: far below what any term gains
    if (dispersion) {
      options.rule = DispersionRule::kGiven;
      options.dispersion = *dispersion;
    }
    const auto fit = fit_negative_binomial({values, offset, columns}, options);
    result.coefficients = fit.coefficients;
    result.dispersion = fit.dispersion;
  } else {
    std::vector<double> rest(values.begin(), values.end());
    for (size_t i = 0; i < rest.size(); ++i) rest[i] -= offset[i];
    auto information = weighted_products(columns, std::vector<double>(values.size(), 1.0));
    for (size_t j = 0; j < used; ++j) information[j * used + j] += ridge[j];
    result.coefficients = column_products(columns, rest);
    CholeskyFactor(std::move(information)).solve(result.coefficients);
  }
  for (size_t j = 1; j < used; ++j) {
    result.coefficients[j] /= scale_[j];
    result.coefficients[0] -= result.coefficients[j] * mean_[j];
  }
  return result;
}

StateDesign::Fit StateDesign::fit(const CisRows& training, const std::vector<double>& values,
                                  size_t used) const {
  auto result =
      regression(values, training.log_exposure, std::min(used, columns_.size()), std::nullopt);
  if (response_ == CisResponse::kLogValues) {
    const auto fitted = state_values(training, result.coefficients);
    for (size_t i = 0; i < values.size(); ++i) {
      result.dispersion += (values[i] - fitted[i]) * (values[i] - fitted[i]);
    }
    result.dispersion = std::max(1e-9, result.dispersion / static_cast<double>(values.size()));
  }
  return result;
}

std::vector<double> StateDesign::coefficients_beside(const CisRows& training,
                                                     const std::vector<double>& values,
                                                     std::span<const double> known,
                                                     double dispersion) const {
  std::vector<double> offset = training.log_exposure;
  for (size_t i = 0; i < offset.size(); ++i) offset[i] += known[i];
  return regression(values, offset, columns_.size(), dispersion).coefficients;
}

std::vector<double> state_values(const CisRows& rows, const std::vector<double>& coefficients) {
  std::vector<double> values = rows.log_exposure;
  for (size_t j = 0; j < coefficients.size(); ++j) {
    for (size_t i = 0; i < values.size(); ++i) values[i] += coefficients[j] * rows.state[j][i];
  }
  return values;
}

}  // namespace grids::core
