#include "simulate/simulate.hpp"

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "base/error.hpp"
#include "io/atomic_file.hpp"
#include "prepare/prepare.hpp"
#include "simulate/hidden_share.hpp"
#include "simulate/simulate_layout.hpp"
#include "simulate/simulated.hpp"
#include "support/temp_folder.hpp"

namespace grids::core {
namespace {

using ::testing::HasSubstr;

void expect_same(const SimulatedCells& a, const SimulatedCells& b) {
  EXPECT_EQ(a.data.atac.values.pattern.indices, b.data.atac.values.pattern.indices);
  EXPECT_EQ(a.data.atac.values.pattern.offsets, b.data.atac.values.pattern.offsets);
  EXPECT_EQ(a.data.rna.values.pattern.indices, b.data.rna.values.pattern.indices);
  EXPECT_EQ(a.data.rna.values.values, b.data.rna.values.values);
  EXPECT_EQ(a.latent_open.indices, b.latent_open.indices);
  EXPECT_EQ(a.data.atac.var.index, b.data.atac.var.index);
  EXPECT_EQ(a.cells.scores, b.cells.scores);
  EXPECT_EQ(a.peaks.programme, b.peaks.programme);
  EXPECT_EQ(a.peaks.level, b.peaks.level);
  for (size_t g = 0; g < a.truth.genes.size(); ++g) {
    EXPECT_EQ(a.truth.genes[g].base_rate, b.truth.genes[g].base_rate);
    EXPECT_EQ(a.ceiling[g].mean_count, b.ceiling[g].mean_count);
  }
}

TEST(Simulate, IsAFunctionOfTheSeedForAnyNumberOfThreads) {
  auto options = simulate_preset("tiny");
  options.capture = 0.5;
  const auto one = testing::simulated(options, 7, 1);
  expect_same(one, testing::simulated(options, 7, 2));
  expect_same(one, testing::simulated(options, 7, 5));
  EXPECT_NE(one.data.atac.values.pattern.indices,
            testing::simulated(options, 8, 1).data.atac.values.pattern.indices);
}

TEST(Simulate, EveryPresetIsValidAndOthersAreNamed) {
  for (const auto* name : {"tiny", "demo", "paper", "redundancy"}) {
    EXPECT_NO_THROW(validate(simulate_preset(name), "simulate"));
  }
  try {
    simulate_preset("huge");
    FAIL();
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("'huge'; choose tiny, demo, paper or redundancy"));
  }
}

TEST(Simulate, AllWrongOptionsAreNamedAtOnce) {
  SimulateOptions options;
  options.capture = 0;
  options.chromosomes = 25;
  options.kind_shares = {};
  try {
    validate(options, "simulate");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kUsage);
    EXPECT_THAT(error.what(), HasSubstr("--capture must be above 0 and at most 1, not 0"));
    EXPECT_THAT(error.what(), HasSubstr("chromosomes must be at least 1 and at most 24, not 25"));
    EXPECT_THAT(error.what(), HasSubstr("no kind of regulation has a share"));
  }
}

TEST(Simulate, AsManyGenesAreRegulatedAsWereAskedFor) {
  for (const int64_t regulated : {0, 1, 7, 60}) {
    auto options = simulate_preset("tiny");
    set_regulated_genes(options, regulated);
    const auto layout = simulation::draw_layout(options, 3);
    std::array<int64_t, kRegulationKinds> kinds{};
    for (const auto& gene : layout.genes) ++kinds[static_cast<size_t>(gene.kind)];
    EXPECT_EQ(kinds[0], options.genes - regulated);
    const auto last = kinds.begin() + static_cast<size_t>(Regulation::kQuorum);
    const auto [fewest, most] = std::minmax_element(kinds.begin() + 1, last);
    EXPECT_LE(*most - *fewest, 1) << "kinds have equal shares in the presets";
    EXPECT_TRUE(std::all_of(last, kinds.end(), [](int64_t genes) { return genes == 0; }));
  }
  auto options = simulate_preset("tiny");
  EXPECT_THROW(set_regulated_genes(options, 61), Error);
  EXPECT_THROW(set_regulated_genes(options, -1), Error);
}

TEST(Simulate, OptionsThatContradictEachOtherAreExplained) {
  auto options = simulate_preset("tiny");
  options.mean_open_peaks = 5;
  EXPECT_THROW(testing::simulated(options), Error);
  options = simulate_preset("tiny");
  options.peaks = 100;
  try {
    testing::simulated(options);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kUsage);
    EXPECT_THAT(error.what(), HasSubstr("raise peaks or lower genes"));
  }
  options = simulate_preset("redundancy");  // which would draw fragments for years
  options.peaks = 800;
  options.cells = 900;
  options.genes = 40;
  try {
    testing::simulated(options);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kUsage);
    EXPECT_THAT(error.what(), HasSubstr("too near to all of 800 peaks"));
  }
}

