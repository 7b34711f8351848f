#include "redundancy/setting_rates.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>

#include "base/at.hpp"
#include "base/nan.hpp"
#include "math/information.hpp"
#include "math/negative_binomial.hpp"
#include "math/robust_covariance.hpp"
#include "math/statistics.hpp"

namespace grids::core {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kPer100k = 100'000;
/// Keeps the free slope of the other terms, scaled to variance 1, and the single elements finite.
constexpr double kFaintRidge = 0.01;

/// The regression as it was fitted, for covariances.
struct Fitted {
  std::vector<std::vector<double>> own;  ///< columns beside those of the covariates
  std::vector<std::span<const double>> columns;
  std::vector<double> ridge;
  std::vector<double> residual, weight;
  NegativeBinomialFit fit;
  size_t first_setting = 0;  ///< column

  FittedRows rows() const { return {columns, residual, weight, ridge}; }
};

/// Centred, with variance 1; empty where it is constant.
std::vector<double> standardised(std::span<const double> values) {
  const auto n = static_cast<double>(values.size());
  const double mean = std::accumulate(values.begin(), values.end(), 0.0) / n;
  double square = 0;
  for (const double value : values) square += (value - mean) * (value - mean);
  if (!(square > 1e-12 * n)) return {};
  std::vector<double> result(values.begin(), values.end());
  for (double& value : result) value = (value - mean) / std::sqrt(square / n);
  return result;
}

Fitted fit_settings(const SettingData& data, const SettingRateOptions& options) {
  Fitted result;
  for (const auto& column : data.cells.columns) result.columns.emplace_back(column);
  result.ridge = data.cells.ridge;
  auto rest = standardised(data.other_terms);
  auto settings = setting_columns(data.settings, data.elements);
  if (!rest.empty()) {
    result.own.push_back(std::move(rest));
    result.ridge.push_back(kFaintRidge);
  }
  result.first_setting = data.cells.columns.size() + result.own.size();
  for (size_t j = 0; j < settings.size(); ++j) {
    result.own.push_back(std::move(settings[j]));
    result.ridge.push_back(j < data.elements ? kFaintRidge : options.deviation_precision);
  }
  for (const auto& column : result.own) result.columns.emplace_back(column);
  NegativeBinomialOptions regression;
  regression.ridge = result.ridge;
  const CountRows rows{data.counts, data.cells.offset, result.columns};
  result.fit = fit_negative_binomial(rows, regression);
  result.residual.resize(data.counts.size());
  result.weight.resize(data.counts.size());
  for (size_t i = 0; i < data.counts.size(); ++i) {
    const double inflation = 1 + result.fit.dispersion * result.fit.mean[i];
    result.residual[i] = (data.counts[i] - result.fit.mean[i]) / inflation;
    result.weight[i] = result.fit.mean[i] / inflation;
  }
  return result;
}

std::vector<SettingCells> count_settings(const SettingData& data) {
  std::vector<SettingCells> result(at(all_open(data.elements)) + 1);
  for (size_t i = 0; i < data.settings.size(); ++i) {
    auto& setting = result[data.settings[i]];
    setting.cells += 1;
    setting.counts += data.counts[i];
  }
  return result;
}

/// The rows of a matrix that turn the columns of `setting_columns` into log rates: settings × them.
std::vector<double> rate_rows(size_t elements) {
  const Setting all = all_open(elements);
  const size_t width = elements + at(all) + 1 - elements - 1;
  std::vector<double> rows((at(all) + 1) * width, 0.0);
  size_t next = elements;
  for (Setting setting = 0; setting <= all; ++setting) {
    for (size_t a = 0; a < elements; ++a) {
      if ((setting & bit_of(a)) != 0) rows[setting * width + a] = 1;
    }
    if (std::popcount(setting) >= 2) rows[setting * width + next++] = 1;
  }
  return rows;
}

/// A C A' for the last columns of a covariance.
std::vector<double> transformed(const std::vector<double>& rows, size_t settings,
                                const std::vector<double>& covariance, size_t first,
                                size_t columns) {
  const size_t width = columns - first;
  std::vector<double> half(settings * width, 0.0), result(settings * settings, 0.0);
  for (size_t s = 0; s < settings; ++s) {
    for (size_t j = 0; j < width; ++j) {
      for (size_t k = 0; k < width; ++k) {
        half[s * width + k] += rows[s * width + j] * covariance[(first + j) * columns + first + k];
      }
    }
  }
  for (size_t s = 0; s < settings; ++s) {
    for (size_t t = 0; t < settings; ++t) {
      for (size_t k = 0; k < width; ++k) {
        result[s * settings + t] += half[s * width + k] * rows[t * width + k];
      }
    }
  }
  return result;
}

std::string too_few(const SettingRates& rates, const SettingRateOptions& options) {
  for (const Setting setting : used_settings(rates.elements)) {
    const auto& cells = rates.cells[setting];
    const int open = std::popcount(setting);
    if (cells.cells < options.min_cells) {
      return fmt::format("cells: {} with {} of {} elements open, of at least {}", cells.cells, open,
                         rates.elements, options.min_cells);
    }
    if (cells.counts < options.min_counts) {
      return fmt::format("counts: {:.0f} in the cells with {} of {} elements open, of at least {}",
                         cells.counts, open, rates.elements, options.min_counts);
    }
  }
  return "";
}

/// Degrees of freedom where a setting's rate rests on few counts; infinite elsewhere.
double freedom_of(const SettingRates& rates, const SettingRateOptions& options) {
  double fewest = kInfinity;
  for (const Setting setting : used_settings(rates.elements)) {
    fewest = std::min(fewest, rates.cells[setting].expected);
  }
  const double own = fewest < options.few_counts ? std::max(kLeastFreedom, fewest) : kInfinity;
  const double clustered = rates.clusters > 0 ? static_cast<double>(rates.clusters - 1) : kInfinity;
  return std::min(own, clustered);
}

}  // namespace

