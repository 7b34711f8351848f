/// The frame of a command-line program: subcommands, options, TOML configuration, Ctrl-C, progress
/// on a terminal, and errors turned into exit codes. Every option of grids is declared here once,
/// and from that declaration come the parser, the checks, the help and the configuration file.
///
/// The parser (CLI11) stays behind this header, which costs nothing to include.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/context.hpp"
#include "base/error.hpp"

namespace grids {

/// Declares the options of one command. A name is "--long" or "-s,--long"; a positional has no
/// dash. What the variable holds when declared is the default, and is shown in the help.
class OptionSet {
 public:
  struct Impl;  ///< defined in program.cpp
  explicit OptionSet(Impl& impl) : impl_(impl) {}

  enum class Need : bool { kOptional = false, kRequired = true };

  void flag(const std::string& name, bool& value, const std::string& help);
  void value(const std::string& name, std::string& value, const std::string& help,
             Need need = Need::kOptional);
  void value(const std::string& name, std::filesystem::path& value, const std::string& help,
             Need need = Need::kOptional);
  void value(const std::string& name, double& value, const std::string& help);
  void value(const std::string& name, int& value, const std::string& help);
  void value(const std::string& name, int64_t& value, const std::string& help);
  void value(const std::string& name, uint64_t& value, const std::string& help);
  void value(const std::string& name, std::optional<double>& value, const std::string& help);
  void value(const std::string& name, std::optional<int64_t>& value, const std::string& help);
  /// May be given several times, or once with commas.
  void list(const std::string& name, std::vector<std::string>& value, const std::string& help);

  /// One of a few words; `names` pairs each with its value.
  template <typename Enum>
  void choice(const std::string& name, Enum& value,
              const std::vector<std::pair<std::string, Enum>>& names, const std::string& help) {
    std::vector<std::string> words;
    std::string current;
    for (const auto& [word, meaning] : names) {
      words.push_back(word);
      if (meaning == value) current = word;
    }
    const auto chosen = [&value, names](size_t i) { value = names[i].second; };
    const auto shown = [&value, names] {
      for (const auto& [word, meaning] : names) {
        if (meaning == value) return word;
      }
      return std::string();
    };
    add_choice(name, words, current, help, chosen, shown);
  }

  /// Starts a titled group in the help for the options that follow.
  void group(const std::string& title);
  /// Starts a part of the options under a name of its own, see `values`.
  void section(const std::string& name);

  /// What the options of a section hold at the moment of the call, defaults included: long name
  /// without dashes → text. For manifests, and to tell whether a result was made with the same
  /// options. Valid while the command runs.
  using Values = std::map<std::string, std::string>;
  std::function<Values()> values(const std::string& section) const;

 private:
  void add_choice(const std::string& name, const std::vector<std::string>& words,
                  const std::string& current, const std::string& help,
                  const std::function<void(size_t)>& chosen,
                  const std::function<std::string()>& shown);

  Impl& impl_;
};

/// What a command does once its options are parsed.
using CommandBody = std::function<void(const Context&)>;

struct Command {
  std::string name;
  std::string summary;  ///< one line, for the list of commands
  std::string example;  ///< whole command lines, for the command's help
  /// Declares the options and returns the body that uses them.
  std::function<CommandBody(OptionSet&)> declare;
};

struct ProgramText {
  std::string name;
  std::string summary;
  std::string footer;  ///< shown below the list of commands
  /// Commands whose options another program declares: their sections in a configuration file are
  /// passed over, so that one file serves both.
  std::vector<std::string> elsewhere = {};
};

/// Parses the command line, runs the command it names and returns the exit code: 0 ok, 1 internal,
/// 2 usage, 3 bad input, 130 stopped. Messages go to the standard error stream.
int run_program(const ProgramText& text, const std::vector<Command>& commands, int argc,
                char** argv);

}  // namespace grids
