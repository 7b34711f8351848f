#include "pipeline/run_folder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

#include "base/error.hpp"
#include "io/atomic_file.hpp"

namespace grids::core {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class RunFolderTest : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::temp_directory_path() / fmt::format("grids_run_{}", ::getpid());
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  RunStage stage(const std::string& name, const std::string& settings) {
    return {name, settings,
            [this, name, settings](const Context& context) -> std::vector<std::string> {
              done_.push_back(name);
              context.reporter.warning("about " + name);
              replace_file(folder_ / name, "result " + settings + content_);
              return {name};
            }};
  }

  /// One run of three stages; returns those that had to be done.
  std::vector<std::string> run(const std::string& middle = "m", uint64_t seed = 1) {
    done_.clear();
    ThreadPool pool(1);
    Reporter reporter;
    const Context context{seed, pool, reporter, nullptr};
    const std::vector<std::string> names = {"first", "second", "third"};
    OutputFolder out(folder_, {"run", ""}, names, overwrite_);
    out.claim(names, context);
    RunFolder folder(out, "run", stages_);
    for (const auto& [name, settings] :
         {std::pair<std::string, std::string>{"first", "f"}, {"second", middle}, {"third", "t"}}) {
      folder.run(stage(name, settings), context);
    }
    warnings_.clear();
    for (const auto& entry : folder.stages()) {
      for (const auto& warning : entry.second.warnings) warnings_.push_back(warning);
    }
    return done_;
  }

  fs::path folder_;
  std::vector<std::string> done_;
  std::vector<std::string> warnings_;
  std::string content_;
  bool overwrite_ = false;
  Stages stages_ = Stages::kInTurn;
};

TEST_F(RunFolderTest, WhatIsDoneIsKeptAndItsWarningsAreRepeated) {
  EXPECT_THAT(run(), ElementsAre("first", "second", "third"));
  EXPECT_THAT(run(), ElementsAre());
  EXPECT_THAT(warnings_, ElementsAre("about first", "about second", "about third"));
}

TEST_F(RunFolderTest, AChangedStageAndAllAfterItAreDoneAgain) {
  run();
  EXPECT_THAT(run("other"), ElementsAre("second", "third"));
  EXPECT_THAT(run("other"), ElementsAre());
  EXPECT_THAT(run("other", 2), ElementsAre("first", "second", "third"));
}

TEST_F(RunFolderTest, AMissingFileIsMadeAgain) {
  run();
  fs::remove(folder_ / "second");
  EXPECT_THAT(run(), ElementsAre("second"));
  EXPECT_THAT(run(), ElementsAre());
}

TEST_F(RunFolderTest, AStageIsDoneAgainWhereOneBeforeItLeftSomethingElse) {
  run();
  fs::remove(folder_ / "first");
  content_ = "of another kind";
  EXPECT_THAT(run(), ElementsAre("first", "second", "third"));
}

TEST_F(RunFolderTest, AByteThatWasChangedIsNeitherKeptNorLost) {
  run();
  std::ofstream(folder_ / "second") << "resulT m";  // as long as before
  try {
    run();
    FAIL();
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("second was not written by grids, or"));
  }
  overwrite_ = true;
  EXPECT_THAT(run(), ElementsAre("second"));
  EXPECT_EQ(read_file(folder_ / "second"), "result m");
  EXPECT_EQ(read_file(folder_ / "second.kept"), "resulT m");
}

TEST_F(RunFolderTest, StagesThatStandApartAreKeptWhicheverOfThemIsAskedFor) {
  stages_ = Stages::kApart;
  run();
  EXPECT_THAT(run("other"), ElementsAre("second"));
  fs::remove(folder_ / "first");
  EXPECT_THAT(run("other"), ElementsAre("first"));
}

TEST_F(RunFolderTest, AStageThatFailsIsNotRemembered) {
  ThreadPool pool(1);
  Reporter reporter;
  const Context context{1, pool, reporter, nullptr};
  {
    OutputFolder out(folder_, {"run", ""}, {}, false);
    out.claim({"first", "second", "third"}, context);
    RunFolder folder(out, "run", Stages::kInTurn);
    folder.run(stage("first", "f"), context);
    const RunStage broken{"second", "m", [](const Context&) -> std::vector<std::string> {
                            throw input_error("no such cells");
                          }};
    try {
      folder.run(broken, context);
      FAIL();
    } catch (const Error& error) {
      EXPECT_STREQ(error.what(), "second: no such cells");
    }
  }
  EXPECT_THAT(run(), ElementsAre("second", "third"));
}

TEST_F(RunFolderTest, AnUnreadableRecordMeansStartingOver) {
  run();
  replace_file(folder_ / ".grids/run.json", "{\"first\": 3}");
  EXPECT_THAT(run(), ElementsAre("first", "second", "third"));
}

}  // namespace
}  // namespace grids::core