void SettingRateOptions::describe(OptionSet& set) {
  set.inner("deviation-precision", deviation_precision, above(0));
  set.inner("setting-cells", min_cells, at_least(3));
  set.inner("setting-counts", min_counts, at_least(1));
  set.inner("few-counts", few_counts, at_least(0));
}

std::vector<std::vector<double>> setting_columns(std::span<const Setting> settings,
                                                 size_t elements) {
  std::vector<std::vector<double>> columns(elements, std::vector<double>(settings.size(), 0.0));
  for (size_t a = 0; a < elements; ++a) {
    for (size_t i = 0; i < settings.size(); ++i) {
      columns[a][i] = (settings[i] & bit_of(a)) != 0 ? 1 : 0;
    }
  }
  for (Setting setting = 0; setting <= all_open(elements); ++setting) {
    if (std::popcount(setting) < 2) continue;
    auto& column = columns.emplace_back(settings.size(), 0.0);
    for (size_t i = 0; i < settings.size(); ++i) column[i] = settings[i] == setting ? 1 : 0;
  }
  return columns;
}

SettingRates measured_rates(const SettingData& data, const SettingRateOptions& options) {
  SettingRates result;
  result.elements = data.elements;
  result.cells = count_settings(data);
  result.problem = too_few(result, options);
  if (!result.problem.empty()) return result;
  const Fitted fitted = fit_settings(data, options);
  if (!fitted.fit.converged) {
    result.problem = "the regression did not converge";
    return result;
  }
  result.dispersion = fitted.fit.dispersion;
  result.mean = fitted.fit.mean;
  const size_t settings = result.cells.size();
  const auto rows = rate_rows(data.elements);
  const size_t width = rows.size() / settings;
  result.log_rate.assign(settings, 0.0);
  for (size_t s = 0; s < settings; ++s) {
    for (size_t j = 0; j < width; ++j) {
      result.log_rate[s] += rows[s * width + j] * fitted.fit.coefficients[fitted.first_setting + j];
    }
  }
  double none = 0;
  for (size_t i = 0; i < data.settings.size(); ++i) {
    result.cells[data.settings[i]].expected += result.mean[i];
    none += result.mean[i] * std::exp(-data.cells.offset[i] - result.log_rate[data.settings[i]]);
  }
  result.rate_none = kPer100k * none / static_cast<double>(data.settings.size());
  const bool clustered = !data.cells.clusters.empty();
  result.clusters = clustered ? data.cells.cluster_count : 0;
  const auto covariance =
      clustered ? cr2_covariance(fitted.rows(), data.cells.clusters, data.cells.cluster_count)
                : hc3_covariance(fitted.rows());
  result.covariance =
      transformed(rows, settings, covariance, fitted.first_setting, fitted.columns.size());
  result.freedom = freedom_of(result, options);
  return result;
}

