/// Whether two studies hold the same, said field by field.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "study/study.hpp"

namespace grids::core::test {

inline void expect_same_pattern(const CsrPattern& found, const CsrPattern& expected,
                                const std::string& what) {
  EXPECT_EQ(found.rows, expected.rows) << what;
  EXPECT_EQ(found.columns, expected.columns) << what;
  EXPECT_TRUE(found.offsets == expected.offsets) << what;
  EXPECT_TRUE(found.indices == expected.indices) << what;
}

/// To the last bit, how it was prepared apart.
inline void expect_same_study(const Study& found, const Study& expected) {
  EXPECT_EQ(found.paired, expected.paired);
  EXPECT_EQ(found.cells.barcodes, expected.cells.barcodes);
  EXPECT_EQ(found.cells.type.names, expected.cells.type.names);
  EXPECT_EQ(found.cells.type.codes, expected.cells.type.codes);
  EXPECT_EQ(found.cells.donor.names, expected.cells.donor.names);
  EXPECT_EQ(found.cells.donor.codes, expected.cells.donor.codes);
  EXPECT_EQ(found.cells.batch.names, expected.cells.batch.names);
  EXPECT_EQ(found.cells.batch.codes, expected.cells.batch.codes);
  EXPECT_TRUE(found.cells.split == expected.cells.split);
  EXPECT_EQ(found.cells.total_rna, expected.cells.total_rna);
  EXPECT_EQ(found.cells.open_peaks, expected.cells.open_peaks);
  EXPECT_EQ(found.peaks.names, expected.peaks.names);
  EXPECT_EQ(found.peaks.chromosomes, expected.peaks.chromosomes);
  EXPECT_EQ(found.peaks.chromosome_offsets, expected.peaks.chromosome_offsets);
  EXPECT_EQ(found.peaks.start, expected.peaks.start);
  EXPECT_EQ(found.peaks.end, expected.peaks.end);
  EXPECT_EQ(found.genes.names, expected.genes.names);
  EXPECT_EQ(found.genes.ids, expected.genes.ids);
  EXPECT_EQ(found.genes.chromosome, expected.genes.chromosome);
  EXPECT_EQ(found.genes.start, expected.genes.start);
  EXPECT_EQ(found.genes.end, expected.genes.end);
  EXPECT_EQ(found.genes.further_sites, expected.genes.further_sites);
  EXPECT_TRUE(found.genes.strand == expected.genes.strand);
  expect_same_pattern(found.open, expected.open, "open");
  expect_same_pattern(found.expression.pattern, expected.expression.pattern, "expression");
  EXPECT_TRUE(found.expression.values == expected.expression.values);
  expect_same_pattern(found.counts.pattern, expected.counts.pattern, "counts");
  EXPECT_TRUE(found.counts.values == expected.counts.values);
  EXPECT_EQ(found.scale, expected.scale);
}

}  // namespace grids::core::test
