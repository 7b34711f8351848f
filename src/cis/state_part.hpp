/// The state part of the cis path: one regression a gene on what all cells have.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "cis/cis_rows.hpp"
#include "cis/fit_cis.hpp"

namespace grids::core {

/// The state's columns centred and scaled by the training cells, so that one ridge fits all. What
/// batches add within types has a prior of its own (`kBatchWithinType`) and no columns: it is one
/// number for the rows of a batch and type, fitted in turn with the columns.
class StateDesign {
 public:
  StateDesign(const CisRows& training, CisResponse response, double ridge);

  struct Fit {
    /// Of the columns as they are, one for each used; with batches one for each (0: not used), then
    /// what each adds within each type.
    std::vector<double> coefficients;
    double dispersion = 0;  ///< or residual variance
  };
  /// `used`: the first columns (all when larger); gate A's smaller model does without latents. Of
  /// counts sought from `start` on (maybe null), a fit of fewer columns.
  Fit fit(const CisRows& training, const std::vector<double>& values, size_t used,
          const Fit* start = nullptr) const;
  /// All columns beside what else is known of each row's log mean (or value), at a dispersion;
  /// sought from `start` on.
  std::vector<double> coefficients_beside(const CisRows& training,
                                          const std::vector<double>& values,
                                          std::span<const double> known, double dispersion,
                                          const std::vector<double>& start) const;

 private:
  /// `offset`: of log means (or values). On the columns as they are, like `start`, which may be
  /// without coefficients.
  Fit regression(std::span<const double> values, std::span<const double> offset, size_t used,
                 std::optional<double> dispersion, const Fit& start) const;
  /// Without batches within types; on the scaled columns, like `start`.
  Fit columns_beside(std::span<const double> values, std::span<const double> offset, size_t used,
                     std::optional<double> dispersion, Fit start) const;
  /// Coefficients of the first columns as they are, of scaled columns.
  std::vector<double> of_scaled_columns(const std::vector<double>& coefficients, size_t used) const;
  /// What batches add within types beside the columns of a fit.
  std::vector<double> within_types(std::span<const double> values, std::span<const double> offset,
                                   const Fit& fit) const;

  /// Donors and batches without training cells, whose columns are constant, become the mean of the
  /// others, not the one that has no column.
  void place_unseen_units(std::vector<double>& coefficients) const;

  CisResponse response_;
  double ridge_;
  std::vector<double> mean_, scale_;
  std::vector<std::vector<double>> columns_;
  std::vector<std::pair<size_t, size_t>> units_;  ///< see CisRows
  std::vector<int32_t> batch_and_type_;           ///< of each row; empty without batches
  int64_t batches_and_types_;
};

/// log mean (with exposure), or mean of log values, of each row by the first coefficients.
std::vector<double> state_values(const CisRows& rows, const std::vector<double>& coefficients);

}  // namespace grids::core
