#include "compare/compare_timings.hpp"

#include "evaluate/set_columns.hpp"

namespace grids::core {

std::vector<ComparedTiming> timings_of(std::span<const ComparedSet> sets,
                                       const std::string& objective) {
  std::vector<ComparedTiming> rows;
  rows.reserve(sets.size());
  for (const auto& set : sets) rows.push_back({objective, &set, set.seconds});
  return rows;
}

Columns<ComparedTiming> compared_timing_columns() {
  using Row = ComparedTiming;
  return {"timings.tsv",
          "a row for each of `compare.tsv`, `truth_all.tsv` and `truth_redundant.tsv`; the only "
          "table that differs between two comparisons with the same seed",
          {{column::kRecallObjective, &Row::objective},
           {column::kLearnedIn, [](const Row& row) { return row.set->cell_type; }},
           {column::kGene, [](const Row& row) { return row.set->gene; }},
           {column::kMethod, [](const Row& row) { return row.set->method; }},
           {column::kAskedSize, [](const Row& row) { return row.set->set_size; }},
           {column::kSeed, [](const Row& row) { return row.set->seed; }},
           {column::kAllowance, [](const Row& row) { return allowance_name(row.set->allowance); }},
           {column::kMethodSeconds, &Row::seconds}}};
}

}  // namespace grids::core
