/// Means over cells of several types, of which a sample may stand for all; types are of the sizes
/// that they have, so only what differs within them is uncertain.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace grids::core {

struct CellMean {
  double value = 0;           ///< NaN without cells
  double standard_error = 0;  ///< NaN where it cannot be told
};

/// The judged cells by type, and those that are asked.
class Strata {
 public:
  /// `types`: of each judged cell; `asked`: positions in that list, ascending.
  Strata(std::span<const int32_t> types, int64_t type_count, std::span<const int32_t> asked);

  /// How many cells each asked one stands for: its type's, divided by those of it that are asked.
  const std::vector<double>& stand_for() const { return stand_for_; }
  int64_t type_count() const { return static_cast<int64_t>(sizes_.size()); }
  double judged() const { return judged_; }  ///< cells
  double size(int32_t type) const { return sizes_[static_cast<size_t>(type)]; }

  /// The mean of `values`, one for each asked cell; NaN: the cell has none, and is left out.
  /// `influence`: what the mean moves by when a cell is drawn anew, times the cells, up to a
  /// constant; the values themselves where a cell adds nothing to those of others. A type of which
  /// one cell is asked is taken to vary as all do.
  CellMean mean(std::span<const double> values, std::span<const double> influence) const;
  CellMean mean(std::span<const double> values) const { return mean(values, values); }
  /// The same over the cells of a type.
  CellMean mean_of_type(int32_t type, std::span<const double> values,
                        std::span<const double> influence) const;

  /// The share of cells of which something holds (1, else 0). Its standard error is that of a share
  /// of which one cell more is right, and one more wrong: none of five is no certainty.
  CellMean share(std::span<const double> holds) const;
  CellMean share_of_type(int32_t type, std::span<const double> holds) const;
  /// The mean over types of the share in each.
  CellMean balanced_share(std::span<const double> holds) const;

 private:
  std::vector<double> sizes_;                 // of each type: judged cells
  std::vector<std::vector<size_t>> members_;  // of each type: positions among the asked
  std::vector<double> stand_for_;
  double judged_;
};

}  // namespace grids::core
