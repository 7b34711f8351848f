/// Sixteen floats at a time for the small row kernels of the surrogate, whatever the machine's
/// vectors: the compiler splits what the hardware cannot do at once. Functions that use these are
/// marked GRIDS_CLONES and exist once, so that every caller gets the same rounding.
#pragma once

#include <cstdint>

namespace grids {

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

}  // namespace grids
