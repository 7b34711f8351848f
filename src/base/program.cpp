#include "base/program.hpp"

#include <CLI/CLI.hpp>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <new>

#include "base/suggestion.hpp"
#include "base/terminal.hpp"

namespace grids {
namespace {

/// The whole text as a number that the type can hold; CLI11 would wrap -4 into an unsigned one.
template <typename T>
bool parse_number(std::string_view text, T& value) {
  if (text.starts_with('+')) text.remove_prefix(1);
  T parsed{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), parsed);
  if (error != std::errc() || end != text.data() + text.size()) return false;
  value = parsed;
  return true;
}

}  // namespace

/// The options of one command, and what was wrong with the values given.
struct OptionSet::Impl {
  CLI::App* app = nullptr;
  std::shared_ptr<Problems> problems = std::make_shared<Problems>();
  std::vector<std::pair<const CLI::Option*, std::string>> required;
  std::string group;
  std::string section;

  struct Shown {
    std::string section;
    std::string name;
    std::function<std::string()> value;
  };
  std::shared_ptr<std::vector<Shown>> shown = std::make_shared<std::vector<Shown>>();

  /// Remembers how to show what an option holds, under its long name.
  void show(const std::string& name, std::function<std::string()> value) {
    std::string key = name.substr(name.find(',') == std::string::npos ? 0 : name.find(',') + 1);
    key.erase(0, key.find_first_not_of('-'));
    shown->push_back({section, key, std::move(value)});
  }

  /// Declares an option that is converted by `convert`, which returns what is wrong or "". A wrong
  /// value is noted, not thrown, so that all of them are told at once.
  CLI::Option* add(const std::string& name, const std::string& help, const std::string& type,
                   const std::string& shown_default,
                   const std::function<std::string(const std::string&)>& convert) {
    const auto callback = [problems = problems, name, convert](const CLI::results_t& results) {
      for (const auto& result : results) {
        const std::string problem = convert(result);
        if (!problem.empty()) problems->add("{}: {}", name, problem);
      }
      return true;
    };
    CLI::Option* option = app->add_option(name, callback, help);
    option->type_name(type)->type_size(1)->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
    if (!shown_default.empty()) option->default_str(shown_default);
    if (!group.empty()) option->group(group);
    return option;
  }

  template <typename T>
  void add_number(const std::string& name, T& value, const std::string& help, const char* type,
                  const char* expected, const std::string& shown_default) {
    add(name, help, type, shown_default, [&value, expected](const std::string& text) {
      if (parse_number(text, value)) return std::string();
      return fmt::format("'{}' is not {}", text, expected);
    });
    show(name, [&value] { return fmt::format("{}", value); });
  }

  void add_text(const std::string& name, const std::string& help, const std::string& shown_default,
                Need need, const std::function<void(const std::string&)>& assign) {
    const CLI::Option* option =
        add(name, help, "TEXT", shown_default, [assign](const std::string& text) {
          assign(text);
          return std::string();
        });
    if (need == Need::kRequired) required.emplace_back(option, name);
  }
};

void OptionSet::flag(const std::string& name, bool& value, const std::string& help) {
  CLI::Option* option = impl_.app->add_flag(name, value, help);
  impl_.show(name, [&value] { return std::string(value ? "true" : "false"); });
  if (!impl_.group.empty()) option->group(impl_.group);
}

void OptionSet::value(const std::string& name, std::string& value, const std::string& help,
                      Need need) {
  impl_.add_text(name, help, value, need, [&value](const std::string& text) { value = text; });
  impl_.show(name, [&value] { return value; });
}

void OptionSet::value(const std::string& name, std::filesystem::path& value,
                      const std::string& help, Need need) {
  impl_.add_text(name, help, value.string(), need,
                 [&value](const std::string& text) { value = text; });
  impl_.show(name, [&value] { return value.string(); });
}

