// Real experiments: parts of two that are in the repository, and whole ones, shapes and facts of
// which their README states, where they are at hand.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>

#include "base/indices.hpp"
#include "io/annotation.hpp"
#include "io/labels.hpp"
#include "io/readers.hpp"
#include "prepare/fixture.hpp"
#include "prepare/prepare.hpp"
#include "support/fixtures.hpp"
#include "support/same_study.hpp"

namespace grids::core {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::UnorderedElementsAre;

const std::filesystem::path kData = test::shared("data");

MultiomeInput one_path(const std::filesystem::path& path) {
  MultiomeInput input;
  input.path = path;
  return input;
}

/// The two files of the bone marrow cells.
MultiomeInput bone_marrow() {
  MultiomeInput input;
  input.rna = kData / "bmmc" / "rna.h5ad";
  input.atac = kData / "bmmc" / "atac.h5ad";
  return input;
}

LabelMap labels_of(const std::filesystem::path& path) {
  LabelMap labels{"labels.tsv", {}};
  const auto given = read_labels(path).of_barcode;
  for (const auto& [barcode, label] : given) labels.entries.emplace_back(barcode, label);
  return labels;
}

class RealCells : public ::testing::Test {
 protected:
  PrepareResult run(const MultiomeInput& input, const PrepareInputs& inputs,
                    const PrepareOptions& options = {}) {
    return prepare(read_multiome(input, fixture_.context), inputs, options, fixture_.context);
  }

  static int64_t last(const PrepareSummary& summary, const std::string& of) {
    int64_t count = -1;
    for (const auto& step : summary.steps) {
      if (step.of == of) count = step.after;
    }
    return count;
  }

