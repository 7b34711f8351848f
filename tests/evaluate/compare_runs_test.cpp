#include "evaluate/compare_runs.hpp"

#include <gtest/gtest.h>

#include "io/atomic_file.hpp"
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
