#include "redundancy/groups.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "base/error.hpp"
#include "base/random.hpp"
#include "redundancy/planted_pairs.hpp"
#include "redundancy/redundancy_tables.hpp"

namespace grids::core {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::planted_pairs;

KeptColumn column_of(const std::string& name, std::vector<std::string> categories,
                     std::vector<int32_t> codes) {
  KeptColumn column;
  column.name = name;
  column.kind = ColumnKind::kCategory;
  column.values = CategoricalColumn{std::move(categories), std::move(codes)};
  return column;
}

/// Cells of two conditions, a third of them treated, whoever they are.
struct TwoConditions {
  Study study = planted_pairs().cells.study;
  std::vector<RedundancyTarget> targets;

  TwoConditions() {
    RandomStream random(4, Purpose::kBenchmark);
    std::vector<int32_t> codes;
    for (int64_t i = 0; i < study.cells.size(); ++i) {
      // All test cells belong to one of the two.
      codes.push_back(random.uniform() < 1.0 / 3 ? 0 : 1);
    }
    study.cells.columns.push_back(column_of("condition", {"treated", "control"}, codes));
    // More test cells: two conditions of a fifth of 1,500 would tell nothing.
    for (auto& part : study.cells.split) part = Split::kTest;
    const auto& world = planted_pairs();
    for (int32_t gene = 0; gene < study.genes.size(); ++gene) {
      targets.push_back({std::nullopt, gene, world.cells.peaks(world.cells.truth(gene).peaks)});
    }
  }

  /// Counts of treated cells change places: nothing regulates them any more.
  void shuffle_counts_of_treated() {
    const auto& codes = study.cells.columns.back().text().codes;
    std::vector<int32_t> treated, from;
    for (int32_t cell = 0; cell < study.cells.size(); ++cell) {
      from.push_back(cell);
      if (codes[static_cast<size_t>(cell)] == 0) treated.push_back(cell);
    }
    auto moved = treated;
    RandomStream random(5, Purpose::kBenchmark);
    random.shuffle(std::span(moved));
    for (size_t i = 0; i < treated.size(); ++i) from[static_cast<size_t>(treated[i])] = moved[i];
    study.counts = select_rows(study.counts, from);
    study.expression = select_rows(study.expression, from);
    auto totals = study.cells.total_rna;
    for (size_t i = 0; i < from.size(); ++i) {
      totals[i] = study.cells.total_rna[static_cast<size_t>(from[i])];
    }
    study.cells.total_rna = totals;
  }

  Table table() const {
    auto options = planted_pairs().plan.judging;
    options.contrast_groups = "condition";
    options.type_level = 0;
    const auto sets =
        RedundancyJudge(study, planted_pairs().surrogate(), options, planted_pairs().test.context)
            .judge(targets);
    return groups_table(study, cell_groups(study, "condition"), sets);
  }
};

TEST(CellGroups, AreOrderedByTheirCellsAndMissingOnesAreInNone) {
  Study study = planted_pairs().cells.study;
  const auto cells = static_cast<size_t>(study.cells.size());
  std::vector<int32_t> codes(cells, 2);
  std::fill(codes.begin(), codes.begin() + 100, 0);
  std::fill(codes.begin() + 100, codes.begin() + 119, 1);  // too few
  codes[300] = -1;
  study.cells.columns = {column_of("day", {"d0", "d3", "d7"}, codes)};
  const auto groups = cell_groups(study, "day");
  EXPECT_THAT(groups.names, ElementsAre("d7", "d0"));
  EXPECT_EQ(groups.codes[0], 1);
  EXPECT_EQ(groups.codes[100], -1);
  EXPECT_EQ(groups.codes[300], -1);
  EXPECT_EQ(groups.codes[301], 0);
}

/// redundancy.tsv and redundancy_groups.tsv, as far as the sentence reads them.
std::string sentence_of(const std::vector<std::string>& reasons,
                        const std::vector<std::vector<std::string>>& groups) {
  Table redundancy(std::vector<std::string>{"reason"});
  for (const auto& reason : reasons) redundancy.add({reason});
  Table table(std::vector<std::string>{"change_p", "change_q", "hidden_q", "note"});
  for (const auto& row : groups) table.add(row);
  return groups_sentence(redundancy, table);
}

TEST(CellGroups, ASentenceSaysWhatDiffersOrWhyNothingIsCompared) {
  EXPECT_THAT(sentence_of({""}, {{"NA", "NA", "NA", ""}, {"0.01", "0.02", "0.5", ""}}),
              HasSubstr("1 comparison with the first group; the joint change differs in 1, the "
                        "hidden share in 0"));
  EXPECT_THAT(
      sentence_of({"one element", "cells: none", "one element"}, {}),
      HasSubstr("no set is compared (redundancy_groups.tsv): one element (2), cells: none (1)"));
  EXPECT_THAT(sentence_of({"x"}, {{"NA", "NA", "NA", ""}, {"NA", "NA", "NA", "too few cells"}}),
              HasSubstr(": too few cells (1)"));
  EXPECT_THAT(sentence_of({}, {}), HasSubstr("there are no sets"));
}

void expect_refusal(const Study& study, const std::string& column, const std::string& words) {
  try {
    cell_groups(study, column);
    FAIL() << column;
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInput);
    EXPECT_THAT(error.what(), HasSubstr(words));
  }
}

TEST(CellGroups, AreRefusedWithWhatToDo) {
  Study study = planted_pairs().cells.study;
  const auto cells = static_cast<size_t>(study.cells.size());
  study.cells.columns = {column_of("condition", {"a"}, std::vector<int32_t>(cells, 0))};
  expect_refusal(study, "conditions", "did you mean 'condition'");
  expect_refusal(study, "conditions", "--keep-obs conditions");
  expect_refusal(study, "condition", "1 value");
}

TEST(RedundancyGroups, DoNotDifferWhereTheyAreAlike) {
  const auto table = TwoConditions().table();
  int compared = 0;
  for (size_t i = 0; i < table.rows(); ++i) {
    if (table.text(i, "group") == "control") {
      EXPECT_EQ(table.text(i, "change_difference"), "NA");  // the largest, which stands first
      continue;
    }
    const double p = table.number(i, "change_p");
    if (std::isnan(p)) continue;
    ++compared;
    EXPECT_GT(p, 0.001) << table.text(i, "gene");
    EXPECT_LT(table.number(i, "change_difference_low"), 0.2);
    EXPECT_GT(table.number(i, "change_difference_high"), -0.2);
    EXPECT_GE(table.number(i, "change_q"), p);
  }
  EXPECT_GE(compared, 6);
}

TEST(RedundancyGroups, DifferWhereOneIsNoLongerRegulated) {
  TwoConditions world;
  world.shuffle_counts_of_treated();
  const auto table = world.table();
  int compared = 0, told = 0;
  for (size_t i = 0; i < table.rows(); ++i) {
    const double p = table.number(i, "change_p");
    if (std::isnan(p)) continue;
    ++compared;
    // Nothing is left of the change in treated cells; it is all of the difference.
    EXPECT_LT(std::abs(table.number(i, "log_change")), 4 * table.number(i, "log_change_error"));
    told += p < 0.01 ? 1 : 0;
  }
  EXPECT_GE(compared, 6);
  EXPECT_GE(2 * told, compared);
}

}  // namespace
}  // namespace grids::core