  test::Fixture fixture_;
};

// ---- parts that are in the repository ----

/// As version_1/run was prepared.
PrepareOptions options_of_pbmc() {
  PrepareOptions options;
  options.quality.min_genes = 5;
  options.quality.min_peaks = 3;
  options.quality.min_rna_counts = 10;
  return options;
}

PrepareInputs inputs_of_pbmc() {
  PrepareInputs inputs;
  inputs.label_column = "cell_type";
  inputs.gene_positions = read_gene_positions(test::fixture("pbmc/genes.bed"));
  return inputs;
}

std::vector<int32_t> places_of(const std::vector<std::string>& names,
                               const std::vector<std::string>& among) {
  std::vector<int32_t> places;
  for (const auto& name : names) {
    const auto found = std::find(among.begin(), among.end(), name);
    if (found == among.end()) throw input_error("{} is missing", name);
    places.push_back(static_cast<int32_t>(found - among.begin()));
  }
  return places;
}

// In an order of its own, and split otherwise.
TEST_F(RealCells, PartOfPbmcHoldsWhatItHeldInVersion1) {
  const auto result =
      run(one_path(test::fixture("pbmc/cells.h5mu")), inputs_of_pbmc(), options_of_pbmc());
  const Study& study = result.study;
  const Study kept = read_study(test::fixture("version_1/run/study.h5mu"));
  ASSERT_EQ(study.cells.size(), kept.cells.size());
  ASSERT_EQ(study.genes.size(), kept.genes.size());
  const auto cells = places_of(kept.cells.barcodes, study.cells.barcodes);
  const auto genes = places_of(kept.genes.names, study.genes.names);
  EXPECT_EQ(study.as_in_file(indices_below(study.cells.size())), cells);
  EXPECT_TRUE(std::is_sorted(study.genes.names.begin(), study.genes.names.end()));
  const auto counts = select_columns(select_rows(study.counts, cells), genes);
  EXPECT_EQ(to_dense(counts), to_dense(kept.counts));
  const auto expression = select_columns(select_rows(study.expression, cells), genes);
  EXPECT_EQ(to_dense(expression), to_dense(kept.expression));
  for (size_t i = 0; i < cells.size(); ++i) {
    const auto& type = study.cells.type;
    EXPECT_EQ(type.names[type.codes[cells[i]]], kept.cells.type.names[kept.cells.type.codes[i]]);
  }
  const auto now = nlohmann::json::parse(study.provenance);
  const auto then = nlohmann::json::parse(kept.provenance);
  EXPECT_EQ(now.at("warnings").size(), then.at("warnings").size());
}

// Cells are matched by name: chromatin in the reverse order gives the same study.
TEST_F(RealCells, PartOfPbmcWithItsChromatinReversedIsTheSameStudy) {
  const auto input = one_path(test::fixture("pbmc/cells.h5mu"));
  RawMultiome raw = read_multiome(input, fixture_.context);
  const auto cells = static_cast<int32_t>(raw.atac.obs.rows());
  std::vector<int32_t> order(static_cast<size_t>(cells));
  for (int32_t i = 0; i < cells; ++i) order[static_cast<size_t>(i)] = cells - 1 - i;
  raw.atac.values = select_rows(raw.atac.values, order);
  std::reverse(raw.atac.obs.index.begin(), raw.atac.obs.index.end());
  raw.atac.obs.columns.clear();
  const auto found = prepare(std::move(raw), inputs_of_pbmc(), options_of_pbmc(), fixture_.context);
  test::expect_same_study(found.study, run(input, inputs_of_pbmc(), options_of_pbmc()).study);
}

TEST_F(RealCells, PartOfPbmcIsTheSameStudyInBothLayoutsOf10x) {
  PrepareInputs inputs;
  inputs.label_map = labels_of(test::fixture("pbmc_10x/labels.tsv"));
  const auto of = [&](const std::string& layout) {
    return run(one_path(test::fixture("pbmc_10x") / layout), inputs, options_of_pbmc());
  };
  const auto one = of("filtered_feature_bc_matrix.h5");
  const auto two = of("filtered_feature_bc_matrix");
  test::expect_same_study(one.study, two.study);
  EXPECT_EQ(one.study.cells.size(), 54);
  EXPECT_EQ(one.study.genes.size(), 38);
  EXPECT_EQ(one.study.peaks.size(), 45);
  EXPECT_THAT(one.study.cells.type.names, UnorderedElementsAre("B", "Mono_DC", "NK", "T"));
  EXPECT_EQ(one.study.genes.chromosome[*one.study.genes.index_of("CD8A")], "chr2");
  EXPECT_THAT(one.summary.warnings, Contains(HasSubstr("54 cells are too few to trust")));
}

TEST_F(RealCells, PartOfPbmcWithoutLabelsIsClusteredMuchAsItIsLabelled) {
  const auto input = one_path(test::fixture("pbmc/cells.h5mu"));
  const auto labelled = run(input, inputs_of_pbmc(), options_of_pbmc()).study;
  auto inputs = inputs_of_pbmc();
  inputs.label_column.clear();
  const auto found = run(input, inputs, options_of_pbmc());
  EXPECT_EQ(found.summary.label_source, "graph clusters");
  ASSERT_EQ(found.study.cells.barcodes, labelled.cells.barcodes);
  std::map<std::pair<int32_t, int32_t>, int> together;  // cluster, type
  for (size_t cell = 0; cell < labelled.cells.barcodes.size(); ++cell) {
    ++together[{found.study.cells.type.codes[cell], labelled.cells.type.codes[cell]}];
  }
  int agree = 0;
  for (int32_t cluster = 0; cluster < std::ssize(found.study.cells.type.names); ++cluster) {
    int most = 0;
    for (int32_t type = 0; type < 4; ++type) most = std::max(most, together[{cluster, type}]);
    agree += most;
  }
  // The largest type alone holds 43 % of the cells. 69 % is what these 150 peaks tell of types that
  // were made of RNA.
  EXPECT_GT(agree, 0.6 * static_cast<double>(labelled.cells.size()));
}

TEST_F(RealCells, PartOfPbmcThatCameNormalisedKeepsItsValues) {
  const auto input = one_path(test::fixture("pbmc/cells.h5mu"));
  const Study kept = read_study(test::fixture("version_1/run/study.h5mu"));
  RawMultiome raw = read_multiome(input, fixture_.context);
  raw.rna.obs.index = kept.cells.barcodes;
  raw.rna.obs.columns = {{"cell_type", std::vector<std::string>()}};
  for (const int32_t code : kept.cells.type.codes) {
    std::get<0>(raw.rna.obs.columns[0].values).push_back(kept.cells.type.names[code]);
  }
  raw.obs = {};
  raw.rna.values = kept.expression;
  const auto found = prepare(std::move(raw), inputs_of_pbmc(), options_of_pbmc(), fixture_.context);
  const Study& study = found.study;
  EXPECT_EQ(study.scale, ExpressionScale::kAsGiven);
  EXPECT_FALSE(study.has_counts());
  const auto cells = places_of(kept.cells.barcodes, study.cells.barcodes);
  const auto genes = places_of(kept.genes.names, study.genes.names);
  const auto expression = select_columns(select_rows(study.expression, cells), genes);
  EXPECT_EQ(to_dense(expression), to_dense(kept.expression));
  EXPECT_THAT(found.summary.warnings, Contains(HasSubstr("log-normalised before it came here")));
}

TEST_F(RealCells, PromotersOfPartOfPbmcHavePeaksInTheRightBuildAlone) {
  const auto share = [&](const std::string& genes) {
    auto inputs = inputs_of_pbmc();
    inputs.gene_positions = read_gene_positions(test::fixture("pbmc") / genes);
    const auto result = run(one_path(test::fixture("pbmc/cells.h5mu")), inputs, options_of_pbmc());
    EXPECT_EQ(result.summary.build->build, "hg38");
    EXPECT_EQ(result.summary.positions.by_id, 42);
    return result.summary.build->promoters.share();
  };
  EXPECT_NEAR(share("genes.bed"), 36.0 / 42, 1e-9);
  EXPECT_NEAR(share("hg19.genes.bed"), 2.0 / 42, 1e-9);
}

// ---- whole experiments ----

TEST_F(RealCells, A549KeepsAlmostAllCellsAndItsGenes) {
  GRIDS_NEEDS(kData / "a549/a549.h5mu");
  PrepareInputs inputs;
  inputs.label_column = "cell_type";
  inputs.gene_positions = read_gene_positions(kData / "genes" / "hg19.genes.bed");
  const auto result = run(one_path(kData / "a549" / "a549.h5mu"), inputs);
  const auto& study = result.study;
  EXPECT_EQ(study.cells.size(), 2641);
  EXPECT_THAT(study.cells.type.names, UnorderedElementsAre("dex_0h", "dex_1h", "dex_3h"));
  EXPECT_EQ(study.genes.size(), 1185);
  EXPECT_GT(study.peaks.size(), 30000);  // shallow: the default filter must leave most of 52,761
  EXPECT_EQ(study.scale, ExpressionScale::kAsGiven);
  EXPECT_FALSE(study.has_counts());
  EXPECT_GT(result.summary.position_share, 0.85);  // the rest are older symbols
  EXPECT_THAT(result.summary.warnings, Contains(HasSubstr("log-normalised before it came here")));
}

TEST_F(RealCells, BmmcKeepsItsTypesAndUsesTheCounts) {
  GRIDS_NEEDS(bone_marrow().rna);
  PrepareInputs inputs;
  inputs.label_column = "cell_type";
  inputs.donor_column = "batch";
  inputs.gene_positions = read_gene_positions(kData / "genes" / "hg38.genes.bed");
  const auto result = run(bone_marrow(), inputs);
  const auto& study = result.study;
  EXPECT_GT(study.cells.size(), 480);
  EXPECT_EQ(study.cells.type.names.size(), 21u);
  EXPECT_EQ(study.cells.donor.names.size(), 2u);
  EXPECT_TRUE(study.has_counts());
  EXPECT_GT(study.genes.size(), 500);
  EXPECT_GT(study.peaks.size(), 450);  // of 600, some open in fewer than five training cells
  EXPECT_THAT(result.summary.warnings, Contains(HasSubstr("test cells")));
}

// What was measured decides, not how files are ordered or cells called.
TEST_F(RealCells, A549AndBmmcPermutedAndRenamedAreTheSameStudies) {
  for (const char* needed : {"a549", "bmmc", "genes"}) GRIDS_NEEDS(kData / needed);
  PrepareInputs inputs;
  inputs.label_column = "cell_type";
  for (const auto& [input, genes] : {std::pair{one_path(kData / "a549" / "a549.h5mu"), "hg19"},
                                     std::pair{bone_marrow(), "hg38"}}) {
    inputs.gene_positions =
        read_gene_positions(kData / "genes" / (std::string(genes) + ".genes.bed"));
    const auto expected = run(input, inputs).study;
    RawMultiome raw = read_multiome(input, fixture_.context);
    test::permute(raw.rna, 10);
    test::permute(raw.atac, 20);
    for (auto* names : {&raw.rna.obs.index, &raw.atac.obs.index, &raw.obs.index}) {
      for (auto& barcode : *names) barcode = "sample_" + barcode;
    }
    auto found = prepare(std::move(raw), inputs, {}, fixture_.context).study;
    for (auto& barcode : found.cells.barcodes) barcode = barcode.substr(7);
    test::expect_same_study(found, expected);
  }
}

TEST_F(RealCells, Pbmc40IsUsableInBothLayoutsAndWarnsOfItsSize) {
  GRIDS_NEEDS(kData / "pbmc40");
  PrepareInputs inputs;
  inputs.label_map = labels_of(kData / "pbmc40" / "labels.tsv");
  inputs.gene_positions = read_gene_positions(kData / "genes" / "hg38.genes.bed");
  const auto one = run(one_path(kData / "pbmc40" / "filtered_feature_bc_matrix.h5"), inputs);
  const auto two = run(one_path(kData / "pbmc40" / "filtered_feature_bc_matrix"), inputs);
  EXPECT_EQ(one.study.cells.size(), 40);
  EXPECT_EQ(one.study.genes.size(), 3000);
  EXPECT_GT(one.study.peaks.size(), 5000);
  EXPECT_EQ(one.study.cells.type.names.size(), 4u);
  EXPECT_THAT(one.study.peaks.chromosomes, Not(Contains(HasSubstr("KI"))));
  EXPECT_THAT(one.summary.warnings, Contains(HasSubstr("40 cells are too few to trust")));
  EXPECT_EQ(one.study.peaks.names, two.study.peaks.names);
  EXPECT_EQ(one.study.genes.names, two.study.genes.names);
  EXPECT_EQ(one.study.open.indices, two.study.open.indices);
  EXPECT_EQ(one.study.expression.values, two.study.expression.values);
  EXPECT_EQ(last(one.summary, "cells"), 40);
}

TEST_F(RealCells, SnareH1WithoutLabelsIsClustered) {
  const auto folder = kData / "snare_h1";
  GRIDS_NEEDS(folder);
  MultiomeInput input;
  input.rna = folder / "rna_genes_x_cells.mtx.gz";
  input.atac = folder / "atac_peaks_x_cells.mtx.gz";
  input.cells = folder / "cells.txt";
  input.genes = folder / "genes.txt";
  input.peaks = folder / "peaks.bed";
  const auto result = run(input, {});
  EXPECT_EQ(result.summary.label_source, "graph clusters");
  EXPECT_EQ(result.study.cells.type.names[0], "cluster 1");
  EXPECT_GT(result.study.cells.size(), 350);
  EXPECT_GT(result.study.peaks.size(), 10000);
}

/// Gene positions of a build, as the user would name them.
PrepareInputs genes_of(const std::string& build, const std::string& labels = "") {
  PrepareInputs inputs;
  inputs.label_column = labels;
  inputs.gene_source = build + ".genes.bed";
  inputs.gene_positions = read_gene_positions(kData / "genes" / inputs.gene_source);
  return inputs;
}

// The right build passes without a warning; the wrong one is refused by the ends of chromosomes,
// and, where there are peaks enough, would be doubted by its promoters too.
TEST_F(RealCells, GenesOfAnotherBuildAreToldFromThoseOfTheSame) {
  for (const char* needed : {"a549", "pbmc40", "bmmc", "genes"}) GRIDS_NEEDS(kData / needed);
  struct Experiment {
    MultiomeInput input;
    std::string labels, right, wrong;
    double with_peak;  ///< of the promoters, in the right build
    bool promoters_tell;
  };
  const Experiment experiments[] = {
      {one_path(kData / "a549" / "a549.h5mu"), "cell_type", "hg19", "hg38", 0.866, true},
      {one_path(kData / "pbmc40" / "filtered_feature_bc_matrix.h5"), "", "hg38", "hg19", 0.723,
       true},
      {bone_marrow(), "cell_type", "hg38", "hg19", 0.037, false}};  // 600 peaks
  for (const auto& [input, labels, right, wrong, with_peak, promoters_tell] : experiments) {
    const auto good = run(input, genes_of(right, labels));
    ASSERT_TRUE(good.summary.build);
    EXPECT_EQ(good.summary.build->build, right);
    EXPECT_EQ(good.summary.build->genes.beyond, 0);
    EXPECT_NEAR(good.summary.build->promoters.share(), with_peak, 0.001);
    for (const char* doubt : {"beyond the end", "promoters"}) {
      EXPECT_THAT(good.summary.warnings, Not(Contains(HasSubstr(doubt))));
    }

    EXPECT_THAT(
        test::message_of([&] { run(input, genes_of(wrong, labels)); }),
        ::testing::AllOf(HasSubstr("genes lie beyond the end of their chromosome in " + right),
                         HasSubstr("within those of " + wrong), HasSubstr("--force")));
    PrepareOptions force;
    force.force = true;
    const auto forced = run(input, genes_of(wrong, labels), force);
    EXPECT_THAT(forced.summary.warnings, Contains(HasSubstr("genes lie beyond the end")));
    EXPECT_EQ(forced.summary.build->promoters.absent(), promoters_tell);
    EXPECT_LT(forced.summary.build->promoters.share(),
              2 * forced.summary.build->promoters.share_beside + 0.002);  // a gene of BMMC
  }
}

TEST_F(RealCells, GenesAreMatchedByIdWhereThereAreIds) {
  for (const char* needed : {"a549", "bmmc", "genes"}) GRIDS_NEEDS(kData / needed);
  const auto by_id = run(bone_marrow(), genes_of("hg38", "cell_type")).summary.positions;
  EXPECT_EQ(by_id.matched, 574);  // by symbol alone 558
  EXPECT_EQ(by_id.by_id, 574);
  const auto a549 = one_path(kData / "a549" / "a549.h5mu");
  const auto by_symbol = run(a549, genes_of("hg19", "cell_type")).summary.positions;
  EXPECT_EQ(by_symbol.matched, 1044);
  EXPECT_EQ(by_symbol.by_symbol, 1044);
}

}  // namespace
}  // namespace grids::core
