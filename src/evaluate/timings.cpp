#include "evaluate/timings.hpp"

#include "evaluate/set_columns.hpp"

namespace grids {
namespace {

struct TimingRow {
  const Study& study;
  const ExplainedTarget& entry;
};

Columns<TimingRow> timing_columns() {
  return {
      "timings.tsv",
      "a row for each set; the only table that differs between two runs with the same seed",
      {{column::kLearnedIn,
        [](const TimingRow& row) { return type_name(row.study, row.entry.target); }},
       {column::kGene,
        [](const TimingRow& row) {
          return row.study.genes.names[static_cast<size_t>(row.entry.target.gene)];
        }},
       {column::kMethod, [](const TimingRow& row) { return row.entry.method; }},
       {column::kSetSize, [](const TimingRow& row) { return row.entry.explanation.subset.size(); }},
       {column::kSeed, [](const TimingRow& row) { return row.entry.seed; }},
       {column::kSeconds, [](const TimingRow& row) { return row.entry.seconds; }},
       {column::kMethodSeconds, [](const TimingRow& row) { return row.entry.method_seconds; }}}};
}

}  // namespace

Table timings_table(const Study& study, const std::vector<ExplainedTarget>& explained) {
  return timing_columns().table(explained, [&](const ExplainedTarget& entry) {
    return TimingRow{study, entry};
  });
}

TableText describe_timings() {
  return timing_columns().describe();
}

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

}  // namespace grids
