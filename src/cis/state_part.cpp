#include "cis/state_part.hpp"

#include <algorithm>
#include <cmath>

#include "base/at.hpp"
#include "cis/state_counts.hpp"
#include "math/information.hpp"

namespace grids::core {

namespace {

/// Times that columns and batches within types are fitted in turn. Predictions hardly move after
/// the first: what may yet move is from a batch's column to its types or back.
constexpr int kTurnsOfBatches = 2;

constexpr size_t kBlockOfValues = 1024;

/// From which the dispersion of counts is sought.
constexpr double kFirstDispersion = 0.5;

/// One number for each group of rows, added to their log means (or values), under a normal prior
/// of variance 1 ÷ `precision`: Newton's method for all groups at once.
class GroupShifts {
 public:
  GroupShifts(std::span<const int32_t> group, int64_t groups, double precision)
      : group_(group), precision_(precision), shift_(at(groups), 0.0) {}

  /// `mean` of each row without its shift.
  std::vector<double> of_counts(std::span<const double> counts, std::span<const double> mean,
                                double dispersion) {
    constexpr int kMostSteps = 12;
    constexpr double kLongestMove = 1, kShortestMove = 1e-7;
    std::vector<double> score(shift_.size()), information(shift_.size()), factor(shift_.size());
    double longest = 1;
    for (int step = 0; step < kMostSteps && longest > kShortestMove; ++step) {
      for (size_t g = 0; g < shift_.size(); ++g) {
        score[g] = -precision_ * shift_[g];
        information[g] = precision_;
        factor[g] = std::exp(shift_[g]);
      }
      for (size_t i = 0; i < counts.size(); ++i) {
        const auto g = at(group_[i]);
        const double shifted = mean[i] * factor[g], spread = 1 + dispersion * shifted;
        score[g] += (counts[i] - shifted) / spread;
        information[g] += shifted * (1 + dispersion * counts[i]) / (spread * spread);
      }
      longest = 0;
      for (size_t g = 0; g < shift_.size(); ++g) {
        const double move = std::clamp(score[g] / information[g], -kLongestMove, kLongestMove);
        shift_[g] += move;
        longest = std::max(longest, std::abs(move));
      }
    }
    return shift_;
  }

  /// Residuals of variance `variance`.
  std::vector<double> of_values(std::span<const double> residual, double variance) {
    std::vector<double> weight(shift_.size(), precision_ * variance);
    for (size_t i = 0; i < residual.size(); ++i) {
      shift_[at(group_[i])] += residual[i];
      weight[at(group_[i])] += 1;
    }
    for (size_t g = 0; g < shift_.size(); ++g) shift_[g] /= weight[g];
    return shift_;
  }

