/// Hidden shares and calls beside elements that were perturbed together: the external judge of
/// redundancy.
#pragma once

#include <string>
#include <vector>

#include "base/context.hpp"
#include "io/columns.hpp"
#include "validate/combinations.hpp"
#include "validate/pairs.hpp"
#include "validate/validation_row.hpp"

namespace grids::core {

/// A perturbed combination beside a set with its elements.
struct JudgedCombination {
  const Combination* combination = nullptr;
  MeasuredCombination measured;
  /// A set of the gene of which each perturbed element overlaps another element; null: none.
  const PairSet* set = nullptr;
  bool same_elements = false;  ///< no others were judged with them

  /// Whether both sides have a hidden share.
  bool comparable() const;
};

struct JudgedCombinations {
  std::vector<ValidationRow> rows;
  Table table;  ///< combinations.tsv
};

/// combinations.tsv.
TableText describe_combinations();

/// For every method and L whose sets have hidden shares: how many combinations have a set; the
/// share of equal signs of hidden shares, beside what their margins give by chance; Spearman's
/// correlation; 95 % intervals by resampling genes; and how often the interaction test agrees with
/// the calls. A combination that names its cell type is held beside sets of that type alone, unless
/// types may differ. Of several sets one of the same elements comes first, then one of all cells.
/// Throws Error(kInput) where no combination is of a gene, or of a cell type, of the sets; warns of
/// those that are not.
JudgedCombinations judge_combinations(const Pairs& pairs,
                                      const std::vector<Combination>& combinations,
                                      bool other_cell_type, const Context& context);

}  // namespace grids::core
