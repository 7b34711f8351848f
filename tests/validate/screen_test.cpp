#include "validate/screen.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>

#include "base/error.hpp"
#include "math/ranking.hpp"
#include "support/fixture.hpp"
#include "support/fixtures.hpp"
#include "support/temp_folder.hpp"
#include "validate/judge_screen.hpp"

namespace grids::core {
namespace {

using ::testing::HasSubstr;

constexpr const char* kHeader =
    "chrom\tchromStart\tchromEnd\tEffectSize\tchrTSS\tstartTSS\tendTSS\tmeasuredGeneSymbol\t"
    "measuredGeneEnsemblId\tSignificant\tPowerAtEffectSize25\tValidConnection\tCellType\t"
    "Regulated\n";

// Distances 1,000 (A) and 50,000 (B), 4,000 and 45,000 (the second element), 300,000 and more.
constexpr const char* kRows =
    "chr1\t1000\t1200\t-0.5\tchr1\t2100\t2101\tA\tENSG1.2\tTRUE\t0.9\tTRUE\tK562\tTRUE\n"
    "chr1\t1000\t1200\t0.3\tchr1\t51100\t51101\tB\tENSG2\tTRUE\t0.9\tTRUE\tK562\tFALSE\n"
    "chr1\t6000\t6200\t-0.1\tchr1\t2100\t2101\tA\tENSG1.2\tFALSE\t0.2\tTRUE\tK562\tFALSE\n"
    "chr1\t6000\t6200\t-0.4\tchr1\t51100\t51101\tB\tENSG2\tTRUE\t0.9\tTRUE\tK562\tTRUE\n"
    "chr1\t9000\t9200\t-0.4\tchr1\t51100\t51101\tB\tENSG2\tTRUE\t0.9\toverlaps potential "
    "promoter\tK562\tTRUE\n"
    "chr1\t302000\t302200\t0\tchr1\t2100\t2101\tA\tENSG1.2\tFALSE\tNA\tTRUE\tK562\tFALSE\n";

std::filesystem::path written(const test::TempFolder& folder, const std::string& text) {
  const auto path = folder / "screen.tsv";
  std::ofstream(path) << text;
  return path;
}

Screen small_screen() {
  const test::TempFolder folder;
  return read_screen(written(folder, std::string(kHeader) + kRows));
}

/// Pairs of one method: peak 0 lies in the first element, 1 and 2 in the second.
Pairs small_pairs(const std::string& cell_type) {
  Pairs pairs;
  pairs.source = "links.tsv";
  pairs.score = "score";
  pairs.genes = {{.name = "A", .id = "", .chromosome = "", .sites = {}},
                 {.name = "ENSG2.7", .id = "", .chromosome = "", .sites = {}}};
  pairs.peaks = {{"p0", "1", 1100, 1300},
                 {"p1", "1", 5900, 6001},
                 {"p2", "1", 6150, 6400},
                 {"p3", "1", 6200, 6300}};
  PairSet a, b;
  a.method = b.method = "grids";
  a.cell_type = b.cell_type = cell_type;
  a.members = {{0, 0.5, false, {}}};
  b.gene = 1;
  b.members = {{0, 0.7, false, {}}, {1, 0.2, false, {}}, {2, 0.6, false, {}}, {3, 0.9, false, {}}};
  pairs.sets = {a, b};
  return pairs;
}

TEST(Screen, KeepsValidPairsAndWhatTheyShow) {
  const auto screen = small_screen();
  ASSERT_EQ(screen.pairs.size(), 5U);
  EXPECT_EQ(screen.invalid, 1);
  EXPECT_EQ(screen.effects, std::vector<int64_t>{25});
  EXPECT_TRUE(screen.pairs[0].regulated);
  EXPECT_FALSE(screen.pairs[0].increasing);
  EXPECT_TRUE(screen.pairs[1].increasing);
  EXPECT_EQ(screen.pairs[0].gene_id, "ENSG1");
  EXPECT_EQ(screen.pairs[0].distance, 1000.5);  // between middles
  EXPECT_TRUE(std::isnan(screen.pairs[4].power[0]));
}

TEST(Screen, TakesTheColumnOfDistancesWhereThereIsOne) {
  const test::TempFolder folder;
  std::string text = std::string(kHeader) + kRows;
  text.replace(text.find('\n'), 1, "\tdistanceToTSS\n");
  for (size_t end = text.find('\n') + 1; (end = text.find('\n', end)) != std::string::npos;) {
    text.insert(end, "\t-77");
    end += 5;  // past this line
  }
  EXPECT_EQ(read_screen(written(folder, text)).pairs[3].distance, 77);
}

void expect_refused(std::string text, const std::string& from, const std::string& to,
                    const std::string& message) {
  text.replace(text.find(from), from.size(), to);
  const test::TempFolder folder;
  try {
    read_screen(written(folder, text));
    FAIL() << message;
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInput);
    EXPECT_THAT(error.what(), HasSubstr(message));
  }
}

TEST(Screen, SaysWhatIsWrong) {
  const std::string text = std::string(kHeader) + kRows;
  expect_refused(text, "Regulated", "Regulates", "lacks the columns Regulated");
  expect_refused(text, "startTSS", "start", "lacks the columns distanceToTSS");
  expect_refused(text, "K562\tFALSE", "K562\tmaybe", "line 3, column 'Regulated': 'maybe'");
  expect_refused(text, "1200\t-0.5", "900\t-0.5", "line 2, column 'chromEnd'");
  expect_refused(text, "0.2\tTRUE", "1.2\tTRUE", "line 4, column 'PowerAtEffectSize25'");
}

TEST(Screen, GivesAnElementTheHighestScoreOfThePeaksThatItOverlaps) {
  const auto methods = scores_on_screen(small_pairs("k562"), small_screen(), false);
  ASSERT_EQ(methods.size(), 1U);
  const double none = -std::numeric_limits<double>::infinity();
  // Gene B by its id. Peak p3 begins where the second element ends.
  EXPECT_EQ(methods[0].scores, (std::vector<double>{0.5, 0.7, none, 0.6, none}));
}

TEST(Screen, IsJudgedBesideDistanceAndNearestGene) {
  const test::Fixture fixture;
  const auto rows =
      judge_screen(small_pairs("K562"), small_screen(), {false, 200}, fixture.context);
  const auto value = [&](const std::string& what, const std::string& method,
                         const std::string& subset) {
    for (const auto& row : rows) {
      if (row.what == what && row.method == method && row.subset == subset) return row;
    }
    ADD_FAILURE() << what << " " << method << " " << subset;
    return ValidationRow{};
  };
  // By hand. grids: 0.7 (increasing), 0.6 (regulated), 0.5 (regulated), then the rest.
  const auto all = value("crispr_average_precision", "grids", "all");
  EXPECT_NEAR(all.value, (1.0 / 2 + 2.0 / 3) / 2, 1e-12);
  EXPECT_EQ(all.n, 5);
  EXPECT_DOUBLE_EQ(all.chance, 0.4);
  EXPECT_DOUBLE_EQ(value("crispr_average_precision", "grids", "without increasing").value, 1);
  EXPECT_NEAR(value("crispr_precision_at_70", "grids", "all").value, 2.0 / 3, 1e-12);
  // Negatives with power: the increasing pair alone.
  EXPECT_EQ(value("crispr_average_precision", "grids", "power at 25 %").n, 3);
  // Distances: 1,000 (regulated), 4,000, 45,000 (regulated), 50,000, 300,000.
  const auto distance = value("crispr_average_precision", "distance to TSS", "all");
  EXPECT_NEAR(distance.value, (1.0 + 2.0 / 3) / 2, 1e-12);
  // A is nearest to all three elements: one in three is regulated, then two in five.
  EXPECT_NEAR(value("crispr_average_precision", "nearest gene", "all").value,
              (1.0 / 3 + 2.0 / 5) / 2, 1e-12);
  EXPECT_NEAR(value("crispr_difference", "grids", "minus distance to TSS").value,
              all.value - distance.value, 1e-12);
  EXPECT_DOUBLE_EQ(value("crispr_coverage", "grids", "all").value, 0.6);
  EXPECT_DOUBLE_EQ(value("crispr_coverage", "grids", "regulated").value, 1);
}

TEST(Screen, OfOtherCellsIsRefusedUnlessAskedFor) {
  const test::Fixture fixture;
  const auto pairs = small_pairs("B cells");
  try {
    judge_screen(pairs, small_screen(), {}, fixture.context);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInput);
    EXPECT_THAT(error.what(), HasSubstr("made in K562"));
    EXPECT_THAT(error.what(), HasSubstr("learned in B cells"));
    EXPECT_THAT(error.what(), HasSubstr("--other-cell-type"));
  }
  EXPECT_FALSE(judge_screen(pairs, small_screen(), {true, 10}, fixture.context).empty());
}

