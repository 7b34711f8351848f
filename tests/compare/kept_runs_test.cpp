// The runs that a comparison of version 1 kept (tests/fixtures/version_1/comparison/runs), read by
// the comparison of today.
#include <gtest/gtest.h>

#include <cmath>

#include "compare/compare_runs.hpp"
#include "io/atomic_file.hpp"
#include "io/manifest.hpp"
#include "support/fixtures.hpp"
#include "support/temp_folder.hpp"

namespace grids::core {
namespace {

/// Asks for one run, twice; before the second time the files of version 1 take the place of what
/// was kept. Returns what the second time gives.
FinishedRun read_in_place(const std::filesystem::path& kept, int& learned) {
  const test::TempFolder folder;
  ThreadPool pool(1);
  Reporter reporter;
  const Context context{1, pool, reporter};
  const auto ask = [&] {
    CompareRuns runs(folder / "runs", "settings", 1, context);
    return runs.run("surrogate", {{0, 1, 10}}, {"grids", 1}, [&](const Context&) {
      ++learned;
      return FinishedRun{};
    });
  };
  ask();
  for (const auto& file : std::filesystem::directory_iterator(folder / "runs")) {
    if (!file.path().string().ends_with(".skipped")) continue;
    const auto text = file.path().string();
    const std::string sets = text.substr(0, text.size() - std::string(".skipped").size());
    for (const char* suffix : {"", ".skipped", ".sha256"}) {
      replace_file(sets + suffix, read_file(kept.string() + suffix));
    }
  }
  return ask();
}

TEST(KeptRuns, OfVersion1AreRead) {
  int read = 0;
  for (const auto& file :
       std::filesystem::directory_iterator(test::fixture("version_1/comparison/runs"))) {
    if (file.path().extension() != ".tsv") continue;
    int learned = 0;
    const auto finished = read_in_place(file.path(), learned);
    EXPECT_EQ(learned, 1);
    ASSERT_EQ(finished.sets.size(), 1u);
    const auto& set = finished.sets[0];
    EXPECT_EQ(set.gene, "LYZ");
    EXPECT_EQ(set.peaks.size(), 3u);
    EXPECT_TRUE(std::isfinite(set.relative_change));
    EXPECT_TRUE(file.path().filename().string().starts_with("surrogate-" + set.method + "-L3"));
    ++read;
  }
  EXPECT_EQ(read, 2);
}

}  // namespace
}  // namespace grids::core
