#include "prepare/prepare.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <numeric>
#include <set>

#include "base/at.hpp"
#include "base/indices.hpp"
#include "prepare/fixture.hpp"
#include "prepare/normalise.hpp"
#include "support/same_study.hpp"

namespace grids::core {
namespace {

using test::Fixture;
using test::message_of;
using test::permute;
using test::two_types;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::UnorderedElementsAre;

PrepareInputs by_type() {
  PrepareInputs inputs;
  inputs.label_column = "cell_type";
  return inputs;
}

PrepareResult run(RawMultiome raw, const PrepareInputs& inputs = by_type(),
                  const PrepareOptions& options = {}, int threads = 2) {
  Fixture f(threads);
  return prepare(std::move(raw), inputs, options, f.context);
}

/// What a study says, by name.
struct Content {
  std::map<std::string, std::string> cells;  ///< barcode → type, split, totals
  std::set<std::pair<std::string, std::string>> open;
  std::map<std::pair<std::string, std::string>, float> expression;
  std::set<std::string> genes;
  std::vector<std::string> peaks;  ///< their order is fixed by position

  bool operator==(const Content&) const = default;
};

Content content_of(const Study& study) {
  Content content;
  for (int64_t i = 0; i < study.cells.size(); ++i) {
    const auto k = static_cast<size_t>(i);
    const auto& barcode = study.cells.barcodes[k];
    content.cells[barcode] = fmt::format(
        "{} {} {} {}", study.cells.type.names[static_cast<size_t>(study.cells.type.codes[k])],
        split_name(study.cells.split[k]), study.cells.total_rna[k], study.cells.open_peaks[k]);
    for (const int32_t j : study.open.row(i)) {
      content.open.emplace(barcode, study.peaks.names[static_cast<size_t>(j)]);
    }
    const auto indices = study.expression.row_indices(i);
    for (size_t e = 0; e < indices.size(); ++e) {
      content.expression[{barcode, study.genes.names[static_cast<size_t>(indices[e])]}] =
          study.expression.row_values(i)[e];
    }
  }
  content.genes.insert(study.genes.names.begin(), study.genes.names.end());
  content.peaks = study.peaks.names;
  return content;
}

/// The order of the file's cells, peaks and genes is told by `place` alone.
TEST(Prepare, PermutedCellsPeaksAndGenesAreTheSameStudyToTheLastBit) {
  for (const bool logged : {false, true}) {  // sums of what is not whole depend on their order
    PrepareOptions options;
    options.genes.variable_genes = 15;
    auto raw = two_types(200);
    if (logged) {
      for (auto& value : raw.rna.values.values) value = std::log1p(value);
    }
    raw.rna.var.index[7] = raw.rna.var.index[3];  // two genes of one name
    auto permuted = raw;
    permute(permuted.rna, 10);
    permute(permuted.atac, 20);
    const auto barcodes = permuted.rna.obs.index;
    const auto expected = run(std::move(raw), by_type(), options).study;
    const auto found = run(std::move(permuted), by_type(), options).study;
    test::expect_same_study(found, expected);
    EXPECT_EQ(expected.genes.size(), 15);
    for (size_t cell = 0; cell < found.cells.barcodes.size(); ++cell) {
      EXPECT_EQ(barcodes[static_cast<size_t>(found.cells.place[cell])], found.cells.barcodes[cell]);
    }
  }
}

TEST(Prepare, WhatCellsAndTypesAreCalledChangesNamesAlone) {
  auto renamed = two_types(200);
  for (auto* part : {&renamed.rna, &renamed.atac}) {
    for (auto& barcode : part->obs.index) barcode = "sample_" + barcode;
  }
  auto types = renamed.rna.obs.columns[0].text();
  for (auto& type : types) type = type == "A" ? "young" : "old";
  renamed.rna.obs.columns[0].values = types;
  const auto expected = run(two_types(200)).study;
  auto found = run(std::move(renamed)).study;
  for (auto& barcode : found.cells.barcodes) barcode = barcode.substr(7);
  for (auto& type : found.cells.type.names) type = type == "young" ? "A" : "B";
  test::expect_same_study(found, expected);
}

TEST(Prepare, ThreadsDoNotMatter) {
  const auto one = run(two_types(150), by_type(), {}, 1);
  const auto three = run(two_types(150), by_type(), {}, 3);
  EXPECT_EQ(content_of(one.study), content_of(three.study));
  EXPECT_EQ(one.study.provenance, three.study.provenance);
}

TEST(Prepare, GivesAStudyWhosePartsFit) {
  auto raw = two_types(120);
  const auto rna = raw.rna.values;
  const auto result = run(std::move(raw));
  const auto& study = result.study;
  EXPECT_EQ(study.cells.size(), 120);
  EXPECT_THAT(study.cells.type.names, UnorderedElementsAre("A", "B"));
  EXPECT_THAT(study.peaks.chromosomes, ElementsAre("chr1", "chr10", "chr2"));
  EXPECT_EQ(study.open.columns, study.peaks.size());
  EXPECT_EQ(study.open.rows, 120);
  EXPECT_EQ(study.counts.pattern.indices, study.expression.pattern.indices);
  EXPECT_EQ(study.scale, ExpressionScale::kLog1pCp100k);
  EXPECT_EQ(study.cells_of(Split::kTest, 0).size(), 12u);
  // Expression by its definition, from the counts of the file.
  const auto row = static_cast<int32_t>(study.cells.place[7]);
  const auto totals = rna_totals(rna, std::vector<int32_t>{row}, RnaKind::kCounts);
  EXPECT_EQ(study.cells.total_rna[7], totals[0]);
  for (size_t k = 0; k < study.expression.row_indices(7).size(); ++k) {
    EXPECT_FLOAT_EQ(
        study.expression.row_values(7)[k],
        static_cast<float>(std::log1p(study.counts.row_values(7)[k] * 1e5 / totals[0])));
  }
}

TEST(Prepare, SizeFactorsComeFromAllGenesBeforeSelection) {
  PrepareOptions few;
  few.genes.variable_genes = 5;
  const auto a = run(two_types(100), by_type(), few).study;
  const auto b = run(two_types(100)).study;
  EXPECT_EQ(a.cells.total_rna, b.cells.total_rna);
  EXPECT_EQ(a.genes.size(), 5);
}

/// The first columns above 0 in 3 cells, 3, 4, 4, 5 and so on.
CsrMatrix rarer_and_rarer(const CsrMatrix& matrix) {
  auto dense = to_dense(matrix);
  const auto width = static_cast<size_t>(matrix.columns());
  std::vector<std::vector<float>> rows;
  for (size_t i = 0; i < dense.size() / width; ++i) {
    auto& row = rows.emplace_back(dense.begin() + static_cast<int64_t>(i * width),
                                  dense.begin() + static_cast<int64_t>((i + 1) * width));
    for (size_t j = 0; j < 20; ++j) row[j] = (i * 7 + j * 11) % 200 < 3 + j / 2 ? 5.0f : 0.0f;
  }
  return test::sparse(rows);
}

/// Chosen are columns above 0 in five training cells, whatever the others have.
void expect_chosen_on_training_cells(const Study& study, const CsrMatrix& raw,
                                     const std::vector<std::string>& names,
                                     const std::vector<std::string>& chosen) {
  std::vector<int32_t> rows;
  for (const int32_t cell : study.cells_of(Split::kTrain)) {
    rows.push_back(static_cast<int32_t>(study.cells.place[static_cast<size_t>(cell)]));
  }
  const auto in_training = count_positive(raw, rows);
  const auto in_all = count_positive(raw, indices_below(raw.rows()));
  int would_be_chosen = 0;
  for (size_t j = 0; j < names.size(); ++j) {
    const bool is_chosen = std::find(chosen.begin(), chosen.end(), names[j]) != chosen.end();
    EXPECT_EQ(is_chosen, in_training[j] >= 5) << names[j];
    would_be_chosen += in_all[j] >= 5 && in_training[j] < 5 ? 1 : 0;
  }
  EXPECT_GT(would_be_chosen, 0) << "other cells would make no difference";
}

TEST(Prepare, PeaksAndGenesAreChosenOnTrainingCellsOnly) {
  auto raw = two_types(200);
  raw.rna.values = rarer_and_rarer(raw.rna.values);
  raw.atac.values = rarer_and_rarer(raw.atac.values);
  PrepareOptions options;
  options.genes.min_gene_cells = 5;
  const auto given = raw;
  const auto study = run(std::move(raw), by_type(), options).study;
  expect_chosen_on_training_cells(study, given.rna.values, given.rna.var.index, study.genes.names);
  expect_chosen_on_training_cells(study, given.atac.values, given.atac.var.index,
                                  study.peaks.names);
}

TEST(Prepare, KeepAllFiltersNothingButStillNormalises) {
  auto raw = two_types(20);
  raw.atac.var.index[0] = "chrUn_KI1:5-9";
  raw.rna.obs.columns[0].values = std::vector<std::string>(20, "doublet");
  auto inputs = by_type();
  PrepareOptions options;
  options.keep_all = true;
  const auto study = run(std::move(raw), inputs, options).study;
  EXPECT_EQ(study.cells.size(), 20);
  EXPECT_EQ(study.peaks.size(), 60);
  EXPECT_EQ(study.genes.size(), 40);
  EXPECT_THAT(study.cells.type.names, ElementsAre("doublet"));
  EXPECT_THAT(study.peaks.chromosomes, Contains("chrUn_KI1"));
  EXPECT_GT(*std::max_element(study.expression.values.begin(), study.expression.values.end()), 5);
}

TEST(Prepare, WithoutLabelsCellsAreClusteredAndThatIsSaid) {
  PrepareOptions options;
  options.clusters.resolution = 0.3;
  const auto result = run(two_types(100), {}, options);
  EXPECT_THAT(result.study.cells.type.names, ElementsAre("cluster 1", "cluster 2"));
  EXPECT_EQ(result.summary.label_source, "graph clusters");
  EXPECT_THAT(result.summary.warnings, Contains(HasSubstr("no labels were given")));
  EXPECT_THAT(result.summary.warnings, Contains(HasSubstr("for --labels: cell_type")));
}

TEST(Prepare, NormalisedRnaIsTakenAsItIs) {
  auto raw = two_types(100);
  for (auto& value : raw.rna.values.values) value = std::log1p(value);
  const auto given = raw.rna.values;
  const auto result = run(std::move(raw));
  EXPECT_FALSE(result.study.has_counts());
  EXPECT_EQ(result.study.scale, ExpressionScale::kAsGiven);
  EXPECT_TRUE(result.summary.rna_normalised);
  const auto& place = result.study.cells.place;
  for (int64_t cell = 0; cell < 100; ++cell) {
    const auto row = place[static_cast<size_t>(cell)];
    const auto values = given.row_values(row);
    std::multiset<float> expected(values.begin(), values.end());
    const auto found = result.study.expression.row_values(cell);
    EXPECT_EQ(std::multiset<float>(found.begin(), found.end()), expected);
    // log1p and back in float, then summed over 40 genes of up to 30.
    EXPECT_NEAR(result.study.cells.total_rna[static_cast<size_t>(cell)],
                std::accumulate(values.begin(), values.end(), 0.0,
                                [](double sum, float v) { return sum + std::expm1(v); }),
                1e-3);
  }
}

TEST(Prepare, NormalisedButNotLoggedRnaIsLogged) {
  auto raw = two_types(100);
  for (auto& value : raw.rna.values.values) value *= 10.5f;
  const auto result = run(std::move(raw));
  EXPECT_FALSE(result.study.has_counts());
  const auto first = result.study.expression.row_values(0);
  double total = 0;
  for (const float value : first) total += std::expm1(value);
  EXPECT_NEAR(total, 1e5, 1);  // 40 values through a float logarithm
}

TEST(Prepare, GenesAskedForAreKeptAndMissingOnesNamed) {
  PrepareOptions options;
  options.genes.variable_genes = 3;
  auto inputs = by_type();
  inputs.keep_genes = {"G39", "G0"};
  const auto names = run(two_types(100), inputs, options).study.genes.names;
  EXPECT_EQ(names.size(), 3u);
  EXPECT_THAT(names, Contains("G0"));
  EXPECT_THAT(names, Contains("G39"));
  inputs.keep_genes.push_back("NOPE");
  EXPECT_THAT(message_of([&] { run(two_types(100), inputs, options); }),
              HasSubstr("1 genes to keep are not in test.h5mu: mod/rna: NOPE"));
  options.skip_missing_genes = true;
  EXPECT_THAT(run(two_types(100), inputs, options).summary.warnings, Contains(HasSubstr("NOPE")));
}

TEST(Prepare, FewCellsAndTinyTypesAreWarnedOf) {
  auto raw = two_types(42);
  auto types = raw.rna.obs.columns[0].text();
  types[0] = types[1] = "rare";
  raw.rna.obs.columns[0].values = types;
  const auto result = run(std::move(raw));
  EXPECT_THAT(result.summary.warnings, Contains(HasSubstr("42 cells are too few to trust")));
  EXPECT_THAT(result.summary.warnings, Contains(HasSubstr("rare (2)")));
  const auto rare = *result.study.cells.type.code_of("rare");
  EXPECT_EQ(result.study.cells_of(Split::kTrain, rare).size(), 2u);
}

TEST(Prepare, EveryStepCarriesOnWhereTheLastOfItsKindEnded) {
  auto raw = two_types(100);
  raw.rna.obs.index[3] = "stranger";
  auto types = raw.rna.obs.columns[0].text();
  types[5] = "unknown";
  types[6] = "";
  raw.rna.obs.columns[0].values = types;
  const auto result = run(std::move(raw));
  std::map<std::string, int64_t> last;
  for (const auto& step : result.summary.steps) {
    EXPECT_LE(step.after, step.before) << step.what;
    if (last.contains(step.of)) {
      EXPECT_EQ(step.before, last[step.of]) << step.what;
    }
    last[step.of] = step.after;
  }
  EXPECT_EQ(last["cells"], result.study.cells.size());
  EXPECT_EQ(last["peaks"], result.study.peaks.size());
  EXPECT_EQ(last["genes"], result.study.genes.size());
  EXPECT_EQ(result.study.cells.size(), 97);
}

TEST(Prepare, ProvenanceIsJsonWithEverything) {
  const auto result = run(two_types(100));
  const auto json = nlohmann::json::parse(result.study.provenance);
  EXPECT_EQ(json["steps"].size(), result.summary.steps.size());
  EXPECT_EQ(json["options"]["min_peaks"], PrepareOptions().quality.min_peaks);
  EXPECT_EQ(json["label_source"], "column 'cell_type' in obs of the RNA");
  EXPECT_EQ(json["labels"][0]["cells"], 50);
}

TEST(Prepare, DonorsAreKeptAndMissingOnesSaid) {
  auto raw = two_types(60);
  std::vector<std::string> donors(60, "d1");
  donors[4] = "";
  donors[7] = "d2";
  raw.rna.obs.columns.push_back({"donor", donors});
  auto inputs = by_type();
  inputs.donor_column = "donor";
  const auto result = run(std::move(raw), inputs);
  EXPECT_THAT(result.study.cells.donor.names, UnorderedElementsAre("d1", "d2", "unknown"));
  EXPECT_EQ(result.study.cells.donor.names.front(), "d1");  // of most cells
  EXPECT_THAT(result.summary.warnings, Contains(HasSubstr("1 cells have no donor")));
}

TEST(Prepare, DonorsAndBatchesMayStandInATable) {
  auto raw = two_types(60);
  auto inputs = by_type();
  LabelMap map{"donors.csv", {}};
  for (int i = 0; i < 60; i += 2) map.entries.emplace_back(raw.rna.obs.index[at(i)], "d1");
  for (int i = 1; i < 59; i += 2) map.entries.emplace_back(raw.rna.obs.index[at(i)], "d2");
  inputs.donor_map = map;
  inputs.batch_map = map;
  inputs.batch_column = "a map goes before it";
  const auto result = run(std::move(raw), inputs);
  EXPECT_THAT(result.study.cells.donor.names, UnorderedElementsAre("d1", "d2", "unknown"));
  EXPECT_THAT(result.study.cells.batch.names, UnorderedElementsAre("d1", "d2", "unknown"));
  EXPECT_THAT(result.summary.warnings, Contains(HasSubstr("donors.csv: 1 cells have no donor")));
}

TEST(Prepare, ATableOfOtherCellsIsRefusedUnlessForced) {
  auto inputs = by_type();
  inputs.donor_map = LabelMap{"donors.csv", {{two_types(60).rna.obs.index[0], "d1"}}};
  for (int i = 0; i < 60; ++i) {
    inputs.donor_map->entries.emplace_back(fmt::format("OTHER{}", i), "d1");
  }
  EXPECT_THROW(run(two_types(60), inputs), Error);
  PrepareOptions options;
  options.force = true;
  EXPECT_EQ(run(two_types(60), inputs, options).study.cells.donor.names.size(), 2);
}

TEST(Prepare, WhatIsNoCountsIsSaidAndTakenAsValues) {
  auto raw = two_types(60);
  auto& rna = raw.rna.values;
  for (int64_t row = 0; row < rna.rows(); ++row) {
    float total = 0;
    for (const float value : rna.row_values(row)) total += value;
    for (int64_t k = rna.pattern.offsets[static_cast<size_t>(row)];
         k < rna.pattern.offsets[static_cast<size_t>(row) + 1]; ++k) {
      auto& value = rna.values[static_cast<size_t>(k)];
      value = std::round(10'000 * value / total);
    }
  }
  for (float& value : raw.atac.values.values) value *= 0.3f;
  const auto result = run(std::move(raw));
  EXPECT_FALSE(result.study.has_counts());
  EXPECT_THAT(result.summary.warnings, Contains(HasSubstr("--rna-layer")));
  EXPECT_THAT(result.summary.warnings, Contains(HasSubstr("as after TF-IDF")));
}

TEST(Prepare, BatchesAreKeptBesideDonors) {
  auto raw = two_types(60);
  std::vector<std::string> batches;
  for (int i = 0; i < 60; ++i) batches.push_back(i % 3 == 0 ? "b1" : "b2");
  batches[4] = "";
  raw.rna.obs.columns.push_back({"lane", batches});
  auto inputs = by_type();
  inputs.batch_column = "lane";
  const auto result = run(std::move(raw), inputs);
  EXPECT_THAT(result.study.cells.batch.names, UnorderedElementsAre("b1", "b2", "unknown"));
  EXPECT_EQ(result.study.cells.batch.names.front(), "b2");  // of most cells
  EXPECT_TRUE(result.study.cells.donor.empty());
  EXPECT_THAT(result.summary.warnings, Contains(HasSubstr("1 cells have no batch")));
  EXPECT_THAT(result.summary.notes, Contains(HasSubstr("3 batches")));
}

TEST(Prepare, BatchesThatAreTypesOrAllOrNearlyCellsAreSaid) {
  const auto with = [](std::vector<std::string> batches) {
    auto raw = two_types(60);
    if (batches.empty()) {
      batches = std::get<std::vector<std::string>>(raw.rna.obs.find("cell_type")->values);
    }
    raw.rna.obs.columns.push_back({"lane", std::move(batches)});
    auto inputs = by_type();
    inputs.batch_column = "lane";
    return run(std::move(raw), inputs).summary.warnings;
  };
  EXPECT_THAT(with({}), Contains(HasSubstr("batch and type cannot be told apart")));
  EXPECT_THAT(with(std::vector<std::string>(60, "one")),
              Contains(HasSubstr("of one batch, 'one'")));
  std::vector<std::string> cells;
  for (int i = 0; i < 60; ++i) cells.push_back(std::to_string(i));
  EXPECT_THROW(with(cells), Error);
}

TEST(Prepare, TypesCalledLikeWordsOfCommandsGetNamesOfTheirOwn) {
  auto raw = two_types(30);
  for (auto& column : raw.rna.obs.columns) {
    if (column.name != "cell_type") continue;
    auto& labels = std::get<std::vector<std::string>>(column.values);
    std::replace(labels.begin(), labels.end(), labels.front(), std::string("all"));
  }
  const auto result = run(std::move(raw));
  EXPECT_THAT(result.study.cells.type.names, Contains("type:all"));
  EXPECT_THAT(result.study.cells.type.names, Not(Contains("all")));
  EXPECT_THAT(result.summary.notes, Contains(HasSubstr("'all' are of the type 'type:all'")));
}

TEST(Prepare, AnExcludedLabelMayHoldCommas) {
  auto raw = two_types(30);
  std::string kept;
  for (auto& column : raw.rna.obs.columns) {
    if (column.name != "cell_type") continue;
    auto& labels = std::get<std::vector<std::string>>(column.values);
    const auto first = labels.front();
    for (auto& label : labels) {
      if (label == first)
        label = "odd, and more";
      else
        kept = label;
    }
  }
  PrepareOptions options;
  options.exclude_labels = {"odd, and more"};
  EXPECT_THAT(run(std::move(raw), by_type(), options).study.cells.type.names, ElementsAre(kept));
}

TEST(Prepare, AllProblemsOfTheOptionsAreToldAtOnce) {
  PrepareOptions options;
  options.quality.min_peaks = -1;
  options.split.train = 0.9;
  options.genes.variable_genes = 0;
  options.clusters.resolution = 0;
  const auto message = message_of([&] { validate(options, "prepare"); }, ErrorKind::kUsage);
  for (const char* part : {"--min-peaks", "sum to 1", "--variable-genes", "resolution"}) {
    EXPECT_THAT(message, HasSubstr(part));
  }
}

TEST(Prepare, AMatrixThatDoesNotFitItsNamesIsAnError) {
  auto raw = two_types(30);
  raw.atac.obs.index.pop_back();
  EXPECT_THAT(message_of([&] { run(std::move(raw)); }),
              HasSubstr("test.h5mu: mod/atac: the matrix is 30 × 60, but there are names of 29"));
}

}  // namespace
}  // namespace grids::core
