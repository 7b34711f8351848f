#include "pipeline/asked.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/recording_reporter.hpp"
#include "io/atomic_file.hpp"
#include "support/temp_folder.hpp"

namespace grids::core {
namespace {

using test::TempFolder;
using ::testing::HasSubstr;

Study study_of(std::vector<std::string> barcodes) {
  Study study;
  study.cells.split.assign(barcodes.size(), Split::kTest);
  study.cells.barcodes = std::move(barcodes);
  return study;
}

struct Asking {
  TempFolder folder;
  ThreadPool pool{1};
  Reporter silent;
  RecordingReporter reporter{silent};
  Context context{1, pool, reporter};
  std::filesystem::path file = folder / "study.h5mu";

  TimesAsked ask(const Study& study, int64_t sets, const std::string& run = "") {
    return record_asking(file, study, sets, run, context);
  }
};

TEST(Asked, RunsAreCountedAndThePartsOfOneOnce) {
  Asking asking;
  const Study study = study_of({"a", "b"});
  EXPECT_EQ(asking.ask(study, 3).runs, 1);
  EXPECT_EQ(asking.ask(study, 4, "shards").runs, 2);
  const auto both = asking.ask(study, 5, "shards");
  EXPECT_EQ(both.runs, 2);
  EXPECT_EQ(both.sets, 12);
  EXPECT_THAT(asked_words(both), HasSubstr("2 times, of 12 sets"));
  EXPECT_EQ(asked_words({1, 3}), "");
  EXPECT_TRUE(asking.reporter.warnings().empty());
}

TEST(Asked, OtherTestCellsAndForeignFilesDoNotCount) {
  Asking asking;
  asking.ask(study_of({"a", "b"}), 3);
  replace_file(asked_folder(asking.file) / "notes.txt", "mine");
  replace_file(asked_folder(asking.file) / "x.asked", "something\nelse\n");
  EXPECT_EQ(asking.ask(study_of({"a", "c"}), 3).runs, 1);
  EXPECT_EQ(read_file(asked_folder(asking.file) / "notes.txt"), "mine");
}

TEST(Asked, AFolderThatCannotBeWrittenIsAWarning) {
  Asking asking;
  replace_file(asked_folder(asking.file), "a file where the folder would be");
  EXPECT_EQ(asking.ask(study_of({"a"}), 3).runs, 0);
  ASSERT_EQ(asking.reporter.warnings().size(), 1u);
  EXPECT_THAT(asking.reporter.warnings()[0], HasSubstr("could not be recorded"));
}

}  // namespace
}  // namespace grids::core
