// The results folder of version 1 (tests/fixtures/version_1/run), shown by the report of today.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "base/error.hpp"
#include "io/atomic_file.hpp"
#include "report/html_checker.hpp"
#include "report/report.hpp"
#include "report/results.hpp"
#include "support/fixtures.hpp"
#include "support/temp_folder.hpp"

namespace grids::core {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class KeptResults : public ::testing::Test {
 protected:
  KeptResults() {
    std::filesystem::copy(test::fixture("version_1/run"), folder_ / "run",
                          std::filesystem::copy_options::recursive);
  }

  std::filesystem::path file(const std::string& name) const { return folder_ / "run" / name; }

  std::string page() {
    ThreadPool pool(1);
    Reporter reporter;
    ReportOptions options;
    options.is_static = true;
    write_report(folder_ / "run", options, Context{1, pool, reporter});
    return read_file(file("report.html"));
  }

  std::string message() {
    try {
      page();
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kInput);
      return error.what();
    }
    return "no error";
  }

  /// Leaves a column out of a table.
  void take_away(const std::string& name, const std::string& column) {
    const Table table = read_table(file(name));
    const auto& columns = table.columns();
    const auto place = std::find(columns.begin(), columns.end(), column) - columns.begin();
    ASSERT_LT(place, static_cast<long>(columns.size())) << column;
    const auto without = [&](std::vector<std::string> row) {
      row.erase(row.begin() + place);
      return row;
    };
    Table shorter(without(columns));
    for (size_t row = 0; row < table.rows(); ++row) shorter.add(without(table.row(row)));
    write_table(file(name), shorter);
  }

  test::TempFolder folder_;
};

TEST_F(KeptResults, AreShownWithEverySet) {
  const std::string html = page();
  EXPECT_EQ(html_fault(html), "");
  for (const char* shown : {"SLC8A1", "VCAN", "BCL11B", "IL7R", "Mono_DC", "CD79A"}) {
    EXPECT_THAT(html, HasSubstr(shown));
  }
  const Results results = read_results(folder_ / "run");
  ASSERT_EQ(results.sets.size(), 4u);
  for (const auto& set : results.sets) {
    EXPECT_EQ(set.peaks.size(), 4u);
    EXPECT_EQ(set.set_size, 4);
    EXPECT_EQ(set.random.size(), 10u);
    EXPECT_LT(set.relative_change, -0.1);
  }
  EXPECT_EQ(results.manifests.at(0).version, "0.1.0");
  EXPECT_EQ(results.manifests.at(0).command, "run");
}

TEST_F(KeptResults, AColumnThatALaterReportNeedsIsNamedWithTheCommandThatMakesIt) {
  take_away("subsets.tsv", "relative_change");
  EXPECT_THAT(message(), AllOf(HasSubstr("subsets.tsv: no column 'relative_change'"),
                               HasSubstr("grids 0.1.0 wrote it; make it again with this one"),
                               HasSubstr(": grids run")));
  std::filesystem::remove(file("manifest.json"));
  EXPECT_THAT(message(), AllOf(HasSubstr("no column 'relative_change'"),
                               HasSubstr("another version of grids wrote it"),
                               HasSubstr("make it again: grids run")));
}

TEST_F(KeptResults, AManifestThatIsNoneSaysWhatToDo) {
  replace_file(file("manifest.json"), "{\"command\": \"run\"}\n");
  EXPECT_THAT(message(), AllOf(HasSubstr("manifest.json"), HasSubstr("version"),
                               HasSubstr("run the command that wrote the folder again")));
}

}  // namespace
}  // namespace grids::core
