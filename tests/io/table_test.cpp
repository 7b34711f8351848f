#include "io/table.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmath>
#include <csignal>
#include <filesystem>

#include "base/error.hpp"
#include "io/atomic_file.hpp"

namespace grids::core {
namespace {

namespace fs = std::filesystem;

class Folder : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::temp_directory_path() / fmt::format("grids_table_{}", ::getpid());
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }
  fs::path folder_;
};

std::string message_of(const std::function<void()>& body) {
  try {
    body();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

using TableTest = Folder;
using AtomicFile = Folder;

TEST_F(TableTest, ReadsBackWhatWasWritten) {
  Table table({"gene", "change"});
  table.add({"CD19 \xCE\xB1", format_number(-0.1)});
  table.add({"tab\tinside", format_number(std::nan(""))});
  write_table(folder_ / "t.tsv", table);
  const Table back = read_table(folder_ / "t.tsv");
  ASSERT_EQ(back.rows(), 2u);
  EXPECT_EQ(back.columns(), table.columns());
  EXPECT_EQ(back.text(0, "gene"), "CD19 \xCE\xB1");
  EXPECT_EQ(static_cast<float>(back.number(0, "change")), -0.1f);
  EXPECT_EQ(back.text(1, "gene"), "tab\tinside");
  EXPECT_TRUE(std::isnan(back.number(1, "change")));
}

TEST_F(TableTest, AnyTextReadsBackAndNoneIsAFormula) {
  const std::vector<std::string> names = {"=cmd|' /C calc'!A0",
                                          "@SUM(1)",
                                          "-2+3",
                                          "+1a",
                                          "'quoted",
                                          "'",
                                          "'=1",
                                          "''-1",
                                          "-x",
                                          "tab\tinside",
                                          "\ttab",
                                          "\rreturn",
                                          "two\nlines",
                                          "\"quoted\"",
                                          "say \"so\"",
                                          "-",
                                          "+",
                                          "=",
                                          "-1.5",
                                          "1e-7",
                                          "",
                                          "\"",
                                          "'\t",
                                          "=\t\"\n",
                                          "last\r"};
  Table table({"name", "=column"});
  for (const auto& name : names) table.add({name, name});
  write_table(folder_ / "t.tsv", table);
  const Table back = read_table(folder_ / "t.tsv");
  EXPECT_EQ(back.columns(), table.columns());
  ASSERT_EQ(back.rows(), names.size());
  for (size_t i = 0; i < names.size(); ++i) EXPECT_EQ(back.row(i), table.row(i)) << names[i];
  const std::string text = read_file(folder_ / "t.tsv");
  EXPECT_NE(text.find("\n'=cmd|' /C calc'!A0\t'=cmd"), std::string::npos);
  EXPECT_NE(text.find("\n'@SUM(1)\t"), std::string::npos);
  EXPECT_NE(text.find("\n-1.5\t-1.5\n"), std::string::npos);  // numbers stay numbers
  EXPECT_NE(text.find("\n-\t-\n"), std::string::npos);        // and strands strands
  EXPECT_NE(text.find("\n\"tab\tinside\"\t"), std::string::npos);
}

TEST_F(TableTest, AByteOrderMarkThatIsPartOfACellStays) {
  const std::string marked = "\xEF\xBB\xBFgene";
  Table table({marked, "change"});
  table.add({marked, "1"});
  write_table(folder_ / "t.tsv", table);
  const Table back = read_table(folder_ / "t.tsv");
  EXPECT_EQ(back.columns(), table.columns());
  EXPECT_EQ(back.text(0, marked), marked);
}

TEST_F(TableTest, QuotesThatDoNotEndAreNamed) {
  replace_file(folder_ / "open.tsv", "a\tb\n1\t\"x\ny\t2\n");
  EXPECT_NE(
      message_of([&] { read_table(folder_ / "open.tsv"); }).find("line 2: a cell that begins"),
      std::string::npos);
  replace_file(folder_ / "more.tsv", "a\n\"x\"y\n");
  EXPECT_NE(
      message_of([&] { read_table(folder_ / "more.tsv"); }).find("line 2: a cell that begins"),
      std::string::npos);
}

TEST_F(TableTest, MessagesNameLineAndColumn) {
  replace_file(folder_ / "bad.tsv", "a\tb\r\n1\tx\r\n");
  const Table table = read_table(folder_ / "bad.tsv");
  EXPECT_NE(message_of([&] { table.number(0, "b"); }).find("line 2, column 'b': 'x'"),
            std::string::npos);
  EXPECT_NE(message_of([&] { table.text(0, "c"); }).find("no column 'c'; it has: a, b"),
            std::string::npos);
  replace_file(folder_ / "short.tsv", "a\tb\n1\n");
  EXPECT_NE(message_of([&] { read_table(folder_ / "short.tsv"); }).find("line 2 has 1"),
            std::string::npos);
  replace_file(folder_ / "empty.tsv", "");
  EXPECT_NE(message_of([&] { read_table(folder_ / "empty.tsv"); }).find("empty"),
            std::string::npos);
}

TEST_F(AtomicFile, ATableWrittenRowByRowIsTheSame) {
  // More rows than fit into one piece of what is handed to the file.
  Table table({"name", "value"});
  for (int i = 0; i < 10'000; ++i) table.add({fmt::format("row\t{}", i), std::to_string(i * i)});
  write_table(folder_ / "whole.tsv", table);
  write_table(folder_ / "rows.tsv", table.columns(), [&](const RowSink& add) {
    for (size_t row = 0; row < table.rows(); ++row) add(table.row(row));
  });
  EXPECT_EQ(read_file(folder_ / "rows.tsv"), read_file(folder_ / "whole.tsv"));
  EXPECT_THROW(
      write_table(folder_ / "rows.tsv", {"a", "b"}, [](const RowSink& add) { add({"1"}); }), Error);
  EXPECT_EQ(read_file(folder_ / "rows.tsv"), read_file(folder_ / "whole.tsv"));
}

TEST_F(AtomicFile, AFailedWriteLeavesTheOldFileAndNothingElse) {
  replace_file(folder_ / "kept", "old");
  EXPECT_THROW(
      replace_file(folder_ / "kept", [](const fs::path&) { throw input_error("half way"); }),
      Error);
  EXPECT_EQ(read_file(folder_ / "kept"), "old");
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_), fs::directory_iterator()), 1);
}

