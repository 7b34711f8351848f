#include "validate/matched_pairs.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "base/at.hpp"
#include "base/random.hpp"
#include "math/statistics.hpp"
#include "validate/pair_matcher.hpp"
#include "validate/share_interval.hpp"

namespace grids::core {
namespace {

constexpr int kResamples = 1000;
constexpr double kFewestHits = 5;
constexpr int64_t kStretch = 1'000'000;  // bp

/// A pair beside its matches.
struct MatchedPair {
  int64_t cluster = 0;
  double weight = 0;
  double hits = 0;     ///< the weight, or 0
  double matched = 0;  ///< share of the matches that hit, by weight
};

/// The pairs of a set.
struct MatchedSet {
  std::vector<MatchedPair> pairs;
  int64_t without = 0;  ///< that have no match
};

/// What some pairs come to; sums of these are what the ratio is made of.
struct MatchedSums {
  double pairs = 0;
  double weight = 0;
  double hits = 0;
  double matched = 0;  ///< hits by the shares of the matches
  double only_pair = 0;
  double only_match = 0;

  void add(const MatchedPair& pair) {
    ++pairs;
    weight += pair.weight;
    hits += pair.hits;
    matched += pair.weight * pair.matched;
    only_pair += pair.hits * (1 - pair.matched);
    only_match += (pair.weight - pair.hits) * pair.matched;
  }
  double odds_ratio() const { return only_match > 0 ? only_pair / only_match : kNaN; }
};

/// Matches the pairs of a set.
class SetMatching {
 public:
  SetMatching(const Pairs& pairs, const PairHits& hits)
      : pairs_(pairs), hits_(hits), matcher_(pairs), hit_(pairs.peaks.size(), 0) {
    for (const auto& peak : pairs.peaks) {
      const auto stretch = std::pair(peak.chromosome, peak.start / kStretch);
      stretches_.push_back(numbers_.try_emplace(stretch, numbers_.size()).first->second);
    }
  }

  MatchedSet match(const PairSet& set) {
    MatchedSet matched;
    if (!pairs_.genes[at(set.gene)].placed()) return matched;
    const auto hit = hits_.of(pairs_.genes[at(set.gene)]);
    for (const int32_t peak : hit) hit_[at(peak)] = 1;
    matcher_.begin(set);
    for (const auto& member : set.members) {
      if (member.outside) continue;
      const auto matches = matcher_.matches(member.peak);
      if (matches.empty()) {
        ++matched.without;
      } else {
        matched.pairs.push_back(beside(set, member.peak, matches));
      }
    }
    for (const int32_t peak : hit) hit_[at(peak)] = 0;
    return matched;
  }

 private:
  double weight(int32_t peak) const { return hits_.weights.empty() ? 1 : hits_.weights[at(peak)]; }

  MatchedPair beside(const PairSet& set, int32_t peak, const std::vector<int32_t>& matches) const {
    MatchedPair pair;
    pair.cluster = hits_.over == PairHits::Over::kGenes ? set.gene : stretches_[at(peak)];
    pair.weight = weight(peak);
    pair.hits = pair.weight * hit_[at(peak)];
    double all = 0, hit = 0;
    for (const int32_t match : matches) {
      all += weight(match);
      hit += weight(match) * hit_[at(match)];
    }
    pair.matched = hit / all;
    return pair;
  }