void OptionSet::value(const std::string& name, double& value, const std::string& help) {
  impl_.add_number(name, value, help, "NUMBER", "a number", fmt::format("{}", value));
}

void OptionSet::value(const std::string& name, int& value, const std::string& help) {
  impl_.add_number(name, value, help, "INT", "a whole number", fmt::format("{}", value));
}

void OptionSet::value(const std::string& name, int64_t& value, const std::string& help) {
  impl_.add_number(name, value, help, "INT", "a whole number", fmt::format("{}", value));
}

void OptionSet::value(const std::string& name, uint64_t& value, const std::string& help) {
  impl_.add_number(name, value, help, "INT", "a whole number that is not negative",
                   fmt::format("{}", value));
}

void OptionSet::value(const std::string& name, std::optional<double>& value,
                      const std::string& help) {
  impl_.add(name, help, "NUMBER", value ? fmt::format("{}", *value) : "",
            [&value](const std::string& text) {
              double number = 0;
              if (!parse_number(text, number)) {
                return fmt::format("'{}' is not a number", text);
              }
              value = number;
              return std::string();
            });
  impl_.show(name, [&value] { return value ? fmt::format("{}", *value) : std::string(); });
}

void OptionSet::value(const std::string& name, std::optional<int64_t>& value,
                      const std::string& help) {
  impl_.add(name, help, "INT", value ? fmt::format("{}", *value) : "",
            [&value](const std::string& text) {
              int64_t number = 0;
              if (!parse_number(text, number)) {
                return fmt::format("'{}' is not a whole number", text);
              }
              value = number;
              return std::string();
            });
  impl_.show(name, [&value] { return value ? fmt::format("{}", *value) : std::string(); });
}

void OptionSet::list(const std::string& name, std::vector<std::string>& value,
                     const std::string& help) {
  const auto callback = [&value](const CLI::results_t& results) {
    value = results;
    return true;
  };
  CLI::Option* option = impl_.app->add_option(name, callback, help);
  option->type_name("TEXT")->type_size(1)->delimiter(',')->multi_option_policy(
      CLI::MultiOptionPolicy::TakeAll);
  if (!value.empty()) option->default_str(fmt::format("{}", fmt::join(value, ",")));
  impl_.show(name, [&value] { return fmt::format("{}", fmt::join(value, ",")); });
  if (!impl_.group.empty()) option->group(impl_.group);
}

void OptionSet::add_choice(const std::string& name, const std::vector<std::string>& words,
                           const std::string& current, const std::string& help,
                           const std::function<void(size_t)>& chosen,
                           const std::function<std::string()>& shown) {
  impl_.add(name, help, fmt::format("{}", fmt::join(words, "|")), current,
            [words, chosen](const std::string& text) {
              const auto found = std::find(words.begin(), words.end(), text);
              if (found == words.end()) {
                return fmt::format("'{}' is none of: {}", text, fmt::join(words, ", "));
              }
              chosen(static_cast<size_t>(found - words.begin()));
              return std::string();
            });
  impl_.show(name, shown);
}

void OptionSet::group(const std::string& title) {
  impl_.group = title;
}

void OptionSet::section(const std::string& name) {
  impl_.section = name;
}

std::function<OptionSet::Values()> OptionSet::values(const std::string& section) const {
  return [shown = impl_.shown, section] {
    Values values;
    for (const auto& option : *shown) {
      if (option.section == section) values[option.name] = option.value();
    }
    return values;
  };
}

namespace {

/// The one place that a signal handler can reach.
std::atomic<bool> stop_requested = false;

extern "C" void request_stop(int) {
  stop_requested.store(true);
}

/// While it lives, Ctrl-C and SIGTERM ask to stop; a second one ends the program at once.
///
/// The handler has a stack of its own: oneDNN's generated matrix products use the stack pointer as
/// one more register, and a handler that ran where it points would overwrite the heap.
class StopSignals {
 public:
  StopSignals() : stack_(size_t{1} << 16) {
    stack_t own = {};
    own.ss_sp = stack_.data();
    own.ss_size = stack_.size();
    ::sigaltstack(&own, nullptr);
    install(request_stop, SA_ONSTACK | SA_RESTART | static_cast<int>(SA_RESETHAND));
  }
  ~StopSignals() {
    install(SIG_DFL, 0);
    stack_t none = {};
    none.ss_flags = SS_DISABLE;
    ::sigaltstack(&none, nullptr);
  }
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

