#include "prepare/split.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "prepare/fixture.hpp"

namespace grids::core {
namespace {

struct Example {
  std::vector<std::string> types, donors;
  void add(const std::string& type, int count, const std::string& donor = "d") {
    for (int i = 0; i < count; ++i) {
      types.push_back(type);
      donors.push_back(donor);
    }
  }
  std::vector<Split> split(uint64_t seed = 1, const SplitOptions& options = {}) const {
    return split_cells(std::ssize(types), categorical_of(types), categorical_of(donors), options,
                       seed);
  }
};

/// Law: sizes are those of largest remainder, and a type of at least three cells has a test cell.
RC_GTEST_PROP(Split, SizesAreRight, ()) {
  const int cells = *rc::gen::inRange(1, 400);
  Example example;
  example.add("T", cells / 2, "d1");
  example.add("T", cells - cells / 2, "d2");
  const auto split = example.split();
  const auto count = [&](Split s) { return std::count(split.begin(), split.end(), s); };
  if (cells < kFewestCellsToSplit) {
    RC_ASSERT(count(Split::kTrain) == cells);
    return;
  }
  // A size differs from its exact share by less than one, or is the one test cell owed.
  RC_ASSERT(count(Split::kTest) >= 1);
  RC_ASSERT(std::abs(static_cast<double>(count(Split::kTrain)) - 0.7 * cells) <= 1.0 + 1e-9);
  RC_ASSERT(std::abs(static_cast<double>(count(Split::kValidation)) - 0.1 * cells) <= 1.0 + 1e-9);
}

TEST(Split, TenCellsAreSevenOneTwo) {
  Example example;
  example.add("T", 10);
  const auto split = example.split();
  EXPECT_EQ(std::count(split.begin(), split.end(), Split::kTrain), 7);
  EXPECT_EQ(std::count(split.begin(), split.end(), Split::kValidation), 1);
}

TEST(Split, DonorsAreRepresentedInProportion) {
  Example example;
  for (int d = 0; d < 7; ++d) example.add("T", 20 + 13 * d, fmt::format("donor{}", d));
  const auto split = example.split();
  std::map<std::string, std::pair<int, int>> test_of;
  for (size_t i = 0; i < split.size(); ++i) {
    ++test_of[example.donors[i]].second;
    test_of[example.donors[i]].first += split[i] == Split::kTest ? 1 : 0;
  }
  for (const auto& [donor, counts] : test_of) {
    // Each stretch of the interleaved order holds its share to within about one cell on either end.
    EXPECT_NEAR(counts.first, 0.2 * counts.second, 2) << donor;
  }
}

TEST(Split, DoesNotDependOnWhatTypesAndDonorsAreCalled) {
  Example example;
  example.add("T", 50, "d1");
  example.add("S", 40, "d1");
  example.add("T", 31, "d2");
  Example renamed;
  renamed.add("a", 50, "z");
  renamed.add("b", 40, "z");
  renamed.add("a", 31, "y");
  EXPECT_EQ(renamed.split(), example.split());
  EXPECT_NE(example.split(2), example.split());  // the seed matters
}

// As where types are clusters, which are made of training cells.
TEST(Split, WithoutTypesAllCellsAreSplitTogether) {
  const auto split = split_cells(100, {}, {}, {}, 1);
  EXPECT_EQ(std::count(split.begin(), split.end(), Split::kTrain), 70);
  EXPECT_EQ(std::count(split.begin(), split.end(), Split::kTest), 20);
}

TEST(Split, SharesMustSumToOne) {
  Problems problems;
  check(SplitOptions{0.7, 0.2, 0.2}, problems);
  check(SplitOptions{0.0, 0.5, 0.5}, problems);
  EXPECT_EQ(problems.list().size(), 2u);
}

}  // namespace
}  // namespace grids::core
