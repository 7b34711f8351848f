/// Terms whose peaks are open with a probability (openness.hpp): the regression and the scans of
/// term_regression.hpp and term_scan.hpp with expected factors in the place of 0 and 1.
///
/// The belief in a term is t = Π q (kAll) or 1 − Π (1 − q) (kAny), and its expected factor
/// 1 + (exp(w) − 1) t; terms that multiply multiply these, terms that add add (exp(w) − 1) t. For
/// log values the expected shift is w t.
///
/// Beliefs grow with depth, and so does what the frozen state knows of depth: its slope on log open
/// peaks is therefore refitted beside the terms, as the types' intercepts are.
#pragma once

#include <span>
#include <vector>

#include "cis/openness.hpp"
#include "cis/term_regression.hpp"
#include "cis/term_scan.hpp"

namespace grids::core {

/// t in each row.
std::vector<double> term_belief(const Beliefs& beliefs, const WindowTerm& term);

class ExpectedTerms {
 public:
  /// The others: see openness.hpp. Borrows `problem`.
  ExpectedTerms(const GeneProblem& problem, std::span<const double> open_peaks,
                std::span<const double> seen, size_t neighbours = 0);

  const Beliefs& beliefs() const { return beliefs_; }

  /// As `fit_terms`, without deviations and evidence.
  TermFit fit(std::span<const WindowTerm> terms, const TermRegressionOptions& options,
              const TermFit* start = nullptr) const;

  /// Information about the log rate where a pair is satisfied, at these weights. It moves little as
  /// terms come and go and costs five times what the scores do, so a search takes it once.
  struct PairInformation {
    std::vector<float> all, any;  // peaks × peaks, above the diagonal
  };
  PairInformation pair_information(std::span<const RowScore> scores) const;

  /// As `scan_pairs` and `scan_extensions`.
  PairScan scan_pairs(std::span<const RowScore> scores, const PairInformation& information,
                      size_t most) const;
  BestCandidates scan_extensions(std::span<const RowScore> scores, const WindowTerm& base,
                                 TermKind kind, size_t most) const;

 private:
  const GeneProblem& problem_;
  Beliefs beliefs_;
  std::vector<double> log_depth_;  // of each row, mean 0
};

}  // namespace grids::core
