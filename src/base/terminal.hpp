/// A reporter for people at a terminal, for logs, and for programs that read along.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "base/context.hpp"

namespace grids::core {

/// How progress is shown. kAuto: one line that changes on a terminal, a line a minute elsewhere.
/// kJson: every message is a JSON object on a line of its own, progress once a second at most.
enum class ProgressForm : uint8_t { kAuto, kJson, kOff };

/// What a reporter may be told besides.
struct TerminalOptions {
  bool quiet = false;  ///< no messages but warnings, and no progress but kJson
  ProgressForm form = ProgressForm::kAuto;
  bool terminal = false;                             ///< whether standard error is one
  std::chrono::milliseconds between_lines{60'000};   ///< of kAuto, where there is no terminal
  std::chrono::milliseconds between_objects{1'000};  ///< of kJson
};

/// Names of cell types and genes come from files: what a terminal would obey is told as "\x1b".
/// Tabs and line ends stay.
std::string printable(std::string_view text);

/// Writes to the standard error stream.
class TerminalReporter : public Reporter {
 public:
  explicit TerminalReporter(const TerminalOptions& options);
  ~TerminalReporter() override;

  void info(std::string_view message) override;
  void warning(std::string_view message) override;
  void progress(std::string_view task, int64_t done, int64_t total, std::string_view note) override;
  void progress_end() override;
  std::vector<std::string> words() const override;

 private:
  using Clock = std::chrono::steady_clock;

  /// Where a task stands.
  struct Stand {
    std::string_view task;
    int64_t done;
    int64_t total;
    std::string_view note;
    double seconds_left;  ///< NaN: not known yet
  };

  void clear_line();
  void print(std::string_view label, std::string_view message);
  double seconds_left(int64_t done, int64_t total, Clock::time_point now) const;
  bool is_time(const Stand& stand, Clock::time_point now);
  void show(const Stand& stand);

  TerminalOptions options_;
  bool line_open_ = false;
  std::string task_;
  Clock::time_point began_;
  Clock::time_point shown_;  ///< when progress was last shown
  int64_t began_at_ = 0;
};

/// {"time":"…","KEY":"text"}: a line of kJson.
std::string json_line(std::string_view key, std::string_view text);

/// "42 s", "3 min 05 s", "1 h 12 min".
std::string format_duration(double seconds);

}  // namespace grids::core
