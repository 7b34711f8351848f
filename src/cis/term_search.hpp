/// Which terms a gene has: a local search on
///
///     log likelihood − Σ over terms (log of the number of terms of its size + cost of a term),
///
/// (term_trials.hpp) by adding, extending, exchanging and dropping terms, each judged by an exact
/// fit of what a scan of all candidates found promising. What is kept beside the chosen terms is in
/// weak_terms.hpp.
#pragma once

#include <vector>

#include "cis/expected_terms.hpp"
#include "cis/fit_cis.hpp"
#include "cis/gene_problem.hpp"
#include "cis/open_together.hpp"
#include "cis/term_regression.hpp"

namespace grids::core {

struct TermSelection {
  std::vector<WindowTerm> terms;    ///< the chosen ones in order, then weak ones
  std::vector<double> inclusion;    ///< see CisTerm; 1 for those that the search chose
  std::vector<double> last_ridges;  ///< of weak terms, see TermRegressionOptions
  TermSum sum = TermSum::kMultiply;
  double dispersion = 0;
  TermFit fit;
  /// What the search reached, with all terms of the log likelihood, so that searches with other
  /// beliefs can be compared.
  double objective = 0;
  double likelihood_gain = 0;  ///< of the chosen terms over none, at the final dispersion
};

/// The regression by which a selection's weights are kept: chosen terms shrunk by `kept_ridge`.
TermRegressionOptions kept_regression(const TermSelection& selection, const CisOptions& options);

/// With `expected` (maybe null) terms are chosen by their expected factors; what is chosen is then
/// fitted to observed openness. With `companions` (maybe null) a peak that merely goes along with
/// another is no term (stand_ins.hpp).
TermSelection search_terms(const GeneProblem& problem, const CisOptions& options,
                           const ExpectedTerms* expected = nullptr,
                           const Companions* companions = nullptr);

}  // namespace grids::core
