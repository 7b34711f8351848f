#include "math/robust_covariance.hpp"

#include <algorithm>
#include <cmath>

#include "base/at.hpp"
#include "math/information.hpp"
#include "math/symmetric_eigen.hpp"

namespace grids::core {
namespace {

/// What a row may take up of its own residual, at most: beyond, it would count without bound.
constexpr double kMostLeverage = 0.99;

/// inverse · meat · inverse, all size × size and symmetric.
std::vector<double> sandwich(const std::vector<double>& inverse, const std::vector<double>& meat,
                             size_t size) {
  std::vector<double> half(size * size), result(size * size);
  for (size_t i = 0; i < size; ++i) {
    for (size_t k = 0; k < size; ++k) {
      const double share = inverse[i * size + k];
      for (size_t j = 0; j < size; ++j) half[i * size + j] += share * meat[k * size + j];
    }
  }
  for (size_t i = 0; i < size; ++i) {
    for (size_t k = 0; k < size; ++k) {
      const double share = half[i * size + k];
      for (size_t j = 0; j < size; ++j) result[i * size + j] += share * inverse[k * size + j];
    }
  }
  return result;
}

/// F with F F' = inverse (columns × columns).
std::vector<double> symmetric_root(const std::vector<double>& inverse, size_t size) {
  const auto eigen = symmetric_eigen(inverse, static_cast<int64_t>(size));
  std::vector<double> root(size * size);
  for (size_t i = 0; i < size; ++i) {
    for (size_t k = 0; k < size; ++k) {
      root[i * size + k] = eigen.vectors[i * size + k] * std::sqrt(std::max(0.0, eigen.values[k]));
    }
  }
  return root;
}

/// Σ over a cluster's rows of X' W^(1/2) (I − H)^(−1/2) e, with e = residual ÷ W^(1/2).
///
/// H = Z Z' with the rows of Z = W^(1/2) X F of as few columns as the regression has, so the root
/// is I + Z Q diag(((1 − d)^(−1/2) − 1) ÷ d) Q' Z' for Z'Z = Q diag(d) Q'.
std::vector<double> corrected_score(const FittedRows& rows, std::span<const int32_t> members,
                                    const std::vector<double>& root) {
  const size_t size = rows.columns.size();
  std::vector<double> x(members.size() * size), z(members.size() * size, 0.0);
  for (size_t i = 0; i < members.size(); ++i) {
    const auto row = at(members[i]);
    const double scale = std::sqrt(rows.weight[row]);
    for (size_t j = 0; j < size; ++j) x[i * size + j] = scale * rows.columns[j][row];
    for (size_t j = 0; j < size; ++j) {
      for (size_t k = 0; k < size; ++k) z[i * size + k] += x[i * size + j] * root[j * size + k];
    }
  }
  std::vector<double> products(size * size), projected(size), score(size);
  for (size_t i = 0; i < members.size(); ++i) {
    const auto row = at(members[i]);
    const double scale = std::sqrt(rows.weight[row]);
    const double error = scale > 0 ? rows.residual[row] / scale : 0;
    for (size_t j = 0; j < size; ++j) {
      projected[j] += z[i * size + j] * error;
      score[j] += x[i * size + j] * error;
      for (size_t k = 0; k <= j; ++k) products[j * size + k] += z[i * size + j] * z[i * size + k];
    }
  }
  for (size_t j = 0; j < size; ++j) {
    for (size_t k = 0; k < j; ++k) products[k * size + j] = products[j * size + k];
  }
  const auto eigen = symmetric_eigen(std::move(products), static_cast<int64_t>(size));
  std::vector<double> correction(size);
  for (size_t k = 0; k < size; ++k) {
    const double d = std::clamp(eigen.values[k], 0.0, kMostLeverage);
    if (d < 1e-12) continue;
    double along = 0;
    for (size_t j = 0; j < size; ++j) along += eigen.vectors[j * size + k] * projected[j];
    along *= (1 / std::sqrt(1 - d) - 1) / d;
    for (size_t j = 0; j < size; ++j) correction[j] += eigen.vectors[j * size + k] * along;
  }
  for (size_t i = 0; i < members.size(); ++i) {
    double shift = 0;
    for (size_t j = 0; j < size; ++j) shift += z[i * size + j] * correction[j];
    for (size_t j = 0; j < size; ++j) score[j] += x[i * size + j] * shift;
  }
  return score;
}

}  // namespace

std::vector<double> leverages(std::span<const std::span<const double>> columns,
                              std::span<const double> inverse, std::span<const double> weight) {
  const size_t size = columns.size();
  std::vector<double> result(weight.size(), 0.0);
  for (size_t j = 0; j < size; ++j) {
    for (size_t k = 0; k <= j; ++k) {
      const double twice = (j == k ? 1 : 2) * inverse[j * size + k];
      for (size_t i = 0; i < result.size(); ++i) {
        result[i] += twice * columns[j][i] * columns[k][i];
      }
    }
  }
  for (size_t i = 0; i < result.size(); ++i) {
    result[i] = std::min(kMostLeverage, weight[i] * result[i]);
  }
  return result;
}

std::vector<double> information_inverse(const FittedRows& rows) {
  const size_t size = rows.columns.size();
  auto matrix = weighted_products(rows.columns, rows.weight);
  for (size_t j = 0; j < rows.ridge.size(); ++j) matrix[j * size + j] += rows.ridge[j];
  return CholeskyFactor(std::move(matrix)).inverse();
}

std::vector<double> hc3_covariance(const FittedRows& rows) {
  const auto inverse = information_inverse(rows);
  const auto leverage = leverages(rows.columns, inverse, rows.weight);
  std::vector<double> squares(rows.residual.size());
  for (size_t i = 0; i < squares.size(); ++i) {
    const double residual = rows.residual[i] / (1 - leverage[i]);
    squares[i] = residual * residual;
  }
  return sandwich(inverse, weighted_products(rows.columns, squares), rows.columns.size());
}

std::vector<double> cr2_covariance(const FittedRows& rows, std::span<const int32_t> clusters,
                                   int64_t count) {
  const size_t size = rows.columns.size();
  const auto inverse = information_inverse(rows);
  const auto root = symmetric_root(inverse, size);
  std::vector<std::vector<int32_t>> members(at(count));
  for (size_t i = 0; i < clusters.size(); ++i) {
    members[at(clusters[i])].push_back(static_cast<int32_t>(i));
  }
  std::vector<double> meat(size * size);
  for (const auto& cluster : members) {
    const auto score = corrected_score(rows, cluster, root);
    for (size_t j = 0; j < size; ++j) {
      for (size_t k = 0; k < size; ++k) meat[j * size + k] += score[j] * score[k];
    }
  }
  return sandwich(inverse, meat, size);
}

}  // namespace grids::core
