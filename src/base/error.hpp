/// The one error type of grids.
///
/// An error has a kind (which decides the exit code of the programs), a message that names what was
/// wrong and how to mend it, and a chain of contexts added on the way up, outermost first:
/// "reading pbmc.h5: matrix/shape: expected 2 numbers, found 3".
/// What is expected to happen (no convergence, budget spent) is a field of a result, not an error.
#pragma once

#include <fmt/core.h>

#include <exception>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace grids::core {

enum class ErrorKind {
  kInternal,   ///< a broken promise of our own code; exit code 1
  kUsage,      ///< options that make no sense; exit code 2
  kInput,      ///< files or values of the user that cannot be used; exit code 3
  kCancelled,  ///< the user asked to stop; exit code 130
};

/// The exit code of a program that ends with an error of this kind.
int exit_code(ErrorKind kind);

class Error : public std::exception {
 public:
  Error(ErrorKind kind, std::string message) : kind_(kind), message_(std::move(message)) {}

  ErrorKind kind() const noexcept { return kind_; }
  const char* what() const noexcept override { return message_.c_str(); }

  /// Puts "context: " in front of the message.
  void add_context(std::string_view context) {
    message_.insert(0, ": ");
    message_.insert(0, context);
  }

 private:
  ErrorKind kind_;
  std::string message_;
};

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
