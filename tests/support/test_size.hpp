/// How large the problems of tests are: full, or smaller where a sanitizer slows every access.
#pragma once

#include <cstdlib>
#include <string_view>

namespace grids::core::testing {

inline bool small_size() {
  const char* size = std::getenv("GRIDS_TEST_SIZE");
  return size != nullptr && std::string_view(size) == "small";
}

/// `full`, or `small` where the environment has GRIDS_TEST_SIZE=small. The law that a test guards
/// must hold, and could be broken, at both.
template <class Number>
Number sized(Number full, Number small) {
  return small_size() ? small : full;
}

}  // namespace grids::core::testing
