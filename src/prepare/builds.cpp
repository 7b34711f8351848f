#include "prepare/builds.hpp"

#include <algorithm>
#include <map>
#include <unordered_map>

#include "base/error.hpp"

namespace grids::core {
namespace {

constexpr double kStray = 0.001;  // of peaks may lie beyond the ends of their own build
constexpr std::array<int64_t, 6> kShifts = {-200000, -100000, -50000, 50000, 100000, 200000};
constexpr double kFewestByChance = 10;

std::string_view bare(std::string_view chromosome) {
  if (chromosome.starts_with("chr")) chromosome.remove_prefix(3);
  return chromosome;
}

int64_t tss_of(const GenePosition& gene) {
  return gene.strand == '-' ? gene.end - 1 : gene.start;
}

using Lengths = std::unordered_map<std::string_view, int64_t>;

Lengths lengths_of(const GenomeBuild& build) {
  Lengths lengths;
  for (const auto& chromosome : build.chromosomes) {
    lengths.emplace(bare(chromosome.name), chromosome.length);
  }
  return lengths;
}

class Counter {
 public:
  explicit Counter(const GenomeBuild& build) : lengths_(lengths_of(build)) {}

  /// `last` is a position that must lie on the chromosome.
  void add(BeyondEnds& count, std::string_view name, std::string_view chromosome, int64_t start,
           int64_t end, int64_t last) const {
    const auto length = lengths_.find(bare(chromosome));
    if (length == lengths_.end()) return;
    ++count.checked;
    if (last < length->second) return;
    ++count.beyond;
    if (count.examples.size() >= 3) return;
    count.examples.push_back(fmt::format("{} at {}:{}-{}, which ends at {}", name, chromosome,
                                         start, end, length->second));
  }

  BeyondEnds count(std::span<const Interval> peaks) const {
    BeyondEnds result;
    // A peak that was widened over the end is none of another build: its start counts.
    for (const auto& peak : peaks) {
      add(result, "a peak", peak.chromosome, peak.start, peak.end, peak.start);
    }
    return result;
  }

  BeyondEnds count(std::span<const GenePosition> genes) const {
    BeyondEnds result;
    for (const auto& gene : genes) {
      if (gene.chromosome.empty()) continue;
      add(result, gene.name.empty() ? gene.id : gene.name, gene.chromosome, gene.start, gene.end,
          gene.end - 1);
    }
    return result;
  }

 private:
  Lengths lengths_;
};

/// Peaks of each chromosome, to be asked whether one is near a position.
class PeakFinder {
 public:
  explicit PeakFinder(std::span<const Interval> peaks) {
    for (const auto& peak : peaks)
      by_chromosome_[peak.chromosome].emplace_back(peak.start, peak.end);
    for (auto& [chromosome, list] : by_chromosome_) {
      std::sort(list.begin(), list.end());
      int64_t furthest = 0;  // ends in ascending order: the furthest of all that start before
      for (auto& peak : list) peak.second = furthest = std::max(furthest, peak.second);
    }
  }

  bool has(const std::string& chromosome) const { return by_chromosome_.contains(chromosome); }

  bool near(const std::string& chromosome, int64_t position) const {
    const auto& list = by_chromosome_.at(chromosome);
    const auto after =
        std::upper_bound(list.begin(), list.end(), std::pair(position + kPromoterReach, INT64_MAX));
    return after != list.begin() && std::prev(after)->second > position - kPromoterReach;
  }

