// From RNA and ATAC of different cells to a study of two halves.
#include "prepare/prepare_unpaired.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "base/at.hpp"
#include "io/support.hpp"
#include "prepare/fixture.hpp"
#include "prepare/normalise.hpp"
#include "study/study_check.hpp"
#include "support/same_study.hpp"

namespace grids::core {
namespace {

using test::different_cells;
using test::Fixture;
using test::message_of;
using test::permute;
using test::TempFolder;
using test::two_types;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

PrepareInputs labels_by(const std::string& labels = "cell_type") {
  PrepareInputs inputs;
  inputs.label_column = labels;
  return inputs;
}

struct Halves {
  UnpairedStudy study;
  PrepareSummary summary;
};

/// Prepared, written and read.
Halves run_apart(RawMultiome raw, const PrepareInputs& inputs = labels_by(),
                 const PrepareOptions& options = {}, int threads = 2) {
  Fixture f(threads);
  const auto prepared = prepare_unpaired(std::move(raw), inputs, options, f.context);
  EXPECT_TRUE(problems_of_tables(prepared.tables).empty());
  const TempFolder folder;
  write_unpaired_rows(folder / "study.h5mu", prepared.tables, study_rows(prepared, f.pool),
                      &f.pool);
  return {read_unpaired_study(folder / "study.h5mu", f.context), prepared.summary};
}

/// In another order than `two_types`, whose types are in turn: every other cell would be of one
/// type. here.
RawMultiome experiment(int cells = 600) {
  auto raw = two_types(cells);
  const auto order = test::shuffled(at(cells), 5);
  for (auto* part : {&raw.rna, &raw.atac}) {
    part->obs.index = test::reordered(part->obs.index, order);
    part->values = select_rows(part->values, order);
    for (auto& column : part->obs.columns) {
      std::visit([&](auto& values) { values = test::reordered(values, order); }, column.values);
    }
  }
  return different_cells(raw);
}

std::string type_of(const CellTable& cells, size_t cell) {
  return cells.type.names[at(cells.type.codes[cell])];
}

std::map<Split, int> cells_by_split(const Study& study) {
  std::map<Split, int> result;
  for (const auto part : study.cells.split) ++result[part];
  return result;
}

TEST(PrepareUnpaired, EachHalfHoldsItsOwnCellsAsTheFilesHaveThem) {
  const auto raw = experiment();
  const auto [study, summary] = run_apart(raw);
  EXPECT_EQ(study.labels_in, LabelsIn::kBoth);
  for (const Study* half : {&study.atac, &study.rna}) {
    const bool rna = half == &study.rna;
    const auto& part = rna ? raw.rna : raw.atac;
    ASSERT_EQ(half->cells.size(), 300);
    std::set<int64_t> places;
    for (size_t cell = 0; cell < 300; ++cell) {
      const auto row = at(half->cells.place[cell]);
      places.insert(half->cells.place[cell]);
      EXPECT_EQ(half->cells.barcodes[cell], part.obs.index[row]);
      EXPECT_EQ(type_of(half->cells, cell), part.obs.columns[0].text()[row]);
      EXPECT_EQ(half->cells.total_rna[cell] > 0, rna);
      EXPECT_EQ(half->cells.open_peaks[cell] > 0, !rna);
    }
    EXPECT_EQ(places.size(), 300u);
    EXPECT_EQ(
        cells_by_split(*half),
        (std::map<Split, int>{{Split::kTrain, 210}, {Split::kValidation, 30}, {Split::kTest, 60}}));
  }
  // Values of single cells, by the names of what they are of.
  for (const int64_t cell : {0, 7, 299}) {
    const auto row = study.rna.cells.place[at(cell)];
    std::map<std::string, float> expected, found;
    const auto genes = raw.rna.values.row_indices(row);
    for (size_t k = 0; k < genes.size(); ++k) {
      expected[raw.rna.var.index[at(genes[k])]] = raw.rna.values.row_values(row)[k];
    }
    const auto kept = study.rna.counts.row_indices(cell);
    for (size_t k = 0; k < kept.size(); ++k) {
      found[study.rna.genes.names[at(kept[k])]] = study.rna.counts.row_values(cell)[k];
      EXPECT_FLOAT_EQ(study.rna.expression.row_values(cell)[k],
                      std::log1p(study.rna.counts.row_values(cell)[k] * 1e5f /
                                 static_cast<float>(study.rna.cells.total_rna[at(cell)])));
    }
    EXPECT_EQ(found, expected);
    std::set<std::string> open, seen;
    for (const int32_t j : raw.atac.values.row_indices(study.atac.cells.place[at(cell)])) {
      open.insert(raw.atac.var.index[at(j)]);
    }
    for (const int32_t j : study.atac.open.row(cell)) seen.insert(study.atac.peaks.names[at(j)]);
    EXPECT_EQ(seen, open);
  }
}

/// A peak is kept for the training cells with chromatin alone, a gene for those with RNA.
TEST(PrepareUnpaired, PeaksAndGenesAreChosenOnTrainingCellsOfTheirOwnHalf) {
  PrepareOptions options;
  options.peaks.min_peak_cells = 95;
  options.genes.min_gene_cells = 181;
  const auto [study, summary] = run_apart(experiment(), labels_by(), options);
  const auto raw = experiment();
  const auto chosen = [](const Study& half, const CsrMatrix& values, int64_t least) {
    std::vector<int64_t> seen(at(values.columns()), 0);
    for (const int32_t cell : half.cells_of(Split::kTrain)) {
      for (const int32_t j : values.row_indices(half.cells.place[at(cell)])) ++seen[at(j)];
    }
    return std::count_if(seen.begin(), seen.end(), [&](int64_t n) { return n >= least; });
  };
  EXPECT_EQ(study.atac.peaks.size(), chosen(study.atac, raw.atac.values, 95));
  EXPECT_EQ(study.rna.genes.size(), chosen(study.rna, raw.rna.values, 181));
  EXPECT_LT(study.atac.peaks.size(), 60);
  EXPECT_LT(study.rna.genes.size(), 40);
}

TEST(PrepareUnpaired, TheOrderOfCellsPeaksAndGenesAndTheThreadsChangeNothing) {
  auto raw = experiment();
  auto permuted = raw;
  permute(permuted.rna, 10);
  permute(permuted.atac, 20);
  const auto [first, summary] = run_apart(raw);
  const auto [second, again] = run_apart(permuted, labels_by(), {}, 1);
  test::expect_same_study(second.atac, first.atac);
  test::expect_same_study(second.rna, first.rna);
}

TEST(PrepareUnpaired, LabelsMayBeInOneHalfOrInNone) {
  const auto of = [](bool in_rna, bool in_atac, const PrepareInputs& inputs) {
    auto raw = experiment();
    if (!in_rna) raw.rna.obs.columns.clear();
    if (!in_atac) raw.atac.obs.columns.clear();
    return run_apart(raw, inputs);
  };
  const auto rna = of(true, false, labels_by());
  EXPECT_EQ(rna.study.labels_in, LabelsIn::kRna);
  EXPECT_TRUE(rna.study.atac.cells.type.empty());
  EXPECT_EQ(rna.study.rna.cells.type.names.size(), 2u);
  EXPECT_THAT(rna.summary.notes, Contains(HasSubstr("the cells with chromatin have no labels")));
  const auto atac = of(false, true, labels_by());
  EXPECT_EQ(atac.study.labels_in, LabelsIn::kAtac);
  EXPECT_TRUE(atac.study.rna.cells.type.empty());
  const auto none = of(false, false, {});
  EXPECT_EQ(none.study.labels_in, LabelsIn::kNone);
  EXPECT_TRUE(none.study.rna.cells.type.empty());
  EXPECT_EQ(none.study.atac.cells.type.names[0], "cluster 1");
  EXPECT_EQ(none.summary.label_source, "graph clusters");
}

TEST(PrepareUnpaired, TypesOfOneNameAreOneTypeAndOthersAreTold) {
  auto raw = experiment();
  auto& labels = std::get<0>(raw.atac.obs.columns[0].values);
  std::replace(labels.begin(), labels.end(), std::string("B"), std::string("C"));
  const auto [study, summary] = run_apart(raw);
  EXPECT_EQ(study.atac.cells.type.names, study.rna.cells.type.names);
  EXPECT_EQ(study.rna.cells.type.names.size(), 3u);
  EXPECT_THAT(summary.warnings,
              Contains("types of cells with chromatin alone: C; with RNA alone: B"));
}

TEST(PrepareUnpaired, ThresholdsApplyToTheHalfThatHasWhatTheyAsk) {
  PrepareOptions options;
  options.quality.min_peaks = 26;
  options.quality.min_rna_counts = 330;
  const auto [study, summary] = run_apart(experiment(), labels_by(), options);
  std::map<std::string, std::pair<int64_t, int64_t>> steps;
  for (const auto& step : summary.steps)
    steps[step.of + ": " + step.what] = {step.before, step.after};
  const auto peaks = steps.at("cells with chromatin: open peaks at least 26 (--min-peaks)");
  const auto counts = steps.at("cells with RNA: RNA counts at least 330 (--min-rna-counts)");
  EXPECT_EQ(peaks.first, 300);
  EXPECT_EQ(counts.first, 300);
  EXPECT_LT(peaks.second, 300);
  EXPECT_LT(counts.second, 300);
  EXPECT_EQ(study.atac.cells.size(), peaks.second);
  EXPECT_FALSE(steps.contains("cells with RNA: open peaks at least 26 (--min-peaks)"));
  EXPECT_FALSE(steps.contains("cells with chromatin: genes seen at least 20 (--min-genes)"));
}

TEST(PrepareUnpaired, ATableOfBarcodesNamesTheHalfWhoseBarcodesItHas) {
  const auto raw = experiment();
  PrepareInputs inputs;
  inputs.label_map = LabelMap{"clusters.csv", {}};
  for (size_t cell = 0; cell < raw.rna.obs.index.size(); ++cell) {
    inputs.label_map->entries.emplace_back(raw.rna.obs.index[cell],
                                           raw.rna.obs.columns[0].text()[cell] + "!");
  }
  const auto [study, summary] = run_apart(raw, inputs);
  EXPECT_EQ(study.labels_in, LabelsIn::kRna);
  EXPECT_THAT(study.rna.cells.type.names, ::testing::UnorderedElementsAre("A!", "B!"));
  // Of the other half by a column of its own.
  inputs.of_atac.label_column = "cell_type";
  const auto both = run_apart(raw, inputs);
  EXPECT_EQ(both.study.labels_in, LabelsIn::kBoth);
  EXPECT_EQ(both.study.rna.cells.type.names.size(), 4u);
}

TEST(PrepareUnpaired, TheSameBarcodesAreDifferentCells) {
  auto raw = experiment();
  raw.atac.obs.index = raw.rna.obs.index;  // by chance, or because it is one file
  PrepareInputs inputs;
  inputs.label_map = LabelMap{"clusters.csv", {}};
  for (size_t cell = 0; cell < raw.rna.obs.index.size(); ++cell) {
    inputs.label_map->entries.emplace_back(raw.rna.obs.index[cell],
                                           raw.rna.obs.columns[0].text()[cell]);
  }
  const auto [study, summary] = run_apart(raw, inputs);
  EXPECT_EQ(study.atac.cells.size(), 300);
  EXPECT_EQ(study.rna.cells.size(), 300);
  EXPECT_TRUE(study.rna.cells.barcodes[0].ends_with("-rna"));
  EXPECT_TRUE(study.atac.cells.barcodes[0].ends_with("-atac"));
  EXPECT_THAT(summary.notes, Contains(HasSubstr("300 barcodes are in both files")));
  EXPECT_THAT(summary.warnings,
              Contains(AllOf(HasSubstr("clusters.csv: 300 barcodes are in both files"),
                             HasSubstr("--atac-labels or --rna-labels"))));
}

TEST(PrepareUnpaired, WhereNeitherHasTheColumnThoseOfBothAreListed) {
  const auto message = message_of([] { run_apart(experiment(), labels_by("celltype")); });
  EXPECT_THAT(message, AllOf(HasSubstr("no column 'celltype'"),
                             HasSubstr("of the RNA (test.h5mu: mod/rna): cell_type"),
                             HasSubstr("of the ATAC (test.h5mu: mod/atac): cell_type")));
  PrepareInputs inputs = labels_by();
  inputs.of_atac.label_column = "subclass";
  const auto own = message_of([&] { run_apart(experiment(), inputs); });
  EXPECT_THAT(own, AllOf(HasSubstr("no column 'subclass'"), HasSubstr("of the ATAC"),
                         Not(HasSubstr("of the RNA"))));
}

/// Adds a donor to each cell: those of both halves, or of one alone.
void add_donors(RawModality& part, int donors, const std::string& name) {
  std::vector<std::string> values;
  for (int64_t cell = 0; cell < part.obs.rows(); ++cell) {
    values.push_back(fmt::format("{}{}", name, cell % donors));
  }
  part.obs.columns.push_back({"donor", values});
}

TEST(PrepareUnpaired, ADonorOfBothHalvesIsHeldOutInBoth) {
  auto raw = experiment();
  add_donors(raw.rna, 6, "d");
  add_donors(raw.atac, 6, "d");
  PrepareInputs inputs = labels_by();
  inputs.donor_column = "donor";
  PrepareOptions options;
  options.split.by = SplitBy::kDonor;
  const auto [study, summary] = run_apart(raw, inputs, options);
  std::map<std::string, std::set<Split>> parts;
  for (const Study* half : {&study.atac, &study.rna}) {
    const auto& cells = half->cells;
    std::set<Split> met;
    for (size_t cell = 0; cell < cells.split.size(); ++cell) {
      parts[cells.donor.names[at(cells.donor.codes[cell])]].insert(cells.split[cell]);
      met.insert(cells.split[cell]);
    }
    EXPECT_EQ(met.size(), 3u);
  }
  EXPECT_EQ(parts.size(), 6u);
  for (const auto& [donor, splits] : parts) EXPECT_EQ(splits.size(), 1u) << donor;
}

TEST(PrepareUnpaired, ASplitByDonorsNeedsThemInBothHalves) {
  auto raw = experiment();
  add_donors(raw.rna, 6, "d");
  PrepareInputs inputs = labels_by();
  inputs.donor_column = "donor";
  PrepareOptions options;
  options.split.by = SplitBy::kDonor;
  EXPECT_THAT(message_of([&] { run_apart(raw, inputs, options); }),
              AllOf(HasSubstr("--split-by donor: the cells with chromatin have no donors"),
                    HasSubstr("--atac-donors")));
  inputs.donor_column.clear();
  inputs.of_rna.donor_column = "donor";
  EXPECT_THAT(message_of([&] { run_apart(raw, inputs, options); }), HasSubstr("--donors"));
  options.split.by = SplitBy::kCell;
  const auto [study, summary] = run_apart(raw, inputs, options);
  EXPECT_EQ(study.rna.cells.donor.names.size(), 6u);
  EXPECT_TRUE(study.atac.cells.donor.empty());
}

/// As a .h5mu has them: annotations of the whole, missing where a modality has no such cell.
TEST(PrepareUnpaired, AnnotationsOfTheWholeAreTakenForTheCellsTheyAreOf) {
  auto raw = experiment();
  std::vector<std::string> types, rna_only;
  std::vector<double> age;
  for (const auto* part : {&raw.rna, &raw.atac}) {
    const bool rna = part == &raw.rna;
    for (int64_t cell = 0; cell < part->obs.rows(); ++cell) {
      raw.obs.index.push_back(part->obs.index[at(cell)]);
      types.push_back(part->obs.columns[0].text()[at(cell)]);
      rna_only.push_back(rna ? "x" : "");
      age.push_back(static_cast<double>(cell));
    }
  }
  raw.rna.obs.columns.clear();
  raw.atac.obs.columns.clear();
  raw.obs.columns.push_back({"label", types});
  raw.obs.columns.push_back({"rna:quality", rna_only});
  raw.obs.columns.push_back({"age", age});
  const auto [study, summary] = run_apart(raw, labels_by("label"));
  EXPECT_EQ(study.labels_in, LabelsIn::kBoth);
  const auto names = [](const CellTable& cells) {
    std::vector<std::string> result;
    for (const auto& column : cells.columns) result.push_back(column.name);
    return result;
  };
  EXPECT_THAT(names(study.rna.cells), ElementsAre("label", "rna:quality", "age"));
  EXPECT_THAT(names(study.atac.cells), ElementsAre("label", "age"));
  for (size_t cell = 0; cell < 300; ++cell) {
    EXPECT_EQ(study.atac.cells.columns[1].numbers()[cell],
              static_cast<double>(study.atac.cells.place[cell]));
  }
}

TEST(PrepareUnpaired, ProvenanceAndSummarySayWhichHalf) {
  const auto [study, summary] = run_apart(experiment());
  const auto json = nlohmann::json::parse(study.rna.provenance);
  EXPECT_EQ(study.atac.provenance, study.rna.provenance);
  EXPECT_EQ(json.at("labels_in"), "both");
  EXPECT_EQ(json.at("labels").size(), 4u);
  EXPECT_EQ(json.at("labels")[0].at("of"), "cells with chromatin");
  EXPECT_EQ(json.at("steps")[0].at("of"), "cells with chromatin");
  EXPECT_THAT(summary.notes, Contains(HasSubstr("cells with RNA: 210 training, 30 validation and "
                                                "60 test cells of 2 types")));
}

}  // namespace
}  // namespace grids::core
