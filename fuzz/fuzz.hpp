/// What the programs of fuzz/ share. Each gives a reader any bytes: it must return or throw an
/// Error(kInput) or Error(kUsage); anything else is a crash.
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <string>

#include "base/context.hpp"
#include "base/error.hpp"
#include "base/thread_pool.hpp"

namespace grids::core::fuzz {

/// A file in memory that holds the bytes; readers open it by its path.
class Input {
 public:
  Input(const uint8_t* data, size_t size) : descriptor_(::memfd_create("input", 0)) {
    if (descriptor_ < 0 || ::write(descriptor_, data, size) != static_cast<ssize_t>(size)) {
      std::abort();
    }
  }
  ~Input() { ::close(descriptor_); }
  Input(const Input&) = delete;
  Input& operator=(const Input&) = delete;

  std::filesystem::path path() const { return "/proc/self/fd/" + std::to_string(descriptor_); }

 private:
  int descriptor_;
};

/// One thread, nobody to report to.
inline const Context& context() {
  static ThreadPool pool(1);
  static Reporter reporter;
  static const Context instance{1, pool, reporter, nullptr};
  return instance;
}

/// Runs a reader. A refusal is what it is for; a broken promise of our own code is not.
template <typename Body>
void attempt(const Body& body) {
  try {
    body();
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::kInternal) std::abort();
  }
}

}  // namespace grids::core::fuzz

/// The entry that libFuzzer calls, around a function of the input's path.
#define GRIDS_FUZZ_FILE(reader)                                             \
  extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) { \
    const grids::core::fuzz::Input input(data, size);                       \
    grids::core::fuzz::attempt([&] { reader(input.path()); });              \
    return 0;                                                               \
  }
