#include "base/terminal.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/json_text.hpp"

namespace grids::core {
namespace {

using ::testing::ElementsAre;
using ::testing::MatchesRegex;

using std::chrono::milliseconds;

/// Lines of standard error of a task of three steps between two messages.
std::vector<std::string> lines_of(const TerminalOptions& options) {
  ::testing::internal::CaptureStderr();
  {
    TerminalReporter reporter(options);
    reporter.info("begins");
    for (int64_t done = 1; done <= 3; ++done) reporter.progress("train \"joint\"", done, 3, "");
    reporter.progress_end();
    reporter.warning("ends");
  }
  std::vector<std::string> lines;
  std::istringstream text(::testing::internal::GetCapturedStderr());
  for (std::string line; std::getline(text, line);) lines.push_back(line);
  return lines;
}

TEST(TerminalReporter, OffATerminalALineIsWrittenOnceItIsTime) {
  EXPECT_THAT(lines_of({}), ElementsAre("begins", "warning: ends")) << "a minute has not passed";
  TerminalOptions soon;
  soon.between_lines = milliseconds(0);
  EXPECT_THAT(lines_of(soon), ElementsAre("begins", "train \"joint\": 33 % (1 of 3)",
                                          "train \"joint\": 66 % (2 of 3)",
                                          "train \"joint\": 100 % (3 of 3)", "warning: ends"));
  soon.quiet = true;
  EXPECT_THAT(lines_of(soon), ElementsAre("warning: ends"));
  soon = {};
  soon.form = ProgressForm::kOff;
  soon.between_lines = milliseconds(0);
  EXPECT_THAT(lines_of(soon), ElementsAre("begins", "warning: ends"));
}

TEST(TerminalReporter, JsonIsAnObjectALine) {
  TerminalOptions json;
  json.form = ProgressForm::kJson;
  const std::string time = R"(\{"time":"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}Z",)";
  EXPECT_THAT(lines_of(json),
              ElementsAre(MatchesRegex(time + R"("info":"begins"\})"),
                          MatchesRegex(time + R"("stage":"train \\"joint\\"","done":3,"total":3,)" +
                                       R"("seconds_left":null,"note":""\})"),
                          MatchesRegex(time + R"("warning":"ends"\})")))
      << "not each of three steps in a second, but always the last";
}

TEST(TerminalReporter, SaysHowItWasTold) {
  TerminalOptions options;
  EXPECT_THAT(TerminalReporter(options).words(), ElementsAre());
  options.quiet = true;
  options.form = ProgressForm::kJson;
  EXPECT_THAT(TerminalReporter(options).words(), ElementsAre("--quiet", "--progress", "json"));
}

TEST(JsonText, IsValidWhateverTheBytes) {
  EXPECT_EQ(json_text("a\"b\\c\n\x01"), "a\\\"b\\\\c\\u000a\\u0001");
  EXPECT_EQ(json_text("Zelltyp β 🧬"), "Zelltyp β 🧬");
  const std::string bad = "\xEF\xBF\xBD";
  EXPECT_EQ(json_text("x\xFFy"), "x" + bad + "y");
  EXPECT_EQ(json_text("\xC3"), bad) << "cut short";
  EXPECT_EQ(json_text("\xED\xA0\x80"), bad + bad + bad) << "half of a pair";
  EXPECT_EQ(json_text("\xC0\xAF"), bad + bad) << "longer than need be";
}

TEST(Printable, TellsWhatATerminalWouldObey) {
  EXPECT_EQ(printable("B\x1b[2J cell\a"), "B\\x1b[2J cell\\x07");
  EXPECT_EQ(printable("\xc2\x9b"
                      "31m"),
            "\\x9b31m");  // CSI in UTF-8
  EXPECT_EQ(printable("a\tb\nCD4⁺ naïve"), "a\tb\nCD4⁺ naïve");
}

}  // namespace
}  // namespace grids::core