RateInterval rate_of(const SettingRates& rates, Setting setting) {
  if (rates.log_rate.empty()) return {kNaN, kNaN, kNaN};
  const double variance = rates.covariance[setting * rates.settings() + setting];
  const double reach =
      student_upper_quantile(0.025, rates.freedom) * std::sqrt(std::max(0.0, variance));
  const auto rate = [&](double beside) {
    return rates.rate_none * std::exp(rates.log_rate[setting] + beside);
  };
  return {rate(0), rate(-reach), rate(reach)};
}

double setting_by_type_p(const SettingData& data, std::span<const int32_t> types,
                         const SettingRateOptions& options) {
  std::map<std::pair<int32_t, Setting>, int64_t> cells;
  for (size_t i = 0; i < data.settings.size(); ++i) ++cells[{types[i], data.settings[i]}];
  const Fitted fitted = fit_settings(data, options);
  if (!fitted.fit.converged) return kNaN;
  // Of each setting the first type with enough cells is what the others deviate from.
  std::vector<std::vector<double>> deviations;
  std::map<Setting, bool> has_base;
  for (const auto& [key, count] : cells) {
    if (key.second == 0 || count < options.min_cells || cells[{key.first, 0}] < options.min_cells) {
      continue;
    }
    if (!std::exchange(has_base[key.second], true)) continue;
    auto& column = deviations.emplace_back(data.settings.size(), 0.0);
    for (size_t i = 0; i < column.size(); ++i) {
      column[i] = types[i] == key.first && data.settings[i] == key.second ? 1 : 0;
    }
  }
  if (deviations.empty()) return kNaN;
  const auto inverse = information_inverse(fitted.rows());
  const auto leverage = leverages(fitted.columns, inverse, fitted.weight);
  const size_t base = fitted.columns.size();
  for (auto& column : deviations) {
    std::vector<double> weighted(column.size());
    for (size_t i = 0; i < column.size(); ++i) weighted[i] = fitted.weight[i] * column[i];
    const auto products = column_products(fitted.columns, weighted);
    for (size_t j = 0; j < base; ++j) {
      double share = 0;
      for (size_t k = 0; k < base; ++k) share += inverse[j * base + k] * products[k];
      for (size_t i = 0; i < column.size(); ++i) column[i] -= share * fitted.columns[j][i];
    }
  }
  const std::vector<std::span<const double>> spans(deviations.begin(), deviations.end());
  auto score = column_products(spans, fitted.residual);
  std::vector<double> squares(fitted.residual.size());
  for (size_t i = 0; i < squares.size(); ++i) {
    squares[i] = fitted.residual[i] * fitted.residual[i] / (1 - leverage[i]);
  }
  const CholeskyFactor factor(weighted_products(spans, squares));
  auto solved = score;
  factor.solve(solved);
  double statistic = 0, freedom = 0;
  for (size_t j = 0; j < score.size(); ++j) {
    statistic += score[j] * solved[j];
    freedom += factor.left_out(j) ? 0 : 1;
  }
  if (freedom == 0) return kNaN;
  // Hotelling's: the spread is estimated from the same cells.
  const double rest = static_cast<double>(data.settings.size()) - freedom;
  const double f = statistic * (rest - 1) / (rest * freedom);
  return incomplete_beta(rest / (rest + freedom * f), rest / 2, freedom / 2);
}

}  // namespace grids::core
