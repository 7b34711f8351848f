#include "io/atomic_file.hpp"

#include <fcntl.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <memory>

#include "base/error.hpp"

namespace grids::core {
namespace {

namespace fs = std::filesystem;

/// Removes the temporary file unless it was renamed away.
class Temporary {
 public:
  explicit Temporary(fs::path path) : path_(std::move(path)) {}
  ~Temporary() {
    std::error_code ignored;
    fs::remove(path_, ignored);
  }
  Temporary(const Temporary&) = delete;
  Temporary& operator=(const Temporary&) = delete;
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

Error cannot_write(const fs::path& path, int error) {
  return input_error("cannot write {}: {}", path.string(), std::strerror(error));
}

/// Asks the disk to keep what was written; this is where a full disk may speak up.
void flush_to_disk(const fs::path& file, const fs::path& shown) {
  const int descriptor = ::open(file.c_str(), O_RDONLY);
  if (descriptor < 0) throw cannot_write(shown, errno);
  const int status = ::fsync(descriptor);
  const int error = errno;
  ::close(descriptor);
  // Some file systems cannot flush one file; then the rename is the best there is.
  if (status != 0 && error != EINVAL && error != EROFS) throw cannot_write(shown, error);
}

/// Makes the temporary file, so that a missing folder or permission is told before any work.
void claim(const fs::path& temporary, const fs::path& shown) {
  const int descriptor = ::open(temporary.c_str(), O_CREAT | O_TRUNC | O_WRONLY, 0666);
  if (descriptor < 0) throw cannot_write(shown, errno);
  ::close(descriptor);
}

/// What lies in the way of a file of this name.
void require_place(const fs::path& path) {
  if (path.empty()) throw input_error("cannot write: the output file has no name");
  std::error_code ignored;  // what cannot be looked at is told by the attempt to write
  if (fs::is_directory(path, ignored)) {
    throw input_error("cannot write {}: it is a folder", path.string());
  }
  if (fs::exists(path, ignored) && !fs::is_regular_file(path, ignored)) {
    throw input_error("cannot write {}: it exists and is not a regular file", path.string());
  }
}

/// Calls `write`; an error that it throws speaks of the final name, which the user knows.
void call_with_name(const std::function<void(const fs::path&)>& write, const fs::path& temporary,
                    const fs::path& shown) {
  try {
    write(temporary);
  } catch (const Error& error) {
    std::string message = error.what();
    const std::string name = temporary.string();
    const size_t begin = message.find(name);
    if (begin == std::string::npos) throw;
    throw Error(error.kind(), message.replace(begin, name.size(), shown.string()));
  }
}

}  // namespace

void require_writable(const fs::path& path, std::span<const fs::path> inputs) {
  require_place(path);
  std::error_code ignored;
  for (const auto& input : inputs) {
    if (!fs::equivalent(path, input, ignored)) continue;
    throw usage_error("{} is an input and would be overwritten; choose another output",
                      path.string());
  }
  const fs::path folder = path.has_parent_path() ? path.parent_path() : fs::path(".");
  if (::access((folder / ".").c_str(), W_OK) != 0) throw cannot_write(path, errno);
}

void replace_file(const fs::path& path, const std::function<void(const fs::path&)>& write) {
  require_place(path);
  fs::path name = path;
  name += fmt::format(".{}.part", ::getpid());
  const Temporary temporary(name);
  claim(temporary.path(), path);
  call_with_name(write, temporary.path(), path);
  flush_to_disk(temporary.path(), path);
  std::error_code error;
  fs::rename(temporary.path(), path, error);
  if (error) throw input_error("cannot write {}: {}", path.string(), error.message());
}

void replace_file(const fs::path& path, std::string_view content) {
  replace_text_file(path, [&](std::ostream& out) {
    out.write(content.data(), static_cast<std::streamsize>(content.size()));
  });
}

void replace_text_file(const fs::path& path, const std::function<void(std::ostream&)>& write) {
  replace_file(path, [&](const fs::path& temporary) {
    errno = 0;
    std::ofstream out(temporary, std::ios::binary | std::ios::trunc);
    write(out);
    out.close();
    if (!out) throw cannot_write(path, errno != 0 ? errno : EIO);
  });
}

uint64_t most_unpacked(uint64_t packed) {
  constexpr uint64_t kAlways = uint64_t{1} << 26;
  constexpr uint64_t kTimes = 32;
  return std::max(kAlways, packed * kTimes);
}

size_t block_for(uint64_t packed) {
  constexpr uint64_t kSmallest = 1 << 12;
  return std::clamp<uint64_t>(packed + 1, kSmallest, kLargestBlock);
}

std::string read_file(const fs::path& path) {
  if (fs::is_directory(path)) throw input_error("cannot read {}: it is a folder", path.string());
  errno = 0;
  const std::unique_ptr<gzFile_s, int (*)(gzFile)> file(::gzopen(path.c_str(), "rb"), &::gzclose);
  if (!file) {
    throw input_error("cannot read {}: {}", path.string(),
                      errno != 0 ? std::strerror(errno) : "out of memory");
  }
  std::error_code unknown;
  const uint64_t size = fs::file_size(path, unknown);
  const uint64_t packed = unknown ? 0 : size;
  const uint64_t most = most_unpacked(packed);
  std::string content;
  std::string chunk(unknown ? kLargestBlock : block_for(packed), '\0');
  ::gzbuffer(file.get(), static_cast<unsigned>(std::min<size_t>(chunk.size(), 1 << 17)));
  for (;;) {
    const int count = ::gzread(file.get(), chunk.data(), static_cast<unsigned>(chunk.size()));
    if (count == 0) break;
    if (count < 0) break;
    content.append(chunk, 0, static_cast<size_t>(count));
    if (content.size() > most) {
      throw input_error(
          "cannot read {}: its {} bytes unpack to more than {}, far more than real files do; "
          "unpack "
          "it first (gunzip) where that is right",
          path.string(), packed, most);
    }
  }
  int status = Z_OK;
  const char* reason = ::gzerror(file.get(), &status);
  if (status != Z_OK && status != Z_STREAM_END) {
    throw input_error("cannot read {}: {} (is the file complete?)", path.string(),
                      status == Z_ERRNO ? std::strerror(errno) : reason);
  }
  return content;
}

}  // namespace grids::core
