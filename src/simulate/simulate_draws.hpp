/// Draws of counts from a RandomStream, the same on every platform (those of <random> are not).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/random.hpp"

namespace grids::core::simulation {

/// Streams of the simulator: the `step` of their key. The values are part of the seed's meaning.
enum class Step : uint64_t {
  kTypes = 1,
  kCells,
  kDonors,
  kProgrammes,
  kGenes,
  kLayout,
  kPeaks,
  kOpen,
  kCapture,
  kCounts,
  kBarcodes,
  kBystanders,
  kCauses,
  kBaseRates,
  kBatches,
  kBatchOfCell,
  kDoublets,
  kAmbient,
  kBystanderShare,
  kOneType,
  kOpenTogether,
};

inline RandomStream stream(uint64_t seed, Step step, int64_t block = 0) {
  return {seed, Purpose::kSimulate, static_cast<uint64_t>(step), static_cast<uint32_t>(block)};
}

/// Poisson with that mean ≥ 0.
int64_t draw_poisson(RandomStream& random, double mean);

/// Gamma with that shape > 0 and scale 1.
double draw_gamma(RandomStream& random, double shape);

/// Negative binomial: variance = mean + overdispersion × mean².
int64_t draw_negative_binomial(RandomStream& random, double mean, double overdispersion);

/// Draws an index in proportion to weights in constant time (Walker 1977).
class AliasTable {
 public:
  AliasTable() = default;
  explicit AliasTable(std::span<const double> weights);

  double total() const { return total_; }
  /// `total()` must be above 0.
  int32_t draw(RandomStream& random) const {
    const uint32_t slot = random.below(static_cast<uint32_t>(keep_.size()));
    // 32 bits decide: a bias of at most 2⁻³² a draw.
    return random() < keep_[slot] ? static_cast<int32_t>(slot) : other_[slot];
  }

 private:
  double total_ = 0;
  std::vector<uint32_t> keep_;  // probability of staying, × 2³²
  std::vector<int32_t> other_;
};

/// `total` items in proportion to weights, by largest remainder; ties to the smaller index.
std::vector<int64_t> apportion(int64_t total, std::span<const double> weights);

}  // namespace grids::core::simulation
