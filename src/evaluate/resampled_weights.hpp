/// How sure a predicted change is: the weights of a gene's chosen terms are refitted to cells drawn
/// with replacement (Efron 1979), and what masking a set then changes is computed again.
///
/// Given the terms. That they were chosen, among many, is not in it: the contrast with test cells
/// (contrast.hpp) judges that.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/nan.hpp"
#include "evaluate/changes.hpp"
#include "model/cis_path.hpp"
#include "study/study.hpp"

namespace grids::core {

/// One refit: intercepts and weights, by type.
struct ResampledGene {
  CisGene gene;               ///< deviations by type and weak terms stay as they were
  std::vector<double> shift;  ///< added to the log rate (or value), one a type
};

/// What the terms were fitted to.
struct FittedCells {
  std::vector<int32_t> cells;   ///< of the study
  std::vector<double> values;   ///< counts of the gene, or log values where there are none
  std::vector<double> without;  ///< log mean (or mean) without any term of the gene
};

/// `predicted`: of the gene in these cells, log1p of counts per 100,000 (or log values) clamped at
/// 0, as StudySurrogate::predict has it.
FittedCells fitted_cells(const Study& study, const CisGene& gene, CisResponse response,
                         std::vector<int32_t> cells, std::span<const float> predicted);

/// `resamples` refits, each to as many cells of each type as there are, drawn with replacement.
/// A chosen term moves by as much of its refit's difference as its stored weight is of the fit to
/// all cells (chosen terms are averaged over folds). Draws depend on seed and stream alone.
std::vector<ResampledGene> resample_weights(const Study& study, const CisGene& gene,
                                            CisResponse response, const FittedCells& fitted,
                                            int64_t resamples, uint64_t seed, uint64_t stream);

struct ChangeInterval {
  double low = kNaN;
  double high = kNaN;
};

/// Of PredictedChange's `relative_change` and `rate_change`.
struct ChangeIntervals {
  ChangeInterval relative, rate;
};

/// 90 % intervals of `change`, which masking `closed` (ascending) makes in `cells` whose prediction
/// is `before` (as above): the 5th and 95th percentile of how far refits move what the gene's terms
/// change, about `change`. What masking
/// changes through the state of the cell is held as it is; only terms are refitted. Not below −1.
/// NaN without refits or cells, and where no chosen term has a peak among `closed`.
ChangeIntervals change_intervals(const Study& study, const CisGene& gene, CisResponse response,
                                 std::span<const ResampledGene> refits,
                                 std::span<const int32_t> cells, std::span<const float> before,
                                 std::span<const int32_t> closed, const PredictedChange& change);

}  // namespace grids::core
