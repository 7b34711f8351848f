/// Are genes and peaks of one genome build? Positions beyond the ends of chromosomes tell, and so
/// do promoters: in the right build most lie in or beside a peak, in the wrong one no more often
/// than any other place among the genes.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "io/annotation.hpp"
#include "io/peak_name.hpp"
#include "io/raw_multiome.hpp"

namespace grids::core {

/// The chromosomes of a build: "hg38", or the file that lists them.
struct GenomeBuild {
  std::string name;
  std::vector<ChromosomeSize> chromosomes;
};

/// hg38 and hg19: chromosomes 1 to 22, X and Y.
const std::array<GenomeBuild, 2>& known_builds();

/// Features that begin (peaks) or end (genes) beyond the end of their chromosome.
struct BeyondEnds {
  int64_t checked = 0;  ///< those on chromosomes whose length is known
  int64_t beyond = 0;
  std::vector<std::string> examples;  ///< at most three: "ATAD3A at chr1:10-20, which ends at 15"

  /// More than a stray line: at least three, and more than 0.1 %.
  bool many() const { return beyond >= 3 && beyond * 1000 > checked; }
};

/// Promoters with a peak within `kPromoterReach` of the TSS.
struct PromoterPeaks {
  int64_t promoters = 0;  ///< genes on chromosomes that have peaks
  int64_t with_peak = 0;
  /// The same share for places 50, 100 and 200 kb to either side of each TSS: what chance gives.
  double share_beside = 0;

  double share() const;
  /// The share is no more than twice the one beside and the excess below 0.15 of what it could be,
  /// where at least ten were to be expected by chance: too few cannot tell.
  bool absent() const;
};
constexpr int64_t kPromoterReach = 1000;  ///< bp

struct BuildCheck {
  /// Whose chromosome ends were used: the sizes given, else the known build whose ends the peaks
  /// keep to, else empty.
  std::string build;
  std::string build_of_genes;  ///< a known build whose ends all genes keep to, if that is another
  BeyondEnds peaks, genes;
  PromoterPeaks promoters;
};

/// Genes without a position are passed over. A known build is recognised when at most 0.1 % of the
/// peaks lie beyond its ends; of two, the one with fewer such peaks, then fewer such genes. Names
/// of chromosomes are compared without "chr". Throws Error(kInput) when sizes were given and no
/// chromosome with peaks is among them.
BuildCheck check_builds(std::span<const Interval> peaks, std::span<const GenePosition> genes,
                        const std::optional<GenomeBuild>& given);

}  // namespace grids::core
