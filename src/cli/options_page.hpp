/// What is made of the descriptions of options besides the parser.
#pragma once

#include <string>
#include <vector>

#include "base/command_line.hpp"

namespace grids::core {

/// docs/options.md: every option of every command with its default, its range and its line of help.
std::string options_page();

/// A script that completes commands, options and words; the shell is bash, zsh or fish. Throws
/// Error(kUsage) for another one.
std::string completion_script(const std::string& shell);

}  // namespace grids::core
