/// From genes to judged sets: search, then the question, by test cells or by folds.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "redundancy/alternatives.hpp"
#include "redundancy/cross_fit.hpp"
#include "redundancy/stability.hpp"

namespace grids::core {

struct RedundancyPlan {
  ExplainStageOptions explain;
  /// Each gene is searched in the direction that its terms point to, not in that of the loss: sets
  /// of elements that raise it are sought by what falls when they are masked, those of repressors
  /// by what rises.
  bool by_terms = true;
  RedundancyOptions judging;
  CisOptions cis;  ///< of folds and half-samples
  bool cross_fit = false;
  CrossFitOptions folds;
  int64_t half_samples = 0;
  SurrogateOfHalf trained_on = {};  ///< see SearchAgain
  int64_t alternatives = 0;         ///< further disjoint sets that are sought, at most
};

struct RedundancyFindings {
  std::vector<ExplainedTarget> explained;  ///< what was searched
  std::vector<SetRedundancy> sets;         ///< not yet held together
  std::vector<SkippedTarget> skipped;
  std::vector<SetStability> stability;     ///< with half-samples
  std::vector<Alternatives> alternatives;  ///< with alternatives
};

/// Can be asked for one portion of targets after the other; what they share is computed once. All
/// that it is given must outlive it.
class RedundancySearch {
 public:
  RedundancySearch(const Study& study, const StudySurrogate& surrogate, RedundancyPlan plan,
                   const Context& context);

  /// In the order of the targets, those whose terms lower the gene after the others.
  RedundancyFindings find(const std::vector<ExplainTarget>& targets);

 private:
  void find_in(Direction direction, const std::vector<ExplainTarget>& targets,
               RedundancyFindings& findings);

  const Study& study_;
  StudySurrogate surrogate_;
  RedundancyPlan plan_;
  const Context& context_;
  std::optional<RedundancyJudge> judge_;
  std::optional<CrossFit> folds_;
};

/// Whether a gene's terms, taken together, raise it in the training cells of a type (or of all);
/// true without terms.
bool terms_raise(const Study& study, const StudySurrogate& surrogate, const ExplainTarget& target);

}  // namespace grids::core
