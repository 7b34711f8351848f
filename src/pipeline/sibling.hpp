/// The program beside `grids` that may load torch.
#pragma once

#include <string>
#include <vector>

#include "base/context.hpp"

namespace grids::core {

/// Replaces this process by `grids-torch` with the same arguments. Throws Error(kInternal) when
/// that program cannot be started.
[[noreturn]] void become_sibling(char** argv);

/// Runs `grids-torch` with these arguments and waits for it; passes a request to stop on. Throws
/// Error(kInput) when it refuses its input, Error(kCancelled) when it was stopped, Error(kInternal)
/// for any other failure; its own message has been shown by then.
void run_sibling(const std::vector<std::string>& arguments, const Context& context);

}  // namespace grids::core
