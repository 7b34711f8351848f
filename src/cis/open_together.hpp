/// Pairs of a window's peaks that are open together more often than types and depths explain.
///
/// A peak that is open in a share f of a type's rows is expected open in f d_i of row i, d_i the
/// open peaks of the row over the mean of the type; a pair in Σ_types f_a f_b Σ_i d_i² rows.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "cis/gene_problem.hpp"

namespace grids::core {

/// Of a window's rows: how deep each is for its type, and how often peaks are open.
struct WindowRates {
  std::vector<double> relative;  ///< d_i
  std::vector<double> rate;      ///< f, types × peaks

  WindowRates(const GeneProblem& problem, std::span<const double> open_peaks);
};

struct OpenTogether {
  int32_t a, b;   ///< of the window, a < b
  double z;       ///< excess ÷ √expected
  double excess;  ///< rows in which both are open, beyond those expected
};

/// By a, then b. `open_peaks`: of each row, in the whole cell.
std::vector<OpenTogether> open_together(const GeneProblem& problem,
                                        std::span<const double> open_peaks,
                                        double least_deviations);

/// For each peak the others that are open with it, those that are so most surely first.
class Companions {
 public:
  Companions(const GeneProblem& problem, std::span<const double> open_peaks);

  std::span<const int32_t> of(int32_t peak) const { return companions_[static_cast<size_t>(peak)]; }

 private:
  std::vector<std::vector<int32_t>> companions_;
};

}  // namespace grids::core
