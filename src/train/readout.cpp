#include "train/readout.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/at.hpp"
#include "base/error.hpp"
#include "math/gemm.hpp"
#include "math/symmetric_eigen.hpp"

namespace grids::core {
namespace {

/// Relative to the mean variance of a feature, times the number of cells.
constexpr double kPenalties[] = {1e-4, 1e-3, 1e-2, 1e-1, 1, 10, 100, 1000};
/// Genes whose expression is dense at a time, by each thread.
constexpr int64_t kGenesAtOnce = 128;

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

/// Expression of some genes at a time. In a room (math/entries.hpp) a copy by gene is made first:
/// every look at the rows of cells would fetch all of them again.
class GenesAtOnce {
 public:
  explicit GenesAtOnce(const CsrMatrix& expression) : expression_(expression) {
    if (expression.pattern.indices.room() != nullptr) by_gene_ = transpose(expression);
  }
  /// cells × (end − begin), dense.
  std::vector<float> dense(int64_t begin, int64_t end) const {
    if (by_gene_.rows() == 0) return to_dense(expression_, begin, end);
    const int64_t width = end - begin;
    std::vector<float> result(at(expression_.rows() * width), 0.0f);
    for (int64_t gene = begin; gene < end; ++gene) {
      const auto cells = by_gene_.row_indices(gene);
      const auto values = by_gene_.row_values(gene);
      for (size_t k = 0; k < cells.size(); ++k) {
        result[at(cells[k] * width + gene - begin)] = values[k];
      }
    }
    return result;
  }

 private:
  const CsrMatrix& expression_;
  CsrMatrix by_gene_;
};

/// The principal axes of the features of the training cells. Along them the ridge regression of
/// every gene falls apart into one number an axis, whatever the penalty.
struct Axes {
  int64_t features = 0;
  std::vector<double> means;    ///< of the features
  std::vector<double> squares;  ///< summed over the cells, of each axis; descending, at least 0
  std::vector<float> vectors;   ///< features × axes
  double scale = 0;             ///< mean of `squares`

  Axes(const ReadoutCells& cells, ThreadPool& pool)
      : features(static_cast<int64_t>(cells.features.size()) / cells.expression.rows()),
        means(column_means(cells.features, features)) {
    const auto from_mean = centred(cells.features);
    std::vector<float> gram(at(features * features));
    gemm(pool, Transpose::kYes, Transpose::kNo, features, features, cells.expression.rows(),
         from_mean.data(), features, from_mean.data(), features, 0, gram.data(), features);
    auto eigen = large_symmetric_eigen(pool, {gram.begin(), gram.end()}, features);
    squares = std::move(eigen.values);
    for (double& square : squares) {
      square = std::max(square, 0.0);
      scale += square / static_cast<double>(features);
    }
    vectors.assign(eigen.vectors.begin(), eigen.vectors.end());
  }

  std::vector<float> centred(std::span<const float> values) const {
    std::vector<float> result(values.begin(), values.end());
    for (size_t i = 0; i < result.size(); ++i) {
      result[i] -= static_cast<float>(means[i % at(features)]);
    }
    return result;
  }

  /// cells × axes of cells × features.
  std::vector<float> turned(std::span<const float> values, ThreadPool& pool) const {
    const auto rows = static_cast<int64_t>(values.size()) / features;
    const auto from_mean = centred(values);
    std::vector<float> result(values.size());
    gemm(pool, Transpose::kNo, Transpose::kNo, rows, features, features, from_mean.data(), features,
         vectors.data(), features, 0, result.data(), features);
    return result;
  }

  /// What each axis' product with expression is multiplied by to become its weight.
  std::vector<float> factors(double penalty) const {
    std::vector<float> result(at(features), 0.0f);
    if (std::isinf(penalty)) return result;
    for (size_t axis = 0; axis < result.size(); ++axis) {
      result[axis] = static_cast<float>(1 / (squares[axis] + penalty * scale));
    }
    return result;
  }
};

/// The regression of all genes for all penalties of a ladder.
class RidgeLadder {
 public:
  RidgeLadder(const Axes& axes, const ReadoutCells& training, const ReadoutCells& validation,
              std::span<const double> penalties, ThreadPool& pool)
      : axes_(axes),
        training_(training),
        validation_(validation),
        training_genes_(training.expression),
        validation_genes_(validation.expression),
        penalties_(penalties),
        genes_(training.expression.columns()),
        gene_means_(column_means(training.expression)),
        turned_(axes.turned(training.features, pool)),
        held_out_(held_out(pool)),
        products_(at(axes.features * genes_)) {
    std::vector<std::vector<double>> sums(at((genes_ + kGenesAtOnce - 1) / kGenesAtOnce));
    pool.for_blocks(genes_, kGenesAtOnce, [&](int64_t begin, int64_t end, int64_t block) {
      multiply(begin, end);
      sums[at(block)] = squared_errors(begin, end);
    });
    errors_.assign(penalties.size(), 0.0);
    const auto values = static_cast<double>(validation.expression.rows() * genes_);
    for (const auto& of_block : sums) {
      for (size_t p = 0; p < errors_.size(); ++p) errors_[p] += of_block[p] / values;
    }
  }

