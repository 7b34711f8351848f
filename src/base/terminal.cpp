#include "base/terminal.hpp"

#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace grids::core {

TerminalReporter::TerminalReporter(bool quiet)
    : quiet_(quiet), terminal_(::isatty(STDERR_FILENO) != 0) {}

TerminalReporter::~TerminalReporter() {
  clear_line();
}

void TerminalReporter::clear_line() {
  if (!line_open_) return;
  fmt::print(stderr, "\r\x1b[K");
  line_open_ = false;
}

void TerminalReporter::print(std::string_view label, std::string_view message) {
  clear_line();
  fmt::print(stderr, "{}{}\n", label, message);
}

void TerminalReporter::info(std::string_view message) {
  if (!quiet_) print("", message);
}

void TerminalReporter::warning(std::string_view message) {
  print("warning: ", message);
}

void TerminalReporter::progress(std::string_view task, int64_t done, int64_t total,
                                std::string_view note) {
  if (quiet_ || !terminal_) return;
  const auto now = std::chrono::steady_clock::now();
  if (task != task_) {
    task_ = task;
    began_ = now;
    began_at_ = done;
  }
  const double seconds = std::chrono::duration<double>(now - began_).count();
  std::string left;
  if (done > began_at_ && seconds > 1 && total > done) {
    const double pace = seconds / static_cast<double>(done - began_at_);
    left = fmt::format(", {} left", format_duration(pace * static_cast<double>(total - done)));
  }
  const int64_t percent = total > 0 ? std::min<int64_t>(100, 100 * done / total) : 100;
  fmt::print(stderr, "\r\x1b[K{}: {} % ({} of {}){}{}{}", task, percent, done, total, left,
             note.empty() ? "" : "  ", note);
  std::fflush(stderr);
  line_open_ = true;
}

void TerminalReporter::progress_end() {
  clear_line();
  task_.clear();
}

std::string format_duration(double seconds) {
  const int64_t whole = std::llround(seconds);
  if (whole < 60) return fmt::format("{} s", whole);
  if (whole < 3600) return fmt::format("{} min {:02} s", whole / 60, whole % 60);
  return fmt::format("{} h {:02} min", whole / 3600, whole % 3600 / 60);
}

}  // namespace grids::core
