/// Covariances of a regression's coefficients that hold whatever the variance of its rows,
/// corrected for what each row, or cluster of rows, has pulled the fit towards itself.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace grids::core {

/// A regression at its maximum. Spans are borrowed; columns, residual and weight of equal length.
struct FittedRows {
  std::span<const std::span<const double>> columns;
  std::span<const double> residual;  ///< score of each row with respect to its linear predictor
  std::span<const double> weight;    ///< information of each row about it
  std::span<const double> ridge;     ///< precision of the prior, one a column; empty: none
};

/// weight_i · z_i' inverse z_i of each row i, at most nearly 1: the share of its own residual that
/// each row's fit takes up. `inverse`: columns × columns, of the information.
std::vector<double> leverages(std::span<const std::span<const double>> columns,
                              std::span<const double> inverse, std::span<const double> weight);

/// (X'WX + ridge)⁻¹, columns × columns.
std::vector<double> information_inverse(const FittedRows& rows);

/// HC3 (MacKinnon & White 1985): each residual divided by 1 − leverage. Columns × columns.
std::vector<double> hc3_covariance(const FittedRows& rows);

/// CR2 (Bell & McCaffrey 2002): the residuals of each cluster times (I − H_gg)^(−1/2) in units of
/// equal weight. `clusters`: a code of each row, 0 ≤ code < `count`.
std::vector<double> cr2_covariance(const FittedRows& rows, std::span<const int32_t> clusters,
                                   int64_t count);

}  // namespace grids::core
