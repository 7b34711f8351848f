/// Where the files lie that tests read: small ones in the repository (tests/fixtures/README.md),
/// large ones in a folder `shared` beside it, where that exists.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>

namespace grids::core::test {

inline std::filesystem::path fixture(const std::filesystem::path& name) {
  return std::filesystem::path(GRIDS_TEST_DIR) / "fixtures" / name;
}

inline std::filesystem::path shared(const std::filesystem::path& name) {
  return std::filesystem::path(GRIDS_SHARED_DIR) / name;
}

/// Skips the test, naming the file that it lacks.
#define GRIDS_NEEDS(path)                                                                   \
  do {                                                                                      \
    if (!std::filesystem::exists(path)) GTEST_SKIP() << (path).string() << " is not there"; \
  } while (false)

}  // namespace grids::core::test
