#include "prepare/quality.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "prepare/fixture.hpp"

namespace grids::core {
namespace {

using test::message_of;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

const std::vector<int32_t> kRows = {0, 1, 2};

RawModality rna() {
  return test::modality("rna", {"a", "b", "c"}, {"MT-CO1", "G1", "G2"},
                        {{5, 5, 0}, {0, 1, 0}, {1, 50, 49}});
}
RawModality atac() {
  return test::modality("atac", {"a", "b", "c"}, {"p", "q"}, {{1, 3}, {0, 2}, {1, 1}});
}

TEST(Quality, MeasuresWhatTheThresholdsAskFor) {
  const auto quality = measure_quality(rna(), kRows, atac(), kRows, RnaKind::kCounts);
  EXPECT_THAT(quality.rna_counts, ElementsAre(10, 1, 100));
  EXPECT_THAT(quality.genes, ElementsAre(2, 1, 3));
  EXPECT_THAT(quality.mito_share, ElementsAre(0.5, 0, 0.01));
  EXPECT_THAT(quality.peaks, ElementsAre(2, 1, 2));
  EXPECT_EQ(quality.mito_genes, 1);
}

TEST(Quality, EachThresholdSaysWhatItRemoved) {
  const auto quality = measure_quality(rna(), kRows, atac(), kRows, RnaKind::kCounts);
  QualityOptions options{.min_rna_counts = 5, .min_genes = 1, .min_peaks = 0};
  options.max_mito_share = 0.2;
  const auto passed = passing_cells(quality, options);
  EXPECT_THAT(passed.kept, ElementsAre(2));
  ASSERT_EQ(passed.steps.size(), 4u);
  EXPECT_EQ(passed.steps[0].flag, "--min-rna-counts");
  EXPECT_EQ(passed.steps[0].after, 2);
  EXPECT_EQ(passed.steps[3].flag, "--max-mito-share");
  EXPECT_EQ(passed.steps[3].before, 2);
  EXPECT_EQ(passed.steps[3].after, 1);
}

TEST(Quality, WithoutCountsThresholdsOfCountsAreNotApplied) {
  const auto quality = measure_quality(rna(), kRows, atac(), kRows, RnaKind::kLogged);
  const auto passed =
      passing_cells(quality, {.min_rna_counts = 1e9, .min_genes = 1, .min_peaks = 1});
  EXPECT_EQ(passed.kept.size(), 3u);
}

TEST(Quality, WhenNoCellPassesTheMessageShowsTheDistributionAndTheFlag) {
  const auto quality = measure_quality(rna(), kRows, atac(), kRows, RnaKind::kCounts);
  const auto message = message_of([&] { passing_cells(quality, {.min_rna_counts = 1000}); });
  EXPECT_THAT(message, HasSubstr("none of the 3 cells passes"));
  EXPECT_THAT(message, HasSubstr("--min-rna-counts 1000 removed 3 (all cells: RNA counts minimum "
                                 "1, median 10, maximum 100)"));
}

TEST(Quality, OptionsReportAllTheirProblems) {
  Problems problems;
  check(QualityOptions{.min_rna_counts = -1, .max_rna_counts = 5, .max_mito_share = 2}, problems);
  check(QualityOptions{.min_peaks = 10, .max_peaks = 5}, problems);
  EXPECT_EQ(problems.list().size(), 3u);
}

}  // namespace
}  // namespace grids::core
