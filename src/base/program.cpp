#include "base/program.hpp"

#include <fmt/ranges.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <new>

#include "base/goes_with_program.hpp"
#include "base/memory.hpp"
#include "base/suggestion.hpp"
#include "base/terminal.hpp"

namespace grids::core {
namespace {

/// All that a signal handler can reach.
std::atomic<bool> stop_requested = false;
std::atomic<int> stop_signal = 0;  ///< the first that asked to stop
std::atomic<uint64_t> signals_seen = 0;

/// What is said as soon as the program is asked to stop: a handler can ask for no memory.
std::array<char, 256> stop_words;
std::atomic<size_t> stop_words_size = 0;

/// What a shell says of a program that a signal ended.
constexpr int kSignalled = 128;
/// Time for a checkpoint, in seconds. A library may be busy for much longer (a matrix product of
/// oneDNN, a large chunk of HDF5, a file system that is full of work).
constexpr unsigned kMostSeconds = 4;

[[noreturn]] void end_at_once() {
  remove_what_goes();
  ::_exit(kSignalled + stop_signal);
}

extern "C" void request_stop(int signal) {
  const uint64_t bit = uint64_t{1} << static_cast<unsigned>(signal);
  // The same for the second time: whoever sent it waits no longer. (Another one is the same wish: a
  // terminal tells all programs in it, and `run` the one that trains.)
  if ((signals_seen.fetch_or(bit) & bit) != 0) end_at_once();
  int none = 0;
  if (!stop_signal.compare_exchange_strong(none, signal)) return;
  stop_requested.store(true);
  ::alarm(kMostSeconds);
  const int error = errno;
  // Whether it can be said changes nothing.
  [[maybe_unused]] const auto written =
      ::write(STDERR_FILENO, stop_words.data(), stop_words_size.load());
  errno = error;
}

extern "C" void wait_no_longer(int) {
  end_at_once();
}

/// A program that works for another, which speaks for both, is to end with it
/// (pipeline/sibling.cpp).
bool works_for_another() {
  int signal = 0;
  return ::prctl(PR_GET_PDEATHSIG, &signal) == 0 && signal != 0;
}

void set_stop_words(const TerminalOptions& options) {
  stop_words_size = 0;
  if (options.quiet || works_for_another()) return;
  const auto words =
      fmt::format("stopping, within {} seconds; the same signal again stops at once", kMostSeconds);
  // A line of progress is cleared, as the reporter clears it.
  const std::string line = options.form == ProgressForm::kJson ? json_line("info", words)
                           : options.terminal                  ? fmt::format("\r\x1b[K{}", words)
                                                               : words;
  const size_t size = std::min(line.size(), stop_words.size() - 1);
  std::copy_n(line.begin(), size, stop_words.begin());
  stop_words[size] = '\n';
  stop_words_size = size + 1;
}

/// While it lives, Ctrl-C, SIGTERM and a closed terminal ask to stop. The program ends as soon as
/// its work can be put down, at once when asked again, and in any case after `kMostSeconds`.
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
    stop_requested = false;
    stop_signal = 0;
    signals_seen = 0;
    install(SIGALRM, wait_no_longer);
    for (const int signal : {SIGINT, SIGTERM}) install(signal, request_stop);
    if (!is_ignored(SIGHUP)) install(SIGHUP, request_stop);  // else `nohup` asked to go on
  }
  ~StopSignals() {
    ::alarm(0);
    for (const int signal : installed_) std::signal(signal, SIG_DFL);
    stack_t none = {};
    none.ss_flags = SS_DISABLE;
    ::sigaltstack(&none, nullptr);
  }
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

 private:
  static bool is_ignored(int signal) {
    struct sigaction action = {};
    return ::sigaction(signal, nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
  }
  void install(int signal, void (*handler)(int)) {
    struct sigaction action = {};
    action.sa_handler = handler;
    action.sa_flags = SA_ONSTACK | SA_RESTART;
    ::sigemptyset(&action.sa_mask);
    ::sigaction(signal, &action, nullptr);
    installed_.push_back(signal);
  }

  std::vector<char> stack_;
  std::vector<int> installed_;
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

/// Who fails, and how that is told.
struct Speaker {
  std::string_view program;
  bool json = false;
};

int fail(const Speaker& speaker, const Error& error) {
  if (speaker.json) {
    fmt::print(stderr, "{}\n", json_line("error", error.what()));
  } else {
    fmt::print(stderr, "{}: {}\n", speaker.program, printable(error.what()));
  }
  const bool by_signal = error.kind() == ErrorKind::kCancelled && stop_signal != 0;
  return by_signal ? kSignalled + stop_signal : exit_code(error.kind());
}

/// Runs something that may throw anything; returns the exit code.
template <typename Body>
int guarded(const Speaker& speaker, Body&& body) {
  try {
    return std::forward<Body>(body)();
  } catch (const Error& error) {
    return fail(speaker, error);
  } catch (const std::bad_alloc&) {
    return fail(speaker, internal_error("out of memory; use fewer cells or peaks, or a machine "
                                        "with more"));
  } catch (const std::exception& error) {
    return fail(speaker, internal_error("unexpected: {}", error.what()));
  }
}

int run_body(const CommandBody& body, const CommonOptions& common,
             const std::vector<std::string>& warnings) {
  const TerminalOptions options{common.quiet, common.progress, ::isatty(STDERR_FILENO) != 0};
  set_stop_words(options);
  const StopSignals signals;  // first: it outlives the threads, which may be slow to end
  TerminalReporter reporter(options);
  for (const auto& warning : warnings) reporter.warning(warning);
  ThreadPool pool(common.threads);
  const auto memory = parse_bytes(common.memory);
  const Context context{common.seed, pool, reporter, &stop_requested,
                        memory ? *memory : usual_memory()};
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
  set.value("--memory", memory,
            "Memory to work in, as 8G or 500M; without: 80 % of what is free. What does not fit is "
            "kept in a file while the command runs, which is slower; results do not change");
  set.rule([this](Problems& problems) {
    if (!memory.empty() && !parse_bytes(memory)) {
      problems.add(
          "--memory: '{}' is no amount of memory; give bytes, or a number with K, M, G or T, "
          "such as 8G",
          memory);
    }
  });
  set.flag("-q,--quiet", quiet, "Only warnings and errors");
  set.choice<ProgressForm>(
      "--progress", progress,
      {{"auto", ProgressForm::kAuto}, {"json", ProgressForm::kJson}, {"off", ProgressForm::kOff}},
      "auto = a line that changes on a terminal, a line a minute elsewhere; json = each message, "
      "and progress each second, as a JSON object on a line of standard error");
  set.value("--config", config,
            "TOML file with options: [command] or [stage] sections, keys as the flags");
}

DeclaredCommands declare_commands(const std::vector<Command>& commands) {
  DeclaredCommands declared;
  for (const auto& command : commands) {
    OptionSet options;
    declared.bodies.push_back(with_context(command.name, [&] { return command.declare(options); }));
    declared.commands.push_back(
        {command.name, command.summary,
         "Example:\n" + command.example +
             "\n\nFor every command: --seed --threads --memory --quiet --progress --config",
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
  CommonOptions common;
  Speaker speaker{text.name};
  return guarded(speaker, [&] {
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
    speaker.json = common.progress == ProgressForm::kJson;
    return run_body(declared.bodies[*line.command], common, warnings);
  });
}

}  // namespace grids::core
