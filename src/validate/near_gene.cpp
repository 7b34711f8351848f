#include "validate/near_gene.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <optional>

#include "base/at.hpp"
#include "validate/pair_groups.hpp"
#include "validate/peak_peers.hpp"
#include "validate/place_finder.hpp"
#include "validate/share_interval.hpp"

namespace grids::core {
namespace {

constexpr int64_t kPromoterRadius = 1000;
constexpr int64_t kPeersEachSide = 50;

/// What counts as a hit.
struct Neighbourhood {
  const char* what;
  const char* label;
  int64_t radius;
  bool body;
};
constexpr std::array<Neighbourhood, 5> kNeighbourhoods = {{
    {"hit_ratio", "promoter", kPromoterRadius, false},
    {"hit_ratio", "gene", kPromoterRadius, true},
    {"soft_hit_ratio", "250 kb", 250'000, false},
    {"soft_hit_ratio", "1 Mb", 1'000'000, false},
    {"soft_hit_ratio", "10 Mb", 10'000'000, false},
}};

/// What the members of a set come to.
struct NearHits {
  double trials = 0;
  double hits = 0;
  double expected = 0;
  double expected_matched = 0;
};

/// Counts around one gene at a time.
class NearCounter {
 public:
  explicit NearCounter(const Pairs& pairs)
      : pairs_(pairs), finder_(pairs.peaks), near_(pairs.peaks.size(), 0) {
    if (!pairs.openness.empty()) peers_.emplace(pairs.openness);
  }

  NearHits count(const PairSet& set, const Neighbourhood& where) {
    const PairGene& gene = pairs_.genes[at(set.gene)];
    const auto around = peaks_around(gene, where);
    for (const int32_t peak : around) near_[at(peak)] = 1;
    NearHits result;
    const double chance =
        static_cast<double>(around.size()) / static_cast<double>(pairs_.peaks.size());
    for (const auto& member : set.members) {
      if (member.outside) continue;
      ++result.trials;
      result.hits += near_[at(member.peak)];
      result.expected += chance;
      if (peers_) result.expected_matched += matched_chance(member.peak);
    }
    for (const int32_t peak : around) near_[at(peak)] = 0;
    return result;
  }

 private:
  std::vector<int32_t> peaks_around(const PairGene& gene, const Neighbourhood& where) const {
    int64_t from = gene.sites.front() - where.radius;
    int64_t to = gene.sites.back() + where.radius + 1;
    if (where.body && gene.body) {
      from = std::min(from, gene.body->first);
      to = std::max(to, gene.body->second);
    }
    std::vector<int32_t> around;
    finder_.overlapping(gene.chromosome, from, to, [&](int32_t i) {
      const PairPeak& peak = pairs_.peaks[at(i)];
      const bool inside =
          where.body && gene.body && peak.start < gene.body->second && peak.end > gene.body->first;
      if (inside || *pair_distance(gene, peak) <= where.radius) around.push_back(i);
    });
    return around;
  }

  double matched_chance(int32_t peak) const {
    double near = 0, others = 0;
    for (const int32_t peer : peers_->around(peak, kPeersEachSide)) {
      if (peer == peak) continue;
      ++others;
      near += near_[at(peer)];
    }
    return others > 0 ? near / others : 0;
  }

  const Pairs& pairs_;
  PlaceFinder finder_;
  std::optional<PeakPeers> peers_;
  std::vector<char> near_;  ///< of each peak, around the gene at hand
};

std::vector<NearHits> count_sets(const Pairs& pairs, const Neighbourhood& where) {
  NearCounter counter(pairs);
  std::vector<NearHits> counts;
  counts.reserve(pairs.sets.size());
  for (const PairSet& set : pairs.sets) {
    const PairGene& gene = pairs.genes[at(set.gene)];
    const bool known = gene.placed() && (!where.body || gene.body);
    counts.push_back(known ? counter.count(set, where) : NearHits{});
  }
  return counts;
}

ValidationRow near_row(const Pairs& pairs, const PairGroup& group, const Neighbourhood& where,
                       const std::vector<NearHits>& counts) {
  std::map<int32_t, ClusterHits> genes;
  NearHits all;
  for (const int32_t i : group.sets) {
    const NearHits& set = counts[at(i)];
    if (set.trials == 0) continue;
    ClusterHits& gene = genes[pairs.sets[at(i)].gene];
    gene.trials += set.trials;
    gene.hits += set.hits;
    if (pairs.whole) gene.expected += set.expected;
    all.trials += set.trials;
    all.expected += set.expected;
    all.expected_matched += set.expected_matched;
  }
  std::vector<ClusterHits> clusters;
  clusters.reserve(genes.size());
  for (const auto& [gene, hits] : genes) clusters.push_back(hits);
  const auto interval = share_interval(clusters);
  ValidationRow row = row_of(group, where.what, where.label);
  row.value = interval.value;
  row.low = interval.low;
  row.high = interval.high;
  row.n = static_cast<int64_t>(all.trials);
  if (pairs.whole && row.n > 0) row.chance = all.expected / all.trials;
  if (!pairs.openness.empty() && row.n > 0) row.chance_matched = all.expected_matched / all.trials;
  return row;
}

}  // namespace

std::vector<ValidationRow> near_gene_rows(const Pairs& pairs) {
  std::vector<ValidationRow> rows;
  const auto groups = pair_groups(pairs);
  for (const auto& where : kNeighbourhoods) {
    const auto counts = count_sets(pairs, where);
    for (const auto& group : groups) {
      auto row = near_row(pairs, group, where, counts);
      if (row.n > 0) rows.push_back(std::move(row));
    }
  }
  return rows;
}

}  // namespace grids::core
