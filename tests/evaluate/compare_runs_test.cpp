#include "evaluate/compare_runs.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "io/atomic_file.hpp"
#include "io/manifest.hpp"
#include "support/fixtures.hpp"
#include "support/temp_folder.hpp"

namespace grids {
namespace {

struct TwoRuns {
  FinishedRun run(const std::string& settings, const CompareRun& run,
                  const std::string& objective = "surrogate") {
    CompareRuns runs(folder / "runs", settings, 2, context);
    auto finished = runs.run(objective, {{0, 1, 10}}, run, [&](const Context&) {
      ++done;
      ComparedSet set;
      set.cell_type.assign(1, 'A');
      set.gene.assign(1, 'g');
      set.method = run.method;
      set.set_size = 10;
      set.seed = run.seed;
      set.relative_change = 1.0 / 3;
      Table skipped({"cell_type", "gene", "L", "reason", "gate"});
      skipped.add({"A", "h", "10", "because", ""});
      return FinishedRun{{set}, skipped};
    });
    reused = runs.reused();
    return finished;
  }

  test::TempFolder folder;
  ThreadPool pool{1};
  Reporter reporter;
  Context context{1, pool, reporter};
  int done = 0;
  int64_t reused = 0;
};

TEST(CompareRuns, WhatWasLearnedIsReadAgainAndTheSame) {
  TwoRuns world;
  const auto first = world.run("s", {"grids", 1});
  EXPECT_EQ(world.reused, 0);
  const auto second = world.run("s", {"grids", 1});
  EXPECT_EQ(world.done, 1);
  EXPECT_EQ(world.reused, 1);
  EXPECT_EQ(first.sets[0].relative_change, second.sets[0].relative_change);
  EXPECT_EQ(second.skipped.text(0, "reason"), "because");
}

TEST(CompareRuns, WhatWasChangedSinceIsLearnedAnew) {
  TwoRuns world;
  world.run("s", {"grids", 1});
  for (const auto& file : std::filesystem::directory_iterator(world.folder / "runs")) {
    if (file.path().extension() != ".tsv") continue;
    const auto whole = read_file(file.path());
    replace_file(file.path(), whole.substr(0, whole.find('\n') + 1));  // the header alone
  }
  EXPECT_EQ(world.run("s", {"grids", 1}).sets.size(), 1u);
  EXPECT_EQ(world.reused, 0);
  world.run("s", {"grids", 1});
  EXPECT_EQ(world.done, 2);
}

/// Puts other rows in the place of the kept run's, as if it had been kept so.
void put_in_place(const std::filesystem::path& runs, const std::string& rows) {
  for (const auto& file : std::filesystem::directory_iterator(runs)) {
    if (file.path().extension() != ".tsv") continue;
    replace_file(file.path(), rows);
    replace_file(
        file.path().string() + ".sha256",
        sha256_of(file.path()) + "\n" + sha256_of(file.path().string() + ".skipped") + "\n");
  }
}

TEST(CompareRuns, ThoseOfVersion1AreRead) {
  for (const auto& file :
       std::filesystem::directory_iterator(test::fixture("version_1/comparison/runs"))) {
    if (file.path().extension() != ".tsv") continue;
    TwoRuns world;
    world.run("s", {"grids", 1});
    put_in_place(world.folder / "runs", read_file(file.path()));
    const auto kept = world.run("s", {"grids", 1});
    EXPECT_EQ(world.done, 1);
    ASSERT_EQ(kept.sets.size(), 1u);
    EXPECT_EQ(kept.sets[0].gene, "LYZ");
    EXPECT_EQ(kept.sets[0].peaks.size(), 3u);
    EXPECT_TRUE(std::isfinite(kept.sets[0].relative_change));
    EXPECT_EQ(file.path().filename().string().find("surrogate-" + kept.sets[0].method + "-L3"), 0u);
  }
}

TEST(CompareRuns, OfAnotherVersionThatWroteOtherColumnsItIsLearnedAnew) {
  struct Warnings : Reporter {
    void warning(std::string_view text) override { last = text; }
    std::string last;
  };
  TwoRuns world;
  world.run("s", {"grids", 1});
  put_in_place(world.folder / "runs", "cell_type\tgene\nA\tg\n");
  Warnings warnings;
  const Context context{1, world.pool, warnings};
  CompareRuns runs(world.folder / "runs", "s", 1, context);
  const auto again = runs.run("surrogate", {{0, 1, 10}}, {"grids", 1}, [&](const Context&) {
    return FinishedRun{{ComparedSet{}, ComparedSet{}}, Table({"cell_type"})};
  });
  EXPECT_EQ(again.sets.size(), 2u);
  EXPECT_EQ(runs.reused(), 0);
  EXPECT_THAT(warnings.last,
              ::testing::AllOf(::testing::HasSubstr("kept by another version of grids"),
                               ::testing::HasSubstr("no column 'method'")));
}

TEST(CompareRuns, AnythingElseIsLearnedAnew) {
  TwoRuns world;
  world.run("s", {"grids", 1});
  world.run("t", {"grids", 1});
  world.run("s", {"grids", 2});
  world.run("s", {"random", 1});
  world.run("s", {"grids", 1, Allowance::kUnlimited});
  world.run("s", {"grids", 1, Allowance::kEqual, {7}});
  world.run("s", {"grids", 1}, "truth-all");
  EXPECT_EQ(world.done, 7);
}

}  // namespace
}  // namespace grids
