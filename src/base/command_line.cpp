#include "base/command_line.hpp"

#include <CLI/CLI.hpp>

namespace grids::core {
namespace {

/// The parser's option of each field; null for inner ones.
using ParserOptions = std::vector<CLI::Option*>;

CLI::Option* declare(CLI::App& app, const OptionField& field) {
  const std::string names = field.letter.empty() ? field.flag : field.letter + "," + field.flag;
  CLI::Option* option = nullptr;
  if (field.kind == OptionField::Kind::kFlag) {
    option = app.add_flag(names, field.help);
  } else {
    option = app.add_option(
        names, [](const CLI::results_t&) { return true; }, field.help);
    option->type_name(field.type())->type_size(1);
    if (field.kind == OptionField::Kind::kList) {
      option->expected(1, CLI::detail::expected_max_vector_size)->allow_extra_args();
    }
    if (!field.standard.empty()) option->default_str(field.standard);
  }
  // Whether it was given twice is judged later, with all else that is wrong.
  option->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  if (!field.group.empty()) option->group(field.group);
  return option;
}

ParserOptions declare(CLI::App& app, const OptionSet& options) {
  ParserOptions declared;
  for (const auto& field : options.fields()) {
    const bool shown = field.place != OptionField::Place::kInner;
    declared.push_back(shown ? declare(app, field) : nullptr);
  }
  return declared;
}

GivenOptions given(const ParserOptions& options) {
  GivenOptions result;
  for (const auto* option : options) {
    result.emplace_back();
    if (option != nullptr && option->count() > 0) result.back().words = option->results();
  }
  return result;
}

}  // namespace

CommandLine parse_command_line(const ProgramText& text, const OptionSet& shared,
                               const std::vector<DescribedCommand>& commands, int argc,
                               char** argv) {
  CLI::App app(text.summary, text.name);
  app.set_version_flag("--version", std::string(text.name) + " " GRIDS_VERSION);
  if (text.licences) {
    // Ends the parsing as --version does.
    app.add_flag_callback(
           "--licences", [&text] { throw CLI::CallForVersion(text.licences(), 0); },
           "Show what the program is linked with, under which licences, and exit")
        ->configurable(false);
  }
  app.footer(text.footer);
  app.require_subcommand(0, 1);
  app.allow_extras();  // told together with everything else that is wrong
  app.fallthrough();
  app.get_formatter()->column_width(34);
  const ParserOptions for_all = declare(app, shared);
  std::vector<CLI::App*> parsers;
  std::vector<ParserOptions> own;
  for (const auto& command : commands) {
    CLI::App* parser = app.add_subcommand(command.name, command.summary);
    parser->footer(command.footer);
    own.push_back(declare(*parser, command.options));
    parsers.push_back(parser);
  }
  CommandLine line;
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& success) {
    line.ended = app.exit(success);
    return line;
  } catch (const CLI::ParseError& error) {
    throw usage_error("{} (see --help)", error.what());
  }
  line.extras = app.remaining(true);
  std::erase(line.extras, "--");  // that what follows is no option is no word of its own
  line.shared = given(for_all);
  for (size_t i = 0; i < commands.size(); ++i) {
    if (!parsers[i]->parsed()) continue;
    line.command = i;
    line.own = given(own[i]);
  }
  line.help = app.help();
  return line;
}

}  // namespace grids::core