  const Pairs& pairs_;
  const PairHits& hits_;
  PairMatcher matcher_;
  std::vector<char> hit_;  ///< of each peak, with the gene at hand
  std::map<std::pair<std::string, int64_t>, int64_t> numbers_;
  std::vector<int64_t> stretches_;  ///< of each peak
};

/// The sums of each cluster.
std::vector<MatchedSums> by_cluster(const std::vector<MatchedSet>& matched,
                                    const PairGroup& group) {
  std::map<int64_t, MatchedSums> sums;
  for (const int32_t set : group.sets) {
    for (const auto& pair : matched[at(set)].pairs) sums[pair.cluster].add(pair);
  }
  std::vector<MatchedSums> clusters;
  clusters.reserve(sums.size());
  for (const auto& [cluster, of_it] : sums) clusters.push_back(of_it);
  return clusters;
}

MatchedSums summed(const std::vector<MatchedSums>& clusters) {
  MatchedSums all;
  for (const auto& cluster : clusters) {
    all.pairs += cluster.pairs;
    all.weight += cluster.weight;
    all.hits += cluster.hits;
    all.matched += cluster.matched;
    all.only_pair += cluster.only_pair;
    all.only_match += cluster.only_match;
  }
  return all;
}

/// The odds ratio of clusters that are drawn anew; ∞ where no match hits.
double resampled_ratio(const std::vector<MatchedSums>& clusters, RandomStream& random) {
  double only_pair = 0, only_match = 0;
  const auto count = static_cast<uint32_t>(clusters.size());
  for (uint32_t i = 0; i < count; ++i) {
    const MatchedSums& drawn = clusters[random.below(count)];
    only_pair += drawn.only_pair;
    only_match += drawn.only_match;
  }
  return only_match > 0 ? only_pair / only_match : INFINITY;
}

void add_ratio_interval(const std::vector<MatchedSums>& clusters, const PairHits& hits,
                        const Context& context, ValidationRow& row) {
  context.check_cancelled();
  const auto key = stream_key(hits.what + "\t" + row.method + "\t" + row.cell_type);
  std::vector<double> ratios;
  ratios.reserve(kResamples);
  for (int i = 0; i < kResamples; ++i) {
    RandomStream random(context.seed, Purpose::kRandomSets, static_cast<uint64_t>(i), key);
    ratios.push_back(resampled_ratio(clusters, random));
  }
  std::sort(ratios.begin(), ratios.end());
  row.low = ratios[kResamples / 40 - 1];
  row.high = ratios[kResamples - kResamples / 40];
  if (std::isinf(row.high)) row.high = kNaN;
}

void add_note(const std::string& note, ValidationRow& row) {
  if (!row.note.empty()) row.note += "; ";
  row.note += note;
}

/// What all rows of a group say.
ValidationRow blank_row(const PairGroup& group, const PairHits& hits,
                        const std::vector<MatchedSet>& matched, const MatchedSums& all) {
  ValidationRow row = row_of(group, hits.what, "share");
  row.n = static_cast<int64_t>(all.pairs);
  row.note = hits.note;
  int64_t without = 0;
  for (const int32_t set : group.sets) without += matched[at(set)].without;
  if (without > 0) add_note(fmt::format("{} pairs without a match", without), row);
  return row;
}

ValidationRow share_row(const std::vector<MatchedSums>& clusters, const MatchedSums& all,
                        ValidationRow row) {
  std::vector<ClusterHits> shares;
  shares.reserve(clusters.size());
  for (const auto& cluster : clusters) {
    shares.push_back({cluster.weight, cluster.hits, cluster.matched});
  }
  const auto interval = share_interval(shares);
  row.value = interval.value;
  row.low = interval.low;
  row.high = interval.high;
  row.chance = all.matched / all.weight;
  return row;
}

ValidationRow ratio_row(const std::vector<MatchedSums>& clusters, const MatchedSums& all,
                        const PairHits& hits, const Context& context, ValidationRow row) {
  row.chance = 1;
  row.value = all.odds_ratio();
  if (all.hits >= kFewestHits && all.matched >= kFewestHits && clusters.size() > 1) {
    add_ratio_interval(clusters, hits, context, row);
    return row;
  }
  add_note("too few hits for an interval", row);
  return row;
}

bool any_known(const Pairs& pairs, const PairGroup& group, const PairHits& hits) {
  if (!hits.knows) return true;
  return std::any_of(group.sets.begin(), group.sets.end(), [&](int32_t set) {
    return hits.knows(pairs.genes[at(pairs.sets[at(set)].gene)]);
  });
}

}  // namespace

std::vector<ValidationRow> matched_rows(const Pairs& pairs, const PairHits& hits,
                                        const Context& context) {
  SetMatching matching(pairs, hits);
  std::vector<MatchedSet> matched;
  matched.reserve(pairs.sets.size());
  for (const auto& set : pairs.sets) {
    context.check_cancelled();
    matched.push_back(matching.match(set));
  }
  std::vector<ValidationRow> rows;
  for (const auto& group : pair_groups(pairs)) {
    const auto clusters = by_cluster(matched, group);
    const MatchedSums all = summed(clusters);
    if (all.pairs == 0) continue;
    ValidationRow blank = blank_row(group, hits, matched, all);
    if (!any_known(pairs, group, hits)) {
      add_note("none of these genes is in the table", blank);
      rows.push_back(blank);
      blank.subset = "odds_ratio";
      rows.push_back(std::move(blank));
      continue;
    }
    rows.push_back(share_row(clusters, all, blank));
    blank.subset = "odds_ratio";
    rows.push_back(ratio_row(clusters, all, hits, context, blank));
  }
  return rows;
}

}  // namespace grids::core
