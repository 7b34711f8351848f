/// A context with a pool of its own, silent.
#pragma once

#include "base/context.hpp"

namespace grids::core::test {

struct Fixture {
  explicit Fixture(int threads = 2, uint64_t seed = 1)
      : pool(threads), context{seed, pool, reporter} {}
  ThreadPool pool;
  Reporter reporter;
  Context context;
};

}  // namespace grids::core::test
