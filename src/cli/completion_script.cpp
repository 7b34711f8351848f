#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "cli/commands.hpp"
#include "cli/options_page.hpp"

namespace grids::core {
namespace {

/// A command with every option that it may be given.
struct Completed {
  std::string name;
  std::string summary;
  std::vector<OptionField> fields;
};

/// Of both forms of `explain` together: a shell does not know which one is meant.
std::vector<Completed> completed_commands() {
  AllCommands all = described_commands();
  all.commands.push_back(all.other_explain);
  const auto declared = declare_commands(all.commands);
  CommonOptions common;
  OptionSet shared;
  common.describe(shared);
  std::vector<Completed> commands;
  for (const auto& command : declared.commands) {
    auto found = std::find_if(commands.begin(), commands.end(),
                              [&](const Completed& one) { return one.name == command.name; });
    if (found == commands.end()) {
      commands.push_back({command.name, command.summary, shared.fields()});
      found = commands.end() - 1;
    }
    for (const auto& field : command.options.fields()) {
      const bool known = std::any_of(found->fields.begin(), found->fields.end(),
                                     [&](const auto& one) { return one.flag == field.flag; });
      if (field.place == OptionField::Place::kOption && !known) found->fields.push_back(field);
    }
  }
  return commands;
}

bool takes_value(const OptionField& field) {
  return field.kind != OptionField::Kind::kFlag;
}

std::string bash_script(const std::vector<Completed>& commands) {
  std::string names, options, words;
  for (const auto& command : commands) {
    names += " " + command.name;
    std::string flags;
    for (const auto& field : command.fields) {
      if (!field.letter.empty()) flags += " " + field.letter;
      flags += " " + field.flag;
      if (field.words.empty()) continue;
      words += fmt::format("    \"{} {}\") echo \"{}\" ;;\n", command.name, field.flag,
                           fmt::join(field.words, " "));
    }
    options += fmt::format("    {}) echo \"{} --help\" ;;\n", command.name, flags.substr(1));
  }
  return fmt::format(R"bash(# Completion of grids for bash: source it, or put it into
# ~/.local/share/bash-completion/completions/grids
_grids_options() {{
  case "$1" in
{}  esac
}}
_grids_words() {{
  case "$1 $2" in
{}  esac
}}
_grids() {{
  local current=${{COMP_WORDS[COMP_CWORD]}} before=${{COMP_WORDS[COMP_CWORD - 1]}} command="" word
  local names="{}"
  for word in "${{COMP_WORDS[@]:1:COMP_CWORD-1}}"; do
    if [[ " $names " == *" $word "* ]]; then command=$word; break; fi
  done
  COMPREPLY=()
  if [[ -z $command ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$names --help --version --licences" -- "$current")
    return
  fi
  local words
  words=$(_grids_words "$command" "$before")
  if [[ -n $words ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
  elif [[ $current == -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$(_grids_options "$command")" -- "$current")
  else
    compopt -o filenames 2>/dev/null
    mapfile -t COMPREPLY < <(compgen -f -- "$current")
  fi
}}
complete -F _grids grids
)bash",
                     options, words, names.substr(1));
}

/// Inside single quotes; colons and brackets mean something to _arguments.
std::string zsh_text(const std::string& text) {
  std::string result;
  for (const char c : text) {
    if (c == '\'') {
      result += "'\\''";
    } else {
      if (c == '[' || c == ']' || c == ':' || c == '\\') result += '\\';
      result += c;
    }
  }
  return result;
}

std::string zsh_option(const OptionField& field, const std::string& flag) {
  std::string value;
  if (takes_value(field)) {
    const std::string values = field.words.empty()
                                   ? (field.kind == OptionField::Kind::kPath ? "_files" : " ")
                                   : fmt::format("({})", fmt::join(field.words, " "));
    value = fmt::format(":{}:{}", zsh_text(field.key), values);
  }
  const char* repeated = field.kind == OptionField::Kind::kList ? "*" : "";
  return fmt::format("        '{}{}[{}]{}' \\\n", repeated, flag, zsh_text(field.help), value);
}

std::string zsh_script(const std::vector<Completed>& commands) {
  std::string list, cases;
  for (const auto& command : commands) {
    list += fmt::format("    '{}:{}'\n", command.name, zsh_text(command.summary));
    cases += fmt::format("    {})\n      _arguments \\\n", command.name);
    for (const auto& field : command.fields) {
      if (!field.letter.empty()) cases += zsh_option(field, field.letter);
      cases += zsh_option(field, field.flag);
    }
    cases += "        '--help[Show the options]' \\\n        '*:file:_files' ;;\n";
  }
  return fmt::format(R"zsh(#compdef grids
# Completion of grids for zsh: put it as _grids into a folder of $fpath.
_grids() {{
  local -a commands
  commands=(
{})
  if (( CURRENT == 2 )); then
    _describe command commands
    return
  fi
  local command=${{words[2]}}
  shift words
  (( CURRENT-- ))
  case $command in
{}  esac
}}
_grids "$@"
)zsh",
                     list, cases);
}

std::string fish_text(const std::string& text) {
  std::string result;
  for (const char c : text) {
    if (c == '\'' || c == '\\') result += '\\';
    result += c;
  }
  return result;
}

std::string fish_script(const std::vector<Completed>& commands) {
  std::string text =
      "# Completion of grids for fish: put it into ~/.config/fish/completions/grids.fish\n";
  for (const auto& command : commands) {
    text += fmt::format("complete -c grids -n __fish_use_subcommand -a {} -d '{}'\n", command.name,
                        fish_text(command.summary));
    for (const auto& field : command.fields) {
      std::string line = fmt::format("complete -c grids -n '__fish_seen_subcommand_from {}' -l {}",
                                     command.name, field.flag.substr(2));
      if (!field.letter.empty()) line += " -s " + field.letter.substr(1);
      if (!field.words.empty()) {
        line += fmt::format(" -x -a '{}'", fmt::join(field.words, " "));
      } else if (takes_value(field)) {
        line += " -r";
      }
      text += fmt::format("{} -d '{}'\n", line, fish_text(field.help));
    }
  }
  return text;
}

}  // namespace

std::string completion_script(const std::string& shell) {
  const auto commands = completed_commands();
  if (shell == "bash") return bash_script(commands);
  if (shell == "zsh") return zsh_script(commands);
  if (shell == "fish") return fish_script(commands);
  throw usage_error("completions: '{}' is none of bash, zsh, fish", shell);
}

}  // namespace grids::core
