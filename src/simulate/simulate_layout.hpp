/// Where simulated genes and peaks lie, and which peak plays which part for which gene.
#pragma once

#include <string>
#include <vector>

#include "simulate/peak_truth.hpp"
#include "simulate/simulate.hpp"

namespace grids::core::simulation {

using Role = PeakRole;

struct GenePlan {
  Regulation kind = Regulation::kNone;
  double effect = 0;                     ///< see truth.hpp
  double buffering = 0;                  ///< likewise
  bool represses = false;                ///< the causes lower the rate
  std::vector<int32_t> causes;           ///< peaks, ascending; as many as the set has
  std::vector<int32_t> bystanders;       ///< peaks
  std::vector<int32_t> bystander_cause;  ///< the peak that each bystander copies
  int32_t chromosome = 0;
  int64_t start = 0;  ///< gene body, half-open
  int64_t end = 0;
  char strand = '+';
};

struct Layout {
  std::vector<std::string> chromosomes;  ///< in lexicographic order, as the peaks are
  std::vector<int64_t> chromosome_peaks;
  std::vector<int64_t> start;  ///< of peaks; half-open, ascending and apart within a chromosome
  std::vector<int64_t> end;
  std::vector<Role> role;       ///< of peaks
  std::vector<GenePlan> genes;  ///< by chromosome, then TSS

  int64_t peaks() const { return static_cast<int64_t>(start.size()); }
  /// "chr1:1000-1500", in the order of the peaks.
  std::vector<std::string> peak_names() const;
};

/// Throws Error(kUsage) when a chromosome has fewer peaks than its genes need, or no room for them.
Layout draw_layout(const SimulateOptions& options, uint64_t seed);

}  // namespace grids::core::simulation
