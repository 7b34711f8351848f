#include "cis/term_scan.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/at.hpp"
#include "base/simd.hpp"

namespace grids::core {
namespace {

/// Rows of which less is known than this cannot carry a weight (expected counts, about).
constexpr double kLeastInformation = 2;

/// Over some rows, in four sums that do not wait for each other.
ScoreSum sum_of(std::span<const RowScore> scores, std::span<const int32_t> rows) {
  ScoreSum parts[4];
  size_t i = 0;
  for (; i + 4 <= rows.size(); i += 4) {
    for (size_t k = 0; k < 4; ++k) parts[k].add(scores[at(rows[i + k])]);
  }
  for (; i < rows.size(); ++i) parts[0].add(scores[at(rows[i])]);
  return (parts[0] + parts[1]) + (parts[2] + parts[3]);
}

/// What is left of a type's sums once its intercept is refitted.
ScoreSum refitted(const ScoreSum& part, const ScoreSum& type) {
  if (!(type.weight > 0)) return {};
  const double share = part.weight / type.weight;
  return {part.score - type.score * share, part.weight * (1 - share)};
}

/// Adds the sums of every pair of peaks i < j that are open together in rows of the type.
void add_pair_sums(const GeneProblem& problem, std::span<const RowScore> scores, size_t type,
                   std::vector<ScoreSum>& pairs) {
  const size_t peaks = problem.peaks();
  for (auto i = at(problem.type_begin()[type]); i < at(problem.type_begin()[type + 1]); ++i) {
    const auto open = problem.peaks_in(i);
    for (size_t a = 0; a < open.size(); ++a) {
      ScoreSum* row = pairs.data() + at(open[a]) * peaks;
      for (size_t b = a + 1; b < open.size(); ++b) row[open[b]].add(scores[i]);
    }
  }
}

/// What is left of pairs' sums over a type once its intercept is refitted is added to those of kAll
/// and kAny, and the pairs' are set to 0. `mine` is of the first peak, `alone` of the second; sums
/// are score, weight, score, …
GRIDS_CLONES void add_refitted_pairs(size_t count, const double* type, const double* mine,
                                     const double* alone, double* pairs, double* all, double* any) {
  const double type_score = type[0], share_of = 1 / type[1];
  const double my_score = mine[0], my_weight = mine[1];
#pragma omp simd
  for (size_t j = 0; j < count; ++j) {
    const double score = pairs[2 * j], weight = pairs[2 * j + 1], share = weight * share_of;
    all[2 * j] += score - type_score * share;
    all[2 * j + 1] += weight * (1 - share);
    const double either = my_weight + alone[2 * j + 1] - weight, other_share = either * share_of;
    any[2 * j] += my_score + alone[2 * j] - score - type_score * other_share;
    any[2 * j + 1] += either * (1 - other_share);
    pairs[2 * j] = 0;
    pairs[2 * j + 1] = 0;
  }
}

/// As many gains as there are pairs, few of which are among the best: most are ruled out by a bound
/// that takes no logarithm.
bool may_gain(CisResponse family, const ScoreSum& sum, double more_than) {
  if (family == CisResponse::kLogValues || !(sum.weight > kLeastInformation)) return true;
  // (1 + x) log(1 + x) − x is at most x² ÷ 2 above 0, and x² below.
  const double bound = sum.score * sum.score / (sum.score > 0 ? 2 * sum.weight : sum.weight);
  return bound * (1 + 1e-12) > more_than;
}

}  // namespace

ScanTotals scan_totals(const GeneProblem& problem, std::span<const RowScore> scores) {
  const size_t types = at(problem.types()), peaks = problem.peaks();
  ScanTotals totals{std::vector<ScoreSum>(types), std::vector<ScoreSum>(types * peaks)};
  std::vector<int32_t> all(scores.size());
  std::iota(all.begin(), all.end(), 0);
  for (size_t type = 0; type < types; ++type) {
    const auto begin = at(problem.type_begin()[type]), end = at(problem.type_begin()[type + 1]);
    totals.types[type] = sum_of(scores, std::span(all).subspan(begin, end - begin));
    for (int32_t peak = 0; at(peak) < peaks; ++peak) {
      totals.alone[type * peaks + at(peak)] = sum_of(scores, problem.rows_of(peak, type));
    }
  }
  return totals;
}

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

void BestCandidates::add(TermCandidate candidate) {
  const auto place = std::upper_bound(
      best_.begin(), best_.end(), candidate,
      [](const TermCandidate& a, const TermCandidate& b) { return a.gain > b.gain; });
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
  const auto totals = scan_totals(problem, scores);
  PairScan best(most);
  best.single = scan_extensions(problem, scores, totals, {}, TermKind::kAll, most);
  if (singles_only) return best;
  std::vector<ScoreSum> pairs(peaks * peaks), all(peaks * peaks), any(peaks * peaks);
  const auto numbers = [](auto* sums) { return &sums->score; };
  for (size_t type = 0; type < at(problem.types()); ++type) {
    if (!(totals.types[type].weight > 0)) continue;
    add_pair_sums(problem, scores, type, pairs);
    const ScoreSum* alone = totals.alone.data() + type * peaks;
    for (size_t i = 0; i < peaks; ++i) {
      const size_t place = i * peaks + i + 1;
      add_refitted_pairs(peaks - i - 1, numbers(&totals.types[type]), numbers(alone + i),
                         numbers(alone + i + 1), numbers(pairs.data() + place),
                         numbers(all.data() + place), numbers(any.data() + place));
    }
  }
  const auto offer = [&](BestCandidates& list, const ScoreSum& sums, TermKind kind, size_t i,
                         size_t j) {
    if (list.full() && !may_gain(problem.family(), sums, list.least())) return;
    const double gain = approximate_gain(problem.family(), sums.score, sums.weight);
    if (!list.wants(gain)) return;
    list.add({gain, sums.weight, {kind, {static_cast<int32_t>(i), static_cast<int32_t>(j)}}});
  };
  for (size_t i = 0; i < peaks; ++i) {
    for (size_t j = i + 1; j < peaks; ++j) {
      offer(best.all, all[i * peaks + j], TermKind::kAll, i, j);
      offer(best.any, any[i * peaks + j], TermKind::kAny, i, j);
    }
  }
  return best;
}

BestCandidates scan_extensions(const GeneProblem& problem, std::span<const RowScore> scores,
                               const ScanTotals& totals, const WindowTerm& base, TermKind kind,
                               size_t most) {
  const size_t peaks = problem.peaks();
  const bool any = kind == TermKind::kAny && !base.peaks.empty();
  const auto rows = base.peaks.empty() ? std::vector<int32_t>() : problem.rows_of(base);
  std::vector<ScoreSum> total(peaks), together(peaks);
  size_t next = 0;
  for (size_t type = 0; type < at(problem.types()); ++type) {
    std::fill(together.begin(), together.end(), ScoreSum{});
    ScoreSum of_base;
    const int64_t end = problem.type_begin()[type + 1];
    for (; next < rows.size() && rows[next] < end; ++next) {
      const size_t row = at(rows[next]);
      of_base.add(scores[row]);
      for (const int32_t peak : problem.peaks_in(row)) together[at(peak)].add(scores[row]);
    }
    const ScoreSum* alone = totals.alone.data() + type * peaks;
    if (base.peaks.empty()) std::copy(alone, alone + peaks, together.begin());
    for (size_t j = 0; j < peaks; ++j) {
      const ScoreSum part = any ? of_base + alone[j] - together[j] : together[j];
      total[j] = total[j] + refitted(part, totals.types[type]);
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
