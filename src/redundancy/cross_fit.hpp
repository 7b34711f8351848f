/// Cells that chose neither terms nor set, all of them: training and validation cells are cut into
/// folds; each fold's cells are held out of a refit of the cis path and of the search. Where most
/// folds find the elements, these are measured in the cells that those folds held out and in the
/// test cells, taken together: five times the cells that a test split leaves. A fold that finds
/// another element beside them has found them all the same.
///
/// One regression over these cells, not a sum of numerators over folds: to first order it is the
/// same estimate, and a setting needs its cells and counts once, not in every fold. The covariates
/// of the state are components of open chromatin alone, because the encoder has seen the expression
/// of all training cells. Test cells must agree in sign by themselves, too.
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

/// Judges explained targets by the folds. What all targets share is computed once, so that many can
/// be judged in portions. All that it is given must outlive it.
class CrossFit {
 public:
  /// `on_test` judges by the same options. `cis`: its genes are those of the targets, its capture
  /// that of the surrogate, where it is known.
  CrossFit(const Study& study, const StudySurrogate& surrogate, RedundancyJudge& on_test,
           CisOptions cis, const CrossFitOptions& folds, const Context& context);

  /// In the order of the targets; where types act differently, rows for each type follow that of
  /// all. `search`: how the targets were found. Targets on which too few folds agree keep the
  /// numbers of test cells, and are not called.
  std::vector<SetRedundancy> judge(const std::vector<ExplainedTarget>& explained,
                                   const ExplainStageOptions& search);

 private:
  /// What one fold says of one target.
  struct Finding {
    bool agrees = false;
    std::vector<int32_t> cells;       ///< held out, of the target's type
    std::vector<double> other_terms;  ///< of these, by the fold's own path
  };
  /// Of one target, one a fold that explained it.
  using Findings = std::vector<Finding>;

  bool worth_folds(const SetRedundancy& row) const;
  std::vector<Findings> find_in_folds(const ExplainStageOptions& search,
                                      const std::vector<ExplainTarget>& targets,
                                      const std::vector<const SetRedundancy*>& rows);
  void find_in_fold(int32_t fold, const ExplainStageOptions& search,
                    const std::vector<ExplainTarget>& targets,
                    const std::vector<const SetRedundancy*>& rows, std::vector<Findings>& findings);
  /// What a fold's own set says of a row's.
  Finding compare(int32_t fold, const StudySurrogate& refitted, const ExplainedTarget& found,
                  const SetRedundancy& row) const;
  std::vector<SetRedundancy> measure(const Findings& findings, const SetRedundancy& on_test) const;
  void measure_held_out(const Findings& findings, SetRedundancy& row) const;
  /// The test cells of the row's type, which chose nothing either.
  Finding test_part(const SetRedundancy& row) const;
  void measure_on(const Finding& part, const RedundancyOptions& options, SetRedundancy& row) const;
  Finding of_type(const Finding& finding, std::optional<int32_t> type) const;

  const Study& study_;
  StudySurrogate surrogate_;
  RedundancyJudge& on_test_;
  CisOptions cis_;
  CrossFitOptions folds_;
  const Context& context_;
  StateCovariates state_;
  std::vector<int32_t> fold_of_;  ///< of each cell of the study; −1: a test cell
  std::vector<float> latents_;    ///< cells × numbers
  Study part_;                    ///< the study, its split that of the fold at hand
};

}  // namespace grids::core
