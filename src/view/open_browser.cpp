#include "view/open_browser.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>

#include "base/error.hpp"
#include "report/html.hpp"

namespace grids::core {
namespace {

namespace fs = std::filesystem;

/// Where files of this session go: of the user alone where the system has such a place.
fs::path folder_for_secrets() {
  const char* own = ::getenv("XDG_RUNTIME_DIR");
  std::error_code error;
  if (own != nullptr && fs::is_directory(own, error) && ::access(own, W_OK | X_OK) == 0) return own;
  auto folder = fs::temp_directory_path(error);
  return error ? fs::path("/tmp") : folder;
}

void write_all(int file, std::string_view text) {
  while (!text.empty()) {
    const auto written = ::write(file, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) throw input_error("the disk may be full");
    text.remove_prefix(static_cast<size_t>(written));
  }
}

}  // namespace

AddressFile::AddressFile(const std::string& address) {
  std::string pattern = (folder_for_secrets() / "grids_view_XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr) {  // of mode 0700
    throw input_error("cannot make {}: {}", pattern, std::strerror(errno));
  }
  folder_ = pattern;
  path_ = folder_ / "open.html";
  goes_ = std::make_unique<GoesWithProgram>(path_);
  constexpr mode_t kOnlyMine = 0600;
  const int file = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, kOnlyMine);
  if (file < 0) throw input_error("cannot write {}: {}", path_.string(), std::strerror(errno));
  const std::string target = escape_html(address);
  const auto page = fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>grids view</title>\n"
      "<meta name=\"referrer\" content=\"no-referrer\">\n"
      "<meta http-equiv=\"refresh\" content=\"0;url={0}\"></head>\n"
      "<body><p><a href=\"{0}\">grids view</a></p></body></html>\n",
      target);
  try {
    with_context(path_.string(), [&] { write_all(file, page); });
  } catch (...) {
    ::close(file);
    remove();
    throw;
  }
  ::close(file);
}

AddressFile::~AddressFile() {
  remove();
}

void AddressFile::remove() const {
  std::error_code ignored;
  fs::remove(path_, ignored);
  fs::remove(folder_, ignored);
}

bool has_screen() {
  for (const char* name : {"DISPLAY", "WAYLAND_DISPLAY"}) {
    const char* value = ::getenv(name);
    if (value != nullptr && *value != '\0') return true;
  }
  return false;
}

bool open_in_browser(const fs::path& file) {
  std::string program = "xdg-open", argument = file.string();
  const std::array<char*, 3> arguments = {program.data(), argument.data(), nullptr};
  posix_spawn_file_actions_t files;
  posix_spawnattr_t attributes;
  ::posix_spawn_file_actions_init(&files);
  ::posix_spawnattr_init(&attributes);
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    ::posix_spawn_file_actions_addopen(&files, stream, "/dev/null", O_RDWR, 0);
  }
  // A group of its own, so that Ctrl-C is for the server alone, and signals as they are by default.
  sigset_t standard, none;
  ::sigemptyset(&none);
  ::sigemptyset(&standard);
  ::sigaddset(&standard, SIGPIPE);
  ::posix_spawnattr_setsigdefault(&attributes, &standard);
  ::posix_spawnattr_setsigmask(&attributes, &none);
  ::posix_spawnattr_setpgroup(&attributes, 0);
  ::posix_spawnattr_setflags(
      &attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
  pid_t child = 0;
  const int error =
      ::posix_spawnp(&child, program.c_str(), &files, &attributes, arguments.data(), environ);
  ::posix_spawnattr_destroy(&attributes);
  ::posix_spawn_file_actions_destroy(&files);
  return error == 0;
}

}  // namespace grids::core
