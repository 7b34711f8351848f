#include "io/folder_lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <ctime>
#include <fstream>
#include <optional>
#include <sstream>
#include <thread>
#include <vector>

#include "base/error.hpp"
#include "base/goes_with_program.hpp"
#include "base/process.hpp"
#include "base/random.hpp"
#include "io/folder.hpp"
#include "io/written_files.hpp"

namespace grids::core {
namespace {

namespace fs = std::filesystem;

constexpr const char* kLock = "lock";
constexpr const char* kGuard = "lock.guard";

/// What a lock says.
struct Holder {
  std::string host;
  std::string since;
  std::string command;
  std::vector<ProcessMark> processes;  ///< the one that took it, then those that work for it

  Life life() const {
    for (const auto& process : processes) {
      const Life life = life_of(process);
      if (life != Life::kDead) return life;
    }
    return Life::kDead;
  }
};

std::string text_of(const Holder& holder) {
  std::string text =
      fmt::format("grids {} on {} since {}\n", holder.command, holder.host, holder.since);
  for (const auto& process : holder.processes) text += process.word() + "\n";
  return text;
}

std::string read_text(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

/// Nothing for a text that is no lock.
std::optional<Holder> holder_from(const std::string& text) {
  std::istringstream lines(text);
  std::string first, line;
  std::getline(lines, first);
  const size_t on = first.rfind(" on "), since = first.rfind(" since ");
  if (!first.starts_with("grids ") || on == std::string::npos || since == std::string::npos ||
      since < on) {
    return {};
  }
  Holder holder{
      first.substr(on + 4, since - on - 4), first.substr(since + 7), first.substr(6, on - 6), {}};
  while (std::getline(lines, line)) {
    auto mark = mark_from(line);
    if (!mark) return {};
    mark->host = holder.host;
    holder.processes.push_back(*mark);
  }
  if (holder.processes.empty()) return {};
  return holder;
}

std::string local_time() {
  const std::time_t now = std::time(nullptr);
  std::tm parts = {};
  ::localtime_r(&now, &parts);
  char text[32] = {};
  std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &parts);
  return text;
}

void write_text(const fs::path& path, const std::string& text) {
  errno = 0;
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << text;
  file.close();
  if (!file) {
    throw input_error("cannot write {}: {}", path.string(),
                      std::strerror(errno != 0 ? errno : EIO));
  }
}

/// Gives the file at `made` the name `lock` unless there is one; whether it did.
bool put_in_place(const fs::path& made, const fs::path& lock, const std::string& text) {
  if (::link(made.c_str(), lock.c_str()) == 0) return true;
  if (errno == EEXIST) {
    // A network may lose the answer and ask again; two names tell that the first time went through.
    struct stat status = {};
    return ::stat(made.c_str(), &status) == 0 && status.st_nlink == 2;
  }
  // A file system without hard links.
  const int file = ::open(lock.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (file < 0 && errno == EEXIST) return false;
  if (file < 0) throw input_error("cannot write {}: {}", lock.string(), std::strerror(errno));
  const bool written = ::write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  ::close(file);
  if (written) return true;
  fs::remove(lock);
  throw input_error("cannot write {}: the disk may be full", lock.string());
}

/// Lets one program of this machine at a time take over a dead lock: else the second might take the
/// fresh lock of the first for the dead one. Where files cannot be locked it does nothing.
class Guard {
 public:
  explicit Guard(const fs::path& path)
      : file_(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666)) {
    if (file_ >= 0) (void)::flock(file_, LOCK_EX);
  }
  ~Guard() {
    if (file_ >= 0) ::close(file_);
  }
  Guard(const Guard&) = delete;
  Guard& operator=(const Guard&) = delete;

 private:
  int file_;
};

[[noreturn]] void refuse(const fs::path& place, const fs::path& lock,
                         const std::optional<Holder>& holder) {
  if (!holder) {
    throw input_error(
        "{} is in use: {} is there, and does not say by whom; if no grids works there, remove it",
        place.string(), lock.string());
  }
  const auto who =
      fmt::format("{} is in use by grids {} (process {} on {}, since {})", place.string(),
                  holder->command, holder->processes.front().pid, holder->host, holder->since);
  if (holder->life() == Life::kAlive) {
    throw input_error("{}; wait for it, or give another place (-o)", who);
  }
  throw input_error("{}; whether it still runs cannot be told from here: if it does not, remove {}",
                    who, lock.string());
}

}  // namespace

struct FolderLock::State {
  fs::path folder, lock;
  fs::path place;  ///< that is held
  Holder holder;
  std::unique_ptr<GoesWithProgram> goes;

  fs::path own_name() const {
    return parts_folder(folder) / (holder.processes.front().word() + "-lock");
  }

  /// Whether the lock was got.
  bool try_take() {
    const fs::path made = own_name();
    write_text(made, text_of(holder));
    const bool got = put_in_place(made, lock, text_of(holder));
    fs::remove(made);
    return got;
  }

  /// Waits for a program that worked for a dead one (it puts down a checkpoint), then removes the
  /// lock of the dead; returns where there is none any more.
  void remove_dead() {
    constexpr int kLooks = 100;
    constexpr auto kPause = std::chrono::milliseconds(100);
    for (int look = 0;; ++look) {
      const Guard guard(folder / kStateFolder / kGuard);
      const std::string text = read_text(lock);
      if (text.empty() && !fs::exists(lock)) return;
      const auto other = holder_from(text);
      if (other && other->life() == Life::kDead) {
        fs::remove(lock);
        return;
      }
      const bool owner_dead = other && life_of(other->processes.front()) == Life::kDead;
      if (!owner_dead || look == kLooks) refuse(place, lock, other);
      std::this_thread::sleep_for(kPause);
    }
  }
};

FolderLock::FolderLock(const fs::path& folder, const std::string& command, const std::string& file)
    : state_(std::make_unique<State>()) {
  make_folder(folder / kStateFolder);
  state_->folder = folder;
  state_->place = file.empty() ? folder : folder / file;
  state_->lock = folder / kStateFolder / kLock;
  // A name of its own for any file's, however long.
  if (!file.empty()) state_->lock += fmt::format("-{:08x}", stream_key(file));
  const ProcessMark own = this_process();
  state_->holder = {own.host, local_time(), command, {own}};
  while (!state_->try_take()) state_->remove_dead();
  state_->goes = std::make_unique<GoesWithProgram>(state_->lock);
}

bool is_locked(const fs::path& folder) {
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(folder / kStateFolder, ignored)) {
    const auto name = entry.path().filename().string();
    if (name.starts_with(kLock) && name != kGuard) return true;
  }
  return false;
}

FolderLock::~FolderLock() {
  std::error_code ignored;
  // Not one that another took after somebody had removed this.
  if (read_text(state_->lock) == text_of(state_->holder)) fs::remove(state_->lock, ignored);
}

void FolderLock::shared_with(int64_t pid) {
  state_->holder.processes.resize(1);
  state_->holder.processes.push_back(mark_of(static_cast<pid_t>(pid)));
  const fs::path made = state_->own_name();
  write_text(made, text_of(state_->holder));
  fs::rename(made, state_->lock);
}

}  // namespace grids::core
