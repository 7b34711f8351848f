/// Shares of peaks that hit something, with an interval that knows that the peaks of one gene go
/// together.
#pragma once

#include <span>
#include <utility>

#include "base/nan.hpp"

namespace grids::core {

/// Peaks of one gene, or of one stretch of the genome.
struct ClusterHits {
  double trials = 0;
  double hits = 0;
  double expected = 0;  ///< hits by chance; 0 where that is not known
};

struct ShareInterval {
  double value = kNaN;  ///< hits ÷ trials; NaN of nothing
  double low = kNaN;    ///< 95 %
  double high = kNaN;
};

/// The interval of a share whose trials come in clusters (Korn & Graubard 1998): Clopper &
/// Pearson's with mid-P at as many trials as would give the share's variance over the clusters,
/// which is that of a bootstrap of the clusters; Student's t stands for few clusters. The variance
/// is of what the clusters hit beyond chance, so that it is no matter that some genes have more
/// peaks around them than others. NaN below two clusters.
ShareInterval share_interval(std::span<const ClusterHits> clusters);

/// The interval of `hits` of `trials`, which need not be whole: mid-P.
std::pair<double, double> binomial_interval(double hits, double trials);

}  // namespace grids::core