  /// With the least error on the validation cells; of equals the first.
  Readout best(ThreadPool& pool) const {
    const auto least = std::min_element(errors_.begin(), errors_.end());
    Readout result;
    result.penalty = penalties_[at(least - errors_.begin())];
    result.validation_error = *least;
    result.weight = weight(result.penalty, pool);
    result.bias = bias(result.weight);
    return result;
  }

 private:
  /// (penalties · validation cells) × axes: under each penalty, what a product with expression
  /// becomes in a prediction.
  std::vector<float> held_out(ThreadPool& pool) const {
    const auto turned = axes_.turned(validation_.features, pool);
    std::vector<float> result;
    result.reserve(turned.size() * penalties_.size());
    for (const double penalty : penalties_) {
      const auto factors = axes_.factors(penalty);
      for (size_t i = 0; i < turned.size(); ++i) {
        result.push_back(turned[i] * factors[i % factors.size()]);
      }
    }
    return result;
  }

  /// Products of axes and expression; axes sum to 0 over the cells, so expression need not be
  /// centred.
  void multiply(int64_t begin, int64_t end) {
    const auto measured = training_genes_.dense(begin, end);
    gemm(Transpose::kYes, Transpose::kNo, axes_.features, end - begin, training_.expression.rows(),
         turned_.data(), axes_.features, measured.data(), end - begin, 0, products_.data() + begin,
         genes_);
  }

  /// Summed over validation cells and these genes, for each penalty.
  std::vector<double> squared_errors(int64_t begin, int64_t end) const {
    const int64_t cells = validation_.expression.rows();
    const int64_t width = end - begin;
    const auto measured = validation_genes_.dense(begin, end);
    const auto all = static_cast<int64_t>(penalties_.size()) * cells;
    std::vector<float> predicted(at(all * width));
    gemm(Transpose::kNo, Transpose::kNo, all, width, axes_.features, held_out_.data(),
         axes_.features, products_.data() + begin, genes_, 0, predicted.data(), width);
    std::vector<double> sums(penalties_.size(), 0.0);
    const float* guess = predicted.data();
    for (double& sum : sums) {
      const float* value = measured.data();
      for (int64_t cell = 0; cell < cells; ++cell) {
        for (int64_t gene = begin; gene < end; ++gene) {
          const auto mean = static_cast<float>(gene_means_[at(gene)]);
          const double error = std::max(0.0f, *guess++ + mean) - *value++;
          sum += error * error;
        }
      }
    }
    return sums;
  }

  /// genes × features.
  std::vector<float> weight(double penalty, ThreadPool& pool) const {
    auto along_axes = products_;
    const auto factors = axes_.factors(penalty);
    for (size_t i = 0; i < along_axes.size(); ++i) along_axes[i] *= factors[i / at(genes_)];
    std::vector<float> result(along_axes.size());
    gemm(pool, Transpose::kYes, Transpose::kYes, genes_, axes_.features, axes_.features,
         along_axes.data(), genes_, axes_.vectors.data(), axes_.features, 0, result.data(),
         axes_.features);
    return result;
  }

  std::vector<float> bias(std::span<const float> weight) const {
    std::vector<float> result(at(genes_));
    for (int64_t g = 0; g < genes_; ++g) {
      double sum = gene_means_[at(g)];
      for (int64_t f = 0; f < axes_.features; ++f) {
        sum -= double{weight[at(g * axes_.features + f)]} * axes_.means[at(f)];
      }
      result[at(g)] = static_cast<float>(sum);
    }
    return result;
  }

  const Axes& axes_;
  const ReadoutCells& training_;
  const ReadoutCells& validation_;
  GenesAtOnce training_genes_, validation_genes_;
  std::span<const double> penalties_;
  int64_t genes_;
  std::vector<double> gene_means_;
  std::vector<float> turned_;    ///< training cells × axes
  std::vector<float> held_out_;  ///< see `held_out`
  std::vector<float> products_;  ///< axes × genes
  std::vector<double> errors_;   ///< mean squared, of each penalty
};

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
  const Axes axes(training, pool);
  // Features that never vary say nothing. Elsewhere means alone are no candidate: a weak surrogate
  // is to stay one that can be searched, and to be reported as weak.
  constexpr double kMeansAlone[] = {std::numeric_limits<double>::infinity()};
  const std::span<const double> penalties =
      axes.scale > 0 ? std::span<const double>(kPenalties) : std::span<const double>(kMeansAlone);
  return RidgeLadder(axes, training, validation, penalties, pool).best(pool);
}

}  // namespace grids::core
