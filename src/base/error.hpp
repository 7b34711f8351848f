/// Making errors (grids/error.hpp) from formatted text, and collecting what is wrong.
#pragma once

#include <fmt/core.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "grids/error.hpp"

namespace grids::core {

/// The exit code of a program that ends with an error of this kind.
int exit_code(ErrorKind kind);

template <typename... Args>
Error input_error(fmt::format_string<Args...> format, Args&&... args) {
  return {ErrorKind::kInput, fmt::format(format, std::forward<Args>(args)...)};
}

template <typename... Args>
Error usage_error(fmt::format_string<Args...> format, Args&&... args) {
  return {ErrorKind::kUsage, fmt::format(format, std::forward<Args>(args)...)};
}

template <typename... Args>
Error internal_error(fmt::format_string<Args...> format, Args&&... args) {
  return {ErrorKind::kInternal, fmt::format(format, std::forward<Args>(args)...)};
}

/// Runs `body`; an `Error` that leaves it gains the context.
template <typename Body>
decltype(auto) with_context(std::string_view context, Body&& body) {
  try {
    return std::forward<Body>(body)();
  } catch (Error& error) {
    error.add_context(context);
    throw;
  }
}

/// Collects everything that is wrong, so that the user hears of it at once.
class Problems {
 public:
  template <typename... Args>
  void add(fmt::format_string<Args...> format, Args&&... args) {
    problems_.push_back(fmt::format(format, std::forward<Args>(args)...));
  }

  bool empty() const { return problems_.empty(); }
  const std::vector<std::string>& list() const { return problems_; }

  /// Throws one error that lists all problems, or returns if there are none.
  void raise(ErrorKind kind, std::string_view headline) const;

 private:
  std::vector<std::string> problems_;
};

}  // namespace grids::core
