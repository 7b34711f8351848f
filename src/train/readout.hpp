/// The last layer of a network, refitted exactly.
///
/// Gradient descent leaves the last layer of the RNA decoder overfitted to a few thousand cells.
/// Given the layer's inputs the best weights under a ridge penalty have a closed form, and the
/// penalty is what validation cells choose, up to "the gene's mean and nothing else": where
/// chromatin says little, a prediction then says little more than the mean.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/thread_pool.hpp"
#include "math/sparse.hpp"

namespace grids::core {

/// Cells with the inputs of the layer and what it should give.
struct ReadoutCells {
  std::span<const float> features;  ///< cells × features
  const CsrMatrix& expression;      ///< cells × genes
};

struct Readout {
  std::vector<float> weight;  ///< genes × features
  std::vector<float> bias;    ///< genes
  /// The penalty chosen, relative to the mean variance of a feature; infinite when no feature
  /// varies, and every prediction is its gene's mean.
  double penalty = 0;
  double validation_error = 0;  ///< mean squared error over cells and genes
};

/// Minimises Σ (weight · features + bias − expression)² + penalty · |weight|² over the training
/// cells (the bias is free), for the penalty of a fixed ladder with the least error on the
/// validation cells. One eigendecomposition of the features serves all penalties and genes; that
/// is in double, products are of floats: weights are right to about 1e-4 of the largest of their
/// gene. Expression is dense for a block of genes at a time. Throws Error(kInternal) when sizes
/// disagree, there are no cells, or features are not finite.
Readout fit_readout(const ReadoutCells& training, const ReadoutCells& validation, ThreadPool& pool);

}  // namespace grids::core
