#include "pipeline/sibling.hpp"

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
  std::error_code error;
  const auto self = std::filesystem::read_symlink("/proc/self/exe", error);
  if (error) return "grids-torch";  // then PATH decides
  return (self.parent_path() / "grids-torch").string();
}

std::string missing_words(const std::string& path) {
  return fmt::format("cannot start {}: {}; it is built when LibTorch is found (GRIDS_TORCH=ON)",
                     path, std::strerror(errno));
}

std::vector<char*> pointers(std::vector<std::string>& arguments) {
  std::vector<char*> result;
  result.reserve(arguments.size() + 1);
  for (auto& argument : arguments) result.push_back(argument.data());
  result.push_back(nullptr);
  return result;
}

/// Waits for the child; a request to stop is passed on once, and the child is given the time it
/// needs to write its checkpoint.
int wait_for(pid_t child, const Context& context) {
  bool told = false;
  for (;;) {
    int status = 0;
    const pid_t ended = ::waitpid(child, &status, WNOHANG);
    if (ended == child) return status;
    if (ended < 0 && errno != EINTR) throw internal_error("lost track of grids-torch");
    if (!told && context.cancelled != nullptr && context.cancelled->load()) {
      ::kill(child, SIGTERM);
      told = true;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
}

}  // namespace

void become_sibling(char** argv) {
  const std::string path = sibling_path();
  ::execvp(path.c_str(), argv);
  throw internal_error("{}", missing_words(path));
}

void run_sibling(const std::vector<std::string>& arguments, const Context& context) {
  const std::string path = sibling_path();
  std::vector<std::string> words = {path};
  words.insert(words.end(), arguments.begin(), arguments.end());
  const auto argv = pointers(words);
  const pid_t child = ::fork();
  if (child < 0) throw internal_error("cannot start {}: {}", path, std::strerror(errno));
  if (child == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGTERM);  // when this program is killed, training stops too
    ::execvp(path.c_str(), argv.data());
    fmt::print(stderr, "grids: {}\n", missing_words(path));
    ::_exit(127);
  }
  const int status = wait_for(child, context);
  context.check_cancelled();
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return;
  if (WIFEXITED(status) && WEXITSTATUS(status) == exit_code(ErrorKind::kInput)) {
    throw input_error("training refused its input, see the message above");
  }
  if (WIFEXITED(status) && WEXITSTATUS(status) == exit_code(ErrorKind::kUsage)) {
    throw usage_error("training refused its options, see the message above");
  }
  if (WIFSIGNALED(status)) {
    throw internal_error("training was ended by signal {}{}", WTERMSIG(status),
                         WTERMSIG(status) == SIGKILL ? " (out of memory?)" : "");
  }
  throw internal_error("training failed, see the message above");
}

}  // namespace grids::core
