#include "base/described.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/name_list.hpp"
#include "base/program.hpp"

namespace grids::core {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(Range, HoldsWhatItSays) {
  EXPECT_TRUE(at_least(1).holds(1));
  EXPECT_FALSE(at_least(1).holds(0.999));
  EXPECT_FALSE(above(0).holds(0));
  EXPECT_TRUE(above(0).at_most(1).holds(1));
  EXPECT_FALSE(at_least(0).below(1).holds(1));
  EXPECT_FALSE(Range().holds(std::numeric_limits<double>::quiet_NaN()));
  EXPECT_FALSE(Range().holds(std::numeric_limits<double>::infinity()));
  EXPECT_EQ(at_least(1).text(), "at least 1");
  EXPECT_EQ(above(0).below(0.5).text(), "above 0 and below 0.5");
  EXPECT_EQ(Range().text(), "");
}

struct Fitted {
  int64_t steps = 10;
  double rate = 0.5;
  double inner = 1;
  int64_t least = 1, most = 5;

  void describe(OptionSet& set) {
    set.value("--steps", steps, "Steps", at_least(1));
    set.value("--rate", rate, "Rate", above(0).below(1));
    set.inner("inner", inner, at_least(0));
    set.value("--least", least, "Least");
    set.value("--most", most, "Most");
    set.rule([this](Problems& problems) {
      if (least > most) problems.add("--least {} is above --most {}", least, most);
    });
  }
};

TEST(Described, AStructIsCheckedFieldByFieldAndByItsRules) {
  Problems none;
  check(Fitted(), none);
  EXPECT_TRUE(none.empty());
  Problems problems;
  check(Fitted{.steps = 0, .rate = 1, .inner = -1, .least = 7}, problems);
  EXPECT_THAT(
      problems.list(),
      ElementsAre("--steps must be at least 1, not 0", "--rate must be above 0 and below 1, not 1",
                  "inner must be at least 0, not -1", "--least 7 is above --most 5"));
  Problems infinite;
  check(Fitted{.inner = std::numeric_limits<double>::infinity()}, infinite);
  EXPECT_EQ(infinite.list().size(), 1u);
}

TEST(Described, NoNameIsDeclaredTwiceUnlessTheSectionHasAnotherFlag) {
  int64_t a = 1, b = 2;
  OptionSet set;
  set.section("one");
  set.value("--batch", a, "");
  set.section("two");
  EXPECT_THROW(set.value("--batch", b, ""), Error);
  set.section("two", {{"batch", "--two-batch"}});
  set.value("--batch", b, "");
  EXPECT_EQ(set.fields().back().flag, "--two-batch");
  EXPECT_EQ(set.fields().back().key, "batch");
}

/// A preset sets what the options after it hold; those that are given go beyond it.
TEST(Described, APresetGoesBeforeTheOptionsThatFollowIt) {
  std::string preset = "small";
  int64_t cells = 10, peaks = 20;
  OptionSet set;
  set.choice<std::string>("--preset", preset, {{"small", "small"}, {"large", "large"}}, "");
  set.then([&] {
    cells = preset == "large" ? 100 : 10;
    peaks = preset == "large" ? 200 : 20;
  });
  set.value("--cells", cells, "");
  set.value("--peaks", peaks, "");
  Problems problems;
  assign_options(set, {{{"large"}, ""}, {{"7"}, ""}, {}}, problems);
  EXPECT_TRUE(problems.empty());
  EXPECT_EQ(cells, 7);
  EXPECT_EQ(peaks, 200);
}

TEST(Described, AListOfWordsKnowsThem) {
  std::vector<std::string> methods = {"all"};
  OptionSet set;
  set.list("--methods", methods, {"all", "grids", "greedy"}, "");
  Problems problems;
  assign_options(set, {{{"grids,greedy"}, ""}}, problems);
  EXPECT_THAT(methods, ElementsAre("grids", "greedy"));
  assign_options(set, {{{"gredy"}, ""}}, problems);
  ASSERT_EQ(problems.list().size(), 1u);
  EXPECT_THAT(problems.list()[0], HasSubstr("(did you mean 'greedy'?)"));
}

TEST(Described, AListOfNumbersIsHeldToItsRangeAndItsKind) {
  std::vector<double> shares = {0.5};
  std::vector<int64_t> seeds = {1};
  OptionSet set;
  set.list("--shares", shares, "", at_least(0).at_most(1));
  set.list("--seeds", seeds, "", at_least(0));
  EXPECT_EQ(set.fields()[0].standard, "0.5");
  Problems problems;
  assign_options(set, {{{"0.25,1"}, ""}, {{"3", "4"}, ""}}, problems);
  EXPECT_THAT(shares, ElementsAre(0.25, 1));
  EXPECT_THAT(seeds, ElementsAre(3, 4));
  assign_options(set, {{{"0.5,1.5"}, ""}, {{"0.5"}, ""}}, problems);
  ASSERT_EQ(problems.list().size(), 2u);
  const std::string told = problems.list()[0] + "; " + problems.list()[1];
  EXPECT_THAT(told, HasSubstr("must be at least 0 and at most 1, not 1.5"));
  EXPECT_THAT(told, HasSubstr("'0.5' is not a whole number"));
}

TEST(SplitNames, AWordThatIsANameIsNeverCut) {
  const std::vector<std::string> known = {"CD4-positive, alpha-beta T cell", "B", "A,B", " odd"};
  const auto split = [&](const std::vector<std::string>& words) {
    return split_names(words, [&](std::string_view name) {
      return std::find(known.begin(), known.end(), name) != known.end();
    });
  };
  EXPECT_THAT(split({"CD4-positive, alpha-beta T cell"}),
              ElementsAre("CD4-positive, alpha-beta T cell"));
  EXPECT_THAT(split({"B,CD4-positive, alpha-beta T cell,C"}),
              ElementsAre("B", "CD4-positive, alpha-beta T cell", "C"));
  EXPECT_THAT(split({"A,B,B"}), ElementsAre("A,B", "B")) << "the longest piece that is a name";
  EXPECT_THAT(split({"x, B ,,y"}), ElementsAre("x", "B", "y"));
  EXPECT_THAT(split({" odd,B"}), ElementsAre(" odd", "B"));
  EXPECT_THAT(split({"", ","}), ElementsAre());
}

}  // namespace
}  // namespace grids::core
