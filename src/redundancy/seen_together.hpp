/// What missed openness does to a hidden share.
///
/// ATAC observes an open element in a cell with probability κ, the capture. So a cell in which b is
/// open and a looks closed may hold an open a; where a and b open together it does so more often
/// than a cell in which both look closed, and additive elements look as if they stood in for each
/// other. With P_a(o) the share of cells in which a is seen open where the others are seen in state
/// o,
///
///     q_a(o) = min(1, P_a(o) (1 − κ) / (κ (1 − P_a(o))))
///
/// is the chance that a closed-looking a is open, and β_a = (q_a(rest open) − q_a(none open)) /
/// (1 − q_a(none open)) the largest hidden share that any additive truth shows.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/random.hpp"
#include "redundancy/settings.hpp"

namespace grids::core {

/// q at a capture in (0, 1].
double missed_chance(double seen, double capture);

/// P_a(o) of some cells, standardised over strata.
class SeenTogether {
 public:
  /// A share and its standard error; NaN where no cell shows that state.
  struct Share {
    double value = 0;
    double error = 0;
  };

  /// One setting and one stratum a cell.
  SeenTogether(size_t elements, std::span<const Setting> settings, std::span<const int32_t> strata);

  size_t elements() const { return elements_; }
  /// Of all cells, whatever the others show.
  double seen(size_t element) const { return marginal_[element]; }
  double most_seen() const;
  /// P_a(others), over strata in which the others are also seen in state `beside`.
  const Share& share(size_t element, Setting others, Setting beside) const;

 private:
  size_t elements_;
  std::vector<double> marginal_;
  std::vector<Share> shares_;  // by element, others, beside
};

/// β of each element, from shares as given.
struct CaptureBound {
  double most = 0;   ///< max β_a, at least 0
  double least = 0;  ///< min(0, min β_a)
};

/// Shares of the settings that the bound and the pattern of a jointly needed set rest on: as
/// estimated, or drawn around that.
class SeenDraw {
 public:
  explicit SeenDraw(const SeenTogether& seen);
  SeenDraw(const SeenTogether& seen, RandomStream& random);

  CaptureBound bound(double capture) const;

 private:
  size_t elements_;
  std::vector<double> rest_, none_;  // P of each element, rest open and none open
};

/// For each setting the chance that all elements are open, at a capture.
std::vector<double> all_open_chances(const SeenTogether& seen, double capture);
/// For each setting the chance that any is.
std::vector<double> any_open_chances(const SeenTogether& seen, double capture);

}  // namespace grids::core
