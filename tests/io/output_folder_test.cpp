// What a folder of results keeps of those who write there, and what it never lets go.
#include "io/output_folder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.hpp"
#include "base/process.hpp"
#include "base/recording_reporter.hpp"
#include "io/atomic_file.hpp"
#include "io/folder.hpp"
#include "io/folder_lock.hpp"
#include "io/manifest.hpp"
#include "io/support.hpp"
#include "support/temp_folder.hpp"

namespace grids::core {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class OutputFolderTest : public ::testing::Test {
 protected:
  /// A command writes these files, each with its name and the command as content.
  void write(const Author& author, const std::vector<std::string>& names, bool overwrite = false,
             const std::string& content = "") {
    OutputFolder out(folder(), author, names, overwrite);
    out.claim(names, context_);
    for (const auto& name : names) {
      replace_file(folder() / name, content.empty() ? author.command + author.target : content);
    }
    out.drop_others(names, context_);
  }
  std::string refusal(const Author& author, const std::vector<std::string>& names) {
    return test::input_message([&] { write(author, names); });
  }
  fs::path folder() const { return temporary_ / "out"; }
  std::string content(const std::string& name) const { return read_file(folder() / name); }
  bool there(const std::string& name) const { return fs::exists(folder() / name); }

  test::TempFolder temporary_;
  ThreadPool pool_{1};
  Reporter silent_;
  RecordingReporter reporter_{silent_};
  Context context_{1, pool_, reporter_, nullptr};
  const Author explain_{"explain", "gene A"};
};

TEST_F(OutputFolderTest, TheSameQuestionReplacesItsOwnFilesAndDropsThoseItNoLongerWrites) {
  write(explain_, {"subsets.tsv", "skipped.tsv"}, false, "first");
  write(explain_, {"subsets.tsv"}, false, "second");
  EXPECT_EQ(content("subsets.tsv"), "second");
  EXPECT_FALSE(there("skipped.tsv"));
  EXPECT_THAT(reporter_.warnings(), IsEmpty());
}

TEST_F(OutputFolderTest, AnotherCommandOrTargetIsReplacedWhereTheUserSaysSo) {
  write(explain_, {"subsets.tsv", "skipped.tsv", "old.bed"});
  EXPECT_THAT(refusal({"explain", "gene B"}, {"subsets.tsv"}),
              AllOf(HasSubstr("subsets.tsv was written by grids explain (gene A)"),
                    HasSubstr("--overwrite")));
  EXPECT_THAT(refusal({"redundancy", "gene A"}, {"skipped.tsv"}), HasSubstr("skipped.tsv"));
  EXPECT_EQ(content("subsets.tsv"), "explaingene A");
  write({"evaluate", ""}, {"accuracy.tsv"});  // beside it, as no name is the same
  write({"redundancy", "gene A"}, {"skipped.tsv"}, true);
  EXPECT_TRUE(there("subsets.tsv")) << "of another command, and not in its way";
  write({"explain", "gene B"}, {"subsets.tsv"}, true);
  EXPECT_EQ(content("subsets.tsv"), "explaingene B");
  EXPECT_FALSE(there("old.bed")) << "with the target goes what else was written of it";
  EXPECT_TRUE(there("skipped.tsv"));
  EXPECT_TRUE(there("accuracy.tsv"));
}

TEST_F(OutputFolderTest, WhatGridsDidNotWriteIsNeverReplaced) {
  fs::create_directories(folder());
  test::put(folder() / "subsets.tsv", "mine");
  test::put(folder() / "notes.part", "mine");
  EXPECT_THAT(refusal(explain_, {"subsets.tsv"}),
              HasSubstr("subsets.tsv was not written by grids"));
  EXPECT_FALSE(there(".grids")) << "a refusal leaves nothing";
  write(explain_, {"subsets.tsv"}, true);
  EXPECT_EQ(content("subsets.tsv"), "explaingene A");
  EXPECT_EQ(content("subsets.tsv.kept"), "mine");
  EXPECT_EQ(content("notes.part"), "mine");
  EXPECT_THAT(reporter_.warnings(), ElementsAre(HasSubstr("kept as subsets.tsv.kept")));
}

// A run claims the files of all its stages as each of them begins.
TEST_F(OutputFolderTest, WhatIsKeptIsSaidOnce) {
  fs::create_directories(folder());
  test::put(folder() / "subsets.tsv", "mine");
  OutputFolder out(folder(), explain_, {"subsets.tsv"}, true);
  out.claim({"subsets.tsv"}, context_);
  out.claim({"subsets.tsv"}, context_);
  EXPECT_THAT(reporter_.warnings(), ElementsAre(HasSubstr("kept as subsets.tsv.kept")));
}

TEST_F(OutputFolderTest, ALinkThatLeadsNowhereIsToldWithItsTarget) {
  fs::create_directories(folder());
  fs::create_symlink(folder() / "gone" / "file", folder() / "link");
  fs::create_symlink(folder() / "gone", folder() / "results");
  EXPECT_THAT(test::input_message([&] { require_writable(folder() / "link", {}); }),
              AllOf(HasSubstr("link (a link to "), HasSubstr("gone/file): No such file")));
  for (const char* name : {"results", "results/"}) {
    EXPECT_THAT(test::input_message([&] { require_folder(folder() / name); }),
                AllOf(HasSubstr("it is a link to "), HasSubstr("remove the link")));
  }
}

TEST_F(OutputFolderTest, AChangedByteIsNoticedWhateverSizeAndTimeSay) {
  write(explain_, {"surrogate"}, false, "weights");
  const auto time = fs::last_write_time(folder() / "surrogate");
  test::put(folder() / "surrogate", "weighty");
  fs::last_write_time(folder() / "surrogate", time);
  EXPECT_THAT(refusal(explain_, {"surrogate"}), HasSubstr("has changed since"));
  EXPECT_THAT(refusal(explain_, {"other"}), HasSubstr("surrogate")) << "of the same author's files";
  EXPECT_EQ(content("surrogate"), "weighty");
}

TEST_F(OutputFolderTest, AFileThatComesWhileAnotherIsWrittenIsNotReplaced) {
  OutputFolder out(folder(), explain_, {}, false);
  out.claim({"subsets.tsv"}, context_);
  const auto message = test::input_message([&] {
    replace_file(folder() / "subsets.tsv", [&](const fs::path& temporary) {
      test::put(temporary, "result");
      test::put(folder() / "subsets.tsv", "mine");
    });
  });
  EXPECT_THAT(message, HasSubstr("not replaced"));
  EXPECT_EQ(content("subsets.tsv"), "mine");
  EXPECT_TRUE(fs::is_empty(folder() / ".grids/parts"));
}

TEST_F(OutputFolderTest, AKillBetweenRecordAndRenameLeavesBothContentsOurs) {
  write(explain_, {"subsets.tsv"}, false, "old");
  test::put(temporary_ / "new", "new");
  note_written(folder(), "subsets.tsv", sha256_of(temporary_ / "new"));  // and no rename
  write(explain_, {"subsets.tsv"}, false, "newer");
  EXPECT_EQ(content("subsets.tsv"), "newer");
}

TEST_F(OutputFolderTest, WhatAKillCutOffTheRecordIsPassedOver) {
  write(explain_, {"a\tb\\n", "plain"});
  std::string record = read_file(WrittenFiles(folder()).record());
  record += "\nclaimed\tknock";
  test::put(WrittenFiles(folder()).record(), record);
  write(explain_, {"a\tb\\n", "plain"});
  EXPECT_EQ(WrittenFiles(folder()).author_of("plain"), explain_);
  EXPECT_EQ(WrittenFiles(folder()).author_of("a\tb\\n"), explain_);
}

TEST_F(OutputFolderTest, ALinkStaysAndWhatItPointsAtIsReplaced) {
  fs::create_directories(folder());
  fs::create_directories(temporary_ / "disk");
  fs::create_symlink("../disk/subsets.tsv", folder() / "subsets.tsv");
  write(explain_, {"subsets.tsv"}, false, "first");  // it pointed at nothing
  write(explain_, {"subsets.tsv"}, false, "second");
  EXPECT_TRUE(fs::is_symlink(folder() / "subsets.tsv"));
  EXPECT_EQ(read_file(temporary_ / "disk/subsets.tsv"), "second");
  test::put(temporary_ / "disk/subsets.tsv", "mine");
  EXPECT_THAT(refusal(explain_, {"subsets.tsv"}), HasSubstr("has changed since"));
  EXPECT_EQ(read_file(temporary_ / "disk/subsets.tsv"), "mine");
  fs::create_symlink("circle", folder() / "circle");
  EXPECT_THAT(test::input_message([&] { replace_file(folder() / "circle", "x"); }),
              HasSubstr("circle"));
}

TEST_F(OutputFolderTest, SingleFilesFollowTheSameLaw) {
  const auto file = temporary_ / "study.h5mu";
  const Author prepare = {"prepare", "cells.h5mu"};
  const auto put = [&](const Author& author, bool overwrite) {
    const OutputFiles files({file}, author, overwrite);
    files.claim(context_);
    replace_file(file, author.command);
  };
  test::put(file, "mine");
  EXPECT_THAT(test::input_message([&] { put(prepare, false); }), HasSubstr("study.h5mu"));
  EXPECT_FALSE(fs::exists(temporary_ / ".grids"));
  put(prepare, true);
  EXPECT_EQ(read_file(temporary_ / "study.h5mu.kept"), "mine");
  put(prepare, false);
  EXPECT_THAT(test::input_message([&] {
                put({"predict", ""}, false);
              }),
              HasSubstr("grids prepare (cells.h5mu)"));
  EXPECT_EQ(read_file(file), "prepare");
  const OutputFiles held({file}, prepare, false);
  EXPECT_THAT(test::input_message([&] { put(prepare, false); }),
              HasSubstr("study.h5mu is in use by grids prepare"));
  const OutputFiles beside({temporary_ / "other.h5mu"}, prepare, false);
}

TEST_F(OutputFolderTest, TheUsersFileIsPutAsideOnlyOnceTheResultIsWhole) {
  fs::create_directories(folder());
  test::put(folder() / "subsets.tsv", "mine");
  OutputFolder out(folder(), explain_, {"subsets.tsv"}, true);
  out.claim({"subsets.tsv"}, context_);
  const auto half = [](const fs::path&) { throw input_error("the disk is full"); };
  EXPECT_THROW(replace_file(folder() / "subsets.tsv", half), Error);
  EXPECT_EQ(content("subsets.tsv"), "mine");
  test::put(folder() / "subsets.tsv", "mine, and more");  // not what the user was told of
  EXPECT_THAT(test::input_message([&] { replace_file(folder() / "subsets.tsv", "result"); }),
              HasSubstr("not replaced"));
  EXPECT_EQ(content("subsets.tsv"), "mine, and more");
}

TEST_F(OutputFolderTest, WhatALinkLeadsToIsPutAsideWhereItLies) {
  fs::create_directories(folder());
  test::put(temporary_ / "mine.tsv", "mine");
  fs::create_symlink("../mine.tsv", folder() / "subsets.tsv");
  write(explain_, {"subsets.tsv"}, true, "result");
  EXPECT_TRUE(fs::is_symlink(folder() / "subsets.tsv"));
  EXPECT_EQ(read_file(temporary_ / "mine.tsv"), "result");
  EXPECT_EQ(read_file(temporary_ / "mine.tsv.kept"), "mine");
}

TEST_F(OutputFolderTest, AFolderIsNeverPutAside) {
  fs::create_directories(folder() / "subsets.tsv");
  for (const bool overwrite : {false, true}) {
    EXPECT_THAT(test::input_message([&] { write(explain_, {"subsets.tsv"}, overwrite); }),
                HasSubstr("subsets.tsv: it is a folder"));
  }
  EXPECT_FALSE(there(".grids"));
}

TEST_F(OutputFolderTest, ACommandThatFailsBeforeItHasWrittenLeavesNothing) {
  EXPECT_THROW(
      {
        OutputFolder out(folder(), explain_, {}, false);
        out.claim({"subsets.tsv"}, context_);
        replace_file(folder() / "subsets.tsv",
                     [](const fs::path&) { throw input_error("the disk is full"); });
      },
      Error);
  EXPECT_FALSE(fs::exists(folder()));
}

TEST_F(OutputFolderTest, OneAtATimeWorksThere) {
  {
    const OutputFolder out(folder(), explain_, {}, false);
    EXPECT_THAT(refusal({"knockout", ""}, {}),
                AllOf(HasSubstr("is in use by grids explain"),
                      HasSubstr(fmt::format("process {}", ::getpid()))));
  }
  EXPECT_FALSE(fs::exists(folder())) << "nothing was written";
  write({"knockout", ""}, {"knockout.tsv"});
}

TEST_F(OutputFolderTest, TheLockOfADeadProcessIsTakenOver) {
  const pid_t child = ::fork();
  if (child == 0) {
    new FolderLock(folder(), "explain");  // NOLINT: never given back
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  ASSERT_TRUE(fs::exists(folder() / ".grids/lock"));
  write(explain_, {"subsets.tsv"});
  EXPECT_FALSE(fs::exists(folder() / ".grids/lock"));
}

TEST_F(OutputFolderTest, AnotherMachinesLockNamesItAndSaysWhatToDo) {
  fs::create_directories(folder() / ".grids");
  test::put(folder() / ".grids/lock",
            "grids run on node17 since 2026-01-02 03:04:05\n00000000000000aa-4711-1234.99\n");
  EXPECT_THAT(refusal(explain_, {}),
              AllOf(HasSubstr("grids run (process 4711 on node17, since 2026-01-02"),
                    HasSubstr("if it does not, remove"), HasSubstr(".grids/lock")));
  test::put(folder() / ".grids/lock", "");
  EXPECT_THAT(refusal(explain_, {}), HasSubstr("does not say by whom"));
}

TEST_F(OutputFolderTest, HalfWrittenFilesOfTheDeadGoAndThoseOfTheLivingStay) {
  write(explain_, {"subsets.tsv"});
  const fs::path parts = folder() / ".grids/parts";
  ProcessMark dead = this_process();
  dead.start = "0.0";  // the process id was given out anew
  test::put(parts / (dead.word() + "-1"), "half");
  test::put(parts / (this_process().word() + "-1"), "of a thread beside");
  test::put(parts / "notes", "mine");
  write(explain_, {"subsets.tsv"});
  EXPECT_FALSE(fs::exists(parts / (dead.word() + "-1")));
  EXPECT_TRUE(fs::exists(parts / (this_process().word() + "-1")));
  EXPECT_TRUE(fs::exists(parts / "notes"));
}

}  // namespace
}  // namespace grids::core
