/// Pairs over a made-up genome, for tests.
#pragma once

#include <fmt/core.h>

#include <algorithm>
#include <string>

#include "base/at.hpp"
#include "base/random.hpp"
#include "validate/pairs.hpp"

namespace grids::core::test {

/// `chromosomes` of `peaks` peaks each, 500 bp long, 10 kb apart on average and the denser the
/// further on; a gene for each 50 of them, with a body of 20 kb. Openness is random.
inline Pairs made_up_genome(int chromosomes, int peaks, uint64_t seed) {
  RandomStream random(seed, Purpose::kSimulate);
  Pairs pairs;
  pairs.source = "made up";
  pairs.whole = true;
  for (int c = 0; c < chromosomes; ++c) {
    int64_t at_base = 100'000;
    const std::string chromosome = fmt::format("{}", c + 1);
    for (int i = 0; i < peaks; ++i) {
      const double density = 2.0 * (peaks - i) / peaks;
      at_base += 600 + static_cast<int64_t>(density * 2 * 9'400 * random.uniform());
      const auto name = fmt::format("chr{}:{}-{}", chromosome, at_base, at_base + 500);
      pairs.peaks.push_back({name, chromosome, at_base, at_base + 500});
      pairs.openness.push_back(random.uniform());
      if (i % 50 != 25) continue;
      PairGene gene;
      gene.name = fmt::format("gene{}", pairs.genes.size());
      gene.chromosome = chromosome;
      gene.sites = {at_base + 2'000};
      gene.strand = '+';
      gene.body = std::pair(at_base + 2'000, at_base + 22'000);
      pairs.genes.push_back(gene);
    }
  }
  return pairs;
}

inline void add_member(PairSet& set, int32_t peak) {
  PairMember member;
  member.peak = peak;
  set.members.push_back(member);
}

/// A set of random peaks for each gene, or of those that `wanted` takes.
template <typename Wanted>
void give_sets(Pairs& pairs, int64_t size, RandomStream& random, Wanted wanted) {
  pairs.sets.clear();
  const auto peaks = static_cast<uint32_t>(pairs.peaks.size());
  for (size_t g = 0; g < pairs.genes.size(); ++g) {
    PairSet set;
    set.method = "made up";
    set.set_size = size;
    set.cell_type = "all";
    set.gene = static_cast<int32_t>(g);
    while (static_cast<int64_t>(set.members.size()) < size) {
      const auto peak = static_cast<int32_t>(random.below(peaks));
      const bool there = std::any_of(set.members.begin(), set.members.end(),
                                     [&](const auto& member) { return member.peak == peak; });
      if (!there && wanted(pairs.genes[g], pairs.peaks[at(peak)])) add_member(set, peak);
    }
    pairs.sets.push_back(set);
  }
}

inline bool any_peak(const PairGene&, const PairPeak&) {
  return true;
}

}  // namespace grids::core::test
