#include "base/thread_pool.hpp"

#include <sched.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <exception>
#include <limits>
#include <mutex>
#include <thread>
#include <vector>

#include "base/signals.hpp"

namespace grids::core {
namespace {

int usable_cores() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof(set), &set) != 0) return 1;
  return std::max(1, CPU_COUNT(&set));
}

thread_local bool inside_block = false;

/// Training posts hundreds of short jobs a step; a thread that has gone to sleep is tens of
/// microseconds late for each. So both sides look again for about as long before they sleep.
template <typename Condition>
void wait_awake(const Condition& condition) {
  constexpr int kLooks = 2000;
  for (int i = 0; i < kLooks && !condition(); ++i) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#endif
  }
}

/// One call of for_blocks: the next block to take, and the first exception.
struct Job {
  Job(const std::function<void(int64_t, int64_t, int64_t)>& block_work, int64_t items,
      int64_t items_a_block)
      : work(&block_work),
        count(items),
        block_size(items_a_block),
        blocks((items + items_a_block - 1) / items_a_block) {}

  const std::function<void(int64_t, int64_t, int64_t)>* work;
  int64_t count;
  int64_t block_size;
  int64_t blocks;
  std::atomic<int64_t> next{0};
  std::mutex mutex;
  int64_t failed_block = std::numeric_limits<int64_t>::max();
  std::exception_ptr failure;

  void run_one(int64_t block) {
    const int64_t begin = block * block_size;
    (*work)(begin, std::min(count, begin + block_size), block);
  }

  void drain() {
    inside_block = true;
    for (;;) {
      const int64_t block = next.fetch_add(1);
      if (block >= blocks) break;
      try {
        run_one(block);
      } catch (...) {
        const std::lock_guard lock(mutex);
        if (block < failed_block) {
          failed_block = block;
          failure = std::current_exception();
        }
        next.store(blocks);
      }
    }
    inside_block = false;
  }
};

}  // namespace

struct ThreadPool::State {
  std::vector<std::thread> workers;
  std::mutex mutex;
  std::condition_variable wake;
  std::condition_variable done;
  Job* job = nullptr;
  // Changed under the mutex only; atomic for those who look without it.
  std::atomic<uint64_t> generation{0};
  std::atomic<int> busy{0};
  std::atomic<bool> stopping{false};
  std::mutex callers;  // one for_blocks at a time; a second thread waits

  void serve() {
    uint64_t seen = 0;
    const auto called = [&] { return stopping || generation != seen; };
    std::unique_lock lock(mutex);
    for (;;) {
      lock.unlock();
      wait_awake(called);
      lock.lock();
      wake.wait(lock, called);
      if (stopping) return;
      seen = generation;
      Job* mine = job;
      if (mine == nullptr) continue;
      ++busy;
      lock.unlock();
      mine->drain();
      lock.lock();
      if (--busy == 0) done.notify_all();
    }
  }
};

ThreadPool::ThreadPool(int threads) : state_(std::make_unique<State>()) {
  if (threads <= 0) threads = usable_cores();
  const SignalsBlocked blocked;
  for (int i = 1; i < threads; ++i) {
    state_->workers.emplace_back([state = state_.get()] { state->serve(); });
  }
}

ThreadPool::~ThreadPool() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->stopping = true;
  }
  state_->wake.notify_all();
  for (auto& worker : state_->workers) worker.join();
}

int ThreadPool::threads() const {
  return static_cast<int>(state_->workers.size()) + 1;
}

void ThreadPool::for_blocks(int64_t count, int64_t block_size,
                            const std::function<void(int64_t, int64_t, int64_t)>& work) {
  if (count <= 0) return;
  block_size = std::max<int64_t>(1, block_size);
  Job job(work, count, block_size);
  if (inside_block || state_->workers.empty() || job.blocks == 1) {
    for (int64_t block = 0; block < job.blocks; ++block) job.run_one(block);
    return;
  }
  const std::lock_guard caller(state_->callers);
  {
    const std::lock_guard lock(state_->mutex);
    state_->job = &job;
    ++state_->generation;
  }
  state_->wake.notify_all();
  job.drain();
  const auto finished = [&] { return state_->busy == 0; };
  {
    std::unique_lock lock(state_->mutex);
    state_->job = nullptr;  // a worker that wakes only now finds nothing to do
    if (!finished()) {
      lock.unlock();
      wait_awake(finished);
      lock.lock();
    }
    state_->done.wait(lock, finished);
  }
  if (job.failure) std::rethrow_exception(job.failure);
}

void ThreadPool::for_each(int64_t count, const std::function<void(int64_t)>& work) {
  for_blocks(count, 1, [&](int64_t begin, int64_t, int64_t) { work(begin); });
}

}  // namespace grids::core
