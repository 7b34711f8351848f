/// Simulated cells for the tests of the simulation.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

#include "base/at.hpp"
#include "base/context.hpp"
#include "simulate/simulate.hpp"

namespace grids::core::testing {

inline SimulatedCells simulated(const SimulateOptions& options, uint64_t seed = 1,
                                int threads = 2) {
  ThreadPool pool(threads);
  Reporter reporter;
  return simulate(options, Context{seed, pool, reporter});
}

/// The demo's cells, drawn once for all tests that look at their laws.
inline const SimulatedCells& demo() {
  static const SimulatedCells cells = simulated(simulate_preset("demo"));
  return cells;
}

/// Of open peaks and counts, each where it is.
inline uint64_t checksum(const SimulatedCells& cells) {
  uint64_t sum = 0;
  const auto add = [&sum](uint64_t value) { sum = (sum ^ value) * 0x100000001B3; };
  for (const int32_t peak : cells.data.atac.values.pattern.indices)
    add(static_cast<uint64_t>(peak));
  for (const int32_t gene : cells.data.rna.values.pattern.indices) add(static_cast<uint64_t>(gene));
  for (const float count : cells.data.rna.values.values) add(static_cast<uint64_t>(count));
  return sum;
}

/// Position of each peak of the simulated cells, by name.
inline std::map<std::string, int32_t> peak_indices(const SimulatedCells& cells) {
  const auto& names = cells.data.atac.var.index;
  std::map<std::string, int32_t> index;
  for (size_t i = 0; i < names.size(); ++i) index[names[i]] = static_cast<int32_t>(i);
  return index;
}

}  // namespace grids::core::testing
