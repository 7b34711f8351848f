#include "pipeline/run_folder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "io/atomic_file.hpp"
#include "support/fixtures.hpp"

namespace grids::core {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;

class RunFolderTest : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::temp_directory_path() / fmt::format("grids_run_{}", ::getpid());
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  RunStage stage(const std::string& name, const std::string& settings) {
    return {name, settings, [this, name](const Context& context) -> std::vector<std::string> {
              done_.push_back(name);
              context.reporter.warning("about " + name);
              replace_file(folder_ / name, "result");
              return {name};
            }};
  }

  /// One run of three stages; returns those that had to be done.
  std::vector<std::string> run(const std::string& middle = "m", uint64_t seed = 1) {
    done_.clear();
    ThreadPool pool(1);
    Reporter reporter;
    const Context context{seed, pool, reporter, nullptr};
    RunFolder folder(folder_);
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

TEST_F(RunFolderTest, AMissingOrShortenedFileIsMadeAgain) {
  run();
  fs::remove(folder_ / "second");
  EXPECT_THAT(run(), ElementsAre("second", "third"));
  replace_file(folder_ / "first", "cut");
  EXPECT_THAT(run(), ElementsAre("first", "second", "third"));
}

TEST_F(RunFolderTest, AStageThatFailsIsNotRemembered) {
  ThreadPool pool(1);
  Reporter reporter;
  const Context context{1, pool, reporter, nullptr};
  {
    RunFolder folder(folder_);
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
  replace_file(folder_ / "stages.json", "{\"first\": 3}");
  EXPECT_THAT(run(), ElementsAre("first", "second", "third"));
}

// tests/fixtures/version_1/run: what it says is done is kept by the version that did it, and done
// again by any other.
TEST_F(RunFolderTest, StagesOfVersion1AreReadAndKeptByThatVersionAlone) {
  const std::string record = read_file(test::fixture("version_1/run/stages.json"));
  const std::string version = "0.1.0";
  for (const bool same : {true, false}) {
    std::string text = record;
    const std::string now = GRIDS_VERSION;
    for (size_t at = text.find(version); at != std::string::npos; at = text.find(version, at)) {
      const std::string other = same ? now : now + "-another";
      text.replace(at, version.size(), other);
      at += other.size();
    }
    fs::remove_all(folder_);
    fs::copy(test::fixture("version_1/run"), folder_, fs::copy_options::recursive);
    replace_file(folder_ / "stages.json", text);
    // The settings are what the key says after version and seed.
    const auto json = nlohmann::json::parse(text);
    ThreadPool pool(1);
    Reporter reporter;
    const Context context{1, pool, reporter, nullptr};
    RunFolder folder(folder_);
    std::vector<std::string> done;
    for (const char* name : {"prepare", "train", "cis", "evaluate", "explain", "map"}) {
      const std::string key = json.at(name).at("key");
      const std::string start = " seed 1 ";
      folder.run({name, key.substr(key.find(start) + start.size()),
                  [&](const Context&) -> std::vector<std::string> {
                    done.push_back(name);
                    return {};
                  }},
                 context);
    }
    EXPECT_EQ(done.size(), same ? 0u : 6u);
  }
}

}  // namespace
}  // namespace grids::core
