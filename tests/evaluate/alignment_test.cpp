#include "evaluate/alignment.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "base/error.hpp"
#include "base/random.hpp"
#include "evaluate/small_study.hpp"
#include "evaluate/strata.hpp"

namespace grids::core {
namespace {

constexpr int64_t kDimensions = 3;

std::vector<float> mirrored(std::vector<float> points) {
  for (float& value : points) value = -value;
  return points;
}

/// Cells of types that lie `apart` from each other, with standard deviation 1 around their type;
/// the other modality `beside` them, per dimension.
class LaidOut {
 public:
  LaidOut(std::vector<int64_t> sizes, double apart, double beside, uint64_t seed = 1)
      : random_(seed, Purpose::kBenchmark) {
    cells.dimensions = kDimensions;
    for (size_t type = 0; type < sizes.size(); ++type) {
      cells.types.push_back("type " + std::to_string(type));
    }
    lay(sizes, apart, beside, cells.atac, cells.rna);
    for (auto& size : sizes) size *= 2;
    lay(sizes, apart, beside, cells.training_atac, cells.training_rna);
  }

  AlignedCells cells;

 private:
  void lay(const std::vector<int64_t>& sizes, double apart, double beside, PlacedCells& atac,
           PlacedCells& rna) {
    for (size_t type = 0; type < sizes.size(); ++type) {
      for (int64_t i = 0; i < sizes[type]; ++i) {
        atac.types.push_back(static_cast<int32_t>(type));
        for (int64_t d = 0; d < kDimensions; ++d) {
          const double centre = d == 0 ? apart * static_cast<double>(type) : 0;
          const auto place = static_cast<float>(centre + random_.normal());
          rna.own.push_back(place);
          atac.mapped.push_back(static_cast<float>(place + beside * random_.normal()));
        }
      }
    }
    rna.types = atac.types;
    // The other space is the first one seen in a mirror.
    atac.own = mirrored(atac.mapped);
    rna.mapped = mirrored(rna.own);
  }

  RandomStream random_;
};

using Key = std::tuple<std::string, std::string, std::string, std::string>;

class Judged {
 public:
  explicit Judged(const AlignedCells& cells, const AlignmentOptions& options = {},
                  int threads = 2) {
    const TestContext test(threads);
    rows = judge_alignment(cells, options, test.context);
    for (const auto& row : rows) by_key_[{row.space, row.measure, row.of, row.cell_type}] = row;
  }

  const AlignmentRow& of(const std::string& measure, const std::string& of,
                         const std::string& type = "all", const std::string& space = "rna") const {
    return by_key_.at({space, measure, of, type});
  }
  bool has(const std::string& measure) const {
    return std::any_of(rows.begin(), rows.end(),
                       [&](const AlignmentRow& row) { return row.measure == measure; });
  }

  std::vector<AlignmentRow> rows;