 private:
  std::map<std::string, std::vector<std::pair<int64_t, int64_t>>> by_chromosome_;
};

PromoterPeaks count_promoters(std::span<const Interval> peaks,
                              std::span<const GenePosition> genes) {
  const PeakFinder finder(peaks);
  PromoterPeaks result;
  int64_t places = 0, hits = 0;
  for (const auto& gene : genes) {
    if (gene.chromosome.empty() || !finder.has(gene.chromosome)) continue;
    const int64_t tss = tss_of(gene);
    ++result.promoters;
    result.with_peak += finder.near(gene.chromosome, tss) ? 1 : 0;
    for (const int64_t shift : kShifts) {
      if (tss + shift < 0) continue;
      ++places;
      hits += finder.near(gene.chromosome, tss + shift) ? 1 : 0;
    }
  }
  if (places > 0) result.share_beside = static_cast<double>(hits) / static_cast<double>(places);
  return result;
}

/// The known build that the peaks keep to, or null.
const GenomeBuild* build_of(std::span<const Interval> peaks, std::span<const GenePosition> genes) {
  const GenomeBuild* best = nullptr;
  std::pair<int64_t, int64_t> fewest;
  for (const auto& build : known_builds()) {
    const Counter counter(build);
    const auto count = counter.count(peaks);
    const bool kept = count.checked > 0 && static_cast<double>(count.beyond) <=
                                               kStray * static_cast<double>(count.checked);
    if (!kept) continue;
    const std::pair beyond(count.beyond, counter.count(genes).beyond);
    if (best != nullptr && fewest <= beyond) continue;
    best = &build;
    fewest = beyond;
  }
  return best;
}

}  // namespace

const std::array<GenomeBuild, 2>& known_builds() {
  static const std::array<GenomeBuild, 2> builds = {{
      {"hg38", {{"1", 248956422},  {"2", 242193529},  {"3", 198295559},  {"4", 190214555},
                {"5", 181538259},  {"6", 170805979},  {"7", 159345973},  {"8", 145138636},
                {"9", 138394717},  {"10", 133797422}, {"11", 135086622}, {"12", 133275309},
                {"13", 114364328}, {"14", 107043718}, {"15", 101991189}, {"16", 90338345},
                {"17", 83257441},  {"18", 80373285},  {"19", 58617616},  {"20", 64444167},
                {"21", 46709983},  {"22", 50818468},  {"X", 156040895},  {"Y", 57227415}}},
      {"hg19", {{"1", 249250621},  {"2", 243199373},  {"3", 198022430},  {"4", 191154276},
                {"5", 180915260},  {"6", 171115067},  {"7", 159138663},  {"8", 146364022},
                {"9", 141213431},  {"10", 135534747}, {"11", 135006516}, {"12", 133851895},
                {"13", 115169878}, {"14", 107349540}, {"15", 102531392}, {"16", 90354753},
                {"17", 81195210},  {"18", 78077248},  {"19", 59128983},  {"20", 63025520},
                {"21", 48129895},  {"22", 51304566},  {"X", 155270560},  {"Y", 59373566}}},
  }};
  return builds;
}

double PromoterPeaks::share() const {
  return promoters == 0 ? 0 : static_cast<double>(with_peak) / static_cast<double>(promoters);
}

bool PromoterPeaks::absent() const {
  if (share_beside * static_cast<double>(promoters) < kFewestByChance) return false;
  const double excess = (share() - share_beside) / std::max(1e-9, 1 - share_beside);
  return share() <= 2 * share_beside && excess < 0.15;
}

BuildCheck check_builds(std::span<const Interval> peaks, std::span<const GenePosition> genes,
                        const std::optional<GenomeBuild>& given) {
  BuildCheck result;
  result.promoters = count_promoters(peaks, genes);
  const GenomeBuild* build = given ? &*given : build_of(peaks, genes);
  if (build == nullptr) return result;
  const Counter counter(*build);
  result.build = build->name;
  result.peaks = counter.count(peaks);
  result.genes = counter.count(genes);
  if (given && result.peaks.checked == 0) {
    throw input_error("{}: no chromosome with peaks ({}, …) is listed in it", given->name,
                      peaks.empty() ? "" : peaks.front().chromosome);
  }
  if (result.genes.beyond > 0) {
    for (const auto& other : known_builds()) {
      if (other.name == build->name || Counter(other).count(genes).beyond > 0) continue;
      result.build_of_genes = other.name;
    }
  }
  return result;
}

}  // namespace grids::core
