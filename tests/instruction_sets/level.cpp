// What the processor can do, as functions cloned for several instruction sets (base/simd.hpp) see it:
// a program that this file is linked into takes the clones of GRIDS_LEVEL (1, 3 or 4: x86-64-vN)
// wherever it runs. The compiler's own library would ask the processor; these names stand before it.
#include <cstdlib>

extern "C" {

unsigned __cpu_features2[4] = {0, 0, GRIDS_LEVEL >= 4 ? 7U : GRIDS_LEVEL >= 3 ? 3U : 0U, 0};

struct CpuModel {
  unsigned vendor, type, subtype, features[1];
};
CpuModel __cpu_model = {1, 0, 0, {0}};

int __cpu_indicator_init() {
  return 0;
}
}

namespace {

/// That the words above are those that this compiler's clones look at.
[[gnu::constructor]] void check_level() {
  const bool third = __builtin_cpu_supports("x86-64-v3") != 0;
  const bool fourth = __builtin_cpu_supports("x86-64-v4") != 0;
  if (third != (GRIDS_LEVEL >= 3) || fourth != (GRIDS_LEVEL >= 4)) std::abort();
}

}  // namespace
