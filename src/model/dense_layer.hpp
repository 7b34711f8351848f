/// Linear layers of the surrogate in inference mode, with the BatchNorm that follows folded in.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "math/packed_matrix.hpp"
#include "model/surrogate_file.hpp"

namespace grids::core {

/// y = x · weight + bias.
struct DenseLayer {
  int64_t inputs = 0;
  int64_t outputs = 0;
  std::vector<float> weight;  ///< inputs × outputs: the transpose of what files hold
  std::vector<float> bias;
  /// Copies of the weight and of its transpose, of layers that `pack` was called for.
  PackedMatrix packed;
  PackedMatrix packed_back;

  /// For a layer that many small blocks of rows go through: makes the packed copies, if this
  /// machine is one on which they pay.
  void pack();

  /// x rows × inputs, y rows × outputs, both without gaps. One thread.
  void forward(int64_t rows, const float* x, float* y) const;
  /// y = PReLU(x · weight + bias); `before`, unless null, receives what goes into the PReLU.
  void forward_prelu(int64_t rows, const float* x, float slope, float* y,
                     float* before = nullptr) const;
  /// dx = dy · weightᵀ.
  void backward(int64_t rows, const float* dy, float* dx) const;
};

/// What BatchNorm does with its running statistics: y = scale · x + shift.
struct ScaleShift {
  std::vector<double> scale;
  std::vector<double> shift;
};

/// `name`.weight [outputs, inputs] and `name`.bias of the file.
DenseLayer load_dense(const SurrogateFile& file, const std::string& name, int64_t inputs,
                      int64_t outputs);

/// The BatchNorm `name` of `size` columns, epsilon 1e-5.
ScaleShift load_batch_norm(const SurrogateFile& file, const std::string& name, int64_t size);

/// A linear layer and the BatchNorm behind it, as one linear layer (folded in double).
DenseLayer load_dense(const SurrogateFile& file, const std::string& name,
                      const std::string& batch_norm, int64_t inputs, int64_t outputs);

/// `matrix` is rows × columns; the result columns × rows.
std::vector<float> transposed(int64_t rows, int64_t columns, const std::vector<float>& matrix);

/// The single slope of a PReLU.
float load_slope(const SurrogateFile& file, const std::string& name);

/// A tensor of the file; throws Error(kInput) naming the one that is missing or misshapen.
const float* load_tensor(const SurrogateFile& file, const std::string& name,
                         const std::vector<int64_t>& shape);

/// x becomes x for x > 0, slope · x elsewhere.
void prelu(float slope, int64_t count, float* x);
/// `gradient` is multiplied by the slope where `before`, the input of the PReLU, is not positive.
void prelu_backward(float slope, int64_t count, const float* before, float* gradient);

}  // namespace grids::core