 private:
  std::map<Key, AlignmentRow> by_key_;
};

TEST(Alignment, OfOnePlaceForBothHalvesIsPerfect) {
  const LaidOut laid({40, 30, 20}, 30, 0);
  const Judged judged(laid.cells);
  for (const std::string space : {"rna", "atac"}) {
    for (const std::string type : {"all", "type 0", "type 2"}) {
      EXPECT_EQ(judged.of("foscttm", "both", type, space).value, 0);
      EXPECT_EQ(judged.of("foscttm_within_type", "both", type, space).value, 0);
      for (const std::string of : {"atac", "rna"}) {
        EXPECT_EQ(judged.of("label_transfer", of, type, space).value, 1);
      }
    }
    EXPECT_EQ(judged.of("label_transfer_balanced", "atac", "all", space).value, 1);
  }
  // 90 cells twice: 90 of 179 others are of the other modality; of the first type's, 40 of 79.
  EXPECT_NEAR(judged.of("mixing", "rna").chance, 90.0 / 179, 1e-12);
  EXPECT_NEAR(judged.of("mixing_within_type", "atac", "type 0").chance, 40.0 / 79, 1e-12);
  EXPECT_EQ(judged.of("foscttm", "both").chance, 0.5);
  EXPECT_NEAR(judged.of("label_transfer", "atac").chance, 40.0 / 90, 1e-12);
  EXPECT_NEAR(judged.of("label_transfer", "atac", "type 1").chance, 30.0 / 90, 1e-12);
  EXPECT_NEAR(judged.of("label_transfer_balanced", "rna").chance, 1.0 / 3, 1e-12);
  EXPECT_EQ(judged.of("foscttm", "both", "type 2").cells, 20);
  // 20 of 20 right is no certainty: as if it were 21 of 22.
  EXPECT_DOUBLE_EQ(judged.of("label_transfer", "atac", "type 2").standard_error,
                   std::sqrt(21.0 / 22 / 22 / 20));
}

TEST(Alignment, OfShuffledCellsIsChance) {
  LaidOut laid({300, 200}, 0, 0);  // types do not differ
  std::vector<int32_t> order(500);
  std::iota(order.begin(), order.end(), 0);
  RandomStream random(5, Purpose::kBenchmark);
  random.shuffle(std::span(order));
  auto& atac = laid.cells.atac;
  const auto before = atac;
  for (size_t i = 0; i < order.size(); ++i) {
    for (size_t d = 0; d < kDimensions; ++d) {
      const size_t from = static_cast<size_t>(order[i]) * kDimensions + d;
      atac.mapped[i * kDimensions + d] = before.mapped[from];
      atac.own[i * kDimensions + d] = before.own[from];
    }
  }
  const Judged judged(laid.cells);
  for (const std::string measure : {"foscttm", "foscttm_within_type"}) {
    const auto& row = judged.of(measure, "both");
    EXPECT_NEAR(row.value, 0.5, 4 * row.standard_error) << measure;
    EXPECT_LT(row.standard_error, 0.02);  // uniform shares of 500 cells: 0.29 / √500 twice
  }
  // Labels say nothing of places: at most as often right as the larger type is there.
  const auto& transfer = judged.of("label_transfer", "atac");
  EXPECT_LT(transfer.value, transfer.chance + 4 * transfer.standard_error);
  const auto& balanced = judged.of("label_transfer_balanced", "atac");
  EXPECT_NEAR(balanced.value, balanced.chance, 5 * balanced.standard_error);
}

TEST(Alignment, OfWhatLiesOppositeIsWorseThanChance) {
  LaidOut laid({60}, 0, 0);
  laid.cells.atac.mapped = mirrored(laid.cells.atac.mapped);
  const Judged judged(laid.cells);
  EXPECT_GT(judged.of("foscttm", "both").value, 0.6);
  EXPECT_EQ(judged.of("foscttm", "both", "all", "atac").value, 0);  // the other space is as it was
}

TEST(Alignment, WhereAllLiesInOnePlaceNothingIsKnown) {
  LaidOut laid({30, 10}, 0, 0);
  auto& cells = laid.cells;
  for (auto* of : {&cells.atac, &cells.rna}) {
    std::fill(of->own.begin(), of->own.end(), 1.0f);
    std::fill(of->mapped.begin(), of->mapped.end(), 1.0f);
  }
  EXPECT_EQ(Judged(cells).of("foscttm", "both").value, 0.5);
  EXPECT_EQ(Judged(cells).of("foscttm_within_type", "both").value, 0.5);
}

TEST(Alignment, ATypeOfOneCellHasNoOthersOfItsType) {
  const LaidOut laid({40, 1}, 30, 0.1);
  const Judged judged(laid.cells);
  EXPECT_TRUE(std::isnan(judged.of("foscttm_within_type", "both", "type 1").value));
  EXPECT_EQ(judged.of("foscttm", "both", "type 1").value, 0);
  EXPECT_TRUE(std::isnan(judged.of("foscttm", "both", "type 1").standard_error));
  // The mean is that of the cells that have one.
  EXPECT_DOUBLE_EQ(judged.of("foscttm_within_type", "both").value,
                   judged.of("foscttm_within_type", "both", "type 0").value);
  EXPECT_FALSE(std::isnan(judged.of("foscttm", "both").standard_error));
  // Its only neighbour of its type is its other half, however far that lies; two of 82 training
  // cells cannot outvote 15.
  EXPECT_TRUE(std::isnan(judged.of("mixing_within_type", "atac", "type 1").value));
  EXPECT_EQ(judged.of("label_transfer", "atac", "type 1").value, 0);
}

TEST(Alignment, SwappingTheModalitiesSwapsTheSpaces) {
  const LaidOut laid({50, 20}, 2, 0.7);
  AlignedCells swapped = laid.cells;
  std::swap(swapped.atac, swapped.rna);
  std::swap(swapped.training_atac, swapped.training_rna);
  const Judged judged(laid.cells), other(swapped);
  const auto swapped_word = [](const std::string& word) -> std::string {
    return word == "atac" ? "rna" : (word == "rna" ? "atac" : word);
  };
  ASSERT_EQ(judged.rows.size(), other.rows.size());
  for (const auto& row : judged.rows) {
    const auto& same =
        other.of(row.measure, swapped_word(row.of), row.cell_type, swapped_word(row.space));
    EXPECT_EQ(row.value, same.value) << row.measure;
    EXPECT_EQ(row.standard_error, same.standard_error) << row.measure;
    EXPECT_EQ(row.chance, same.chance) << row.measure;
  }
}

// ---- against a plain computation ----

double square_between(const std::vector<float>& a, size_t i, const std::vector<float>& b,
                      size_t j) {
  double square = 0;
  for (size_t d = 0; d < kDimensions; ++d) {
    const double gap = static_cast<double>(a[i * kDimensions + d]) - b[j * kDimensions + d];
    square += gap * gap;
  }
  return square;
}

struct Near {
  double square;
  int32_t type;
  bool other;
};

/// The 15 nearest.
std::vector<Near> nearest(std::vector<Near> all, size_t count = 15) {
  std::stable_sort(all.begin(), all.end(),
                   [](const Near& a, const Near& b) { return a.square < b.square; });
  if (all.size() > count) all.resize(count);
  return all;
}

TEST(Alignment, TransferAndMixingAreThoseOfAPlainComputation) {
  const LaidOut laid({50, 30, 4}, 2, 1);
  const auto& cells = laid.cells;
  const Judged judged(cells);
  double right = 0, mixing = 0, within = 0;
  std::vector<double> right_of_type(3);
  const size_t n = cells.atac.types.size();
  for (size_t i = 0; i < n; ++i) {
    std::vector<Near> training, all, of_type;
    const int32_t type = cells.atac.types[i];
    for (size_t j = 0; j < cells.training_rna.types.size(); ++j) {
      training.push_back({square_between(cells.atac.mapped, i, cells.training_rna.own, j),
                          cells.training_rna.types[j], true});
    }
    for (size_t j = 0; j < n; ++j) {
      if (j != i) {
        all.push_back({square_between(cells.atac.mapped, i, cells.atac.mapped, j),
                       cells.atac.types[j], false});
      }
      all.push_back(
          {square_between(cells.atac.mapped, i, cells.rna.own, j), cells.rna.types[j], true});
    }
    for (const auto& near : all) {
      if (near.type == type) of_type.push_back(near);
    }
    std::vector<int> votes(3);
    const auto voters = nearest(training);
    for (const auto& near : voters) ++votes[static_cast<size_t>(near.type)];
    const int most = *std::max_element(votes.begin(), votes.end());
    const auto winner = std::find_if(voters.begin(), voters.end(), [&](const Near& near) {
      return votes[static_cast<size_t>(near.type)] == most;
    });
    right += winner->type == type ? 1 : 0;
    right_of_type[static_cast<size_t>(type)] += winner->type == type ? 1 : 0;
    const auto share = [](const std::vector<Near>& near) {
      const auto others = std::count_if(near.begin(), near.end(), [](auto& x) { return x.other; });
      return static_cast<double>(others) / static_cast<double>(near.size());
    };
    mixing += share(nearest(all));
    // Of the four cells of type 2, three others.
    within += share(nearest(of_type, type == 2 ? 3 : 15));
  }
  EXPECT_DOUBLE_EQ(judged.of("label_transfer", "atac").value, right / 84);
  EXPECT_DOUBLE_EQ(judged.of("label_transfer", "atac", "type 1").value, right_of_type[1] / 30);
  EXPECT_DOUBLE_EQ(judged.of("label_transfer_balanced", "atac").value,
                   (right_of_type[0] / 50 + right_of_type[1] / 30 + right_of_type[2] / 4) / 3);
  EXPECT_NEAR(judged.of("mixing", "atac").value, mixing / 84, 1e-12);
  EXPECT_NEAR(judged.of("mixing_within_type", "atac").value, within / 84, 1e-12);
}

TEST(Alignment, StandardErrorsAreWhatTheMeasureScattersByOverDraws) {
  const int draws = 150;
  for (const std::string measure : {"foscttm", "foscttm_within_type"}) {
    double sum = 0, squares = 0, errors = 0;
    for (int draw = 0; draw < draws; ++draw) {
      const LaidOut laid({60, 30}, 2, 0.6, 100 + static_cast<uint64_t>(draw));
      const TestContext test;
      const auto rows = judge_alignment(laid.cells, {}, test.context);
      const auto row = std::find_if(rows.begin(), rows.end(),
                                    [&](const auto& r) { return r.measure == measure; });
      sum += row->value;
      squares += row->value * row->value;
      errors += row->standard_error / draws;
    }
    const double deviation = std::sqrt((squares - sum * sum / draws) / (draws - 1));
    // A deviation over 150 draws is right to 1 / √300 = 6 %: three of these. Shares of queries
    // alone would give an error that is a third too small.
    EXPECT_NEAR(errors / deviation, 1, 0.18) << measure;
  }
}

TEST(Alignment, ASampleIsAboutAllAndRareTypesStayWhole) {
  const LaidOut laid({900, 600, 12}, 3, 0.8);
  const Judged all(laid.cells), some(laid.cells, {15, 312});
  for (const auto& row : some.rows) {
    const auto& whole = all.of(row.measure, row.of, row.cell_type, row.space);
    EXPECT_EQ(row.cells, whole.cells);
    EXPECT_NEAR(row.chance, whole.chance, 1e-12) << row.measure;
    if (row.cell_type == "type 2") {
      EXPECT_DOUBLE_EQ(row.value, whole.value) << row.measure;  // all of its cells
    } else {
      EXPECT_NEAR(row.value, whole.value, 4 * row.standard_error) << row.measure;
    }
  }
  EXPECT_NE(some.of("foscttm", "both").value, all.of("foscttm", "both").value);
}

TEST(Alignment, ThreadsDoNotChangeABit) {
  const LaidOut laid({300, 80}, 2, 0.7);
  const Judged one(laid.cells, {15, 200}, 1), three(laid.cells, {15, 200}, 3);
  ASSERT_EQ(one.rows.size(), three.rows.size());
  for (size_t i = 0; i < one.rows.size(); ++i) {
    EXPECT_EQ(one.rows[i].value, three.rows[i].value);
    EXPECT_EQ(one.rows[i].standard_error, three.rows[i].standard_error);
  }
}

TEST(Alignment, WithoutPairsOrLabelsOnlyWhatCanBeJudgedIs) {
  LaidOut laid({50, 30}, 2, 1);
  auto& cells = laid.cells;
  cells.paired = false;
  // Fewer cells with chromatin, in another order of types.
  cells.atac.types.resize(40);
  cells.atac.own.resize(40 * kDimensions);
  cells.atac.mapped.resize(40 * kDimensions);
  const Judged labelled(cells);
  EXPECT_FALSE(labelled.has("foscttm"));
  EXPECT_TRUE(labelled.has("label_transfer"));
  EXPECT_NEAR(labelled.of("mixing", "atac").chance, 80.0 / 119, 1e-12);
  EXPECT_NEAR(labelled.of("mixing", "rna").chance, 40.0 / 119, 1e-12);
  EXPECT_NEAR(labelled.of("mixing_within_type", "rna", "type 0").chance, 40.0 / 89, 1e-12);
  // No chromatin of that type: nothing that it could mix with.
  EXPECT_TRUE(std::isnan(labelled.of("mixing_within_type", "rna", "type 1").value));
  cells.atac.types.clear();
  cells.training_atac.types.clear();
  const Judged unlabelled(cells);
  EXPECT_FALSE(unlabelled.has("label_transfer"));
  EXPECT_FALSE(unlabelled.has("mixing_within_type"));
  EXPECT_DOUBLE_EQ(unlabelled.of("mixing", "atac").value, labelled.of("mixing", "atac").value);
}

// ---- strata ----

TEST(Strata, WeighTypesByTheCellsThatTheyHave) {
  const std::vector<int32_t> types = {0, 0, 0, 0, 1, 1};
  const std::vector<int32_t> asked = {0, 1, 4, 5};
  const Strata strata(types, 2, asked);
  EXPECT_EQ(strata.stand_for(), (std::vector<double>{2, 2, 1, 1}));
  const auto mean = strata.mean(std::vector<double>{1, 3, 10, 20});
  EXPECT_DOUBLE_EQ(mean.value, (4 * 2 + 2 * 15) / 6.0);
  // Variances of the types' means: 2 / 2 and 50 / 2.
  EXPECT_DOUBLE_EQ(mean.standard_error, std::sqrt(16 * 1 + 4 * 25) / 6);
  const auto share = strata.share(std::vector<double>{1, 0, 1, 1});
  EXPECT_DOUBLE_EQ(share.value, (4 * 0.5 + 2) / 6);
  EXPECT_DOUBLE_EQ(strata.balanced_share(std::vector<double>{1, 0, 1, 1}).value, 0.75);
  EXPECT_TRUE(std::isnan(Strata({}, 1, {}).mean({}).value));
}

}  // namespace
}  // namespace grids::core
