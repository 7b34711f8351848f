#include "model/dense_layer.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "base/at.hpp"
#include "base/error.hpp"
#include "base/simd.hpp"
#include "math/gemm.hpp"

namespace grids::core {
namespace {

/// As torch's BatchNorm, by default.
constexpr double kEpsilon = 1e-5;

DenseLayer fold(const float* weight, const float* bias, const ScaleShift* norm, int64_t inputs,
                int64_t outputs) {
  DenseLayer layer;
  layer.inputs = inputs;
  layer.outputs = outputs;
  layer.weight.resize(at(inputs * outputs));
  layer.bias.resize(at(outputs));
  for (int64_t o = 0; o < outputs; ++o) {
    const double scale = norm == nullptr ? 1.0 : norm->scale[at(o)];
    const double shift = norm == nullptr ? 0.0 : norm->shift[at(o)];
    layer.bias[at(o)] = static_cast<float>(scale * bias[o] + shift);
    for (int64_t i = 0; i < inputs; ++i) {
      layer.weight[at(i * outputs + o)] = static_cast<float>(scale * weight[o * inputs + i]);
    }
  }
  return layer;
}

/// y = PReLU(y + bias), in one pass.
GRIDS_CLONES void add_bias_prelu(int64_t rows, int64_t columns, const float* bias, float slope,
                                 float* y) {
  for (int64_t row = 0; row < rows; ++row) {
    float* values = y + row * columns;
    for (int64_t i = 0; i < columns; ++i) {
      const float value = values[i] + bias[i];
      values[i] = value > 0 ? value : slope * value;
    }
  }
}

/// A PReLU of this slope changes nothing.
constexpr float kNoPrelu = 1;

}  // namespace

void DenseLayer::pack() {
  if (!PackedMatrix::pays()) return;
  packed = PackedMatrix(inputs, outputs, weight.data(), outputs);
  packed_back = PackedMatrix(outputs, inputs, transposed(inputs, outputs, weight).data(), inputs);
}

void DenseLayer::forward(int64_t rows, const float* x, float* y) const {
  forward_prelu(rows, x, kNoPrelu, y);
}

void DenseLayer::forward_prelu(int64_t rows, const float* x, float slope, float* y,
                               float* before) const {
  if (before != nullptr) {
    forward(rows, x, before);
    std::copy_n(before, rows * outputs, y);
    prelu(slope, rows * outputs, y);
  } else if (!packed.empty()) {
    packed.multiply(rows, x, inputs, bias.data(), slope, y, outputs);
  } else {
    gemm(Transpose::kNo, Transpose::kNo, rows, outputs, inputs, x, inputs, weight.data(), outputs,
         0.0f, y, outputs);
    add_bias_prelu(rows, outputs, bias.data(), slope, y);
  }
}

void DenseLayer::backward(int64_t rows, const float* dy, float* dx) const {
  if (!packed_back.empty()) {
    const std::vector<float> zeros(at(inputs), 0.0f);
    packed_back.multiply(rows, dy, outputs, zeros.data(), kNoPrelu, dx, inputs);
    return;
  }
  gemm(Transpose::kNo, Transpose::kYes, rows, inputs, outputs, dy, outputs, weight.data(), outputs,
       0.0f, dx, inputs);
}

const float* load_tensor(const SurrogateFile& file, const std::string& name,
                         const std::vector<int64_t>& shape) {
  const auto found = file.tensors.find(name);
  if (found == file.tensors.end()) {
    throw input_error("the surrogate has no tensor '{}'; train again (grids train)", name);
  }
  if (found->second.shape != shape) {
    throw input_error(
        "tensor '{}' of the surrogate has shape [{}], expected [{}]; train again (grids "
        "train)",
        name, fmt::join(found->second.shape, ", "), fmt::join(shape, ", "));
  }
  return found->second.f32();
}

DenseLayer load_dense(const SurrogateFile& file, const std::string& name, int64_t inputs,
                      int64_t outputs) {
  return fold(load_tensor(file, name + ".weight", {outputs, inputs}),
              load_tensor(file, name + ".bias", {outputs}), nullptr, inputs, outputs);
}

ScaleShift load_batch_norm(const SurrogateFile& file, const std::string& name, int64_t size) {
  const float* weight = load_tensor(file, name + ".weight", {size});
  const float* bias = load_tensor(file, name + ".bias", {size});
  const float* mean = load_tensor(file, name + ".running_mean", {size});
  const float* variance = load_tensor(file, name + ".running_var", {size});
  if (std::any_of(variance, variance + size, [](float value) { return value < 0; })) {
    throw input_error(
        "tensor '{}.running_var' holds a negative variance; train again (grids train)", name);
  }
  ScaleShift norm;
  norm.scale.resize(at(size));
  norm.shift.resize(at(size));
  for (int64_t i = 0; i < size; ++i) {
    norm.scale[at(i)] = weight[i] / std::sqrt(static_cast<double>(variance[i]) + kEpsilon);
    norm.shift[at(i)] = bias[i] - norm.scale[at(i)] * mean[i];
  }
  return norm;
}

DenseLayer load_dense(const SurrogateFile& file, const std::string& name,
                      const std::string& batch_norm, int64_t inputs, int64_t outputs) {
  const ScaleShift norm = load_batch_norm(file, batch_norm, outputs);
  return fold(load_tensor(file, name + ".weight", {outputs, inputs}),
              load_tensor(file, name + ".bias", {outputs}), &norm, inputs, outputs);
}

std::vector<float> transposed(int64_t rows, int64_t columns, const std::vector<float>& matrix) {
  std::vector<float> result(matrix.size());
  for (int64_t i = 0; i < rows; ++i) {
    for (int64_t j = 0; j < columns; ++j) result[at(j * rows + i)] = matrix[at(i * columns + j)];
  }
  return result;
}

float load_slope(const SurrogateFile& file, const std::string& name) {
  return load_tensor(file, name + ".weight", {1})[0];
}

GRIDS_CLONES void prelu(float slope, int64_t count, float* x) {
  for (int64_t i = 0; i < count; ++i) x[i] = x[i] > 0 ? x[i] : slope * x[i];
}

GRIDS_CLONES void prelu_backward(float slope, int64_t count, const float* before, float* gradient) {
  for (int64_t i = 0; i < count; ++i) {
    gradient[i] = before[i] > 0 ? gradient[i] : slope * gradient[i];
  }
}

}  // namespace grids::core
