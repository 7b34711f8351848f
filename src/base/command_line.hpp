/// From the words of a command line, or the lines of a configuration file, to what the user gave
/// for each described option. Nothing is assigned here.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/described.hpp"

namespace grids::core {

/// One command as the parser sees it.
struct DescribedCommand {
  std::string name;
  std::string summary;
  std::string footer;  ///< below its help
  OptionSet options;
};

/// What the user gave for one option; no words: nothing.
struct GivenWords {
  std::vector<std::string> words;
  std::string from;  ///< "" = the command line, else "options.toml, line 3"
};

/// Of each field of an option set, in its order.
using GivenOptions = std::vector<GivenWords>;

struct CommandLine {
  std::optional<int> ended;       ///< help or version was printed: the exit code
  std::optional<size_t> command;  ///< the one that was named
  GivenOptions shared;
  GivenOptions own;                 ///< of the command
  std::vector<std::string> extras;  ///< words that nothing took
  std::string help;                 ///< of the whole program
};

struct ProgramText {
  std::string name;
  std::string summary;
  std::string footer;  ///< shown below the list of commands
  /// What --licences prints, without the last line's end; none: there is no such option.
  std::function<std::string()> licences = {};
};

/// Throws Error(kUsage) where the words do not even parse.
CommandLine parse_command_line(const ProgramText& text, const OptionSet& shared,
                               const std::vector<DescribedCommand>& commands, int argc,
                               char** argv);

/// Adds what a TOML file gives to what the command line did not. [command] takes every option of
/// the command by its flag; the section of a stage takes the stage's options by their keys; what
/// stands above the first section is for every command. Unknown sections and keys, those of every
/// other command included, and options given in two places, are added to `problems`. Returns
/// sentences about options that only other commands read. Throws Error(kInput) when the file cannot
/// be read, Error(kUsage) when it is no TOML.
std::vector<std::string> read_configuration(const std::filesystem::path& path,
                                            const OptionSet& shared,
                                            const std::vector<DescribedCommand>& commands,
                                            CommandLine& line, Problems& problems);

}  // namespace grids::core
