#include "prepare/variable_genes.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/indices.hpp"
#include "prepare/fixture.hpp"
#include "prepare/normalise.hpp"

namespace grids::core {
namespace {

using test::message_of;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// Counts by a formula, one constant gene, one outlier that the clip catches.
CsrMatrix counts_by_formula() {
  std::vector<std::vector<float>> rows;
  for (int i = 0; i < 14; ++i) {
    auto& row = rows.emplace_back();
    for (int j = 0; j < 12; ++j) {
      const bool seen = (i * (j + 2) + j) % 3 > 0;
      row.push_back(
          seen ? static_cast<float>((7 * i * i + 5 * j * j + 3 * i * j + 11 * j) % (3 + 4 * j))
               : 0.0f);
    }
  }
  for (auto& row : rows) row[4] = 2;
  rows[3][2] = 60;
  return test::sparse(rows);
}

std::vector<int32_t> all_rows(int64_t count) {
  std::vector<int32_t> rows(static_cast<size_t>(count));
  std::iota(rows.begin(), rows.end(), 0);
  return rows;
}

TEST(VariableGenes, AgreeWithADirectComputation) {
  // By numpy, with the local regression solved at every gene by least squares, span 0.8.
  const double expected[] = {1.0100451065, 1.0652264033, 1.3583554331, 0.6810032889,
                             0.0,          0.6160397351, 1.4345922396, 0.3710466925,
                             1.4057749197, 1.4252204015, 0.8241039262, 1.5277113245};
  const auto found = measure_variability(counts_by_formula(), all_rows(14), 0.8);
  for (size_t j = 0; j < 12; ++j) {
    EXPECT_NEAR(found.standardised[j], expected[j], 1e-8) << j;  // ten printed digits
  }
  EXPECT_EQ(found.cells[4], 14);
}

TEST(VariableGenes, TheUsersComeFirstThenTheMostVariableInFileOrder) {
  GeneVariability v;
  v.mean = {1, 1, 1, 1, 1};
  v.standardised = {3, 1, 5, 5, 9};
  v.cells = {9, 9, 9, 9, 2};
  const std::vector<int32_t> always = {1};
  VariableGeneOptions options{.variable_genes = 3, .min_gene_cells = 3};
  EXPECT_THAT(choose_genes(v, always, options), ElementsAre(1, 2, 3));
  options.variable_genes = 100;
  EXPECT_THAT(choose_genes(v, always, options), ElementsAre(0, 1, 2, 3));
  options.variable_genes = 2;
  EXPECT_THAT(choose_genes(v, always, options), ElementsAre(1, 2));  // of equals the earlier
}

TEST(Loess, ReturnsAQuadraticUnchangedAlsoBetweenItsKnots) {
  std::vector<double> x;
  std::vector<double> y;
  for (int i = 0; i < 5000; ++i) {
    x.push_back(std::fmod(i * 0.6180339887, 1.0) * 4 - 2);
    y.push_back(1 + 2 * x.back() - 0.5 * x.back() * x.back());
  }
  const auto fitted = loess(x, y, 0.3);
  for (size_t i = 0; i < x.size(); ++i) EXPECT_NEAR(fitted[i], y[i], 1e-9);
}

TEST(Loess, SurvivesTiesAndFewPoints) {
  EXPECT_THAT(loess(std::vector<double>{}, std::vector<double>{}, 0.3), ElementsAre());
  EXPECT_THAT(loess(std::vector<double>{1, 1, 1, 1}, std::vector<double>{1, 3, 1, 3}, 0.5),
              ElementsAre(::testing::DoubleEq(loess(std::vector<double>{1, 1, 1, 1},
                                                    std::vector<double>{1, 3, 1, 3}, 0.5)[0]),
                          ::testing::_, ::testing::_, ::testing::_));
  const auto two = loess(std::vector<double>{0, 1}, std::vector<double>{5, 7}, 1.0);
  EXPECT_NEAR(two[0], 5, 1e-9);
  EXPECT_NEAR(two[1], 7, 1e-9);
}

TEST(Normalise, RecognisesWhatTheValuesAre) {
  const auto kind = [](const std::vector<std::vector<float>>& rows) {
    RawModality rna;
    rna.source = "r.h5ad: X";
    rna.values = test::sparse(rows);
    return recognise_rna(rna);
  };
  EXPECT_EQ(kind({{1, 0}, {3, 200}}), RnaKind::kCounts);
  EXPECT_EQ(kind({{0.5, 0}, {3, 7}}), RnaKind::kLogged);
  EXPECT_EQ(kind({{0.5, 0}, {3, 700}}), RnaKind::kLinear);
  EXPECT_THAT(message_of([&] { kind({{-0.5, 1}}); }), HasSubstr("r.h5ad: X: the RNA has negative"));
  EXPECT_THAT(message_of([&] { kind({{NAN, 1}}); }), HasSubstr("not finite"));
  EXPECT_THAT(message_of([&] { kind({{0, 0}}); }), HasSubstr("no value above zero"));
}

/// Cells of a library: depths differ two or threefold, most counts are 1.
std::vector<std::vector<float>> library(size_t cells) {
  RandomStream random(4, Purpose::kBenchmark);
  std::vector<std::vector<float>> rows(cells, std::vector<float>(400));
  for (auto& row : rows) {
    const double depth = std::exp(0.4 * random.normal());
    for (size_t j = 0; j < row.size(); ++j) {
      const double mean = depth * (j < 40 ? 3 : 0.3);
      for (double time = -std::log(1 - random.uniform()); time < mean;
           time -= std::log(1 - random.uniform())) {
        row[j] += 1;
      }
    }
  }
  return rows;
}

TEST(Normalise, WholeNumbersOfOneTotalAreNoCounts) {
  const auto kind = [](const std::vector<std::vector<float>>& rows) {
    RawModality rna;
    rna.values = test::sparse(rows);
    return recognise_rna(rna);
  };
  auto rows = library(200);
  EXPECT_EQ(kind(rows), RnaKind::kCounts);
  for (auto& row : rows) {
    const float total = std::accumulate(row.begin(), row.end(), 0.0f);
    for (float& value : row) value = std::round(10'000 * value / total);
  }
  EXPECT_EQ(kind(rows), RnaKind::kRounded);
  rows.resize(kFewestTotals - 1);  // a few cells may be alike
  EXPECT_EQ(kind(rows), RnaKind::kCounts);
}

TEST(Normalise, RecognisesWhatTheAtacIs) {
  const auto kind = [](const std::vector<std::vector<float>>& rows) {
    RawModality atac;
    atac.values = test::sparse(rows);
    return recognise_atac(atac);
  };
  auto rows = library(200);
  EXPECT_EQ(kind(rows), AtacKind::kCounts);
  for (auto& row : rows) {
    for (float& value : row) value *= 0.37f;
  }
  EXPECT_EQ(kind(rows), AtacKind::kWeighted);
  auto smoothed = rows;
  for (auto& row : smoothed) {
    for (float& value : row) value += 0.01f;
  }
  EXPECT_EQ(kind(smoothed), AtacKind::kAllOpen);
  for (size_t i = 0; i < rows.size(); ++i) {  // the 50 highest of each cell
    for (size_t j = 0; j < rows[i].size(); ++j) rows[i][j] = (i + j) % 8 == 0 ? 1 : 0;
  }
  EXPECT_EQ(kind(rows), AtacKind::kEqual);
  EXPECT_THROW(kind({{0, 0}}), Error);
}

TEST(Normalise, CountsArePutOn100000ACell) {
  auto matrix = test::sparse({{1, 3}, {0, 2}, {0, 0}});
  const std::vector<double> totals = {10, 4, 0};
  log_normalise(matrix, totals);
  EXPECT_FLOAT_EQ(matrix.values[0], static_cast<float>(std::log1p(1e4)));
  EXPECT_FLOAT_EQ(matrix.values[1], static_cast<float>(std::log1p(3e4)));
  EXPECT_FLOAT_EQ(matrix.values[2], static_cast<float>(std::log1p(5e4)));
  const auto rows = all_rows(3);
  // The totals of logged values are those before the logarithm; 1e5 in float logs is exact to 1e-6.
  EXPECT_NEAR(rna_totals(matrix, rows, RnaKind::kLogged)[1], 5e4, 0.1);
}

TEST(Normalise, GatherTakesRowsAndColumnsAndDropsStoredZeros) {
  auto matrix = test::sparse({{1, 2, 3}, {4, 5, 6}});
  matrix.values[3] = 0;  // a stored zero
  ThreadPool pool(2);
  const std::vector<int32_t> rows = {1, 0};
  const std::vector<int32_t> columns = {2, 0};
  const auto part = gather(matrix, rows, columns, pool);
  EXPECT_EQ(to_dense(part), (std::vector<float>{6, 0, 3, 1}));
  EXPECT_EQ(part.pattern.nonzeros(), 3);
  EXPECT_EQ(gather_open(matrix, rows, columns, pool).indices, part.pattern.indices);
  EXPECT_THAT(count_positive(matrix, rows), ElementsAre(1, 2, 2));
}

TEST(Normalise, GathersWhatIsTooMuchForOneGoAsRowByRow) {
  // More than are gathered before they are counted, a tenth of which is wanted: first columns of a
  // block of ten, in ascending order and in another.
  constexpr int32_t kManyRows = 1300, kManyColumns = 4000;
  CsrMatrix every;
  every.pattern = {1, kManyColumns, {0, kManyColumns}, {}};
  for (int32_t j = 0; j < kManyColumns; ++j) {
    every.pattern.indices.push_back(j);
    every.values.push_back(static_cast<float>(j % 7));  // some of them stored zeros
  }
  const auto matrix = PackedRows(select_rows(every, std::vector<int32_t>(kManyRows, 0)));
  ASSERT_GT(matrix.nonzeros(), int64_t{1} << 22);
  std::vector<int32_t> columns;
  for (int32_t j = 0; j < kManyColumns; j += 10) columns.push_back(j);
  ThreadPool pool(2);
  for (const bool turned : {false, true}) {
    if (turned) std::reverse(columns.begin(), columns.end());
    const auto all = gather(matrix, indices_below(kManyRows), columns, pool);
    const auto one = gather(matrix, std::vector<int32_t>{5}, columns, pool);
    ASSERT_EQ(all.rows(), kManyRows);
    ASSERT_EQ(all.pattern.nonzeros(), kManyRows * one.pattern.nonzeros());
    for (const int32_t row : {0, 1, kManyRows - 1}) {
      EXPECT_TRUE(std::ranges::equal(all.row_indices(row), one.row_indices(0)));
      EXPECT_TRUE(std::ranges::equal(all.row_values(row), one.row_values(0)));
    }
  }
}

TEST(Normalise, LogarithmsThatAreKeptAreThoseOfTheirCell) {
  // Counts that repeat within a row and between rows of different totals, a large one and
  // fractions.
  auto matrix =
      CsrMatrix(test::sparse({{1, 2, 1, 255, 256}, {1, 2, 2, 0.5, 300}, {1, 1, 3, 2, 7}}));
  const auto before = matrix;
  const std::vector<double> totals = {515, 305.5, 14};
  log_normalise(matrix, totals);
  for (int64_t row = 0; row < matrix.rows(); ++row) {
    for (size_t k = 0; k < matrix.row_values(row).size(); ++k) {
      const double scale = 1e5 / totals[static_cast<size_t>(row)];
      EXPECT_EQ(matrix.row_values(row)[k],
                static_cast<float>(std::log1p(before.row_values(row)[k] * scale)));
    }
  }
}

}  // namespace
}  // namespace grids::core
