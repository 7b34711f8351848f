/// The frame of a command-line program: subcommands, described options (described.hpp) from the
/// command line and a TOML file, Ctrl-C, progress on a terminal, and errors turned into exit codes.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/command_line.hpp"
#include "base/context.hpp"
#include "base/described.hpp"
#include "base/terminal.hpp"

namespace grids::core {

/// What a command does once its options are parsed.
using CommandBody = std::function<void(const Context&)>;

struct Command {
  std::string name;
  std::string summary;  ///< one line, for the list of commands
  std::string example;  ///< whole command lines, for the command's help
  /// Declares the options and returns the body that uses them.
  std::function<CommandBody(OptionSet&)> declare;
};

/// The options of every command: --seed, --threads, --memory, --quiet, --progress, --config.
struct CommonOptions {
  uint64_t seed = 1;
  int32_t threads = 0;
  std::string memory;  ///< as the user writes it; empty: most of what is free
  bool quiet = false;
  ProgressForm progress = ProgressForm::kAuto;
  std::filesystem::path config;

  void describe(OptionSet& set);
};

/// The commands with their options, as declared: for the parser, help pages and completions. The
/// bodies keep alive what the options are bound to.
struct DeclaredCommands {
  std::vector<DescribedCommand> commands;
  std::vector<CommandBody> bodies;
};
DeclaredCommands declare_commands(const std::vector<Command>& commands);

/// Gives the options of a command what the user wrote, in the order of their declaration; adds what
/// is wrong to `problems`: doubled and missing options, values that are none, ranges.
void assign_options(OptionSet& options, const GivenOptions& given, Problems& problems);

/// Parses the command line, runs the command it names and returns the exit code: 0 ok, 1 internal,
/// 2 usage, 3 bad input, 130 stopped; 128 + its number where a signal asked to stop. Messages go to
/// the standard error stream. `others`: commands of other programs, whose sections may stand in a
/// configuration file too.
int run_program(const ProgramText& text, const std::vector<Command>& commands, int argc,
                char** argv, const std::vector<Command>& others = {});

}  // namespace grids::core
