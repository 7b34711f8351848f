/// Where motifs lie in sequences.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/context.hpp"
#include "validate/motif.hpp"

namespace grids::core {

/// Shares of A, C, G and T in sequences, those of both strands together: A as T, C as G. Throws
/// Error(kInput) where they have no base at all.
std::array<double, 4> base_shares(std::span<const std::string> sequences);

/// A motif as a sum of log odds against the background,
///
///     score(x) = Σ_i log2((count_i(x_i) + b(x_i)) / (Σ count_i + 1) / b(x_i)),
///
/// rounded to a sixty-fourth of a bit at each position, so that the distribution of scores under
/// the background is exact (dynamic programming over positions; Staden 1989).
class ScoredMotif {
 public:
  ScoredMotif(const Motif& motif, const std::array<double, 4>& background, double most_p);

  /// In sixty-fourths of a bit: the lowest score that a random stretch reaches with a probability
  /// of at most `most_p`. False where not even the best score is that rare.
  bool can_hit() const { return can_hit_; }
  int32_t threshold() const { return threshold_; }
  size_t width() const { return scores_.size(); }
  /// Of A, C, G, T at each position.
  const std::vector<std::array<int32_t, 4>>& scores() const { return scores_; }

  /// P(score ≥ `score`) of a random stretch of the background.
  double p_of(int32_t score) const;

 private:
  std::vector<std::array<int32_t, 4>> scores_;
  std::vector<double> tail_;  ///< P(score ≥ lowest_ + i)
  int32_t lowest_ = 0;
  int32_t threshold_ = 0;
  bool can_hit_ = false;
};

/// sequences × motifs, 1 = the motif reaches its threshold somewhere on either strand. Stretches
/// with an N do not count. Sequences hold A, C, G, T and N.
std::vector<uint8_t> motif_hits(std::span<const std::string> sequences,
                                std::span<const ScoredMotif> motifs, const Context& context);

}  // namespace grids::core
