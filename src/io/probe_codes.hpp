/// What the two sides of io/probe.hpp agree on.
#pragma once

#include <cstdint>

namespace grids::core {

/// Files up to this size are read whole: that takes the probe less than it takes to be noticed.
inline constexpr uint64_t kProbeWhole = uint64_t{4} << 20;

/// Memory of the probe: for buffers, and for each byte of the file.
inline constexpr uint64_t kProbeMemory = uint64_t{512} << 20;
inline constexpr uint64_t kProbeMemoryPerByte = 8;

/// Its last line: it came to the end.
inline constexpr const char* kProbeSurvived = ".";

inline constexpr int kProbeOutOfMemory = 4;  ///< exit code

}  // namespace grids::core
