/// A reporter for people at a terminal.
#pragma once

#include <chrono>
#include <string>

#include "base/context.hpp"

namespace grids::core {

/// Writes to the standard error stream: messages always (unless quiet, then warnings only),
/// progress with the time left only when the stream is a terminal.
class TerminalReporter : public Reporter {
 public:
  explicit TerminalReporter(bool quiet);
  ~TerminalReporter() override;

  void info(std::string_view message) override;
  void warning(std::string_view message) override;
  void progress(std::string_view task, int64_t done, int64_t total, std::string_view note) override;
  void progress_end() override;
  bool quiet() const override { return quiet_; }

 private:
  void clear_line();
  void print(std::string_view label, std::string_view message);

  bool quiet_;
  bool terminal_;
  bool line_open_ = false;
  std::string task_;
  std::chrono::steady_clock::time_point began_;
  int64_t began_at_ = 0;
};

/// "42 s", "3 min 05 s", "1 h 12 min".
std::string format_duration(double seconds);

}  // namespace grids::core
