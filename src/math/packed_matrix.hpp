/// A matrix that many blocks of rows are multiplied by: its copy in the order in which our own
/// kernel reads it, made once instead of in every product.
///
/// Each number of a product is start + Σ_i x_i · m_i, added up one i after the other, so a row's
/// result depends neither on its position, nor on its neighbours, nor on how many there are.
#pragma once

#include <cstdint>
#include <vector>

namespace grids::core {

class PackedMatrix {
 public:
  PackedMatrix() = default;
  /// `matrix` is inputs × outputs, row-major with `stride` between rows.
  PackedMatrix(int64_t inputs, int64_t outputs, const float* matrix, int64_t stride);

  /// Whether this machine has the 32 wide registers that the kernel is made for; elsewhere `gemm`
  /// is faster. Products are right on any machine.
  static bool pays();

  bool empty() const { return values_.empty(); }

  /// y = PReLU(start + x · matrix): x rows × inputs, y rows × outputs, `start` outputs. A slope of
  /// 1 is no PReLU. One thread. Runs of `outputs` columns are taken one after the other, each for
  /// all rows: they come from the second-level cache once.
  void multiply(int64_t rows, const float* x, int64_t x_stride, const float* start, float slope,
                float* y, int64_t y_stride) const;

 private:
  int64_t inputs_ = 0;
  int64_t outputs_ = 0;
  std::vector<float> values_;  ///< panels of columns: inputs × width each, padded with zeros
};

}  // namespace grids::core
