/// How often each simulated peak is open, and in which cells.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "simulate/simulate_batches.hpp"
#include "simulate/simulate_cells.hpp"
#include "simulate/simulate_draws.hpp"
#include "simulate/simulate_layout.hpp"

namespace grids::core::simulation {

/// Peak j is open in a cell of type t with probability
///
///     1 − exp(−atac_depth · popularity[t, j] · exp(level · score[programme] + batch effect)).
///
/// Peaks of one programme and level form a group; group 0 follows no programme.
class PeakLaw {
 public:
  /// Popularities of background and promoters follow their programme's mean in each type (see
  /// `PeakTruth::type_level`) besides a draw of their own; those of causes (and their bystanders)
  /// are such that they are open in `open_min` to `open_max` of the cells of the types in `acting`
  /// (genes × types). Causes of a gene that open together have the same popularity and group. A
  /// cell has `mean_open_peaks`.
  PeakLaw(const SimulateOptions& options, const Layout& layout, const CellPlan& plan,
          const BatchPlan& batches, std::span<const uint8_t> acting, const Context& context);

  /// Sets a bit for each open peak of a cell; causes that open together have copied one of them,
  /// bystanders their causes. `bits` holds (peaks + 63) / 64 words; whether causes copy comes from
  /// `together`.
  void draw_open(RandomStream& random, RandomStream& together, const CellPlan& plan, int64_t cell,
                 std::span<uint64_t> bits) const;

  /// Marginal probability over the cells of a type (before copying, which does not change it),
  /// were there no batches.
  double open_probability(int32_t type, int64_t peak) const {
    return probability_[static_cast<size_t>(type)][static_cast<size_t>(peak)];
  }

  /// What each peak follows.
  PeakTruth truth(const Layout& layout, std::vector<std::string> names) const;

 private:
  void fill_tables(const BatchPlan& batches, const std::vector<std::vector<double>>& popularity);

  struct Copy {
    int32_t bystander, cause;
  };

  double bystander_copy_;
  double cause_copy_;
  std::vector<Copy> copies_;
  std::vector<std::vector<int32_t>> sets_;  // causes that open together
  std::vector<std::vector<int32_t>> group_peaks_;
  size_t batches_;                               // 1 without any
  std::vector<std::vector<AliasTable>> tables_;  // type × batch, group
  std::vector<std::vector<float>> probability_;  // type, peak
};

}  // namespace grids::core::simulation
