#include "io/scratch_room.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>
#include <string>
#include <thread>

#include "base/error.hpp"
#include "base/memory.hpp"

namespace grids::core {
namespace {

/// A descriptor that is closed with it.
class OpenFile {
 public:
  explicit OpenFile(int descriptor) : descriptor_(descriptor) {}
  ~OpenFile() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;
  int operator*() const { return descriptor_; }

 private:
  int descriptor_;
};

Error cannot(const std::filesystem::path& folder, const std::string& what, int error) {
  return input_error(
      "{}: {}: {}; set TMPDIR to a folder on a disk with more room, or give more --memory",
      folder.string(), what, std::strerror(error));
}

/// A new file without a name.
int nameless_file(const std::filesystem::path& folder) {
#ifdef O_TMPFILE
  const int nameless = ::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC | O_EXCL, 0600);
  if (nameless >= 0) return nameless;
#endif
  auto name = (folder / ".grids-scratch-XXXXXX").string();  // where the file system has none such
  const int named = ::mkostemp(name.data(), O_CLOEXEC);
  if (named < 0) throw cannot(folder, "no file can be made here", errno);
  ::unlink(name.c_str());
  return named;
}

/// Mapped bytes of files that are in the memory of the process, its program among them.
int64_t resident_file_bytes() {
  static const int64_t page = ::sysconf(_SC_PAGESIZE);
  std::FILE* file = std::fopen("/proc/self/statm", "re");
  if (file == nullptr) return 0;
  long long size = 0, resident = 0, of_files = 0;
  const int read = std::fscanf(file, "%lld %lld %lld", &size, &resident, &of_files);
  std::fclose(file);
  return read == 3 ? static_cast<int64_t>(of_files) * page : 0;
}

/// The mapped arrays of a room, and a thread that takes their pages out of the process once they
/// are too many: they stay with the system, and whoever reads them gets them back. (What a program
/// has read of a mapped file otherwise counts as its own until the system runs short of memory.)
class Mappings {
 public:
  explicit Mappings(int64_t resident)
      : resident_(resident), program_(resident_file_bytes()), watch_([this] { watch(); }) {}
  ~Mappings() {
    {
      const std::lock_guard lock(mutex_);
      ended_ = true;
    }
    wake_.notify_all();
    watch_.join();
  }
  Mappings(const Mappings&) = delete;
  Mappings& operator=(const Mappings&) = delete;

  void add(void* begin, size_t bytes) {
    {
      const std::lock_guard lock(mutex_);
      all_[begin] = bytes;
    }
    wake_.notify_all();
  }
  void remove(void* begin) {
    const std::lock_guard lock(mutex_);
    ::munmap(begin, all_[begin]);
    all_.erase(begin);
  }

 private:
  void watch() {
    // A core that does nothing but touch pages fetches some 50 MB in this time.
    constexpr auto kInterval = std::chrono::milliseconds(10);
    std::unique_lock lock(mutex_);
    while (!ended_) {
      if (all_.empty()) {
        wake_.wait(lock);
        continue;
      }
      wake_.wait_for(lock, kInterval);
      if (resident_file_bytes() - program_ <= resident_) continue;
      for (const auto& [begin, bytes] : all_) ::madvise(begin, bytes, MADV_DONTNEED);
    }
  }

  const int64_t resident_;
  const int64_t program_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::map<void*, size_t> all_;
  bool ended_ = false;
  std::thread watch_;  ///< last: it uses the others
};

class ScratchRoom : public EntryRoom {
 public:
  ScratchRoom(std::filesystem::path folder, const ScratchOptions& options)
      : folder_(std::move(folder)),
        options_(options),
        mappings_(std::make_shared<Mappings>(options.resident)) {
    const OpenFile probe(nameless_file(folder_));
  }

  int64_t smallest() const override { return options_.smallest; }
  int64_t window() const override { return options_.resident / 2; }

  std::shared_ptr<void> memory(int64_t bytes) override {
    const OpenFile file(nameless_file(folder_));
    // All of it now: a disk that is full would end the program when a page is written.
    if (const int error = ::posix_fallocate(*file, 0, bytes); error != 0) {
      throw cannot(folder_,
                   fmt::format("no room for {} more ({} free)", bytes_text(bytes),
                               bytes_text(free_disk(folder_))),
                   error);
    }
    const auto size = static_cast<size_t>(bytes);
    void* begin = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, *file, 0);
    if (begin == MAP_FAILED) {
      throw cannot(folder_, fmt::format("a file of {} cannot be mapped", bytes_text(bytes)), errno);
    }
    mappings_->add(begin, size);
    return {begin, [mappings = mappings_](void* mapped) { mappings->remove(mapped); }};
  }

 private:
  std::filesystem::path folder_;
  ScratchOptions options_;
  std::shared_ptr<Mappings> mappings_;
};

bool is_memory(const std::filesystem::path& folder) {
  constexpr decltype(statfs::f_type) kTmpfs = 0x01021994, kRamfs = 0x858458f6;
  struct statfs system = {};
  if (::statfs(folder.c_str(), &system) != 0) return false;
  return system.f_type == kTmpfs || system.f_type == kRamfs;
}

bool can_hold_files(const std::filesystem::path& folder) {
  return ::access(folder.c_str(), W_OK | X_OK) == 0;
}

}  // namespace

std::shared_ptr<EntryRoom> scratch_room(const std::filesystem::path& folder,
                                        const ScratchOptions& options) {
  return std::make_shared<ScratchRoom>(folder, options);
}

std::filesystem::path scratch_folder(const std::filesystem::path& beside) {
  const char* named = std::getenv("TMPDIR");
  if (named != nullptr && *named != '\0') return named;
  if (can_hold_files(beside) && !is_memory(beside)) return beside;
  std::error_code ignored;
  const auto usual = std::filesystem::temp_directory_path(ignored);
  for (const auto& folder : {usual, std::filesystem::path("/var/tmp")}) {
    if (can_hold_files(folder) && !is_memory(folder)) return folder;
  }
  return beside;
}

int64_t free_disk(const std::filesystem::path& folder) {
  std::error_code error;
  const auto space = std::filesystem::space(folder, error);
  return error ? 0 : static_cast<int64_t>(space.available);
}

}  // namespace grids::core
