#include "search/measure.hpp"

#include <algorithm>
#include <cmath>

#include "base/simd.hpp"

namespace grids::core {
namespace {

GRIDS_CLONES void clamp(int64_t count, const float* outputs, double* values) {
  for (int64_t i = 0; i < count; ++i) values[i] = outputs[i] > 0 ? outputs[i] : 0.0f;
}

void clamp_and_map(const Measure& measure, const float* outputs, double* values) {
  clamp(measure.outputs, outputs, values);
  for (size_t g = 0; g < measure.maps.size(); ++g) {
    values[measure.maps.size() + g] = measure.maps[g](values[g]);
  }
}

}  // namespace

void measure_cells(const Measure& measure, std::span<const float> outputs,
                   std::span<double> values) {
  const auto count = std::ssize(outputs);
  switch (measure.kind) {
    case MeasureKind::kClamped:
      return clamp(count, outputs.data(), values.data());
    case MeasureKind::kRate:
      std::transform(outputs.begin(), outputs.end(), values.begin(),
                     [](float output) { return std::expm1(std::max(double{output}, 0.0)); });
      return;
    case MeasureKind::kMapped:
      for (int64_t first = 0; first < count; first += measure.outputs) {
        clamp_and_map(measure, outputs.data() + first, values.data() + 2 * first);
      }
  }
}

}  // namespace grids::core
