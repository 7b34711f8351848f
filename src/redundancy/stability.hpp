/// How stable a set is: half of the cells, drawn without replacement within parts of the split and
/// types, again and again; each time the cis path is fitted and the set searched and judged anew.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "cis/fit_cis.hpp"
#include "explain/explain_stage.hpp"
#include "redundancy/judge_redundancy.hpp"

namespace grids::core {

struct ElementStability {
  Element element;
  double frequency = 0;  ///< share of halves that select it, in minimal sub-set or partners
};

struct SetStability {
  RedundancyTarget target;
  int64_t halves = 0;    ///< in which the gene was searched
  double jaccard = 0;    ///< mean over the halves, of judged elements against those of all cells
  double agreement = 0;  ///< share of halves with the same call; NaN: not called on all cells
  std::vector<ElementStability> elements;  ///< of the set of all cells
};

/// The surrogate of a half-sample, from 0.
using SurrogateOfHalf = std::function<FoldedSurrogate(int64_t half)>;

/// How the sets were found, to be done again.
struct SearchAgain {
  ExplainStageOptions explain;
  CisOptions cis;  ///< its genes are those of the targets
  /// Trained on the half alone; empty: all halves keep the surrogate of all cells.
  SurrogateOfHalf trained_on = {};
};

/// A half-sample, from 0, as `measure_stability` draws it.
Study half_of(const Study& study, int64_t half, uint64_t seed);

/// `rows`: those of all cells, one a target of `explained`. What is repeated is the cis path, the
/// search and the call, judged by each half's own test cells; the training, where `search` says
/// how.
std::vector<SetStability> measure_stability(const Study& study, const StudySurrogate& surrogate,
                                            const std::vector<ExplainedTarget>& explained,
                                            const std::vector<SetRedundancy>& rows, int64_t halves,
                                            const SearchAgain& search,
                                            const RedundancyOptions& options,
                                            const Context& context);

/// stability.tsv, a row an element.
Table stability_table(const Study& study, std::span<const SetStability> sets);
TableText describe_stability();

}  // namespace grids::core
