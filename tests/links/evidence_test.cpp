// Measured cells by how many elements of a set are open.
#include "links/evidence.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace grids::core {
namespace {

/// Six test cells, peaks 0 and 1 of one element, 2 far from it; the gene's counts per 100,000 are
/// as given.
Study six_cells(const std::vector<std::vector<int32_t>>& open, const std::vector<double>& rates) {
  Study study;
  study.peaks.names = {"a", "b", "c"};
  study.peaks.chromosomes = {"chr1"};
  study.peaks.chromosome_offsets = {0, 3};
  study.peaks.start = {10'000, 10'700, 90'000};
  study.peaks.end = {10'500, 11'000, 90'500};
  study.genes.names = {"G"};
  study.genes.ids = {""};
  study.genes.chromosome = {"chr1"};
  study.genes.start = {50'000};
  study.genes.end = {51'000};
  study.genes.strand = {Strand::kPlus};
  study.cells.type.names = {"T"};
  study.open.columns = 3;
  study.expression.pattern.columns = 1;
  for (size_t i = 0; i < open.size(); ++i) {
    study.cells.barcodes.emplace_back();
    study.cells.type.codes.push_back(0);
    study.cells.split.push_back(Split::kTest);
    study.open.indices.insert(study.open.indices.end(), open[i].begin(), open[i].end());
    study.open.offsets.push_back(std::ssize(study.open.indices));
    if (rates[i] > 0) {
      study.expression.pattern.indices.push_back(0);
      study.expression.values.push_back(static_cast<float>(std::log1p(rates[i])));
    }
    study.expression.pattern.offsets.push_back(std::ssize(study.expression.pattern.indices));
  }
  study.open.rows = study.expression.pattern.rows = std::ssize(open);
  return study;
}

TEST(Evidence, CountsElementsNotPeaks) {
  const auto study =
      six_cells({{}, {0}, {0, 1}, {2}, {1, 2}, {0, 1, 2}}, {0, 10, 20, 30, 100, 300});
  ExplainedTarget set;
  set.target = {0, 0, 3};
  set.explanation.subset = {2, 0};
  set.partners.minimal = {2, 0};
  set.partners.partners.push_back({.feature = 1});
  set.test_cells = {0, 1, 2, 3, 4, 5};
  for (const double rate : {5.0, 15.0, 15.0, 15.0, 250.0, 250.0}) {
    set.before.push_back(static_cast<float>(std::log1p(rate)));
  }
  const auto rows = evidence_of(study, std::vector{set});
  ASSERT_EQ(rows.size(), 3U);
  EXPECT_EQ(rows[0].cells, 1);
  EXPECT_EQ(rows[1].cells, 3);
  EXPECT_EQ(rows[2].cells, 2);
  EXPECT_NEAR(rows[0].measured, 0, 1e-4);
  EXPECT_TRUE(std::isnan(rows[0].low));
  EXPECT_NEAR(rows[1].measured, 20, 1e-3);
  EXPECT_NEAR(rows[2].measured, 200, 1e-2);
  EXPECT_NEAR(rows[2].predicted, 250, 1e-2);
  // Standard error of 10, 20, 30: 10 ÷ √3.
  EXPECT_NEAR(rows[1].high - rows[1].measured, 1.959964 * 10 / std::sqrt(3), 1e-3);
  EXPECT_EQ(rows[0].cell_type, "T");
  EXPECT_EQ(rows[2].open, 2);
}

}  // namespace
}  // namespace grids::core
