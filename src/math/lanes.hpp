/// Sixteen floats at a time for the small row kernels of the surrogate, whatever the machine's
/// vectors: the compiler splits what the hardware cannot do at once. Functions that use these are
/// marked GRIDS_CLONES and exist once, so that every caller gets the same rounding.
#pragma once

#include <cstdint>

namespace grids::core {

inline constexpr int64_t kLanes = 16;

using Lanes = float __attribute__((vector_size(64)));
/// The same, at any address.
using LooseLanes = float __attribute__((vector_size(64), aligned(4), may_alias));
using DoubleLanes = double __attribute__((vector_size(128)));

inline constexpr int64_t padded(int64_t count) {
  return (count + kLanes - 1) / kLanes * kLanes;
}

inline const LooseLanes& lanes_at(const float* at) {
  return *reinterpret_cast<const LooseLanes*>(at);
}
inline LooseLanes& lanes_at(float* at) {
  return *reinterpret_cast<LooseLanes*>(at);
}

/// The sum of all lanes, by halves.
/// Always inlined: a vector passed between functions of different clones would go astray.
[[gnu::always_inline]] inline float sum_of(Lanes x) {
  x += __builtin_shufflevector(x, x, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7);
  x += __builtin_shufflevector(x, x, 4, 5, 6, 7, 0, 1, 2, 3, 12, 13, 14, 15, 8, 9, 10, 11);
  x += __builtin_shufflevector(x, x, 2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13);
  x += __builtin_shufflevector(x, x, 1, 0, 3, 2, 5, 4, 7, 6, 9, 8, 11, 10, 13, 12, 15, 14);
  return x[0];
}

}  // namespace grids::core
