#include "cis/term_scan.hpp"

#include <algorithm>
#include <cmath>

#include "base/at.hpp"

namespace grids::core {
namespace {

/// Rows of which less is known than this cannot carry a weight (expected counts, about).
constexpr double kLeastInformation = 2;

struct PairSums {
  double score = 0;
  double weight = 0;

  void add(const RowScore& row) {
    score += row.score;
    weight += row.weight;
  }
  PairSums operator+(const PairSums& other) const {
    return {score + other.score, weight + other.weight};
  }
  PairSums operator-(const PairSums& other) const {
    return {score - other.score, weight - other.weight};
  }
};

/// What is left of a type's sums once its intercept is refitted.
PairSums refitted(const PairSums& part, const PairSums& type) {
  if (!(type.weight > 0)) return {};
  const double share = part.weight / type.weight;
  return {part.score - type.score * share, part.weight * (1 - share)};
}

PairSums type_sums(const GeneProblem& problem, std::span<const RowScore> scores, size_t type) {
  PairSums sums;
  for (auto i = at(problem.type_begin()[type]); i < at(problem.type_begin()[type + 1]); ++i) {
    sums.add(scores[i]);
  }
  return sums;
}

/// The same, of every pair of peaks i ≤ j that are open together in rows of the type.
void pair_sums(const GeneProblem& problem, std::span<const RowScore> scores, size_t type,
               bool singles_only, std::vector<PairSums>& pairs) {
  const size_t peaks = problem.peaks();
  std::fill(pairs.begin(), pairs.end(), PairSums{});
  for (auto i = at(problem.type_begin()[type]); i < at(problem.type_begin()[type + 1]); ++i) {
    const auto open = problem.peaks_in(i);
    for (size_t a = 0; a < open.size(); ++a) {
      PairSums* row = pairs.data() + at(open[a]) * peaks;
      row[open[a]].add(scores[i]);
      if (singles_only) continue;
      for (size_t b = a + 1; b < open.size(); ++b) row[open[b]].add(scores[i]);
    }
  }
}

}  // namespace

std::vector<RowScore> row_scores(const GeneProblem& problem, std::span<const double> mean,
                                 double dispersion) {
  std::vector<RowScore> scores;
  scores.reserve(mean.size());
  const bool counts = problem.family() == CisResponse::kCounts;
  for (size_t i = 0; i < mean.size(); ++i) {
    const double rest = problem.response()[i] - mean[i];
    const double scale = counts ? 1 / (1 + dispersion * mean[i]) : 1 / dispersion;
    scores.push_back({rest * scale, counts ? mean[i] * scale : scale});
  }
  return scores;
}

double approximate_gain(CisResponse family, double u, double v) {
  if (!(v > kLeastInformation)) return 0;
  if (family == CisResponse::kLogValues) return u * u / (2 * v);
  // Counts are skew: as if v of them were expected and u + v seen.
  const double seen = u + v;
  return seen > 0 ? seen * std::log(seen / v) - u : v;
}

void BestCandidates::add(Candidate candidate) {
  const auto place =
      std::upper_bound(best_.begin(), best_.end(), candidate,
                       [](const Candidate& a, const Candidate& b) { return a.gain > b.gain; });
  best_.insert(place, std::move(candidate));
  if (best_.size() > most_) best_.pop_back();
}

void BestCandidates::offer_extension(CisResponse family, const WindowTerm& base, int32_t peak,
                                     TermKind kind, double u, double v) {
  const double gain = approximate_gain(family, u, v);
  if (wants(gain)) add({gain, v, extended(base, peak, kind)});
}

PairScan scan_pairs(const GeneProblem& problem, std::span<const RowScore> scores, size_t most,
                    bool singles_only) {
  const size_t peaks = problem.peaks();
  std::vector<PairSums> pairs(peaks * peaks), all(peaks * peaks), any(peaks * peaks);
  for (size_t type = 0; type < at(problem.types()); ++type) {
    const PairSums whole = type_sums(problem, scores, type);
    pair_sums(problem, scores, type, singles_only, pairs);
    for (size_t i = 0; i < peaks; ++i) {
      const PairSums mine = pairs[i * peaks + i];
      all[i * peaks + i] = all[i * peaks + i] + refitted(mine, whole);
      for (size_t j = i + 1; j < peaks && !singles_only; ++j) {
        const PairSums both = pairs[i * peaks + j];
        const size_t place = i * peaks + j;
        all[place] = all[place] + refitted(both, whole);
        any[place] = any[place] + refitted(mine + pairs[j * peaks + j] - both, whole);
      }
    }
  }
  PairScan best(most);
  const auto offer = [&](BestCandidates& list, const PairSums& sums, TermKind kind,
                         std::initializer_list<size_t> members) {
    const double gain = approximate_gain(problem.family(), sums.score, sums.weight);
    if (!list.wants(gain)) return;
    Candidate candidate{gain, sums.weight, {kind, {}}};
    for (const size_t peak : members) candidate.term.peaks.push_back(static_cast<int32_t>(peak));
    list.add(std::move(candidate));
  };
  for (size_t i = 0; i < peaks; ++i) {
    offer(best.single, all[i * peaks + i], TermKind::kAll, {i});
    for (size_t j = i + 1; j < peaks && !singles_only; ++j) {
      offer(best.all, all[i * peaks + j], TermKind::kAll, {i, j});
      offer(best.any, any[i * peaks + j], TermKind::kAny, {i, j});
    }
  }
  return best;
}

BestCandidates scan_extensions(const GeneProblem& problem, std::span<const RowScore> scores,
                               const WindowTerm& base, TermKind kind, size_t most) {
  const size_t peaks = problem.peaks();
  const auto rows = problem.rows_of(base);
  const bool any = kind == TermKind::kAny && !base.peaks.empty();
  std::vector<PairSums> total(peaks), together(peaks), alone(peaks);
  size_t next = 0;
  for (size_t type = 0; type < at(problem.types()); ++type) {
    std::fill(together.begin(), together.end(), PairSums{});
    PairSums of_base;
    const int64_t end = problem.type_begin()[type + 1];
    for (; next < rows.size() && rows[next] < end; ++next) {
      const size_t row = at(rows[next]);
      of_base.add(scores[row]);
      for (const int32_t peak : problem.peaks_in(row)) together[at(peak)].add(scores[row]);
    }
    if (any) {
      std::fill(alone.begin(), alone.end(), PairSums{});
      for (auto i = at(problem.type_begin()[type]); i < at(end); ++i) {
        for (const int32_t peak : problem.peaks_in(i)) alone[at(peak)].add(scores[i]);
      }
    }
    const PairSums whole = type_sums(problem, scores, type);
    for (size_t j = 0; j < peaks; ++j) {
      const PairSums part = any ? of_base + alone[j] - together[j] : together[j];
      total[j] = total[j] + refitted(part, whole);
    }
  }
  BestCandidates best(most);
  for (size_t j = 0; j < peaks; ++j) {
    const auto peak = static_cast<int32_t>(j);
    if (std::binary_search(base.peaks.begin(), base.peaks.end(), peak)) continue;
    best.offer_extension(problem.family(), base, peak, kind, total[j].score, total[j].weight);
  }
  return best;
}

}  // namespace grids::core
