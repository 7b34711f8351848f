#include "compare/compare_runs.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "io/atomic_file.hpp"
#include "io/manifest.hpp"
#include "support/temp_folder.hpp"

namespace grids::core {
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
      set.seconds = 1.25;
      return FinishedRun{{set}, {{"A", "h", 10, "because", ""}}};
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
  EXPECT_EQ(second.skipped.at(0).reason, "because");
  EXPECT_EQ(second.sets[0].seconds, 1.25);
}

/// The kept table of sets with its columns changed, as another version would have written it.
template <typename Change>
void rewrite_sets(const TwoRuns& world, const Change& change) {
  for (const auto& entry : std::filesystem::directory_iterator(world.folder / "runs")) {
    const auto& path = entry.path();
    if (path.extension() != ".tsv" || path.string().ends_with(".timings.tsv")) continue;
    write_table(path, change(read_table(path)));
    replace_file(path.string() + ".sha256",
                 sha256_of(path) + "\n" + sha256_of(path.string() + ".skipped") + "\n");
    std::filesystem::remove(std::filesystem::path(path).replace_extension(".timings.tsv"));
  }
}

TEST(CompareRuns, WhatHoldsTimesAmongItsColumnsIsReadWithoutThem) {
  TwoRuns world;
  const auto first = world.run("s", {"grids", 1});
  rewrite_sets(world, [](const Table& kept) {
    auto columns = kept.columns();
    columns.insert(columns.begin() + 9, "seconds");
    Table older(columns);
    for (size_t row = 0; row < kept.rows(); ++row) {
      auto cells = kept.row(row);
      cells.insert(cells.begin() + 9, "0.5");
      older.add(cells);
    }
    return older;
  });
  const auto second = world.run("s", {"grids", 1});
  EXPECT_EQ(world.done, 1);
  EXPECT_EQ(first.sets[0].relative_change, second.sets[0].relative_change);
  EXPECT_TRUE(std::isnan(second.sets[0].seconds));
}

TEST(CompareRuns, WhatLacksAColumnIsLearnedAnew) {
  TwoRuns world;
  world.run("s", {"grids", 1});
  rewrite_sets(world, [](const Table& kept) {
    auto columns = kept.columns();
    *std::find(columns.begin(), columns.end(), "peaks") = "members_of_it";
    Table other(columns);
    for (size_t row = 0; row < kept.rows(); ++row) other.add(kept.row(row));
    return other;
  });
  EXPECT_EQ(world.run("s", {"grids", 1}).sets.size(), 1u);
  EXPECT_EQ(world.done, 2);
  EXPECT_EQ(world.reused, 0);
}

TEST(CompareRuns, NothingRestsOnTimes) {
  TwoRuns world;
  world.run("s", {"grids", 1});
  for (const auto& entry : std::filesystem::directory_iterator(world.folder / "runs")) {
    if (entry.path().string().ends_with(".timings.tsv")) replace_file(entry.path(), "broken\n1\n");
  }
  EXPECT_TRUE(std::isnan(world.run("s", {"grids", 1}).sets[0].seconds));
  EXPECT_EQ(world.done, 1);
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
}  // namespace grids::core
