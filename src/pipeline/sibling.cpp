#include "pipeline/sibling.hpp"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <thread>

#include "base/error.hpp"

namespace grids::core {
namespace {

std::string sibling_path() {
  return program_beside("grids-torch").string();
}

/// Why the program cannot be started, and what to do; empty where nothing speaks against it. A bare
/// name is looked for by the system.
std::string why_not_startable(const std::filesystem::path& program) {
  if (!program.has_parent_path()) return "";
  const auto name = program.filename().string();
  std::error_code ignored;
  if (!std::filesystem::exists(program, ignored)) {
    return fmt::format(
        "{} is not there; install {} beside grids{}", program.string(), name,
        name == "grids-torch" ? " (it is built when LibTorch is found, with GRIDS_TORCH=ON)" : "");
  }
  if (std::filesystem::is_directory(program, ignored)) {
    return fmt::format("{} is a folder; install {} beside grids", program.string(), name);
  }
  if (::access(program.c_str(), X_OK) != 0) {
    return fmt::format("{} is there, and may not be executed ({}): chmod +x {}", program.string(),
                       std::strerror(errno), program.string());
  }
  return "";
}

std::vector<char*> pointers(std::vector<std::string>& arguments) {
  std::vector<char*> result;
  result.reserve(arguments.size() + 1);
  for (auto& argument : arguments) result.push_back(argument.data());
  result.push_back(nullptr);
  return result;
}

/// What a child says, where it is to be read: a pipe in the place of its standard error.
class SpokenLines {
 public:
  explicit SpokenLines(std::function<void(std::string_view)> on_line)
      : on_line_(std::move(on_line)) {
    if (on_line_ && ::pipe2(ends_, O_CLOEXEC) != 0) {
      throw internal_error("no pipe for grids-torch: {}", std::strerror(errno));
    }
  }
  ~SpokenLines() {
    close_end(0);
    close_end(1);
  }
  SpokenLines(const SpokenLines&) = delete;
  SpokenLines& operator=(const SpokenLines&) = delete;

  void be_child() {
    if (on_line_) ::dup2(ends_[1], STDERR_FILENO);
  }
  void be_parent() {
    close_end(1);
    if (on_line_) ::fcntl(ends_[0], F_SETFL, O_NONBLOCK);
  }
  /// Hands on the lines that are there.
  void read() {
    char buffer[4096];
    for (ssize_t got = 0; on_line_ && (got = ::read(ends_[0], buffer, sizeof buffer)) > 0;) {
      waiting_.append(buffer, static_cast<size_t>(got));
      for (size_t end = waiting_.find('\n'); end != std::string::npos; end = waiting_.find('\n')) {
        last_ = waiting_.substr(0, end);
        waiting_.erase(0, end + 1);
        on_line_(last_);
      }
    }
  }
  /// ": " and the last line, or that the message was shown.
  std::string last_words() const {
    return on_line_ ? ": " + last_ : std::string(", see the message above");
  }

 private:
  void close_end(int end) {
    if (ends_[end] >= 0) ::close(ends_[end]);
    ends_[end] = -1;
  }

  std::function<void(std::string_view)> on_line_;
  int ends_[2] = {-1, -1};
  std::string waiting_, last_;
};

/// Waits for the child; a request to stop is passed on once, and the child is given the time it
/// needs to write its checkpoint.
int wait_for(pid_t child, SpokenLines& spoken, const Context& context) {
  bool told = false;
  for (;;) {
    spoken.read();
    int status = 0;
    const pid_t ended = ::waitpid(child, &status, WNOHANG);
    if (ended == child) {
      spoken.read();
      return status;
    }
    if (ended < 0 && errno != EINTR) throw internal_error("lost track of grids-torch");
    if (!told && context.cancelled != nullptr && context.cancelled->load()) {
      ::kill(child, SIGTERM);
      told = true;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
}

[[noreturn]] void fail(int status, const std::string& work, const SpokenLines& spoken) {
  const std::string why = spoken.last_words();
  if (WIFEXITED(status) && WEXITSTATUS(status) == exit_code(ErrorKind::kInput)) {
    throw input_error("{} refused its input{}", work, why);
  }
  if (WIFEXITED(status) && WEXITSTATUS(status) == exit_code(ErrorKind::kUsage)) {
    throw usage_error("{} refused its options{}", work, why);
  }
  // It was told to stop, and this program was not.
  if (WIFEXITED(status) &&
      (WEXITSTATUS(status) == 128 + SIGINT || WEXITSTATUS(status) == 128 + SIGTERM)) {
    throw Error(ErrorKind::kCancelled, fmt::format("{} was stopped{}", work, why));
  }
  if (WIFSIGNALED(status)) {
    throw internal_error("{} was ended by signal {}{}", work, WTERMSIG(status),
                         WTERMSIG(status) == SIGKILL ? " (out of memory?)" : "");
  }
  throw internal_error("{} failed{}", work, why);
}

}  // namespace

std::filesystem::path program_beside(const std::string& name) {
  std::error_code error;
  const auto self = std::filesystem::read_symlink("/proc/self/exe", error);
  return error ? std::filesystem::path(name) : self.parent_path() / name;  // then PATH decides
}

void require_program(const std::filesystem::path& program, std::string_view work) {
  const auto why = why_not_startable(program);
  if (!why.empty()) throw input_error("{} needs {}: {}", work, program.filename().string(), why);
}

void become_sibling(char** argv) {
  const std::string path = sibling_path();
  require_program(path, "this command");
  ::execvp(path.c_str(), argv);
  throw internal_error("cannot start {}: {}", path, std::strerror(errno));
}

void run_sibling(const Sibling& sibling, const std::vector<std::string>& arguments,
                 const Context& context) {
  const std::string path = sibling.program.empty() ? sibling_path() : sibling.program.string();
  require_program(path, sibling.work);
  std::vector<std::string> words = {path};
  words.insert(words.end(), arguments.begin(), arguments.end());
  const auto argv = pointers(words);
  SpokenLines spoken(sibling.on_line);
  const pid_t parent = ::getpid();
  const pid_t child = ::fork();
  if (child < 0) throw internal_error("cannot start {}: {}", path, std::strerror(errno));
  if (child == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGTERM);     // when this program is killed, training stops too
    if (::getppid() != parent) ::_exit(1);  // it was, meanwhile
    spoken.be_child();
    ::execvp(path.c_str(), argv.data());
    fmt::print(stderr, "grids: cannot start {}: {}\n", path, std::strerror(errno));
    ::_exit(127);
  }
  spoken.be_parent();
  if (sibling.on_start) sibling.on_start(child);
  const int status = wait_for(child, spoken, context);
  context.check_cancelled();
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) fail(status, sibling.work, spoken);
}

}  // namespace grids::core
