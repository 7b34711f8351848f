#include "compare/compare_types.hpp"

#include <algorithm>
#include <cmath>
#include <map>

#include "base/nan.hpp"
#include "evaluate/set_columns.hpp"

namespace grids::core {
namespace {

/// A type that sets were learned in, and one that they were tested in.
struct PairRow {
  const TypeMatrix& matrix;
  size_t learned;
  size_t tested;

  size_t i() const { return learned * matrix.tested_in.size() + tested; }
};

Columns<PairRow> type_matrix_columns() {
  return {"types.tsv",
          "a row for each pair of types: `grids` sets of the last L, learned in one and masked in "
          "test cells of the other",
          {{"learned_in", "type whose cells the sets were learned in",
            [](const PairRow& row) { return row.matrix.learned_in[row.learned]; }},
           {column::kTestedIn.saying("type of the gene, in whose test cells they were masked"),
            [](const PairRow& row) { return row.matrix.tested_in[row.tested]; }},
           {"genes", "that the means are over",
            [](const PairRow& row) { return row.matrix.genes[row.i()]; }},
           {column::kRelativeChange.saying("mean over the genes, as in `subsets.tsv`"),
            [](const PairRow& row) { return row.matrix.change[row.i()]; }},
           {"normalised", "divided, gene by gene, by that of the set learned where it is tested",
            [](const PairRow& row) { return row.matrix.normalised[row.i()]; }}}};
}

}  // namespace

std::vector<TypeChange> changes_of_types(const Study& study, const StudySurrogate& surrogate,
                                         const std::vector<ExplainTarget>& targets,
                                         const CompareRun& run, const CompareOptions& options,
                                         const Context& outer) {
  const Context context = outer.with_seed(run.seed);
  std::vector<ExplainTarget> everywhere;
  for (const ExplainTarget& target : targets) {
    if (!target.type) continue;
    for (int32_t type = 0; type < static_cast<int32_t>(study.cells.type.names.size()); ++type) {
      const ExplainTarget there{type, target.gene, target.set_size};
      if (std::find(everywhere.begin(), everywhere.end(), there) == everywhere.end()) {
        everywhere.push_back(there);
      }
    }
  }
  ExplainStageOptions stage = options.explain;
  stage.method = run.method;
  stage.budget = 0;
  stage.budgets = {};
  stage.force = true;
  const auto result = explain(study, surrogate, everywhere, stage, context);
  std::vector<TypeChange> changes;
  for (const ChangeInType& entry :
       judge_sets(study, surrogate, result.explained, stage.perturbation, options.judge, context)
           .by_type) {
    changes.push_back({entry.gene, *entry.type, entry.tested_in, entry.change.relative_change});
  }
  return changes;
}

TypeMatrix type_matrix(const Study& study, const std::vector<ExplainTarget>& targets,
                       std::span<const TypeChange> of_genes) {
  std::map<std::tuple<int32_t, int32_t, int32_t>, double> changes;  // gene, learned, tested
  for (const auto& [gene, learned, tested, change] : of_genes) {
    changes[{gene, learned, tested}] = change;
  }
  TypeMatrix matrix;
  std::map<int32_t, std::vector<int32_t>> genes_of;  // tested type → genes
  for (const ExplainTarget& target : targets) {
    if (target.type) genes_of[*target.type].push_back(target.gene);
  }
  matrix.learned_in = study.cells.type.names;
  for (const auto& [type, genes] : genes_of) {
    matrix.tested_in.push_back(study.cells.type.names[static_cast<size_t>(type)]);
  }
  for (int32_t learned = 0; learned < static_cast<int32_t>(matrix.learned_in.size()); ++learned) {
    for (const auto& [tested, genes] : genes_of) {
      double sum = 0;
      double share = 0;
      int64_t count = 0;
      for (const int32_t gene : genes) {
        const auto own = changes.find({gene, tested, tested});
        const auto here = changes.find({gene, learned, tested});
        if (own == changes.end() || here == changes.end() || own->second == 0) continue;
        sum += here->second;
        share += here->second / own->second;
        ++count;
      }
      const double n = count > 0 ? static_cast<double>(count) : kNaN;
      matrix.change.push_back(sum / n);
      matrix.normalised.push_back(share / n);
      matrix.genes.push_back(count);
    }
  }
  return matrix;
}

Table type_matrix_table(const TypeMatrix& matrix) {
  std::vector<PairRow> rows;
  for (size_t learned = 0; learned < matrix.learned_in.size(); ++learned) {
    for (size_t tested = 0; tested < matrix.tested_in.size(); ++tested) {
      rows.push_back({matrix, learned, tested});
    }
  }
  return type_matrix_columns().table(rows);
}

TableText describe_type_matrix() {
  return type_matrix_columns().describe();
}

}  // namespace grids::core