// What looks like chance, or like a coverage of 0, is told.
TEST(Screen, OfOtherGenesOrElementsHasNoFigures) {
  const test::Fixture fixture;
  auto pairs = small_pairs("K562");
  for (auto& peak : pairs.peaks) peak.chromosome = "2";
  for (const auto& row : judge_screen(pairs, small_screen(), {false, 10}, fixture.context)) {
    if (row.method != "grids") continue;
    if (row.what == "crispr_coverage") {
      EXPECT_EQ(row.value, 0);
    } else {
      EXPECT_TRUE(std::isnan(row.value)) << row.what << ", " << row.subset;
      EXPECT_EQ(row.note, "grids has no prediction for any pair");
    }
  }
  pairs.genes[0].name = "C";
  pairs.genes[1].name = "D";
  try {
    judge_screen(pairs, small_screen(), {false, 10}, fixture.context);
    FAIL();
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("none of its genes (A, …) is among the 2 of links.tsv"));
  }
}

TEST(Screen, IntervalsDoNotDependOnThreads) {
  const test::Fixture one(1), three(3);
  const auto a = judge_screen(small_pairs("K562"), small_screen(), {false, 50}, one.context);
  const auto b = judge_screen(small_pairs("K562"), small_screen(), {false, 50}, three.context);
  EXPECT_EQ(validation_columns().table(a).row(0), validation_columns().table(b).row(0));
}

// The published pairs in K562; figures by an independent computation in pandas.
TEST(Screen, OfK562ScoredByDistance) {
  const auto path = test::shared("data/crispr/k562.GRCh38.tsv.gz");
  GRIDS_NEEDS(path);
  const auto screen = read_screen(path);
  ASSERT_EQ(screen.pairs.size(), 10356U);
  std::vector<double> to_site, midpoints;
  std::vector<uint8_t> regulated;
  const auto table = read_table(path);
  for (size_t i = 0; i < screen.pairs.size(); ++i) {
    to_site.push_back(-screen.pairs[i].distance);
    midpoints.push_back(-std::abs(table.number(i, "chromStart") + table.number(i, "chromEnd") -
                                  table.number(i, "startTSS") - table.number(i, "endTSS")));
    regulated.push_back(screen.pairs[i].regulated ? 1 : 0);
  }
  const std::vector<double> each(screen.pairs.size(), 1);
  EXPECT_NEAR(Ranking(to_site, regulated).curve(each, 0.7).average_precision, 0.4377, 5e-5);
  EXPECT_NEAR(Ranking(midpoints, regulated).curve(each, 0.7).average_precision, 0.4150, 5e-5);
}

}  // namespace
}  // namespace grids::core
