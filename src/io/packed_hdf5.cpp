#include "io/packed_hdf5.hpp"

#include <fmt/core.h>
#include <stdlib.h>
#include <sys/statvfs.h>
#include <unistd.h>
#include <zlib.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "io/hdf5.hpp"
#include "io/probe.hpp"

namespace grids::core::hdf5 {
namespace {

namespace fs = std::filesystem;

/// A gzip file that is read from its beginning.
class GzipFile {
 public:
  explicit GzipFile(const fs::path& path) : path_(path), file_(::gzopen(path.c_str(), "rb")) {
    if (file_ == nullptr) {
      throw input_error("reading {}: {}", path.string(), std::strerror(errno));
    }
    ::gzbuffer(file_, 1 << 17);
  }
  ~GzipFile() { ::gzclose(file_); }
  GzipFile(const GzipFile&) = delete;
  GzipFile& operator=(const GzipFile&) = delete;

  /// As `read`, of a file that may be cut: what can be had of it.
  size_t read_what_there_is(std::vector<char>& block) {
    const int count = ::gzread(file_, block.data(), static_cast<unsigned>(block.size()));
    return count > 0 ? static_cast<size_t>(count) : 0;
  }

  /// Bytes that were read, 0 at the end.
  size_t read(std::vector<char>& block) {
    const int count = ::gzread(file_, block.data(), static_cast<unsigned>(block.size()));
    int status = Z_OK;
    const char* reason = ::gzerror(file_, &status);
    if (count < 0 || (status != Z_OK && status != Z_STREAM_END)) {
      throw input_error("reading {}: damaged, or not copied to its end ({})", path_.string(),
                        status == Z_ERRNO ? std::strerror(errno) : reason);
    }
    return static_cast<size_t>(count);
  }

 private:
  const fs::path& path_;
  gzFile file_;
};

/// A file without a name in the folder for temporary files.
class NamelessFile {
 public:
  NamelessFile() {
    std::error_code error;
    folder_ = fs::temp_directory_path(error);
    if (error) throw input_error("no folder for temporary files (TMPDIR): {}", error.message());
    auto pattern = (folder_ / "grids_XXXXXX").string();
    descriptor_ = ::mkstemp(pattern.data());
    if (descriptor_ < 0) throw failure();
    ::unlink(pattern.c_str());
  }
  ~NamelessFile() { ::close(descriptor_); }
  NamelessFile(const NamelessFile&) = delete;
  NamelessFile& operator=(const NamelessFile&) = delete;

  const fs::path& folder() const { return folder_; }
  /// As other programs of this user see it, too.
  fs::path path() const { return fmt::format("/proc/{}/fd/{}", ::getpid(), descriptor_); }

  int64_t free_bytes() const {
    struct statvfs space {};
    if (::fstatvfs(descriptor_, &space) != 0) throw failure();
    return static_cast<int64_t>(space.f_bavail) * static_cast<int64_t>(space.f_frsize);
  }

  void append(const char* bytes, size_t count) {
    while (count > 0) {
      const auto written = ::write(descriptor_, bytes, count);
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) throw failure();
      bytes += written;
      count -= static_cast<size_t>(written);
    }
  }

 private:
  Error failure() const {
    return input_error("writing a temporary file in {} (TMPDIR): {}", folder_.string(),
                       std::strerror(errno));
  }

  fs::path folder_;
  int descriptor_ = -1;
};

void unpack(const fs::path& path, NamelessFile& out) {
  const int64_t most = out.free_bytes() / 2;
  GzipFile packed(path);
  std::vector<char> block(1 << 20);
  int64_t total = 0;
  for (size_t count = packed.read(block); count > 0; count = packed.read(block)) {
    total += static_cast<int64_t>(count);
    if (total > most) {
      throw input_error(
          "reading {}: unpacks to more than {:.1f} GB, half of what is free in {}; set TMPDIR to a "
          "folder with more space, or unpack it yourself (gunzip)",
          path.string(), static_cast<double>(most) / 1e9, out.folder().string());
    }
    out.append(block.data(), count);
  }
}

bool is_gzip(const fs::path& path) {
  std::error_code ignored;
  if (!fs::is_regular_file(path, ignored)) return false;
  const std::unique_ptr<FILE, int (*)(FILE*)> file(std::fopen(path.c_str(), "rb"), std::fclose);
  return file != nullptr && std::fgetc(file.get()) == 0x1f && std::fgetc(file.get()) == 0x8b;
}

}  // namespace

bool is_packed(const fs::path& path) {
  constexpr std::string_view kSignature = "\x89HDF\r\n\x1a\n";
  constexpr size_t kFurthest = 4096;  // user blocks are 512, 1024, … bytes long
  if (!is_gzip(path)) return false;
  try {
    GzipFile packed(path);
    std::vector<char> block(kFurthest + kSignature.size());
    const std::string_view begin(block.data(), packed.read_what_there_is(block));
    for (size_t place = 0; place <= kFurthest; place = place == 0 ? 512 : 2 * place) {
      if (place < begin.size() && begin.substr(place).starts_with(kSignature)) return true;
    }
  } catch (const Error&) {
    return false;  // it will be reported as unknown
  }
  return false;
}

store::Group open_packed(const fs::path& path, ThreadPool* pool) {
  NamelessFile file;
  unpack(path, file);
  require_survivable(file.path(), path.string());
  return open(file.path(), pool, path.string());
}

}  // namespace grids::core::hdf5
