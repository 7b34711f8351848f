/// The programs beside `grids`: `grids-torch`, which may load torch, and others that load what
/// `grids` does not.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/context.hpp"

namespace grids::core {

/// Throws Error(kInput) with the remedy where the program is not there or may not be executed.
/// `work`: what needs it, for the message.
void require_program(const std::filesystem::path& program, std::string_view work);

/// Replaces this process by `grids-torch` with the same arguments. Throws as `require_program`.
[[noreturn]] void become_sibling(char** argv);

/// Where the program of that name is: beside this one.
std::filesystem::path program_beside(const std::string& name);

/// How `grids-torch`, or another of them, is run.
struct Sibling {
  std::filesystem::path program;  ///< empty: the one beside this program, else that of PATH
  std::string work = "training";  ///< what it does, for messages
  /// Takes what it says, line by line; without, that goes to this program's standard error.
  std::function<void(std::string_view line)> on_line = {};
  std::function<void(pid_t)> on_start = {};  ///< is told its process id
};

/// Runs it with these arguments and waits for it; passes a request to stop on. Throws
/// Error(kInput) when it is not there or refuses its input, Error(kUsage) its options,
/// Error(kCancelled) when it was stopped, Error(kInternal) for any other failure: with its last
/// line where lines are taken, else its own message has been shown by then.
void run_sibling(const Sibling& sibling, const std::vector<std::string>& arguments,
                 const Context& context);

}  // namespace grids::core