TEST(Simulate, FilesHoldWhatWasSimulated) {
  const auto simulated = testing::simulated(simulate_preset("tiny"));
  const test::TempFolder temporary;
  const auto folder = temporary / "cells";
  write_simulation(folder, simulated);

  const auto truth = parse_truth(read_table(folder / "truth.tsv"));
  ASSERT_EQ(truth.genes.size(), simulated.truth.genes.size());
  EXPECT_EQ(truth.genes.back().peaks, simulated.truth.genes.back().peaks);
  EXPECT_EQ(read_table(folder / "truth_settings.tsv").rows(),
            truth_settings_table(simulated.truth).rows());
  const auto cells = parse_cell_truth(truth, read_table(folder / "cells.tsv"));
  EXPECT_EQ(cells.barcodes, simulated.cells.barcodes);
  const auto peaks = parse_peak_truth(truth, read_table(folder / "peaks.tsv"));
  EXPECT_EQ(peaks.names, simulated.data.atac.var.index);
  EXPECT_EQ(peaks.programme, simulated.peaks.programme);
  EXPECT_EQ(peaks.role, simulated.peaks.role);
  EXPECT_EQ(read_table(folder / "oracle.tsv").rows(), simulated.ceiling.size());
  EXPECT_EQ(read_file(folder / "cells.h5mu").substr(0, 6), "MuData");
  const auto& gene = simulated.genes.front();
  EXPECT_THAT(read_file(folder / "genes.bed"),
              HasSubstr(fmt::format("gene_type\n{}\t{}\t{}\t{}\t0\t{}\t{}\tprotein_coding\n",
                                    gene.chromosome, gene.start, gene.end, gene.name, gene.strand,
                                    gene.id)));
}

TEST(Simulate, PrepareKeepsEveryCellAndEveryCause) {
  // Thresholds meant for real cells must not empty the cells that tests and the demo start from.
  for (const auto* preset : {"tiny", "demo", "redundancy"}) {
    auto simulated = testing::simulated(simulate_preset(preset));
    ThreadPool pool(2);
    Reporter reporter;
    PrepareInputs inputs;
    inputs.label_column = "cell_type";
    inputs.gene_positions = simulated.genes;
    const auto study =
        prepare(std::move(simulated.data), inputs, {}, Context{1, pool, reporter}).study;
    // So few genes and counts as in "redundancy" leave the least deep cells below the thresholds.
    const double kept = std::string(preset) == "redundancy" ? 0.99 : 1;
    EXPECT_GE(static_cast<double>(study.cells.size()),
              kept * static_cast<double>(simulated.cells.size()))
        << preset;
    EXPECT_EQ(study.cells.type.names, simulated.truth.types);
    const TrueRegulation regulation(simulated.truth, study.peaks.names);
    for (int64_t g = 0; g < regulation.genes(); ++g) {
      EXPECT_EQ(regulation.causes(g).size(), simulated.truth.genes[at(g)].peaks.size());
    }
  }
}

TEST(Simulate, CaptureHidesOpenPeaksAndChangesNothingElse) {
  auto options = simulate_preset("tiny");
  const auto whole = testing::simulated(options);
  EXPECT_EQ(whole.latent_open.rows, 0);
  options.capture = 0.5;
  const auto half = testing::simulated(options);
  EXPECT_EQ(half.latent_open.indices, whole.data.atac.values.pattern.indices);
  EXPECT_EQ(half.data.rna.values.values, whole.data.rna.values.values);
  double expected = 0, measured = 0;
  for (int64_t cell = 0; cell < half.cells.size(); ++cell) {
    const auto seen = half.data.atac.values.pattern.row(cell);
    const auto open = half.latent_open.row(cell);
    EXPECT_TRUE(std::includes(open.begin(), open.end(), seen.begin(), seen.end()));
    expected += static_cast<double>(open.size()) *
                (1 - std::pow(0.5, std::sqrt(half.cells.atac_depth[at(cell)])));
    measured += static_cast<double>(seen.size());
  }
  EXPECT_NEAR(measured, expected, 4 * std::sqrt(expected / 2));  // binomial, about a half
}

}  // namespace
}  // namespace grids::core
