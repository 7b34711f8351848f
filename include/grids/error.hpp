/// The one error type of grids, in the library and in the programs.
#pragma once

#include <exception>
#include <string>
#include <string_view>
#include <utility>

#include "grids/api.hpp"

namespace grids {

enum class ErrorKind {
  kInternal,   ///< a broken promise of our own code; exit code 1 of the programs
  kUsage,      ///< options that make no sense; exit code 2
  kInput,      ///< files or values of the user that cannot be used; exit code 3
  kCancelled,  ///< the user asked to stop; exit code 130
};

/// An error has a kind, a message that names what was wrong and how to mend it, and a chain of
/// contexts added on the way up, outermost first: "reading pbmc.h5: matrix/shape: expected 2
/// numbers, found 3". What is expected to happen (no convergence, budget spent) is a field of a
/// result, not an error.
class GRIDS_API Error : public std::exception {
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

}  // namespace grids