TEST_F(AtomicFile, SaysWhyItCannotWriteOrRead) {
  EXPECT_NE(message_of([&] { replace_file(folder_ / "no" / "such", "x"); }).find("No such file"),
            std::string::npos);
  EXPECT_NE(message_of([&] { replace_file(folder_, "x"); }).find("it is a folder"),
            std::string::npos);
  EXPECT_NE(message_of([&] { read_file(folder_ / "absent"); }).find("No such file"),
            std::string::npos);
  // A pipe of the test's own, not a device: code that is wrong would replace it.
  const auto pipe = folder_ / "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_NE(message_of([&] { replace_file(pipe, "x"); }).find("not a regular file"),
            std::string::npos);
}

TEST_F(AtomicFile, ADiskThatFillsUpLeavesTheOldFile) {
  replace_file(folder_ / "kept", "old");
  // A limit on the size of files fails as a full disk does: in the middle of a write.
  rlimit before{};
  getrlimit(RLIMIT_FSIZE, &before);
  rlimit small = before;
  small.rlim_cur = 1000;
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  setrlimit(RLIMIT_FSIZE, &small);
  const std::string message =
      message_of([&] { replace_file(folder_ / "kept", std::string(5000, 'x')); });
  setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
  EXPECT_NE(message.find("cannot write"), std::string::npos) << message;
  EXPECT_EQ(read_file(folder_ / "kept"), "old");
}

TEST_F(AtomicFile, ATruncatedGzipIsAnError) {
  // A gzip header and nothing after it.
  replace_file(folder_ / "cut.gz", std::string("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03", 10));
  EXPECT_NE(message_of([&] { read_file(folder_ / "cut.gz"); }).find("is the file complete?"),
            std::string::npos);
}

}  // namespace
}  // namespace grids::core
