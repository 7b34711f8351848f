#include "prepare/split_units.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "prepare/fixture.hpp"

namespace grids::core {
namespace {

using ::testing::HasSubstr;

struct Units {
  std::vector<std::string> types, units;
  void add(const std::string& unit, const std::string& type, int count) {
    types.insert(types.end(), static_cast<size_t>(count), type);
    units.insert(units.end(), static_cast<size_t>(count), unit);
  }
  std::vector<Split> split(uint64_t seed = 1, const SplitOptions& options = {}) const {
    return split_units(categorical_of(types), categorical_of(units), "donor", options, seed);
  }
  std::string refused() const {
    try {
      split();
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  }
};

/// Law: a unit's cells are in one part, and each type is in each part.
RC_GTEST_PROP(SplitUnits, UnitsAreWholeAndTypesEverywhere, ()) {
  const int count = *rc::gen::inRange(5, 16);
  Units example;
  for (int u = 0; u < count; ++u) {
    for (const char* type : {"A", "B", "C"}) {
      example.add(fmt::format("u{}", u), type, *rc::gen::inRange(1, 40));
    }
  }
  const auto split = example.split(*rc::gen::inRange(0, 100));
  std::map<std::string, std::set<Split>> of_unit, of_type;
  for (size_t i = 0; i < split.size(); ++i) {
    of_unit[example.units[i]].insert(split[i]);
    of_type[example.types[i]].insert(split[i]);
  }
  for (const auto& entry : of_unit) RC_ASSERT(entry.second.size() == 1u);
  for (const auto& entry : of_type) RC_ASSERT(entry.second.size() == 3u);
}

TEST(SplitUnits, SharesAreAsNearAsWholeUnitsAllow) {
  Units example;
  for (int u = 0; u < 20; ++u) {
    example.add(fmt::format("u{}", u), "A", 100);
    example.add(fmt::format("u{}", u), "B", 50);
  }
  const auto split = example.split();
  const auto count = [&](Split s) { return std::count(split.begin(), split.end(), s); };
  EXPECT_EQ(count(Split::kTrain), 14 * 150);
  EXPECT_EQ(count(Split::kValidation), 2 * 150);
  EXPECT_EQ(count(Split::kTest), 4 * 150);
  EXPECT_NE(example.split(2), split);  // the seed matters
}

TEST(SplitUnits, DependsOnNoName) {
  Units example, renamed;
  for (int u = 0; u < 7; ++u) {
    example.add(fmt::format("u{}", u), "A", 20 + u);
    example.add(fmt::format("u{}", u), "B", 10);
    renamed.add(fmt::format("v{}", 9 - u), "y", 20 + u);
    renamed.add(fmt::format("v{}", 9 - u), "x", 10);
  }
  EXPECT_EQ(renamed.split(), example.split());
}

TEST(SplitUnits, ARareTypeIsFoundAPlaceInEachPart) {
  Units example;
  for (int u = 0; u < 20; ++u) example.add(fmt::format("u{}", u), "A", 30);
  for (int u = 0; u < 3; ++u) example.add(fmt::format("u{}", u), "rare", 2);
  const auto split = example.split();
  std::set<Split> parts;
  for (size_t i = 0; i < split.size(); ++i) {
    if (example.types[i] == "rare") parts.insert(split[i]);
  }
  EXPECT_EQ(parts.size(), 3u);
}

TEST(SplitUnits, WhatStandsAgainstItIsNamed) {
  Units few;
  for (const char* donor : {"d1", "d2", "d3", "d4"}) few.add(donor, "A", 30);
  EXPECT_THAT(few.refused(), HasSubstr("there are 4 donors (d1, d2, d3, d4)"));
  Units rare;
  for (int u = 0; u < 6; ++u) rare.add(fmt::format("d{}", u), "A", 30);
  rare.add("d2", "HSC", 5);
  rare.add("d4", "HSC", 5);
  EXPECT_THAT(rare.refused(), HasSubstr("HSC (in d2, d4)"));
  EXPECT_THAT(rare.refused(), HasSubstr("--exclude-labels"));
  // Each of four types is in three donors, but in no way are three parts given to all of them.
  Units tangled;
  for (const auto& pair : {"abc", "ade", "bdf", "cef", "abd", "acd", "bcd"}) {
    for (const char donor : std::string(pair)) tangled.add({donor}, pair, 5);
  }
  EXPECT_THAT(tangled.refused(), HasSubstr("in none of"));
  EXPECT_THAT(tangled.refused(), HasSubstr("abc (in "));
}

TEST(SplitUnits, APartThatIsNotAskedForIsNotNeeded) {
  Units example;
  for (int u = 0; u < 6; ++u) example.add(fmt::format("d{}", u), "A", 30);
  for (int u = 0; u < 2; ++u) example.add(fmt::format("d{}", u), "B", 30);
  const auto split = example.split(1, {0.7, 0.0, 0.3});
  EXPECT_EQ(std::count(split.begin(), split.end(), Split::kValidation), 0);
}

}  // namespace
}  // namespace grids::core
