#include "base/process.hpp"

#include <fmt/core.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <climits>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/random.hpp"

namespace grids::core {
namespace {

std::string first_line(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

std::string host_name() {
  char name[HOST_NAME_MAX + 1] = {};
  return ::gethostname(name, sizeof name - 1) == 0 ? name : "unknown";
}

/// Two containers of one machine have names or process ids of their own.
std::string place_here() {
  std::error_code ignored;
  const auto ids = std::filesystem::read_symlink("/proc/self/ns/pid", ignored);
  const std::string words =
      host_name() + "\n" + first_line("/etc/machine-id") + "\n" + ids.string();
  return fmt::format("{:08x}{:08x}", stream_key(words), stream_key("again: " + words));
}

/// What /proc says of a process.
struct Status {
  std::string ticks;  ///< when it began; empty: there is no such process
  char state = '?';
};

Status status_of(int64_t pid) {
  const std::string line = first_line(fmt::format("/proc/{}/stat", pid));
  // The second field is the program's name in brackets, which may hold anything.
  const size_t name_end = line.rfind(')');
  if (name_end == std::string::npos) return {};
  std::istringstream fields(line.substr(name_end + 1));
  Status status;
  fields >> status.state;
  constexpr int kBetween = 18;  // fields between the state, the 3rd, and the start, the 22nd
  std::string skipped;
  for (int i = 0; i < kBetween; ++i) fields >> skipped;
  fields >> status.ticks;
  return status;
}

std::string start_of(int64_t pid) {
  const std::string boot = first_line("/proc/sys/kernel/random/boot_id");
  return boot.substr(0, 8) + "." + status_of(pid).ticks;
}

}  // namespace

std::string ProcessMark::word() const {
  return fmt::format("{}-{}-{}", place, pid, start);
}

ProcessMark mark_of(pid_t pid) {
  return {host_name(), place_here(), start_of(pid), pid};
}

ProcessMark this_process() {
  return mark_of(::getpid());
}

std::optional<ProcessMark> mark_from(std::string_view word) {
  const size_t first = word.find('-'), second = word.find('-', first + 1);
  if (first == std::string_view::npos || second == std::string_view::npos) return {};
  ProcessMark mark;
  mark.place = word.substr(0, first);
  mark.start = word.substr(second + 1);
  const auto digits = word.substr(first + 1, second - first - 1);
  const char* end = digits.data() + digits.size();
  const auto read = std::from_chars(digits.data(), end, mark.pid);
  if (read.ec != std::errc() || read.ptr != end || mark.pid <= 0) return {};
  return mark;
}

Life life_of(const ProcessMark& mark) {
  if (mark.place != place_here()) return Life::kElsewhere;
  if (::kill(static_cast<pid_t>(mark.pid), 0) != 0 && errno == ESRCH) return Life::kDead;
  const char state = status_of(mark.pid).state;
  if (state == 'Z' || state == 'X') return Life::kDead;  // ended, and not yet buried
  return start_of(mark.pid) == mark.start ? Life::kAlive : Life::kDead;
}

}  // namespace grids::core
