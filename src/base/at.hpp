/// Signed positions, as the arithmetic wants them, for containers that count in size_t.
#pragma once

#include <cstddef>
#include <cstdint>

namespace grids::core {

constexpr size_t at(int64_t i) {
  return static_cast<size_t>(i);
}

}  // namespace grids::core