 private:
  static void install(void (*handler)(int), int flags) {
    struct sigaction action = {};
    action.sa_handler = handler;
    action.sa_flags = flags;
    ::sigemptyset(&action.sa_mask);
    for (const int signal : {SIGINT, SIGTERM}) ::sigaction(signal, &action, nullptr);
  }

  std::vector<char> stack_;
};

/// More than any machine has cores; a slip of the keyboard must not start them.
constexpr int kMostThreads = 4096;

struct CommonOptions {
  uint64_t seed = 1;
  int threads = 0;
  bool quiet = false;
};

/// One command as the parser knows it.
struct Declared {
  OptionSet::Impl options;
  CommandBody body;
};

/// Passes over the sections of commands that another program declares.
class OwnSections : public CLI::ConfigTOML {
 public:
  explicit OwnSections(std::vector<std::string> elsewhere) : elsewhere_(std::move(elsewhere)) {}

  std::vector<CLI::ConfigItem> from_config(std::istream& input) const override {
    auto kept = CLI::ConfigTOML::from_config(input);
    std::erase_if(kept, [&](const CLI::ConfigItem& item) {
      return !item.parents.empty() && std::find(elsewhere_.begin(), elsewhere_.end(),
                                                item.parents.front()) != elsewhere_.end();
    });
    return kept;
  }

 private:
  std::vector<std::string> elsewhere_;
};

std::vector<std::string> long_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const auto* option : app.get_options()) {
    for (const auto& name : option->get_lnames()) names.push_back("--" + name);
  }
  return names;
}

/// What a configuration file holds that is no option: CLI11 names it with its own marks.
Error config_error(const CLI::App& app, std::string_view message) {
  const std::string file = app.get_config_ptr()->as<std::string>();
  std::string_view item = message;
  const size_t prefix = item.rfind("parse ");
  if (prefix != std::string_view::npos) item.remove_prefix(prefix + 6);
  if (item.ends_with(".++")) item.remove_suffix(3);  // the opening of a section
  std::string shown;
  for (const char c : item.substr(0, 60)) shown += c >= ' ' && c != 127 ? c : '?';
  const size_t dot = shown.find('.');
  std::vector<std::string> known;
  for (const auto* command : app.get_subcommands({})) {
    if (dot == std::string::npos) {
      known.push_back(command->get_name());
    } else if (shown.substr(0, dot) == command->get_name()) {
      for (const auto& name : long_names(*command)) {
        known.push_back(command->get_name() + "." + name.substr(2));
      }
    }
  }
  return usage_error(
      "--config {}: there is no option '{}'{}; a file holds [command] sections with lines such as "
      "threads = 2, keys as the flags",
      file, shown, suggestion(shown, known));
}

void check(const Declared& command, const std::vector<std::string>& extras) {
  Problems& problems = *command.options.problems;
  for (const auto& [option, name] : command.options.required) {
    if (option->count() == 0) problems.add("{} is required", name);
  }
  std::vector<std::string> known = long_names(*command.options.app);
  for (const auto& name : long_names(*command.options.app->get_parent())) known.push_back(name);
  bool after_option = false;
  for (const auto& extra : extras) {
    const bool is_option = extra.starts_with('-');
    if (is_option) {
      const auto name = extra.substr(0, extra.find('='));
      problems.add("unknown option '{}'{}", extra, suggestion(name, known));
    } else if (!after_option) {  // else it is likely the value of the unknown option
      problems.add("unknown argument '{}'", extra);
    }
    after_option = is_option;
  }
  problems.raise(ErrorKind::kUsage,
                 fmt::format("{} (see --help)", command.options.app->get_name()));
}

