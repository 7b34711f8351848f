/// Numbers that are made of a cell's outputs and then added up over cells, as data.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "math/monotone_map.hpp"

namespace grids::core {

enum class MeasureKind : uint8_t {
  kClamped,  ///< every output, clamped at 0 as predictions are
  kRate,     ///< expm1 of every clamped output
  kMapped,   ///< every clamped output, and behind them what the outputs' maps make of these
};

struct Measure {
  MeasureKind kind = MeasureKind::kClamped;
  int64_t outputs = 0;            ///< of a cell
  std::vector<MonotoneMap> maps;  ///< outputs; `kMapped` only

  /// Numbers a cell.
  int64_t size() const { return kind == MeasureKind::kMapped ? 2 * outputs : outputs; }
};

/// The numbers of some cells, cells × size, from their outputs before the clamp, cells × outputs.
void measure_cells(const Measure& measure, std::span<const float> outputs,
                   std::span<double> values);

}  // namespace grids::core
