#include "model/dense_layer.hpp"

#include <algorithm>
#include <cmath>

#include "base/error.hpp"
#include "base/gemm.hpp"
#include "base/simd.hpp"

namespace grids {
namespace {

size_t at(int64_t i) {
  return static_cast<size_t>(i);
}

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
                                 float* y, float* before) {
  for (int64_t row = 0; row < rows; ++row) {
    float* values = y + row * columns;
    if (before != nullptr) {
      float* kept = before + row * columns;
      for (int64_t i = 0; i < columns; ++i) kept[i] = values[i] + bias[i];
    }
    for (int64_t i = 0; i < columns; ++i) {
      const float value = values[i] + bias[i];
      values[i] = value > 0 ? value : slope * value;
    }
  }
}

}  // namespace

void DenseLayer::forward(int64_t rows, const float* x, float* y) const {
  for (int64_t row = 0; row < rows; ++row) std::copy(bias.begin(), bias.end(), y + row * outputs);
  gemm(Transpose::kNo, Transpose::kNo, rows, outputs, inputs, x, inputs, weight.data(), outputs,
       1.0f, y, outputs);
}

void DenseLayer::forward_prelu(int64_t rows, const float* x, float slope, float* y,
                               float* before) const {
  gemm(Transpose::kNo, Transpose::kNo, rows, outputs, inputs, x, inputs, weight.data(), outputs,
       0.0f, y, outputs);
  add_bias_prelu(rows, outputs, bias.data(), slope, y, before);
}

void DenseLayer::backward(int64_t rows, const float* dy, float* dx) const {
  gemm(Transpose::kNo, Transpose::kYes, rows, inputs, outputs, dy, outputs, weight.data(), outputs,
       0.0f, dx, inputs);
}

const float* load_tensor(const SurrogateFile& file, const std::string& name,
                         const std::vector<int64_t>& shape) {
  const auto found = file.tensors.find(name);
  if (found == file.tensors.end()) throw input_error("the surrogate has no tensor '{}'", name);
  if (found->second.shape != shape) {
    throw input_error("tensor '{}' of the surrogate has shape [{}], expected [{}]", name,
                      fmt::join(found->second.shape, ", "), fmt::join(shape, ", "));
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
    throw input_error("tensor '{}.running_var' holds a negative variance; train again", name);
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

}  // namespace grids
