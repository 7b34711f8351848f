/// Approximate likelihood gains of every single peak and pair of a window, from sufficient
/// statistics: what is worth an exact fit.
///
/// A candidate that is 1 in some rows has, within each type, the score u = Σ s and the information
/// v = Σ w there; refitting the type's intercept leaves u − U v / W and v − v² / W (capitals: whole
/// type). Summed over types they give the gain of one shared weight. Pairs need these sums for all
/// pairs that are open together: one pass over the non-zeros; "any of two" follows by inclusion and
/// exclusion.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "cis/gene_problem.hpp"

namespace grids::core {

/// Score and information of a shift of the log rate (or log value) of each row.
struct RowScore {
  double score;
  double weight;
};
std::vector<RowScore> row_scores(const GeneProblem& problem, std::span<const double> mean,
                                 double dispersion);

/// The same, summed over rows.
struct ScoreSum {
  double score = 0;
  double weight = 0;

  void add(const RowScore& row) {
    score += row.score;
    weight += row.weight;
  }
  ScoreSum operator+(const ScoreSum& other) const {
    return {score + other.score, weight + other.weight};
  }
  ScoreSum operator-(const ScoreSum& other) const {
    return {score - other.score, weight - other.weight};
  }
};

/// What all scans of the same scores share.
struct ScanTotals {
  std::vector<ScoreSum> types;  ///< over all rows of each type
  std::vector<ScoreSum>
      alone;  ///< over the rows of each type in which a peak is open: types × peaks
};
ScanTotals scan_totals(const GeneProblem& problem, std::span<const RowScore> scores);

/// Gain in log likelihood of a term with total score `u` and information `v`.
double approximate_gain(CisResponse family, double u, double v);

struct TermCandidate {
  double gain = 0;
  double information = 0;  ///< about the log rate where it is satisfied
  WindowTerm term;
};

/// The best few, best first; ties keep the order in which they came.
class BestCandidates {
 public:
  explicit BestCandidates(size_t most) : most_(most) {}

  bool full() const { return best_.size() >= most_; }
  double least() const { return best_.empty() ? 0 : best_.back().gain; }
  bool wants(double gain) const { return best_.size() < most_ || gain > best_.back().gain; }
  void add(TermCandidate candidate);
  /// Adds `base` extended by a peak, if it is among the best by its score and information.
  void offer_extension(CisResponse family, const WindowTerm& base, int32_t peak, TermKind kind,
                       double u, double v);
  const std::vector<TermCandidate>& list() const { return best_; }

 private:
  size_t most_;
  std::vector<TermCandidate> best_;
};

struct PairScan {
  BestCandidates single, all, any;
  explicit PairScan(size_t most) : single(most), all(most), any(most) {}
};

/// Every single peak and, unless `singles_only`, every pair as `kAll` and as `kAny`.
PairScan scan_pairs(const GeneProblem& problem, std::span<const RowScore> scores, size_t most,
                    bool singles_only);

/// `base` extended by every further peak, as a term of `kind`; `base` may be without peaks.
BestCandidates scan_extensions(const GeneProblem& problem, std::span<const RowScore> scores,
                               const ScanTotals& totals, const WindowTerm& base, TermKind kind,
                               size_t most);

}  // namespace grids::core
