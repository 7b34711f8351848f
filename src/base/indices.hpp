/// Lists of indices.
#pragma once

#include <cstddef>
#include <cstdint>
#include <numeric>
#include <vector>

namespace grids::core {

/// 0, 1, …, count − 1.
inline std::vector<int32_t> indices_below(int64_t count) {
  std::vector<int32_t> indices(static_cast<size_t>(count));
  std::iota(indices.begin(), indices.end(), 0);
  return indices;
}

}  // namespace grids::core
