/// How well predictions of one gene agree with what was measured, over cells and within types.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "math/least_squares.hpp"
#include "study/study.hpp"

namespace grids::core {

/// All are NaN for a gene whose measured values do not vary over the cells in question: there is
/// nothing to predict. A prediction that does not vary has r = 0, so that a predictor is not spared
/// the genes on which it says nothing and all predictors are judged on the same genes.
struct GeneAgreement {
  double r = 0;   ///< Pearson correlation over all cells
  double r2 = 0;  ///< 1 − Σ(measured − predicted)² / Σ(measured − its mean)²; may be < 0
  double within_type_r = 0;  ///< mean over types of r within the type, weighted by cells
  /// The same after taking log total RNA and log open peaks out of both, by least squares within
  /// the type: a prediction that only knows how deep a cell was sequenced scores 0. Where there are
  /// counts, measured values are first brought to log1p of counts per median total RNA: per
  /// 100,000, one count weighs more than a cell's depth can explain linearly, and what knows depth
  /// seems to know the gene.
  double within_type_r_partial = 0;
};

class AgreementScorer {
 public:
  /// `cells`: those that measured and predicted values are of. Types with fewer than
  /// `min_cells_in_type` of them do not enter the within-type measures.
  AgreementScorer(const Study& study, std::span<const int32_t> cells, int64_t min_cells_in_type);

  /// One value for each cell: log1p of counts per 100,000, or log values. Thread-safe.
  GeneAgreement score(std::span<const float> measured, std::span<const float> predicted) const;

  int64_t types() const { return static_cast<int64_t>(groups_.size()); }

 private:
  struct Group {
    std::vector<int32_t> positions;  // in the list of cells
    ColumnSpace depth;               // of a constant, log total RNA and log open peaks
  };

  int64_t cells_;
  double per_median_ = 0;  // counts per 100,000 to counts per median total; 0: no counts
  std::vector<Group> groups_;
};

/// A constant, log1p of total RNA and log1p of open peaks of the cells: the columns that "depth"
/// means in grids.
std::vector<std::vector<double>> depth_columns(const Study& study, std::span<const int32_t> cells);

}  // namespace grids::core