int fail(std::string_view program, const Error& error) {
  fmt::print(stderr, "{}: {}\n", program, error.what());
  return exit_code(error.kind());
}

int run_command(const ProgramText& text, const Declared& command, const CommonOptions& common,
                const std::vector<std::string>& extras) {
  TerminalReporter reporter(common.quiet);
  try {
    check(command, extras);
    if (common.threads < 0 || common.threads > kMostThreads) {
      throw usage_error("--threads: {} does not lie between 0 (all cores) and {}", common.threads,
                        kMostThreads);
    }
    ThreadPool pool(common.threads);
    const Context context{common.seed, pool, reporter, &stop_requested};
    const StopSignals signals;
    std::signal(SIGPIPE, SIG_IGN);
    std::signal(SIGXFSZ, SIG_IGN);
    command.body(context);
    return 0;
  } catch (const Error& error) {
    return fail(text.name, error);
  } catch (const std::bad_alloc&) {
    return fail(text.name, internal_error("out of memory; use fewer cells or peaks, or a machine "
                                          "with more"));
  } catch (const std::exception& error) {
    return fail(text.name, internal_error("unexpected: {}", error.what()));
  }
}

}  // namespace

int run_program(const ProgramText& text, const std::vector<Command>& commands, int argc,
                char** argv) {
  CLI::App app(text.summary, text.name);
  CommonOptions common;
  app.set_version_flag("--version", std::string(text.name) + " " GRIDS_VERSION);
  app.set_config("--config", "", "TOML file with options: [command] sections, keys as the flags");
  app.allow_config_extras(CLI::config_extras_mode::error);
  app.config_formatter(std::make_shared<OwnSections>(text.elsewhere));
  app.footer(text.footer);
  app.require_subcommand(0, 1);
  app.allow_extras();  // told together with everything else that is wrong
  app.fallthrough();
  app.get_formatter()->column_width(34);
  OptionSet::Impl shared;
  shared.app = &app;
  OptionSet shared_options(shared);
  shared_options.value("--seed", common.seed, "Seed of every random draw");
  shared_options.value("--threads", common.threads,
                       "Threads; 0 = all cores; results do not change");
  shared_options.flag("-q,--quiet", common.quiet, "Only warnings and errors");

  std::vector<std::unique_ptr<Declared>> declared;
  for (const auto& command : commands) {
    auto entry = std::make_unique<Declared>();
    entry->options.app = app.add_subcommand(command.name, command.summary);
    entry->options.app->footer("Example:\n" + command.example +
                               "\n\nFor every command: --seed --threads --quiet --config");
    OptionSet options(entry->options);
    entry->body = command.declare(options);
    declared.push_back(std::move(entry));
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& success) {
    return app.exit(success);
  } catch (const CLI::FileError& error) {
    return fail(text.name, input_error("--config: {}", error.what()));
  } catch (const CLI::ConfigError& error) {
    return fail(text.name, config_error(app, error.what()));
  } catch (const CLI::ParseError& error) {
    return fail(text.name, usage_error("{} (see --help)", error.what()));
  }
  const auto extras = app.remaining(true);
  for (const auto& command : declared) {
    if (!command->options.app->parsed()) continue;
    for (const auto& problem : shared.problems->list())
      command->options.problems->add("{}", problem);
    return run_command(text, *command, common, extras);
  }
  if (!extras.empty()) {
    std::vector<std::string> names;
    names.reserve(commands.size());
    for (const auto& command : commands) names.push_back(command.name);
    return fail(text.name, usage_error("no command '{}'{} (see --help)", extras.front(),
                                       suggestion(extras.front(), names)));
  }
  fmt::print("{}", app.help());
  return 0;
}

}  // namespace grids
