/// What masking sets does to every gene of the study, for the off-target summary.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "model/set_outputs.hpp"

namespace grids::core {

/// Σ over a model's cells of every gene's predicted rate (expm1 of the prediction, clamped at 0),
/// under one set after the other. Immutable and thread-safe.
class AllRates {
 public:
  /// Rates that are kept of unmasked cells: 64 MB of them.
  static constexpr int64_t kMost = int64_t{1} << 23;

  /// `model` must outlive this. Where there are more than `most` rates, those of unmasked cells are
  /// computed again for each set; no bit depends on it.
  explicit AllRates(const SurrogateModel& model, int64_t most = kMost);

  /// Of all genes, nothing masked.
  const std::vector<double>& before() const { return before_; }
  std::vector<double> after(std::span<const Feature> set) const;

 private:
  template <typename Work>
  void for_blocks(const Work& work) const;
  std::vector<double> summed(const SetOutputs::Rows& rows) const;

  SetOutputs sets_;
  std::vector<double> unmasked_;  ///< cells × genes; empty: too many
  std::vector<double> before_;
};

}  // namespace grids::core