 private:
  std::span<const int32_t> group_;
  double precision_;
  std::vector<double> shift_;
};

}  // namespace

StateDesign::StateDesign(const CisRows& training, CisResponse response, double ridge)
    : response_(response),
      ridge_(ridge),
      units_(training.units),
      batch_and_type_(training.batch_and_type),
      batches_and_types_(training.batches_and_types) {
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

StateDesign::Fit StateDesign::columns_beside(std::span<const double> values,
                                             std::span<const double> offset, size_t used,
                                             std::optional<double> dispersion, Fit start) const {
  std::vector<std::span<const double>> columns(columns_.begin(),
                                               columns_.begin() + static_cast<long>(used));
  std::vector<double> ridge(used, ridge_);
  ridge[0] = 0;
  Fit result;
  if (response_ == CisResponse::kCounts) {
    auto fit = fit_state_counts({values, offset, std::move(columns), ridge}, dispersion,
                                {std::move(start.coefficients), start.dispersion});
    result.coefficients = std::move(fit.coefficients);
    result.dispersion = fit.dispersion;
  } else {
    std::vector<double> rest(values.begin(), values.end());
    for (size_t i = 0; i < rest.size(); ++i) rest[i] -= offset[i];
    auto information = weighted_products(columns, std::vector<double>(values.size(), 1.0));
    for (size_t j = 0; j < used; ++j) information[j * used + j] += ridge[j];
    result.coefficients = column_products(columns, rest);
    CholeskyFactor(std::move(information)).solve(result.coefficients);
  }
  return result;
}

std::vector<double> StateDesign::within_types(std::span<const double> values,
                                              std::span<const double> offset,
                                              const Fit& fit) const {
  std::vector<double> rest(offset.begin(), offset.end());
  for (size_t j = 0; j < fit.coefficients.size(); ++j) {
    for (size_t i = 0; i < rest.size(); ++i) rest[i] += fit.coefficients[j] * columns_[j][i];
  }
  GroupShifts shifts(batch_and_type_, batches_and_types_,
                     1 / (kBatchWithinType * kBatchWithinType));
  if (response_ == CisResponse::kCounts) {
    for (double& x : rest) x = std::exp(std::clamp(x, -30.0, 30.0));
    return shifts.of_counts(values, rest, fit.dispersion);
  }
  double squares = 0;
  for (size_t i = 0; i < rest.size(); ++i) {
    rest[i] = values[i] - rest[i];
    squares += rest[i] * rest[i];
  }
  return shifts.of_values(rest, squares / static_cast<double>(rest.size()));
}

std::vector<double> StateDesign::of_scaled_columns(const std::vector<double>& coefficients,
                                                   size_t used) const {
  std::vector<double> scaled;
  for (size_t j = 0; j < std::min(used, coefficients.size()); ++j) {
    scaled.push_back(coefficients[j] * scale_[j]);
    if (j > 0) scaled[0] += coefficients[j] * mean_[j];
  }
  return scaled;
}

StateDesign::Fit StateDesign::regression(std::span<const double> values,
                                         std::span<const double> offset, size_t used,
                                         std::optional<double> dispersion, const Fit& start) const {
  Fit result = columns_beside(values, offset, used, dispersion,
                              {of_scaled_columns(start.coefficients, used), start.dispersion});
  std::vector<double> within;
  for (int turn = 0; !batch_and_type_.empty() && turn < kTurnsOfBatches; ++turn) {
    within = within_types(values, offset, result);
    std::vector<double> beside(offset.begin(), offset.end());
    for (size_t i = 0; i < beside.size(); ++i) beside[i] += within[at(batch_and_type_[i])];
    result = columns_beside(values, beside, used, dispersion, std::move(result));
  }
  for (size_t j = 1; j < used; ++j) {
    result.coefficients[j] /= scale_[j];
    result.coefficients[0] -= result.coefficients[j] * mean_[j];
  }
  place_unseen_units(result.coefficients);
  if (within.empty()) return result;
  result.coefficients.resize(columns_.size(), 0.0);
  result.coefficients.insert(result.coefficients.end(), within.begin(), within.end());
  return result;
}

void StateDesign::place_unseen_units(std::vector<double>& coefficients) const {
  for (const auto& [begin, end] : units_) {
    double mean = 0;
    for (size_t j = begin; j < end; ++j) mean += mean_[j] * coefficients[j];  // shares of the cells
    for (size_t j = begin; j < end; ++j) {
      if (mean_[j] == 0) coefficients[j] = mean;
    }
  }
}

StateDesign::Fit StateDesign::fit(const CisRows& training, const std::vector<double>& values,
                                  size_t used, const Fit* start) const {
  const Fit from = start == nullptr ? Fit{{}, kFirstDispersion} : *start;
  auto result = regression(values, training.log_exposure, std::min(used, columns_.size()),
                           std::nullopt, from);
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
                                                     double dispersion,
                                                     const std::vector<double>& start) const {
  std::vector<double> offset = training.log_exposure;
  for (size_t i = 0; i < offset.size(); ++i) offset[i] += known[i];
  return regression(values, offset, columns_.size(), dispersion, {start, dispersion}).coefficients;
}

std::vector<double> state_values(const CisRows& rows, const std::vector<double>& coefficients) {
  std::vector<double> values = rows.log_exposure;
  const size_t columns = std::min(coefficients.size(), rows.state.size());
  // In blocks that stay in the first cache while columns pass by.
  for (size_t begin = 0; begin < values.size(); begin += kBlockOfValues) {
    const size_t end = std::min(begin + kBlockOfValues, values.size());
    for (size_t j = 0; j < columns; ++j) {
      const double* column = rows.state[j].data();
      for (size_t i = begin; i < end; ++i) values[i] += coefficients[j] * column[i];
    }
  }
  for (size_t i = 0; i < rows.batch_and_type.size(); ++i) {
    values[i] += coefficients[rows.state.size() + at(rows.batch_and_type[i])];
  }
  return values;
}

}  // namespace grids::core
