#include "base/program.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <new>

#include "base/suggestion.hpp"
#include "base/terminal.hpp"

namespace grids::core {
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

std::vector<std::string> flags_of(const OptionSet& options) {
  std::vector<std::string> flags;
  for (const auto& field : options.fields()) {
    if (field.place == OptionField::Place::kOption) flags.push_back(field.flag);
  }
  return flags;
}

void complain_of_extras(const DescribedCommand& command, const OptionSet& shared,
                        const std::vector<std::string>& extras, Problems& problems) {
  auto known = flags_of(command.options);
  for (const auto& flag : flags_of(shared)) known.push_back(flag);
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
}

bool looks_like_a_file(const std::string& word) {
  std::error_code ignored;
  return word.find('/') != std::string::npos || std::filesystem::exists(word, ignored) ||
         std::filesystem::path(word).has_extension();
}

/// That a list of the command line took words which were meant as files, and how to stop it.
std::string swallowed_files(const OptionSet& options, const GivenOptions& given) {
  std::string missing;
  const auto& fields = options.fields();
  for (size_t i = 0; i < fields.size() && missing.empty(); ++i) {
    const bool positional = fields[i].place == OptionField::Place::kPositional;
    if (positional && given[i].words.empty()) missing = fields[i].flag;
  }
  if (missing.empty()) return "";
  for (size_t i = 0; i < fields.size(); ++i) {
    const auto& words = given[i].words;
    if (fields[i].kind != OptionField::Kind::kList || !given[i].from.empty()) continue;
    const auto file =
        std::find_if(words.begin() + (words.empty() ? 0 : 1), words.end(), looks_like_a_file);
    if (file == words.end()) continue;
    return fmt::format(
        "{0} takes all words up to the next option and took '{1}' too; put -- before what is meant "
        "as {2}: {0} {3} -- {4}",
        fields[i].flag, *file, missing, fmt::join(words.begin(), file, " "),
        fmt::join(file, words.end(), " "));
  }
  return "";
}

int fail(std::string_view program, const Error& error) {
  fmt::print(stderr, "{}: {}\n", program, error.what());
  return exit_code(error.kind());
}

/// Runs something that may throw anything; returns the exit code.
template <typename Body>
int guarded(std::string_view program, Body&& body) {
  try {
    return std::forward<Body>(body)();
  } catch (const Error& error) {
    return fail(program, error);
  } catch (const std::bad_alloc&) {
    return fail(program, internal_error("out of memory; use fewer cells or peaks, or a machine "
                                        "with more"));
  } catch (const std::exception& error) {
    return fail(program, internal_error("unexpected: {}", error.what()));
  }
}

int run_body(const CommandBody& body, const CommonOptions& common,
             const std::vector<std::string>& warnings) {
  TerminalReporter reporter(common.quiet);
  for (const auto& warning : warnings) reporter.warning(warning);
  ThreadPool pool(common.threads);
  const Context context{common.seed, pool, reporter, &stop_requested};
  const StopSignals signals;
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
  body(context);
  return 0;
}

std::vector<std::string> names_of(const std::vector<Command>& commands) {
  std::vector<std::string> names;
  names.reserve(commands.size());
  for (const auto& command : commands) names.push_back(command.name);
  return names;
}

}  // namespace

void CommonOptions::describe(OptionSet& set) {
  set.value("--seed", seed, "Seed of every random draw");
  set.value("--threads", threads, "Threads; 0 = all cores; results do not change",
            at_least(0).at_most(kMostThreads));
  set.flag("-q,--quiet", quiet, "Only warnings and errors");
  set.value("--config", config,
            "TOML file with options: [command] or [stage] sections, keys as the flags");
}

DeclaredCommands declare_commands(const std::vector<Command>& commands) {
  DeclaredCommands declared;
  for (const auto& command : commands) {
    OptionSet options;
    declared.bodies.push_back(with_context(command.name, [&] { return command.declare(options); }));
    declared.commands.push_back({command.name, command.summary,
                                 "Example:\n" + command.example +
                                     "\n\nFor every command: --seed --threads --quiet --config",
                                 options});
  }
  return declared;
}

void assign_options(OptionSet& options, const GivenOptions& given, Problems& problems) {
  Problems wrong;
  auto& fields = options.fields();
  for (size_t i = 0; i < fields.size(); ++i) {
    auto& field = fields[i];
    const auto& words = given[i].words;
    const auto where = given[i].from.empty() ? std::string() : given[i].from + ": ";
    if (words.empty()) {
      if (field.required) wrong.add("{} is required", field.name());
    } else if (field.kind != OptionField::Kind::kList && words.size() > 1) {
      wrong.add("{}{} is given {} times{}; give it once", where, field.name(), words.size(),
                field.kind == OptionField::Kind::kFlag
                    ? ""
                    : fmt::format(" ({}), and takes one value", fmt::join(words, ", ")));
    } else {
      const auto problem = field.assign(words);
      if (!problem.empty()) wrong.add("{}{}: {}", where, field.name(), problem);
      field.given = true;
    }
    if (field.then) field.then();
  }
  options.check(wrong);
  const auto hint = swallowed_files(options, given);
  if (!wrong.empty() && !hint.empty()) wrong.add("{}", hint);
  for (const auto& problem : wrong.list()) problems.add("{}", problem);
}

int run_program(const ProgramText& text, const std::vector<Command>& commands, int argc,
                char** argv, const std::vector<Command>& others) {
  return guarded(text.name, [&] {
    CommonOptions common;
    OptionSet shared;
    common.describe(shared);
    const DeclaredCommands declared = declare_commands(commands);
    CommandLine line = parse_command_line(text, shared, declared.commands, argc, argv);
    if (line.ended) return *line.ended;
    if (!line.command) {
      if (!line.extras.empty()) {
        throw usage_error("no command '{}'{} (see --help)", line.extras.front(),
                          suggestion(line.extras.front(), names_of(commands)));
      }
      fmt::print("{}", line.help);
      return 0;
    }
    const DescribedCommand& command = declared.commands[*line.command];
    Problems problems;
    std::vector<std::string> warnings;
    const auto& config = line.shared[shared.fields().size() - 1].words;
    const DeclaredCommands elsewhere = declare_commands(others);
    if (config.size() == 1) {
      auto known = declared.commands;
      known.insert(known.end(), elsewhere.commands.begin(), elsewhere.commands.end());
      warnings = read_configuration(config.front(), shared, known, line, problems);
    }
    assign_options(shared, line.shared, problems);
    OptionSet options = command.options;
    assign_options(options, line.own, problems);
    complain_of_extras(command, shared, line.extras, problems);
    problems.raise(ErrorKind::kUsage, command.name + " (see --help)");
    return run_body(declared.bodies[*line.command], common, warnings);
  });
}

}  // namespace grids::core
