#include "io/atomic_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <memory>
#include <optional>
#include <ostream>
#include <streambuf>
#include <utility>

#include "base/error.hpp"
#include "base/goes_with_program.hpp"
#include "base/process.hpp"
#include "io/folder.hpp"
#include "io/manifest.hpp"
#include "io/written_files.hpp"

namespace grids::core {
namespace {

namespace fs = std::filesystem;

/// "PATH", or of a link "PATH (a link to TARGET)": what cannot be written is the target.
std::string with_target(const fs::path& path) {
  std::error_code error;
  const fs::path target = fs::read_symlink(path, error);
  return error ? path.string() : fmt::format("{} (a link to {})", path.string(), target.string());
}

Error cannot_write(const fs::path& path, int error) {
  return input_error("cannot write {}: {}", with_target(path), std::strerror(error));
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

/// A file of a new name beside `path`, or among the half-written files of a folder that keeps a
/// record. Gone at the end unless it was renamed.
class Temporary {
 public:
  /// Makes it, so that a missing folder or permission is told before any work. `shown`: the name
  /// that the user knows.
  Temporary(const fs::path& path, const std::optional<RecordedPlace>& place,
            const fs::path& shown) {
    int descriptor = -1;
    do {
      path_ = new_name(path, place);
      descriptor = ::open(path_.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0666);
    } while (descriptor < 0 && errno == EEXIST);
    if (descriptor < 0) throw cannot_write(shown, errno);
    ::close(descriptor);
    goes_.emplace(path_);
  }
  ~Temporary() {
    std::error_code ignored;
    fs::remove(path_, ignored);
  }
  Temporary(const Temporary&) = delete;
  Temporary& operator=(const Temporary&) = delete;
  const fs::path& path() const { return path_; }

 private:
  static fs::path new_name(const fs::path& path, const std::optional<RecordedPlace>& place) {
    static std::atomic<int64_t> number = 0;
    const std::string own = fmt::format("{}-{}", this_process().word(), ++number);
    const auto parts = place ? parts_folder(place->folder) : parts_of_state(path);
    if (parts && same_device(*parts, folder_of(path))) return *parts / own;
    fs::path beside = path;
    return beside += "." + own + ".part";
  }
  /// Else there is no renaming from one to the other: a link may lead anywhere.
  static bool same_device(const fs::path& one, const fs::path& other) {
    struct stat first = {}, second = {};
    return ::stat(one.c_str(), &first) == 0 && ::stat(other.c_str(), &second) == 0 &&
           first.st_dev == second.st_dev;
  }

  fs::path path_;
  std::optional<GoesWithProgram> goes_;
};

/// Where a file of this name is written: a link stays, and what it points at is replaced.
fs::path followed(const fs::path& path) {
  fs::path place = path;
  constexpr int kMostLinks = 40;  // as the kernel
  for (int i = 0; i < kMostLinks; ++i) {
    std::error_code error;
    if (!fs::is_symlink(place, error)) return place;
    const fs::path next = fs::read_symlink(place, error);
    if (error) throw input_error("cannot write {}: {}", path.string(), error.message());
    place = next.is_absolute() ? next : place.parent_path() / next;
  }
  throw input_error("cannot write {}: its links go in circles", path.string());
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

/// Gives the file its final name; whether that was done. False: RENAME_NOREPLACE, and there is one.
bool put(const fs::path& temporary, const fs::path& target, unsigned flags, const fs::path& shown) {
  if (::renameat2(AT_FDCWD, temporary.c_str(), AT_FDCWD, target.c_str(), flags) == 0) return true;
  if (flags != 0 && errno == EEXIST) return false;
  // Some file systems know no flags.
  const bool plain = flags != 0 && (errno == EINVAL || errno == ENOSYS) &&
                     ::rename(temporary.c_str(), target.c_str()) == 0;
  if (!plain) throw cannot_write(shown, errno);
  return true;
}

/// What is not of grids gets another name.
void put_aside(const fs::path& file) {
  std::error_code error;
  fs::rename(file, name_beside(file), error);
  if (error) {
    throw input_error("{} is in the way and cannot be renamed: {}", file.string(), error.message());
  }
}

/// The same in a folder with a record: what is not as grids wrote it is not replaced, even where it
/// has come since this was begun.
void put_on_record(const fs::path& temporary, const fs::path& target, const RecordedPlace& place,
                   const fs::path& shown) {
  note_written(place.folder, place.name, sha256_of(temporary));
  constexpr int kTries = 8;  // others of grids may write the same file
  for (int i = 0; i < kTries; ++i) {
    if (put(temporary, target, RENAME_NOREPLACE, shown)) return;
    const WrittenFiles written(place.folder);
    const std::string content = sha256_of(target);
    if (written.wrote(place.name, content)) {
      put(temporary, target, 0, shown);
      return;
    }
    if (!written.may_put_aside(place.name, content)) break;
    put_aside(target);
  }
  throw input_error(
      "{} was not written by grids, or has changed since, and is not replaced; move it elsewhere",
      shown.string());
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
  if (::access((folder_of(followed(path)) / ".").c_str(), W_OK) != 0)
    throw cannot_write(path, errno);
}

void replace_file(const fs::path& path, const std::function<void(const fs::path&)>& write) {
  require_place(path);
  const fs::path target = followed(path);
  const auto place = recorded_place(path);
  const Temporary temporary(target, place, path);
  call_with_name(write, temporary.path(), path);
  flush_to_disk(temporary.path(), path);
  if (place) {
    put_on_record(temporary.path(), target, *place, path);
  } else {
    put(temporary.path(), target, 0, path);
  }
}

namespace {

/// Packs what is written to it. Every file of the same text has the same bytes: gzip's header has
/// no time.
class PackedText : public std::streambuf {
 public:
  explicit PackedText(const fs::path& path) : file_(::gzopen(path.c_str(), "wb6")) {
    setp(block_.data(), block_.data() + block_.size());
  }
  ~PackedText() override { close(); }
  PackedText(const PackedText&) = delete;
  PackedText& operator=(const PackedText&) = delete;

  /// False where something could not be written.
  bool close() {
    if (file_ == nullptr) return false;
    const bool written = sync() == 0;
    const bool closed = ::gzclose(std::exchange(file_, nullptr)) == Z_OK;
    return written && closed;
  }

 protected:
  int_type overflow(int_type letter) override {
    if (sync() != 0) return traits_type::eof();
    if (!traits_type::eq_int_type(letter, traits_type::eof())) sputc(static_cast<char>(letter));
    return traits_type::not_eof(letter);
  }
  int sync() override {
    const auto size = static_cast<unsigned>(pptr() - pbase());
    const bool good = file_ != nullptr && (size == 0 || ::gzwrite(file_, pbase(), size) != 0);
    setp(block_.data(), block_.data() + block_.size());
    return good ? 0 : -1;
  }

 private:
  gzFile file_;
  std::array<char, size_t{1} << 16> block_;
};

/// Through a stream of the file as it is.
void replace_plainly(const fs::path& path, const std::function<void(std::ostream&)>& write) {
  replace_file(path, [&](const fs::path& temporary) {
    errno = 0;
    std::ofstream out(temporary, std::ios::binary | std::ios::trunc);
    write(out);
    out.close();
    if (!out) throw cannot_write(path, errno != 0 ? errno : EIO);
  });
}

}  // namespace

void replace_file(const fs::path& path, std::string_view content) {
  replace_plainly(path, [&](std::ostream& out) {
    out.write(content.data(), static_cast<std::streamsize>(content.size()));
  });
}

void replace_text_file(const fs::path& path, const std::function<void(std::ostream&)>& write) {
  if (path.extension() != ".gz") return replace_plainly(path, write);
  replace_file(path, [&](const fs::path& temporary) {
    errno = 0;
    PackedText text(temporary);
    std::ostream out(&text);
    write(out);
    const bool good = out.good();
    if (!text.close() || !good) throw cannot_write(path, errno != 0 ? errno : EIO);
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
