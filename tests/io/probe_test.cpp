#include "io/probe.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <chrono>

#include "io/memory_store.hpp"
#include "io/store_walk.hpp"
#include "io/support.hpp"

namespace grids::core {
namespace {

using test::MemoryGroup;
using test::TempFolder;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// A file to look at, and programs that look at it in their own ways.
class ProbeTest : public ::testing::Test {
 protected:
  void SetUp() override { test::put(folder_ / "file.h5", "any bytes"); }

  /// What is said of the file when the probe is this shell script.
  std::string message(const std::string& script, double patience = 60) {
    const auto program = folder_ / "probe";
    test::put(program, "#!/bin/sh\n" + script);
    ::chmod(program.c_str(), 0755);
    return test::input_message([&] { probe(folder_ / "file.h5", {program, patience}); });
  }

  TempFolder folder_;
};

TEST_F(ProbeTest, AFileThatTheProbeSurvivesIsGood) {
  EXPECT_EQ(message("echo a; echo a/b; echo ."), "no error");
}

TEST_F(ProbeTest, ItsDeathIsTheFilesAndThePlaceIsNamed) {
  EXPECT_THAT(message("echo obs; echo obs/index; kill -SEGV $$"),
              AllOf(HasSubstr("file.h5: obs/index: the file is damaged"), HasSubstr("crashes")));
  EXPECT_THAT(message("kill -ABRT $$"), HasSubstr("file.h5: the file is damaged"));
  EXPECT_THAT(message("echo obs; exit 0"),
              HasSubstr("obs: the file is damaged"));  // not to its end
  EXPECT_THAT(message("echo X/data; exit 4"), HasSubstr("X/data: asks for more memory"));
}

TEST_F(ProbeTest, OneThatGetsNowhereIsEndedAndOneThatGetsOnIsNot) {
  const auto began = std::chrono::steady_clock::now();
  EXPECT_THAT(message("echo obs; while :; do :; done", 0.3),
              AllOf(HasSubstr("obs: the file is damaged"), HasSubstr("finds no end")));
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(60));
  EXPECT_EQ(message("for i in 1 2 3 4; do echo $i; j=0; while [ $j -lt 30000 ]; do j=$((j+1)); "
                    "done; done; echo .",
                    10),
            "no error");
  EXPECT_EQ(message("sleep 1; echo .", 0.1), "no error");  // waiting is not work
}

TEST_F(ProbeTest, OneThatWasStoppedSaysNothingOfTheFile) {
  EXPECT_THAT(message("kill -TERM $$"), HasSubstr("another kind: grids-probe was stopped"));
}

TEST_F(ProbeTest, AMissingProgramIsNamed) {
  EXPECT_THAT(
      test::input_message([&] {
        probe(folder_ / "file.h5", {folder_ / "none", 1});
      }),
      AllOf(HasSubstr("another kind: cannot start"), HasSubstr("none"), HasSubstr("beside grids")));
}

TEST(StoreWalk, GetsToEveryObjectOnceAndPassesOverWhatFails) {
  const auto root = std::make_shared<MemoryGroup>(store::Place{"memory", {}});
  const auto group = root->add_group("obs");
  group->add("index", {std::vector<std::string>{"a", "b"}});
  group->attributes["_index"] = std::vector<std::string>{"index"};
  const auto wide = root->add("X", {4, 3}, std::vector<double>(12, 1.0));
  const auto bad = root->add("bad", std::vector<double>{1});
  bad->bytes_claimed = 0;
  std::vector<std::string> places;
  const auto step = [&](const std::string& place) { places.push_back(place); };
  store::walk(store::Group(root), store::WalkBulk::kEnds, step);
  EXPECT_THAT(places, ElementsAre("", "X", "bad", "obs", "obs/index"));
  EXPECT_THAT(wide->reads,
              ElementsAre(std::pair(int64_t{0}, size_t{3}), std::pair(int64_t{3}, size_t{3})));
  wide->reads.clear();
  store::walk(store::Group(root), store::WalkBulk::kAll, [](const std::string&) {});
  EXPECT_THAT(wide->reads, ElementsAre(std::pair(int64_t{0}, size_t{12})));
}

TEST(StoreWalk, GetsToWhatReadersAskForByNameWhereListsAreDamaged) {
  const auto root = std::make_shared<MemoryGroup>(store::Place{"memory", {}});
  root->add_group("obs")->add("_index", {std::vector<std::string>{"a", "b"}});
  root->unlisted = true;
  std::vector<std::string> places;
  store::walk(store::Group(root), store::WalkBulk::kEnds,
              [&](const std::string& place) { places.push_back(place); });
  EXPECT_THAT(places, ElementsAre("", "obs", "obs/_index"));
}

TEST(StoreSizes, ALengthBelowZeroOrBeyondAnyMemoryIsAnError) {
  const auto root = std::make_shared<MemoryGroup>(store::Place{"memory", {}});
  for (const int64_t length : {int64_t{-1}, int64_t{1} << 50}) {
    root->add("X", {length}, std::vector<double>{1});
    const auto array = store::Group(root).array("X");
    EXPECT_THAT(test::input_message([&] { array.read<double>(); }), HasSubstr("claims"));
  }
}

}  // namespace
}  // namespace grids::core
