#include "train/blas.hpp"

#include <dlfcn.h>
#include <gtest/gtest.h>

namespace grids::core {
namespace {

/// Where the file that holds this code was loaded.
const void* loaded_at(const void* code) {
  Dl_info info{};
  EXPECT_NE(dladdr(code, &info), 0);
  return info.dli_fbase;
}

// Whoever looks for `sgemm_`, as LibTorch does, finds the program's; hidden, it would serve nobody.
TEST(Blas, TorchFindsTheProgramsOwn) {
  const void* const found = dlsym(RTLD_DEFAULT, "sgemm_");
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(loaded_at(found), loaded_at(reinterpret_cast<const void*>(&serve_torch_with_onednn)));
}

}  // namespace
}  // namespace grids::core
