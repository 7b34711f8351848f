/// Sets of terms, fitted and judged. The objective of a set is
///
///     log likelihood − costs of its terms
///
/// at the weights that maximise the penalised likelihood and at the present dispersion, with all
/// constants of the likelihood: so that moves and new dispersions raise one and the same function.
#pragma once

#include <limits>
#include <map>
#include <span>
#include <utility>
#include <vector>

#include "cis/expected_terms.hpp"
#include "cis/fit_cis.hpp"
#include "cis/gene_problem.hpp"
#include "cis/term_regression.hpp"
#include "cis/term_scan.hpp"

namespace grids::core {

/// Terms with their exact fit.
struct TermTrial {
  std::vector<WindowTerm> terms;
  TermSum sum = TermSum::kMultiply;
  TermFit fit;
  double objective = -std::numeric_limits<double>::infinity();
};

class TermTrials {
 public:
  /// The dispersion is that without terms. With `expected` (maybe null) terms are fitted by their
  /// expected factors. Borrows all three.
  TermTrials(const GeneProblem& problem, const CisOptions& options, const ExpectedTerms* expected);

  const GeneProblem& problem() const { return problem_; }
  const CisOptions& options() const { return options_; }
  bool by_expectation() const { return expected_ != nullptr; }
  double dispersion() const { return dispersion_; }

  /// What a term costs: the log of the number of terms of its size, and `next_term_cost`.
  double cost(const WindowTerm& term) const;
  double cost(const std::vector<WindowTerm>& terms) const;

  /// Of penalised log likelihood, as steps promise it: the objective, which has no penalty, is then
  /// within a thousandth of its own, a twentieth of the least gain for which a search moves.
  static constexpr double kRoughTolerance = 1e-5;
  /// From now on fits are to 1e-7.
  void be_exact();

  /// Terms that may add do so where that is better. Weights are sought from those of `begin_at` on,
  /// to `kRoughTolerance`; what was fitted since is not fitted again.
  TermTrial fitted(std::vector<WindowTerm> terms);
  /// From now on weights of terms are sought from those of a trial on: most of what a search asks
  /// has a term more or less than what it holds, and takes fewer steps from there.
  void begin_at(const TermTrial& trial);
  /// The same terms at the dispersion that their means make likeliest, which is then the present
  /// one; `trial` and the present one if that does not raise the objective.
  TermTrial at_own_dispersion(TermTrial trial);
  /// From now on terms are what is observed: the terms of `trial` so, at their own dispersion.
  TermTrial by_observation(const TermTrial& trial);

  /// What further terms would find, at the means of a trial.
  struct Scores {
    std::vector<RowScore> rows;
    ScanTotals totals;  ///< of observed openness
  };
  /// Of rows.
  std::vector<double> means(const TermTrial& trial) const;
  Scores scores(const TermTrial& trial) const;
  /// The best few terms of each kind to add to a trial.
  PairScan scan(const TermTrial& trial, size_t most) const;
  BestCandidates extensions(const Scores& scores, const WindowTerm& base, TermKind kind,
                            size_t most) const;

 private:
  void set_dispersion(double dispersion);
  double constant() const;
  std::vector<TermFit> fits(const std::vector<WindowTerm>& terms,
                            std::span<const TermSum> sums) const;
  /// Of terms in the order of `in_order`.
  TermTrial fit_either(const std::vector<WindowTerm>& terms) const;
  /// Where their weights are sought from.
  TermFit start_of(const std::vector<WindowTerm>& terms) const;

  const GeneProblem& problem_;
  const CisOptions& options_;
  const ExpectedTerms* expected_;
  std::vector<std::pair<double, double>> tally_;  // counts and how often each is there
  ExpectedTerms::PairInformation information_;
  double tolerance_ = kRoughTolerance;
  double dispersion_ = 0;
  double constant_ = 0;  // of the likelihood at this dispersion
  TermTrial begun_;      // without means
  /// What was fitted from `begun_` at this dispersion, by its terms in order.
  std::map<std::vector<WindowTerm>, TermTrial,
           bool (*)(const std::vector<WindowTerm>&, const std::vector<WindowTerm>&)>
      known_;
};

}  // namespace grids::core
