// Which folders are the shards of one run.
#include "pipeline/merge_shards.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "io/folder.hpp"
#include "io/manifest.hpp"
#include "support/temp_folder.hpp"

namespace grids::core {
namespace {

using testing::AllOf;
using testing::HasSubstr;

/// Folders as `explain --shard` leaves them, without tables: these are looked at later.
class MergeShards : public testing::Test {
 protected:
  /// What a test may change of a shard.
  struct Made {
    std::string options = R"({"set-size": "10", "shard": "SHARD"})";
    std::string version = GRIDS_VERSION;
    uint64_t seed = 1;
    std::string study = "aa";
    std::string asked = "everything";
    bool ended = true;
  };

  std::filesystem::path shard(int64_t number, int64_t count) const {
    return shard(number, count, Made());
  }

  std::filesystem::path shard(int64_t number, int64_t count, Made made) const {
    const auto folder = folder_.path() / ("shard_" + std::to_string(number));
    make_folder(folder);
    write_whole_run(folder, "explain", {{number, count}, 7, made.asked});
    if (!made.ended) return folder;
    Manifest manifest;
    manifest.command = "explain";
    manifest.version = made.version;
    const auto text = std::to_string(number) + "/" + std::to_string(count);
    const auto place = made.options.find("SHARD");
    if (place != std::string::npos) made.options.replace(place, 5, text);
    manifest.options = made.options;
    manifest.seed = made.seed;
    manifest.inputs = {{"study.h5mu", made.study, 1}, {"surrogate.safetensors", "bb", 1}};
    write_manifest(folder / "manifest.json", {&manifest, 1});
    return folder;
  }

  /// Two good shards of three, and a third that a test has made otherwise.
  std::string refusal_of(const Made& third) const {
    return refusal({shard(1, 3), shard(2, 3), shard(3, 3, third)});
  }

  static std::string refusal(const std::vector<std::filesystem::path>& folders) {
    try {
      read_shards(folders);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kInput);
      return error.what();
    }
    return "nothing is refused";
  }

  test::TempFolder folder_;
};

TEST_F(MergeShards, AreTakenInAnyOrder) {
  const auto first = shard(1, 3), second = shard(2, 3), third = shard(3, 3);
  const auto set = read_shards({third, first, second});
  EXPECT_EQ(set.command, "explain");
  EXPECT_EQ(set.folders, (std::vector<std::filesystem::path>{first, second, third}));
  EXPECT_EQ(set.portions, 7);
  EXPECT_EQ(set.seed, 1u);
  EXPECT_EQ(set.options, (OptionSet::Values{{"set-size", "10"}}));
}

TEST_F(MergeShards, EachThatIsMissingIsNamedWithWhatToDo) {
  EXPECT_THAT(refusal({shard(2, 4), shard(4, 4)}),
              AllOf(HasSubstr("shard 1/4 is missing: run grids explain … --shard 1/4"),
                    HasSubstr("shard 3/4 is missing: run grids explain … --shard 3/4")));
}

TEST_F(MergeShards, OneThatIsThereTwiceIsNamed) {
  EXPECT_THAT(refusal({shard(1, 2), shard(2, 2), shard(1, 2)}),
              AllOf(HasSubstr("shard_1"), HasSubstr("shard 1/2"), HasSubstr("leave one")));
}

TEST_F(MergeShards, OneThatDidNotEndIsNamed) {
  Made stopped;
  stopped.ended = false;
  EXPECT_THAT(refusal_of(stopped), AllOf(HasSubstr("shard_3"), HasSubstr("shard 3/3 did not end"),
                                         HasSubstr("run grids explain … --shard 3/3")));
}

TEST_F(MergeShards, AManifestOfAnotherShardIsNoEnd) {
  Made stopped;  // begun in the folder of another
  stopped.options = R"({"set-size": "10", "shard": "2/3"})";
  EXPECT_THAT(refusal_of(stopped), HasSubstr("shard 3/3 did not end"));
}

TEST_F(MergeShards, ThoseOfOtherRunsAreRefusedByField) {
  const auto says = [&](auto&& change, const std::string& field) {
    Made other;
    change(other);
    EXPECT_THAT(refusal_of(other), AllOf(HasSubstr("shard_3"), HasSubstr("shard_1"),
                                         HasSubstr(field), HasSubstr("run this one again")));
  };
  says([](Made& made) { made.version = "0.0.1"; }, "version is 0.0.1");
  says([](Made& made) { made.seed = 8; }, "seed is 8, there 1");
  says([](Made& made) { made.study = "cc"; }, "inputs: the study is study.h5mu (SHA-256 cc)");
  says([](Made& made) { made.asked = "less"; }, "targets");
  says([](Made& made) { made.options = R"({"set-size": "3", "shard": "SHARD"})"; },
       "options: set-size is 3, there 10");
  says([](Made& made) { made.options = R"({"shard": "SHARD"})"; },
       "options: set-size is not given, there 10");
}

TEST_F(MergeShards, AnotherVersionThanThisIsRefusedThoughAllHaveIt) {
  Made old;
  old.version = "0.0.1";
  EXPECT_THAT(refusal({shard(1, 2, old), shard(2, 2, old)}),
              AllOf(HasSubstr("version is 0.0.1"), HasSubstr(GRIDS_VERSION)));
}

TEST_F(MergeShards, WhatIsNoShardIsTold) {
  EXPECT_THAT(refusal({folder_.path()}),
              HasSubstr("holds no shard; give folders that grids explain"));
  EXPECT_THAT(refusal({folder_.path() / "none"}), HasSubstr("there is no such folder"));
  EXPECT_THROW(read_shards({}), Error);
}

TEST_F(MergeShards, ARecordThatIsNoneIsTold) {
  const auto folder = shard(1, 1);
  std::ofstream(folder / ".grids/portions/explain.json") << R"({"shard": 3, "shards": 2})";
  EXPECT_THAT(refusal({folder}), AllOf(HasSubstr("explain.json"), HasSubstr("again")));
}

}  // namespace
}  // namespace grids::core
