#include "study/chromatin.hpp"

#include <gtest/gtest.h>

#include "base/error.hpp"
#include "support/fixtures.hpp"
#include "support/unpaired.hpp"

namespace grids::core {
namespace {

Study whole_study() {
  return read_study(test::fixture("version_1/run") / "study.h5mu");
}

double value_of(const Study& study, int32_t cell, int32_t gene) {
  const auto genes = study.expression.row_indices(cell);
  for (size_t i = 0; i < genes.size(); ++i) {
    if (genes[i] == gene) return study.expression.row_values(cell)[i];
  }
  return 0;
}

/// Each type in turn, then all.
std::vector<std::optional<int32_t>> types_and_all(const Study& study) {
  std::vector<std::optional<int32_t>> types;
  for (size_t type = 0; type < study.cells.type.names.size(); ++type) {
    types.emplace_back(static_cast<int32_t>(type));
  }
  types.emplace_back();
  return types;
}

TEST(Chromatin, PairedCellsSayWhatWasMeasuredInThem) {
  const Study study = whole_study();
  for (const auto type : types_and_all(study)) {
    const auto test = study.cells_of(Split::kTest, type);
    for (const int32_t gene : {0, 3}) {
      const auto told = expressing_cells(study, type, gene, test);
      int64_t expressing = 0;
      for (const int32_t cell : test) expressing += value_of(study, cell, gene) > 0 ? 1 : 0;
      EXPECT_EQ(told.cells, std::ssize(test));
      EXPECT_EQ(told.expressing, expressing);
    }
    EXPECT_EQ(observed_expression(study, type, test),
              to_dense(select_rows(study.expression, test)));
  }
}

TEST(Chromatin, OfUnpairedCellsTheTypesExpressionIsThatOfItsCellsWithRna) {
  const auto halves = test::halves_of(whole_study());
  const Study& rna = halves.rna;
  const Study cells = chromatin_of(halves);
  EXPECT_FALSE(cells.paired);
  EXPECT_EQ(cells.cells.barcodes, halves.atac.cells.barcodes);
  for (const auto type : types_and_all(rna)) {
    const auto train = rna.cells_of(Split::kTrain, type), test = rna.cells_of(Split::kTest, type);
    const std::vector<int32_t> asked = {0, 1};
    const auto observed = observed_expression(cells, type, asked);
    ASSERT_EQ(std::ssize(observed), 2 * cells.genes.size());
    for (int32_t gene = 0; gene < cells.genes.size(); ++gene) {
      double mean = 0;
      int64_t expressing = 0;
      for (const int32_t cell : train) mean += value_of(rna, cell, gene);
      for (const int32_t cell : test) expressing += value_of(rna, cell, gene) > 0 ? 1 : 0;
      mean /= static_cast<double>(train.size());
      // Kept as floats, as expression is.
      EXPECT_FLOAT_EQ(observed[static_cast<size_t>(gene)], static_cast<float>(mean));
      EXPECT_EQ(observed[static_cast<size_t>(gene)],
                observed[static_cast<size_t>(cells.genes.size() + gene)]);
      // The cells with chromatin are not asked.
      const auto told = expressing_cells(cells, type, gene, {});
      EXPECT_EQ(told.cells, std::ssize(test));
      EXPECT_EQ(told.expressing, expressing);
    }
  }
}

TEST(Chromatin, HalvesWithoutTypesAreForTheCallerToFillIn) {
  for (const auto labels : {LabelsIn::kAtac, LabelsIn::kRna, LabelsIn::kNone}) {
    try {
      chromatin_of(test::halves_of(whole_study(), labels));
      FAIL() << labels_in_name(labels);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kInternal);
    }
  }
}

}  // namespace
}  // namespace grids::core
