/// Principal components of sparse cells × features matrices, and the weights that make open
/// chromatin fit for them.
///
/// Randomised subspace iteration (Halko, Martinsson & Tropp 2011) with the centring left implicit:
/// the matrix stays sparse. Deterministic for a seed, for any number of threads.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/context.hpp"
#include "base/described.hpp"
#include "math/sparse.hpp"

namespace grids::core {

struct PcaOptions {
  /// Components wanted; cut to what cells − 1 and the features allow.
  int64_t components = 50;
  /// Extra random directions that are followed and then thrown away; more are more accurate.
  int64_t oversampling = 10;
  /// Passes over the matrix and back; more are more accurate where variances decay slowly.
  int64_t iterations = 6;

  void describe(OptionSet& set);
};

struct Pca {
  int64_t cells = 0;
  int64_t features = 0;
  int64_t components = 0;        ///< fewer than asked where the matrix has lower rank
  std::vector<float> scores;     ///< cells × components
  std::vector<float> loadings;   ///< features × components, orthonormal columns; the largest entry
                                 ///< of each column (by size) is positive
  std::vector<float> mean;       ///< of each feature
  std::vector<double> variance;  ///< of each component's scores (n − 1), descending
  double total_variance = 0;     ///< of all features together
};

/// Throws Error(kInput) when there are fewer than two cells or values that are not finite.
Pca pca(const CsrMatrix& matrix, const PcaOptions& options, const Context& context);

/// Scores (cells × components) of other cells with the same features, on the fitted axes.
std::vector<float> pca_project(const Pca& fitted, const CsrMatrix& matrix, const Context& context);

/// Term frequency – inverse document frequency for open peaks: an open peak of cell i counts
/// log1p(10⁴ · share of the cell's open peaks · cells / cells in which the peak is open)
/// (Stuart et al. 2019). PCA of these values is the usual space for chromatin neighbours.
struct TfIdf {
  std::vector<float> inverse_frequency;  ///< cells / open cells; 0 for a peak that is never open

  static TfIdf fit(const CsrPattern& open);
  CsrMatrix apply(const CsrPattern& open) const;
};

}  // namespace grids::core
