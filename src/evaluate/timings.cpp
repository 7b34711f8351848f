#include "evaluate/timings.hpp"

#include "evaluate/set_columns.hpp"

namespace grids::core {
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

}  // namespace grids::core
