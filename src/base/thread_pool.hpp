/// Threads that work on fixed blocks.
///
/// Results must not depend on the number of threads, so work is cut into blocks whose bounds depend
/// on its size alone; whichever thread takes a block, the block computes the same numbers. What is
/// summed over blocks is summed by the caller in block order.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

namespace grids::core {

class ThreadPool {
 public:
  /// `threads` counts the calling thread; 0 means one for each core that this process may use.
  explicit ThreadPool(int threads = 0);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  int threads() const;

  /// Calls `work(begin, end, block)` for every block of `block_size` in [0, count), the last one
  /// maybe shorter, and returns when all are done. A call from inside a block runs its blocks one
  /// after the other on that thread. The exception of the lowest block that threw is thrown here
  /// after all running blocks have ended.
  void for_blocks(int64_t count, int64_t block_size,
                  const std::function<void(int64_t begin, int64_t end, int64_t block)>& work);

  /// Calls `work(i)` for every i in [0, count).
  void for_each(int64_t count, const std::function<void(int64_t)>& work);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace grids::core
