/// The rate of a gene at each setting of a few elements, as measured: a saturated regression of its
/// counts over the settings,
///
///     y ~ negative binomial,
///     log mean = log total RNA + covariates + slope · fit's other terms
///                + Σ_a θ_a [a open] + δ_(open elements),
///
/// with the covariates of the held-out contrast (evaluate/contrast.hpp), the terms of the gene's
/// cis path that are satisfied without any element of the set, their slope free, and a deviation δ
/// for each setting with two or more elements open, under a normal prior of precision 1: settings
/// with few cells are drawn towards what single elements say. The covariance is a sandwich (HC3; by
/// donor or batch where the contrast clusters by them, CR2), and does not rest on the dispersion.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "evaluate/contrast.hpp"
#include "redundancy/settings.hpp"

namespace grids::core {

/// The cells of a measurement in one setting.
struct SettingCells {
  int64_t cells = 0;
  double counts = 0;    ///< observed
  double expected = 0;  ///< by the fit
};

/// Log rates beside that with no element open, whose own is 0; settings × settings covariance.
struct SettingRates {
  size_t elements = 0;
  std::vector<double> log_rate;    ///< one a setting
  std::vector<double> covariance;  ///< row-major; 0 in the first row and column
  double freedom = 0;              ///< of Student's t; infinite: normal
  double rate_none = 0;            ///< mean over the cells, counts per 100,000, no element open
  std::vector<SettingCells> cells;
  int64_t clusters = 0;  ///< that the covariance is of; 0: cells independent
  double dispersion = 0;
  std::vector<double> mean;  ///< of each cell, as fitted
  std::string problem;       ///< why there are none, or empty

  size_t settings() const { return log_rate.size(); }
};

/// A setting's rate, counts per 100,000, with the interval of 95 % of its log beside that of none
/// open; NaN where there are no rates.
struct RateInterval {
  double rate = 0;
  double low = 0;
  double high = 0;
};
RateInterval rate_of(const SettingRates& rates, Setting setting);

/// Degrees of freedom below which errors of few counts do not go: Student's t with fewer has no
/// variance to speak of.
inline constexpr double kLeastFreedom = 4;

struct SettingRateOptions {
  /// Precision of the prior of a setting's deviation from what its single elements say.
  double deviation_precision = 1;
  /// A setting that the call reads needs as many cells, and as many counts.
  int64_t min_cells = 8;
  double min_counts = 5;
  /// Below as many expected counts in one of these, errors are Student's with that many degrees of
  /// freedom.
  double few_counts = 20;

  void describe(OptionSet& set);
};

/// Counts of a gene in some cells, one setting and one value of the fit's other terms a cell.
struct SettingData {
  const ContrastCells& cells;
  std::span<const double> counts;
  std::span<const double> other_terms;
  std::span<const Setting> settings;
  size_t elements = 0;
};

/// A `problem` where a used setting has too few cells or counts, or nothing converges; cells and
/// counts are told all the same.
SettingRates measured_rates(const SettingData& data, const SettingRateOptions& options);

/// Columns that tell settings apart: one an element, then one for each setting with several open.
std::vector<std::vector<double>> setting_columns(std::span<const Setting> settings,
                                                 size_t elements);

/// p of a test that the settings act alike in all types: a score test of the settings' deviations
/// by type beside the regression above, on settings with enough cells in a type. NaN with one type,
/// or where there is nothing to test.
double setting_by_type_p(const SettingData& data, std::span<const int32_t> types,
                         const SettingRateOptions& options);

}  // namespace grids::core
