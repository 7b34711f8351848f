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

  /// Where cells were not measured together: what follows is of "cells with RNA", say; of all where
  /// empty.
  void begin_half(std::string of_cells) { half_ = std::move(of_cells); }
  const std::string& half() const { return half_; }

  void step(std::string of, std::string what, int64_t before, int64_t after) {
    if (of == "cells" && !half_.empty()) of = half_;
    reporter_.info(fmt::format("{}: {} → {} {}", what, before, after, of));
    summary_.steps.push_back({std::move(of), std::move(what), before, after});
  }
  template <typename... Args>
  void warn(fmt::format_string<Args...> format, Args&&... args) {
    summary_.warnings.push_back(of_half(fmt::format(format, std::forward<Args>(args)...)));
    reporter_.warning(summary_.warnings.back());
  }
  /// What would give wrong results without a word: an error, unless the user insists.
  void refuse(const std::string& message, bool force) {
    if (!force) throw input_error("{}, or go on with --force", of_half(message));
    warn("{}", message);
  }
  template <typename... Args>
  void note(fmt::format_string<Args...> format, Args&&... args) {
    summary_.notes.push_back(of_half(fmt::format(format, std::forward<Args>(args)...)));
    reporter_.info(summary_.notes.back());
  }

 private:
  std::string of_half(std::string words) const {
    return half_.empty() ? words : fmt::format("{}: {}", half_, words);
  }

  PrepareSummary& summary_;
  Reporter& reporter_;
  std::string half_ = {};
};

}  // namespace grids::core
