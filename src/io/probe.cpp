#include "io/probe.hpp"

#include <dlfcn.h>
#include <fcntl.h>
#include <link.h>
#include <poll.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <ctime>
#include <mutex>
#include <set>
#include <tuple>
#include <vector>

#include "base/error.hpp"
#include "io/probe_codes.hpp"

extern char** environ;

namespace grids::core {
namespace {

namespace fs = std::filesystem;

/// Reading is no slower than this, in seconds of processor time.
constexpr double kSlowestBytesPerSecond = 50e6;
/// On a busy machine the probe gets little of the processor. Once the user has waited for so many
/// seconds, this share of the time without progress will do.
constexpr double kBusySeconds = 8;
constexpr double kBusyShare = 0.25;

// ---- where the program is ----

/// The file that holds this code: the shared library, or the running program.
fs::path own_file() {
  Dl_info info = {};
  link_map* map = nullptr;
  const auto* here = reinterpret_cast<const void*>(&own_file);
  if (::dladdr1(here, &info, reinterpret_cast<void**>(&map), RTLD_DL_LINKMAP) == 0 ||
      map == nullptr || map->l_name[0] == 0) {
    return {};
  }
  return map->l_name;
}

/// Empty when only PATH is left.
fs::path probe_beside() {
  std::error_code error;
  std::vector<fs::path> folders;
  if (const auto library = own_file(); !library.empty()) {
    const auto folder = fs::canonical(library, error).parent_path();
    folders = {folder, folder.parent_path() / "bin", folder.parent_path().parent_path() / "bin"};
  }
  folders.push_back(fs::read_symlink("/proc/self/exe", error).parent_path());
  for (const auto& folder : folders) {
    const auto program = folder / kProbeProgram;
    if (!folder.empty() && ::access(program.c_str(), X_OK) == 0) return program;
  }
  return {};
}

// ---- one probe ----

/// The ends of a pipe, closed with it.
class Pipe {
 public:
  Pipe() {
    if (::pipe2(ends_.data(), O_CLOEXEC) != 0) {
      throw internal_error("no pipe for {}: {}", kProbeProgram, std::strerror(errno));
    }
  }
  ~Pipe() {
    close_end(0);
    close_end(1);
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;

  int reader() const { return ends_[0]; }
  int writer() const { return ends_[1]; }
  void close_writer() { close_end(1); }

 private:
  void close_end(size_t end) {
    if (ends_[end] >= 0) ::close(ends_[end]);
    ends_[end] = -1;
  }

  std::array<int, 2> ends_ = {-1, -1};
};

/// Starts the probe with its standard output in the pipe, in a process group of its own: Ctrl-C is
/// for this program, which stops it in turn.
pid_t start_probe(const fs::path& path, const fs::path& given, const Pipe& pipe) {
  const fs::path beside = given.empty() ? probe_beside() : given;
  const std::string program = beside.empty() ? kProbeProgram : beside.string();
  posix_spawn_file_actions_t files;
  ::posix_spawn_file_actions_init(&files);
  ::posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_addopen(&files, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  ::posix_spawn_file_actions_adddup2(&files, pipe.writer(), STDOUT_FILENO);
  posix_spawnattr_t attributes;
  ::posix_spawnattr_init(&attributes);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
  ::posix_spawnattr_setpgroup(&attributes, 0);
  std::string name = kProbeProgram;
  std::string file = fs::absolute(path).string();
  char* argv[] = {name.data(), file.data(), nullptr};
  pid_t child = 0;
  const int error = ::posix_spawnp(&child, program.c_str(), &files, &attributes, argv, environ);
  ::posix_spawn_file_actions_destroy(&files);
  ::posix_spawnattr_destroy(&attributes);
  if (error != 0) {
    throw internal_error(
        "cannot start {}, which looks at HDF5 files before they are opened: {}; it is installed "
        "beside grids",
        program, std::strerror(error));
  }
  return child;
}

/// Seconds of processor time that a child has used.
double processor_seconds(pid_t child) {
  clockid_t clock = 0;
  timespec used = {};
  if (::clock_getcpuclockid(child, &clock) != 0 || ::clock_gettime(clock, &used) != 0) return 0;
  return static_cast<double>(used.tv_sec) + 1e-9 * static_cast<double>(used.tv_nsec);
}

/// A probe under way, and how it ended.
struct ProbeRun {
  pid_t child = 0;
  std::string place;  ///< the object it got to
  bool stuck = false;
  int status = 0;
};

/// Takes what the probe says; false once it says no more.
bool listen(int reader, std::string& waiting, ProbeRun& run, bool& progress) {
  char buffer[4096];
  const ssize_t got = ::read(reader, buffer, sizeof buffer);
  if (got < 0 && errno == EINTR) return true;
  if (got <= 0) return false;
  progress = true;
  waiting.append(buffer, static_cast<size_t>(got));
  const size_t end = waiting.rfind('\n');
  if (end == std::string::npos) return true;
  const size_t before = end == 0 ? std::string::npos : waiting.rfind('\n', end - 1);
  const size_t begin = before == std::string::npos ? 0 : before + 1;
  run.place = waiting.substr(begin, end - begin);
  waiting.erase(0, end + 1);
  return true;
}

void wait_for_end(ProbeRun& run) {
  // A program that ignores the ends of its children hears nothing of them; then only the last line
  // tells.
  while (::waitpid(run.child, &run.status, 0) < 0 && errno == EINTR) {
  }
}

/// Until it ends, or has used too much time on one object.
void follow(const Pipe& pipe, double patience, ProbeRun& run) {
  constexpr int kLookMilliseconds = 100;
  using Clock = std::chrono::steady_clock;
  std::string waiting;
  double used_before = 0;
  auto progress_at = Clock::now();
  for (;;) {
    pollfd ready = {pipe.reader(), POLLIN, 0};
    bool progress = false;
    if (::poll(&ready, 1, kLookMilliseconds) > 0 &&
        !listen(pipe.reader(), waiting, run, progress)) {
      break;
    }
    const double used = processor_seconds(run.child);
    if (progress) {
      used_before = used;
      progress_at = Clock::now();
    }
    const bool long_ago =
        std::chrono::duration<double>(Clock::now() - progress_at).count() > kBusySeconds;
    if (used - used_before < patience * (long_ago ? kBusyShare : 1)) continue;
    run.stuck = true;
    ::kill(run.child, SIGKILL);
    break;
  }
  wait_for_end(run);
}

[[noreturn]] void refuse(const std::string& name, const ProbeRun& run) {
  const auto place = run.place.empty() ? std::string() : run.place + ": ";
  constexpr const char* kRemedy = "copy or write the file again";
  if (run.stuck) {
    throw input_error("reading {}: {}the file is damaged: the HDF5 library finds no end here; {}",
                      name, place, kRemedy);
  }
  if (WIFEXITED(run.status) && WEXITSTATUS(run.status) == kProbeOutOfMemory) {
    throw input_error("reading {}: {}asks for more memory than a file of its size can need; {}",
                      name, place, kRemedy);
  }
  const int signal = WIFSIGNALED(run.status) ? WTERMSIG(run.status) : 0;
  if (signal == SIGTERM || signal == SIGINT || signal == SIGHUP) {
    throw internal_error("{} was stopped while it looked at {}", kProbeProgram, name);
  }
  throw input_error("reading {}: {}the file is damaged: the HDF5 library crashes on it{}; {}", name,
                    place, signal == SIGKILL ? " (or was out of memory)" : "", kRemedy);
}

// ---- what was probed before ----

/// Which file it is, and whether it is as it was.
using Identity = std::tuple<dev_t, ino_t, off_t, int64_t, int64_t, int64_t>;

Identity identity_of(const struct stat& file) {
  return {file.st_dev,         file.st_ino,          file.st_size,
          file.st_mtim.tv_sec, file.st_mtim.tv_nsec, file.st_ctim.tv_nsec};
}

/// Files that this process had looked at: formats are recognised by opening a file several times.
class Survived {
 public:
  bool has(const Identity& file) {
    const std::lock_guard guard(mutex_);
    return files_.contains(file);
  }
  void add(const Identity& file) {
    const std::lock_guard guard(mutex_);
    files_.insert(file);
  }

 private:
  std::mutex mutex_;
  std::set<Identity> files_;
};

Survived& survived() {
  static Survived instance;
  return instance;
}

}  // namespace

void probe(const fs::path& path, const ProbeSettings& settings) {
  std::error_code error;
  const auto bytes = fs::file_size(path, error);
  if (error) return;  // opening it will say why
  Pipe pipe;
  ProbeRun run;
  run.child = start_probe(path, settings.program, pipe);
  pipe.close_writer();
  follow(pipe, settings.patience + static_cast<double>(bytes) / kSlowestBytesPerSecond, run);
  if (run.stuck || run.place != kProbeSurvived) {
    refuse(settings.name.empty() ? path.string() : settings.name, run);
  }
}

void require_survivable(const fs::path& path) {
  require_survivable(path, path.string());
}

void require_survivable(const fs::path& path, const std::string& name) {
  struct stat file = {};
  if (::stat(path.c_str(), &file) != 0) return;
  const Identity identity = identity_of(file);
  if (survived().has(identity)) return;
  ProbeSettings settings;
  settings.name = name;
  probe(path, settings);
  survived().add(identity);
}

}  // namespace grids::core
