/// Other sets that would have done: disjoint from the found one and nearly as good. A search gives
/// one set; where another stands in for it, masking either changes little, and which of the two was
/// found is chance.
///
/// The elements found are excluded (their peaks, and all less than 1 kb from these) and the same
/// method searches again among what is left, up to a number of sets, as long as the last one
/// changes the prediction nearly as much as the first. Only genes on the cis path: of their terms'
/// few peaks this is cheap, and peaks that mark the state of a cell always have others that mark it
/// as well.
#pragma once

#include <span>
#include <vector>

#include "explain/explain_stage.hpp"
#include "io/columns.hpp"

namespace grids::core {

struct AlternativesOptions {
  /// Sets of a gene, the found one among them.
  int64_t most_sets = 3;
  /// A set is told when masking it changes at least this share of what masking the first changes,
  /// in the same direction. Larger values tell fewer.
  double nearly = 0.5;
};

/// Changes are relative changes of the mean predicted rate over the test cells.
struct AlternativeSet {
  ExplainedTarget found;       ///< as the search gave it
  std::vector<int32_t> peaks;  ///< minimal sub-set and partners, ascending
  double alone = 0;            ///< masked alone
  double with_first = 0;       ///< masked with the first set; of the first itself NaN
  double after_first = 0;      ///< what it changes of the rate once the first is masked; likewise
};

struct Alternatives {
  ExplainTarget target;
  std::vector<AlternativeSet> sets;  ///< the found one first; disjoint
};

/// Of explained targets on the cis path whose set changes anything, in their order. `options`: as
/// they were explained; budgets of single targets do not count.
std::vector<Alternatives> find_alternatives(const Study& study, const StudySurrogate& surrogate,
                                            const std::vector<ExplainedTarget>& explained,
                                            const ExplainStageOptions& options,
                                            const AlternativesOptions& alternatives,
                                            const Context& context);

/// alternatives.tsv, a row a set.
Table alternatives_table(const Study& study, std::span<const Alternatives> found);
TableText describe_alternatives();

}  // namespace grids::core
