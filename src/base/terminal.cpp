#include "base/terminal.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <ctime>

#include "base/json_text.hpp"
#include "base/nan.hpp"

namespace grids::core {
namespace {

/// "2024-05-01T12:00:00Z".
std::string time_now() {
  const std::time_t now = std::time(nullptr);
  std::tm parts = {};
  ::gmtime_r(&now, &parts);
  char text[32] = {};
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text;
}

}  // namespace

std::string printable(std::string_view text) {
  std::string result;
  for (size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const auto next = i + 1 < text.size() ? static_cast<unsigned char>(text[i + 1]) : 0;
    const bool c1 = byte == 0xC2 && next >= 0x80 && next < 0xA0;  // in UTF-8
    if (c1 || (byte < 0x20 && byte != '\n' && byte != '\t') || byte == 0x7F) {
      result += fmt::format("\\x{:02x}", c1 ? next : byte);
      i += c1 ? 1 : 0;
    } else {
      result += text[i];
    }
  }
  return result;
}

TerminalReporter::TerminalReporter(const TerminalOptions& options)
    : options_(options), shown_(Clock::now()) {}

TerminalReporter::~TerminalReporter() {
  clear_line();
}

void TerminalReporter::clear_line() {
  if (!line_open_) return;
  fmt::print(stderr, "\r\x1b[K");
  line_open_ = false;
}

void TerminalReporter::print(std::string_view label, std::string_view message) {
  if (options_.form == ProgressForm::kJson) {
    fmt::print(stderr, "{}\n", json_line(label, message));
    return;
  }
  clear_line();
  fmt::print(stderr, "{}{}{}\n", label == "info" ? "" : label, label == "info" ? "" : ": ",
             printable(message));
}

void TerminalReporter::info(std::string_view message) {
  if (!options_.quiet) print("info", message);
}

void TerminalReporter::warning(std::string_view message) {
  print("warning", message);
}

double TerminalReporter::seconds_left(int64_t done, int64_t total, Clock::time_point now) const {
  const double seconds = std::chrono::duration<double>(now - began_).count();
  if (done <= began_at_ || seconds <= 1 || total < done) return kNaN;
  return seconds / static_cast<double>(done - began_at_) * static_cast<double>(total - done);
}

bool TerminalReporter::is_time(const Stand& stand, Clock::time_point now) {
  const bool json = options_.form == ProgressForm::kJson;
  if (options_.form == ProgressForm::kOff || (options_.quiet && !json)) return false;
  if (options_.terminal && !json) return true;
  const bool ends = json && stand.done >= stand.total;
  if (!ends && now - shown_ < (json ? options_.between_objects : options_.between_lines))
    return false;
  shown_ = now;
  return true;
}

void TerminalReporter::progress(std::string_view task, int64_t done, int64_t total,
                                std::string_view note) {
  const auto now = Clock::now();
  if (task != task_) {
    task_ = task;
    began_ = now;
    began_at_ = done;
  }
  const Stand stand{task, done, total, note, seconds_left(done, total, now)};
  if (is_time(stand, now)) show(stand);
}

void TerminalReporter::show(const Stand& stand) {
  const bool known = std::isfinite(stand.seconds_left);
  if (options_.form == ProgressForm::kJson) {
    fmt::print(stderr,
               "{{\"time\":\"{}\",\"stage\":\"{}\",\"done\":{},\"total\":{},\"seconds_left\":{},"
               "\"note\":\"{}\"}}\n",
               time_now(), json_text(stand.task), stand.done, stand.total,
               known ? fmt::format("{:.1f}", stand.seconds_left) : "null", json_text(stand.note));
    return;
  }
  const std::string left = known && stand.done < stand.total
                               ? fmt::format(", {} left", format_duration(stand.seconds_left))
                               : "";
  const int64_t percent =
      stand.total > 0 ? std::min<int64_t>(100, 100 * stand.done / stand.total) : 100;
  const std::string text =
      fmt::format("{}: {} % ({} of {}){}{}{}", stand.task, percent, stand.done, stand.total, left,
                  stand.note.empty() ? "" : "  ", stand.note);
  if (!options_.terminal) {
    fmt::print(stderr, "{}\n", text);
    return;
  }
  fmt::print(stderr, "\r\x1b[K{}", text);
  std::fflush(stderr);
  line_open_ = true;
}

void TerminalReporter::progress_end() {
  clear_line();
  task_.clear();
}

std::vector<std::string> TerminalReporter::words() const {
  std::vector<std::string> words;
  if (options_.quiet) words.emplace_back("--quiet");
  if (options_.form == ProgressForm::kJson) words.insert(words.end(), {"--progress", "json"});
  if (options_.form == ProgressForm::kOff) words.insert(words.end(), {"--progress", "off"});
  return words;
}

std::string json_line(std::string_view key, std::string_view text) {
  return fmt::format("{{\"time\":\"{}\",\"{}\":\"{}\"}}", time_now(), key, json_text(text));
}

std::string format_duration(double seconds) {
  const int64_t whole = std::llround(seconds);
  if (whole < 60) return fmt::format("{} s", whole);
  if (whole < 3600) return fmt::format("{} min {:02} s", whole / 60, whole % 60);
  return fmt::format("{} h {:02} min", whole / 3600, whole % 3600 / 60);
}

}  // namespace grids::core
