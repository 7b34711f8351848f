/// How `prepare` keeps its record. Of this room alone.
#pragma once

#include <fmt/core.h>

#include <string>
#include <utility>

#include "base/context.hpp"
#include "base/error.hpp"
#include "prepare/prepare.hpp"

namespace grids::core {

/// The summary as it grows, told to the reporter line by line.
class Diary {
 public:
  Diary(PrepareSummary& summary, Reporter& reporter) : summary_(summary), reporter_(reporter) {}

  void step(std::string of, std::string what, int64_t before, int64_t after) {
    reporter_.info(fmt::format("{}: {} → {} {}", what, before, after, of));
    summary_.steps.push_back({std::move(of), std::move(what), before, after});
  }
  template <typename... Args>
  void warn(fmt::format_string<Args...> format, Args&&... args) {
    summary_.warnings.push_back(fmt::format(format, std::forward<Args>(args)...));
    reporter_.warning(summary_.warnings.back());
  }
  /// What would give wrong results without a word: an error, unless the user insists.
  void refuse(const std::string& message, bool force) {
    if (!force) throw input_error("{}, or go on with --force", message);
    warn("{}", message);
  }
  template <typename... Args>
  void note(fmt::format_string<Args...> format, Args&&... args) {
    summary_.notes.push_back(fmt::format(format, std::forward<Args>(args)...));
    reporter_.info(summary_.notes.back());
  }

 private:
  PrepareSummary& summary_;
  Reporter& reporter_;
};

}  // namespace grids::core
