/// What every stage is handed besides its input and options: seed, threads, memory, where messages
/// go, and whether the user has asked to stop. Passed, never global.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/memory.hpp"
#include "base/thread_pool.hpp"

namespace grids::core {

/// Where a library tells its user something. Nothing in the library prints.
class Reporter {
 public:
  virtual ~Reporter() = default;
  virtual void info(std::string_view) {}
  /// Something that the user should know before trusting the result.
  virtual void warning(std::string_view) {}
  /// `done` of `total` units of the task are finished; `note` is short ("loss 0.31").
  virtual void progress(std::string_view /*task*/, int64_t /*done*/, int64_t /*total*/,
                        std::string_view /*note*/) {}
  /// How it was told to report, as words of a command line: for a program that works in its stead.
  virtual std::vector<std::string> words() const { return {}; }
  /// The task that reported progress has ended, whether or not it was finished.
  virtual void progress_end() {}
};

struct Context {
  uint64_t seed = 0;
  ThreadPool& pool;
  Reporter& reporter;
  const std::atomic<bool>* cancelled = nullptr;  ///< set by Ctrl-C; may be null
  /// Bytes that may be used: which arrays lie in a file and how large blocks are, never what is
  /// computed.
  int64_t memory = kAnyMemory;

  /// The same but for who is told, or for the seed.
  Context with_reporter(Reporter& other) const { return {seed, pool, other, cancelled, memory}; }
  Context with_seed(uint64_t other) const { return {other, pool, reporter, cancelled, memory}; }
  /// Throws Error(kCancelled) once the user has asked to stop.
  void check_cancelled() const;
};

/// Reports the progress of one long task, at most ten times a second.
class Progress {
 public:
  /// `done`: units that an earlier run has left finished; they do not count for the time left.
  Progress(const Context& context, std::string task, int64_t total, int64_t done = 0);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// Also throws if the user has asked to stop. Call it from one thread.
  void advance(int64_t units = 1, std::string_view note = {});

 private:
  const Context& context_;
  std::string task_;
  int64_t total_;
  int64_t done_ = 0;
  std::chrono::steady_clock::time_point next_;
};

}  // namespace grids::core
