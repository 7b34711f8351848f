#include "base/thread_pool.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>
#include <vector>

namespace grids::core {
namespace {

TEST(ThreadPool, EveryIndexIsVisitedOnceWhateverTheThreads) {
  for (const int threads : {1, 2, 5}) {
    ThreadPool pool(threads);
    for (int round = 0; round < 200; ++round) {
      std::vector<std::atomic<int>> visits(1001);
      pool.for_blocks(1001, 7, [&](int64_t begin, int64_t end, int64_t block) {
        EXPECT_EQ(begin, block * 7);
        for (int64_t i = begin; i < end; ++i) ++visits[static_cast<size_t>(i)];
      });
      for (const auto& count : visits) ASSERT_EQ(count, 1);
    }
  }
}

TEST(ThreadPool, NestedCallsRunInline) {
  ThreadPool pool(3);
  std::atomic<int> total = 0;
  pool.for_each(10, [&](int64_t) { pool.for_each(10, [&](int64_t) { ++total; }); });
  EXPECT_EQ(total, 100);
}

TEST(ThreadPool, AnExceptionReachesTheCallerAndThePoolLivesOn) {
  ThreadPool pool(3);
  EXPECT_THROW(pool.for_each(100,
                             [](int64_t i) {
                               if (i == 57) throw std::runtime_error("57");
                             }),
               std::runtime_error);
  std::atomic<int> total = 0;
  pool.for_each(100, [&](int64_t) { ++total; });
  EXPECT_EQ(total, 100);
}

}  // namespace
}  // namespace grids::core
