/// The machine that a program runs on, as far as it decides how fast the program is.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace grids::core {

struct Machine {
  std::string cpu;                    ///< model name, or "unknown"
  std::vector<std::string> features;  ///< of those that matter, the ones that it has
  bool avx2 = false;
  bool avx512 = false;          ///< F, BW, DQ and VL: what our kernels and oneDNN's need
  std::string kernels;          ///< which version of our own loops runs, see simd.hpp
  int64_t memory_bytes = 0;     ///< that this process may use, a container's limit included
  int64_t available_bytes = 0;  ///< not in use by others
};

Machine describe_machine();

}  // namespace grids::core
