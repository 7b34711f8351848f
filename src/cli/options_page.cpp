#include "cli/options_page.hpp"

#include <algorithm>

#include "cli/commands.hpp"

namespace grids::core {
namespace {

constexpr const char* kIntroduction =
    R"(# Options

Made by `grids docs options` from the descriptions that the programs themselves read; do not edit.

Every option is a flag (`--set-size 5`, `--set-size=5`) and a key of a TOML file that `--config` names:

    seed = 2                      # options of every command stand above the first section
    [prepare]
    min-genes = 100
    [train]
    latent = 15
    [explain]
    set-size = 5
    gene = ["CX3CR1", "P2RY12"]   # a list

A section is a command, whose options it takes by their flags, or a stage, whose options it takes by their keys in
every command that has the stage: `run` has `[prepare]`, `[train]`, `[cis]`, `[evaluate]`, `[explain]` and `[report]`,
`compare` has `[explain]`. What the command line gives goes before the file. An unknown section or key is an error,
and so is an option that is given twice.

A *list* may be given several times, takes all words up to the next option, and is cut at commas, but for a word that is
a whole name of the study ("CD4-positive, alpha-beta T cell"). Where files follow a list, `--` stands between:
`grids explain --gene A B -- study.h5mu surrogate.safetensors`.

`grids --version` prints the version, `grids --licences` what the program is linked with and under which licences.
)";

/// A cell of a Markdown table must not hold the mark between cells.
std::string cell(const std::string& text) {
  std::string result;
  for (const char c : text) result += c == '|' ? std::string("\\|") : std::string(1, c);
  return result;
}

std::string code(const std::string& text) {
  return text.empty() ? "" : fmt::format("`{}`", text);
}

/// What values it takes: words, a range, or the type.
std::string values_of(const OptionField& field) {
  if (field.kind == OptionField::Kind::kChoice) {
    std::string words;
    for (const auto& word : field.words) words += (words.empty() ? "" : ", ") + code(word);
    return words;
  }
  const std::string range = field.range.text();
  switch (field.kind) {
    case OptionField::Kind::kFlag:
      return "";
    case OptionField::Kind::kWhole:
      return "whole number" + (range.empty() ? "" : ", " + range);
    case OptionField::Kind::kNumber:
      return "number" + (range.empty() ? "" : ", " + range);
    case OptionField::Kind::kList:
      if (range.empty()) return "list";
      return (field.whole ? "list of whole numbers, " : "list of numbers, ") + range;
    case OptionField::Kind::kPath:
      return "path";
    default:
      return "text";
  }
}

std::string flags_of(const OptionField& field) {
  return field.letter.empty() ? code(field.flag) : code(field.letter) + ", " + code(field.flag);
}

/// Under which section and key a file has it, where that is not its flag in the command's own.
std::string key_of(const OptionField& field, const std::string& command) {
  if (field.section.empty() || field.section == command) return "";
  return code(fmt::format("[{}] {}", field.section, field.key));
}

bool is_option(const OptionField& field) {
  return field.place != OptionField::Place::kInner;
}

std::string table_of(const OptionSet& options, const std::string& command) {
  std::string text;
  const std::string* group = nullptr;
  const auto& fields = options.fields();
  for (const auto& field : fields) {
    if (!is_option(field)) continue;
    if (group == nullptr || *group != field.group) {
      group = &field.group;
      if (!group->empty()) text += fmt::format("\n*{}*\n", *group);
      text +=
          "\n| option | default | values | in a file | what |\n| --- | --- | --- | --- | --- |\n";
    }
    const bool flag = field.kind == OptionField::Kind::kFlag;
    text += fmt::format("| {} | {} | {} | {} | {} |\n", flags_of(field),
                        field.required ? "required" : (flag ? "" : cell(code(field.standard))),
                        cell(values_of(field)), key_of(field, command), cell(field.help));
  }
  return text;
}

/// What a preset changes: the defaults of other options under each of its words.
std::string presets_of(const Command& command) {
  std::string text;
  const auto first = declare_commands({command});
  const auto& fields = first.commands[0].options.fields();
  for (size_t i = 0; i < fields.size(); ++i) {
    if (fields[i].kind != OptionField::Kind::kChoice) continue;
    for (const auto& word : fields[i].words) {
      const auto again = declare_commands({command});
      OptionSet options = again.commands[0].options;
      options.fields()[i].assign({word});
      for (auto& field : options.fields()) {
        if (field.then) field.then();
      }
      std::string changed;
      for (size_t j = 0; j < fields.size(); ++j) {
        const auto& field = options.fields()[j];
        if (j == i || !is_option(field) || field.show() == fields[j].standard) continue;
        changed += fmt::format("{}{} {}", changed.empty() ? "" : ", ", code(field.flag),
                               code(field.show()));
      }
      if (changed.empty()) continue;
      text += fmt::format("\nDefaults with `{} {}`: {}.\n", fields[i].flag, word, changed);
    }
  }
  return text;
}

std::string section_of(const Command& command, const std::string& title) {
  const auto declared = declare_commands({command});
  return fmt::format("\n## `{}`\n\n{}.\n{}{}", title, command.summary,
                     table_of(declared.commands[0].options, command.name), presets_of(command));
}

}  // namespace

std::string options_page() {
  std::string text = kIntroduction;
  CommonOptions common;
  OptionSet shared;
  common.describe(shared);
  text += "\n## For every command\n" + table_of(shared, "");
  const AllCommands all = described_commands();
  for (const auto& command : all.commands) text += section_of(command, "grids " + command.name);
  return text + section_of(all.other_explain, "grids explain --model");
}

}  // namespace grids::core
