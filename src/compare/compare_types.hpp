/// The paper's Figure 3: sets learned for a gene in every cell type, masked in the test cells of
/// the type that the gene stands for, beside what the set of that type changes there.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "compare/compare.hpp"
#include "io/columns.hpp"

namespace grids::core {

struct TypeMatrix {
  std::vector<std::string> learned_in;  ///< types of the study
  std::vector<std::string> tested_in;   ///< types of the targets
  /// learned × tested: mean over the genes of the tested type of their relative change there; NaN
  /// where no gene could be learned.
  std::vector<double> change;
  /// The same divided, gene by gene, by the change of the set learned in the tested type, then
  /// averaged: 1 = as much as the type's own set.
  std::vector<double> normalised;
  std::vector<int64_t> genes;  ///< learned × tested: that count
};

/// What a set changes in the test cells of a type; types and gene of the study.
struct TypeChange {
  int32_t gene = 0;
  int32_t learned = 0;
  int32_t tested = 0;
  double relative_change = 0;
};

/// Learns each target's gene in every type of the study with this method and seed (targets of all
/// types together are left out; types with few test cells are not judged by, so none is refused),
/// without a limit on evaluations. What is told of a gene depends on no other target.
std::vector<TypeChange> changes_of_types(const Study& study, const StudySurrogate& surrogate,
                                         const std::vector<ExplainTarget>& targets,
                                         const CompareRun& run, const CompareOptions& options,
                                         const Context& context);

/// The means over the targets, of whose genes these are the changes, in any order.
TypeMatrix type_matrix(const Study& study, const std::vector<ExplainTarget>& targets,
                       std::span<const TypeChange> changes);

/// types.tsv.
Table type_matrix_table(const TypeMatrix& matrix);
TableText describe_type_matrix();

}  // namespace grids::core
