/// Cells that chose neither terms nor set, all of them: training and validation cells are cut into
/// folds; each fold's cells are held out of a refit of the cis path and of the search. Where most
/// folds find the same elements, these are measured in the cells that those folds held out, taken
/// together: five times the cells that a test split leaves.
///
/// One regression over these cells, not a sum of numerators over folds: to first order it is the
/// same estimate, and a setting needs its cells and counts once, not in every fold. The covariates
/// of the state are components of open chromatin alone, because the encoder has seen the expression
/// of all training cells. Test cells must agree in sign.
#pragma once

#include <vector>

#include "cis/fit_cis.hpp"
#include "explain/explain_stage.hpp"
#include "redundancy/judge_redundancy.hpp"

namespace grids::core {

struct CrossFitOptions {
  int32_t folds = 5;
  /// Folds that must find the elements of the whole fit. More call fewer sets.
  int32_t least_agreeing = 4;

  void describe(OptionSet& set);
};

/// How the sets were found, to be done again.
struct CrossFitSearch {
  const ExplainStageOptions& explain;
  CisOptions cis;  ///< its genes are those of the targets; the capture is that of the surrogate
};

/// Judges explained targets by the folds, in their order; those on which too few folds agree keep
/// the numbers of test cells, and are not called. Progress is told a fold and gene.
std::vector<SetRedundancy> cross_fitted(const Study& study, const StudySurrogate& surrogate,
                                        const std::vector<ExplainedTarget>& explained,
                                        const CrossFitSearch& search,
                                        const RedundancyOptions& options,
                                        const CrossFitOptions& folds, const Context& context);

}  // namespace grids::core
