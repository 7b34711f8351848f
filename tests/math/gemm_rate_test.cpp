#include "math/gemm_rate.hpp"

#include <gtest/gtest.h>

#include "math/machine.hpp"

namespace grids::core {
namespace {

TEST(GemmRate, IsMeasuredOnEveryThread) {
  ThreadPool pool(3);
  EXPECT_GT(measure_gemm(pool, {8, 16, 8}, 1e-4), 0);
}

TEST(GemmRate, TheLibraryUsesWhatTheCpuHas) {
  const Machine machine = describe_machine();
  const GemmLibrary library = gemm_library();
  EXPECT_TRUE(library.name.starts_with("oneDNN "));
  EXPECT_FALSE(library.instruction_set.empty());
  // The library can use less than there is (an environment variable), never more.
  EXPECT_TRUE(machine.avx2 || !library.avx2);
  EXPECT_TRUE(machine.avx512 || !library.avx512);
}

TEST(GemmRate, WarnsOfSlowProductsWithTheRemedy) {
  const GemmLibrary full{"oneDNN 9", "AVX-512", true, true};
  const GemmLibrary held_back{"oneDNN 9", "AVX2", false, true};
  const GemmLibrary old{"oneDNN 9", "SSE4.1", false, false};
  EXPECT_EQ(gemm_warning(full, true, true, 120), "");
  EXPECT_NE(gemm_warning(full, true, true, 28).find("28 GFLOP/s"), std::string::npos);
  EXPECT_NE(gemm_warning(held_back, true, true, 120).find("ONEDNN_MAX_CPU_ISA"), std::string::npos);
  EXPECT_EQ(gemm_warning(held_back, false, true, 40), "");  // a CPU without AVX-512
  EXPECT_NE(gemm_warning(held_back, false, true, 10), "");
  EXPECT_EQ(gemm_warning(old, false, false, 3), "");  // nothing better to expect
}

TEST(Machine, IsDescribed) {
  const Machine machine = describe_machine();
  EXPECT_FALSE(machine.cpu.empty());
  EXPECT_FALSE(machine.kernels.empty());
  EXPECT_GT(machine.memory_bytes, 0);
  EXPECT_GT(machine.available_bytes, 0);
  EXPECT_LE(machine.available_bytes, machine.memory_bytes);
}

}  // namespace
}  // namespace grids::core
