#include "math/machine.hpp"

#include <algorithm>
#include <fstream>
#include <limits>
#include <sstream>

#include "base/memory.hpp"
#include "base/simd.hpp"

namespace grids::core {
namespace {

/// The value of the first line "key … : value" of a file of /proc, or nothing.
std::string proc_value(const char* path, const std::string& key) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    const size_t colon = line.find(':');
    if (!line.starts_with(key) || colon == std::string::npos) continue;
    const size_t begin = line.find_first_not_of(" \t", colon + 1);
    return begin == std::string::npos ? "" : line.substr(begin);
  }
  return {};
}

/// "16384 kB" in bytes.
int64_t kilobytes(const std::string& text) {
  int64_t value = 0;
  std::istringstream(text) >> value;
  return value * 1024;
}

/// The limit of a container, or the largest number there is.
int64_t memory_limit() {
  int64_t limit = std::numeric_limits<int64_t>::max();
  for (const char* path :
       {"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"}) {
    int64_t value = 0;
    if (std::ifstream(path) >> value && value > 0) limit = std::min(limit, value);
  }
  return limit;
}

#if defined(__x86_64__) && defined(__GNUC__)
void add_features(Machine& machine) {
  __builtin_cpu_init();
  const auto add = [&](bool has, const char* name) {
    if (has) machine.features.emplace_back(name);
  };
  machine.avx2 = __builtin_cpu_supports("avx2") != 0;
  machine.avx512 =
      __builtin_cpu_supports("avx512f") != 0 && __builtin_cpu_supports("avx512bw") != 0 &&
      __builtin_cpu_supports("avx512dq") != 0 && __builtin_cpu_supports("avx512vl") != 0;
  add(machine.avx2, "AVX2");
  add(__builtin_cpu_supports("fma") != 0, "FMA");
  add(machine.avx512, "AVX-512");
  machine.kernels = "x86-64";
#if !defined(GRIDS_NO_CLONES) && !defined(__clang__)
  if (__builtin_cpu_supports("x86-64-v3") != 0) machine.kernels = "x86-64-v3";
  if (__builtin_cpu_supports("x86-64-v4") != 0) machine.kernels = "x86-64-v4";
#endif
}
#else
void add_features(Machine& machine) {
  machine.kernels = "portable";
}
#endif

}  // namespace

Machine describe_machine() {
  Machine machine;
  machine.cpu = proc_value("/proc/cpuinfo", "model name");
  if (machine.cpu.empty()) machine.cpu = "unknown";
  add_features(machine);
  const int64_t limit = memory_limit();
  machine.memory_bytes = std::min(limit, kilobytes(proc_value("/proc/meminfo", "MemTotal")));
  machine.available_bytes = std::min(limit, free_memory());
  return machine;
}

}  // namespace grids::core
