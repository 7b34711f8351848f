#include "train/readout.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/at.hpp"
#include "base/error.hpp"
#include "math/gemm.hpp"
#include "math/least_squares.hpp"

namespace grids::core {
namespace {

/// Relative to the mean variance of a feature, times the number of cells.
constexpr double kPenalties[] = {1e-4, 1e-3, 1e-2, 1e-1, 1, 10, 100, 1000};
constexpr int64_t kGenesAtOnce = 64;

/// Means of the columns of a dense matrix.
std::vector<double> column_means(std::span<const float> values, int64_t columns) {
  std::vector<double> means(at(columns), 0.0);
  for (size_t i = 0; i < values.size(); ++i) means[i % at(columns)] += values[i];
  const double rows = static_cast<double>(values.size()) / static_cast<double>(columns);
  for (double& mean : means) mean /= rows;
  return means;
}

std::vector<double> column_means(const CsrMatrix& matrix) {
  std::vector<double> means(at(matrix.columns()), 0.0);
  for (size_t i = 0; i < matrix.values.size(); ++i) {
    means[at(matrix.pattern.indices[i])] += matrix.values[i];
  }
  for (double& mean : means) mean /= static_cast<double>(matrix.rows());
  return means;
}

/// The normal equations of centred features and expression, in double.
struct NormalEquations {
  int64_t features = 0;
  int64_t genes = 0;
  std::vector<double> feature_means, gene_means;
  std::vector<float> centred;    ///< cells × features
  std::vector<double> gram;      ///< features × features
  std::vector<double> products;  ///< features × genes
  double scale = 0;              ///< mean diagonal of `gram`

  NormalEquations(const ReadoutCells& cells, ThreadPool& pool)
      : features(static_cast<int64_t>(cells.features.size()) / cells.expression.rows()),
        genes(cells.expression.columns()),
        feature_means(column_means(cells.features, features)),
        gene_means(column_means(cells.expression)),
        centred(cells.features.begin(), cells.features.end()) {
    for (size_t i = 0; i < centred.size(); ++i) {
      centred[i] -= static_cast<float>(feature_means[i % at(features)]);
    }
    const int64_t rows = cells.expression.rows();
    std::vector<float> product(at(features * features));
    gemm(pool, Transpose::kYes, Transpose::kNo, features, features, rows, centred.data(), features,
         centred.data(), features, 0, product.data(), features);
    gram.assign(product.begin(), product.end());
    for (int64_t f = 0; f < features; ++f) scale += gram[at(f * features + f)];
    scale /= static_cast<double>(features);
    // Centred features sum to 0 over the cells, so expression need not be centred.
    const auto dense = to_dense(cells.expression);
    product.resize(at(features * genes));
    gemm(pool, Transpose::kYes, Transpose::kNo, features, genes, rows, centred.data(), features,
         dense.data(), genes, 0, product.data(), genes);
    products.assign(product.begin(), product.end());
  }

  /// genes × features.
  std::vector<float> solve(double penalty, ThreadPool& pool) const {
    std::vector<double> penalised = gram;
    for (int64_t f = 0; f < features; ++f) penalised[at(f * features + f)] += penalty * scale;
    std::vector<float> weight(at(genes * features));
    pool.for_blocks(genes, kGenesAtOnce, [&](int64_t begin, int64_t end, int64_t) {
      const int64_t sides = end - begin;
      std::vector<double> block(at(features * sides));
      for (int64_t f = 0; f < features; ++f) {
        for (int64_t g = 0; g < sides; ++g) {
          block[at(f * sides + g)] = products[at(f * genes + begin + g)];
        }
      }
      solve_positive_definite(penalised, features, block, sides);
      for (int64_t f = 0; f < features; ++f) {
        for (int64_t g = 0; g < sides; ++g) {
          weight[at((begin + g) * features + f)] = static_cast<float>(block[at(f * sides + g)]);
        }
      }
    });
    return weight;
  }

  std::vector<float> bias(std::span<const float> weight) const {
    std::vector<float> result(at(genes));
    for (int64_t g = 0; g < genes; ++g) {
      double sum = gene_means[at(g)];
      for (int64_t f = 0; f < features; ++f) {
        sum -= double{weight[at(g * features + f)]} * feature_means[at(f)];
      }
      result[at(g)] = static_cast<float>(sum);
    }
    return result;
  }
};

double mean_squared_error(const ReadoutCells& cells, std::span<const float> weight,
                          std::span<const float> bias, ThreadPool& pool) {
  const auto genes = static_cast<int64_t>(bias.size());
  const int64_t rows = cells.expression.rows();
  const auto features = static_cast<int64_t>(weight.size()) / genes;
  std::vector<float> predicted(at(rows * genes));
  gemm(pool, Transpose::kNo, Transpose::kYes, rows, genes, features, cells.features.data(),
       features, weight.data(), features, 0, predicted.data(), genes);
  const auto measured = to_dense(cells.expression);
  double sum = 0;
  for (size_t i = 0; i < predicted.size(); ++i) {
    const double error = std::max(0.0f, predicted[i] + bias[i % at(genes)]) - measured[i];
    sum += error * error;
  }
  return sum / static_cast<double>(predicted.size());
}

void require_cells(const ReadoutCells& cells) {
  const int64_t rows = cells.expression.rows();
  if (rows == 0 || cells.features.empty() || cells.features.size() % at(rows) != 0) {
    throw internal_error("{} features for {} cells", cells.features.size(), rows);
  }
}

}  // namespace

Readout fit_readout(const ReadoutCells& training, const ReadoutCells& validation,
                    ThreadPool& pool) {
  require_cells(training);
  require_cells(validation);
  const NormalEquations equations(training, pool);
  Readout best;
  best.penalty = std::numeric_limits<double>::infinity();
  best.weight.assign(at(equations.genes * equations.features), 0.0f);
  best.bias = equations.bias(best.weight);
  best.validation_error = mean_squared_error(validation, best.weight, best.bias, pool);
  if (!(equations.scale > 0)) return best;  // features that never vary say nothing
  // Else means alone are no candidate: a weak surrogate is to stay one that can be searched, and to
  // be reported as weak.
  best.validation_error = std::numeric_limits<double>::infinity();
  for (const double penalty : kPenalties) {
    Readout candidate;
    candidate.penalty = penalty;
    candidate.weight = equations.solve(penalty, pool);
    candidate.bias = equations.bias(candidate.weight);
    candidate.validation_error =
        mean_squared_error(validation, candidate.weight, candidate.bias, pool);
    if (candidate.validation_error < best.validation_error) best = std::move(candidate);
  }
  return best;
}

}  // namespace grids::core
