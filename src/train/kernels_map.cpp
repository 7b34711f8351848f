#include "train/kernels_map.hpp"

#include <algorithm>
#include <cmath>

#include "base/at.hpp"
#include "math/gemm.hpp"

namespace grids::core {
namespace {

/// y (rows × out) = x (rows × in) · weightᵀ + bias.
void affine(int64_t rows, int64_t in, int64_t out, const float* x, const float* weight,
            const float* bias, float* y) {
  for (int64_t row = 0; row < rows; ++row) std::copy_n(bias, out, y + row * out);
  gemm(Transpose::kNo, Transpose::kYes, rows, out, in, x, in, weight, in, 1.0f, y, out);
}

/// Gradients of `affine`; that of x is added to.
void affine_gradient(int64_t rows, int64_t in, int64_t out, const float* x, const float* weight,
                     const float* y_gradient, float* weight_gradient, float* bias_gradient,
                     float* x_gradient) {
  gemm(Transpose::kYes, Transpose::kNo, out, in, rows, y_gradient, out, x, in, 0.0f,
       weight_gradient, in);
  std::fill_n(bias_gradient, out, 0.0f);
  for (int64_t row = 0; row < rows; ++row) {
    for (int64_t o = 0; o < out; ++o) bias_gradient[o] += y_gradient[row * out + o];
  }
  if (x_gradient) {
    gemm(Transpose::kNo, Transpose::kNo, rows, in, out, y_gradient, out, weight, in, 1.0f,
         x_gradient, in);
  }
}

void softmax(int64_t columns, float* row) {
  const float largest = *std::max_element(row, row + columns);
  float sum = 0;
  for (int64_t k = 0; k < columns; ++k) sum += row[k] = std::exp(row[k] - largest);
  for (int64_t k = 0; k < columns; ++k) row[k] /= sum;
}

/// (A_1, …, A_K, o): row i holds the i-th row of every A_k, then every o_k's i-th entry.
void join(const MixtureMap& map, size_t layer, float* joined) {
  const int64_t width = map.width;
  for (int64_t i = 0; i < width; ++i) {
    float* row = joined + i * map.spread();
    for (int64_t k = 0; k < map.experts; ++k) {
      std::copy_n(map.matrices[layer] + (k * width + i) * width, width, row + k * width);
      row[map.experts * width + k] = map.offsets[layer][k * width + i];
    }
  }
}

/// The reverse, for gradients.
void part(const MixtureMap& map, const float* joined, float* matrices, float* offsets) {
  const int64_t width = map.width;
  for (int64_t i = 0; i < width; ++i) {
    const float* row = joined + i * map.spread();
    for (int64_t k = 0; k < map.experts; ++k) {
      std::copy_n(row + k * width, width, matrices + (k * width + i) * width);
      offsets[k * width + i] = row[map.experts * width + k];
    }
  }
}

/// (w_1 x, …, w_K x, w) of one cell.
void spread_cell(const MixtureMap& map, const float* gate, const float* x, float* spread) {
  for (int64_t k = 0; k < map.experts; ++k) {
    for (int64_t i = 0; i < map.width; ++i) spread[k * map.width + i] = gate[k] * x[i];
    spread[map.experts * map.width + k] = gate[k];
  }
}

/// From the gradient of one cell's spread input: adds to the gate's, writes x's.
void gather_cell(const MixtureMap& map, const float* gate, const float* x,
                 const float* spread_gradient, float* gate_gradient, float* x_gradient) {
  std::fill_n(x_gradient, map.width, 0.0f);
  for (int64_t k = 0; k < map.experts; ++k) {
    const float* g = spread_gradient + k * map.width;
    float to_gate = spread_gradient[map.experts * map.width + k];
    for (int64_t i = 0; i < map.width; ++i) to_gate += g[i] * x[i];
    for (int64_t i = 0; i < map.width; ++i) x_gradient[i] += gate[k] * g[i];
    gate_gradient[k] += to_gate;
  }
}

/// From gradients of the weights to gradients of the softmax's inputs, in place.
void softmax_gradient(int64_t columns, const float* gate, float* gradient) {
  float mean = 0;
  for (int64_t k = 0; k < columns; ++k) mean += gate[k] * gradient[k];
  for (int64_t k = 0; k < columns; ++k) gradient[k] = gate[k] * (gradient[k] - mean);
}

void find_gate(const MixtureMap& map, int64_t cells, const float* x, MixtureTrace& trace) {
  trace.gate_hidden.resize(at(cells * map.hidden));
  trace.gate.resize(at(cells * map.experts));
  affine(cells, map.width, map.hidden, x, map.gate_0_weight, map.gate_0_bias,
         trace.gate_hidden.data());
  for (float& value : trace.gate_hidden) value = std::max(value, 0.0f);
  affine(cells, map.hidden, map.experts, trace.gate_hidden.data(), map.gate_2_weight,
         map.gate_2_bias, trace.gate.data());
  for (int64_t cell = 0; cell < cells; ++cell) {
    softmax(map.experts, trace.gate.data() + cell * map.experts);
  }
}

/// The gate's share of the gradients; `gate_gradient` is that of its weights and is overwritten,
/// x's is added to.
void gate_gradients(const MixtureMap& map, int64_t cells, const MixtureTrace& trace,
                    std::vector<float>& gate_gradient, const MixtureGradient& gradient) {
  for (int64_t cell = 0; cell < cells; ++cell) {
    softmax_gradient(map.experts, trace.gate.data() + cell * map.experts,
                     gate_gradient.data() + cell * map.experts);
  }
  std::vector<float> to_hidden(trace.gate_hidden.size(), 0.0f);
  affine_gradient(cells, map.hidden, map.experts, trace.gate_hidden.data(), map.gate_2_weight,
                  gate_gradient.data(), gradient.gate_2_weight, gradient.gate_2_bias,
                  to_hidden.data());
  for (size_t i = 0; i < to_hidden.size(); ++i) {
    if (!(trace.gate_hidden[i] > 0)) to_hidden[i] = 0;
  }
  affine_gradient(cells, map.width, map.hidden, trace.inputs[0].data(), map.gate_0_weight,
                  to_hidden.data(), gradient.gate_0_weight, gradient.gate_0_bias, gradient.x);
}

}  // namespace

void mixture_map(const MixtureMap& map, int64_t cells, const float* x, float* y,
                 MixtureTrace& trace) {
  const size_t layers = map.matrices.size();
  const int64_t width = map.width, spread = map.spread();
  find_gate(map, cells, x, trace);
  trace.inputs.resize(layers);
  trace.outputs.resize(layers);
  trace.spread.resize(layers);
  trace.joined.resize(layers);
  trace.inputs[0].assign(x, x + cells * width);
  for (size_t layer = 0; layer < layers; ++layer) {
    if (layer > 0) {
      trace.inputs[layer] = trace.outputs[layer - 1];
      for (float& value : trace.inputs[layer]) value = value > 0 ? value : *map.slope * value;
    }
    trace.spread[layer].resize(at(cells * spread));
    trace.joined[layer].resize(at(width * spread));
    trace.outputs[layer].resize(at(cells * width));
    join(map, layer, trace.joined[layer].data());
    for (int64_t cell = 0; cell < cells; ++cell) {
      spread_cell(map, trace.gate.data() + cell * map.experts,
                  trace.inputs[layer].data() + cell * width,
                  trace.spread[layer].data() + cell * spread);
    }
    gemm(Transpose::kNo, Transpose::kYes, cells, width, spread, trace.spread[layer].data(), spread,
         trace.joined[layer].data(), spread, 0.0f, trace.outputs[layer].data(), width);
  }
  std::copy(trace.outputs.back().begin(), trace.outputs.back().end(), y);
}

void mixture_map_gradient(const MixtureMap& map, int64_t cells, const MixtureTrace& trace,
                          const float* y_gradient, const MixtureGradient& gradient) {
  const int64_t width = map.width, spread = map.spread();
  std::vector<float> to_output(y_gradient, y_gradient + cells * width);
  std::vector<float> to_input(to_output.size()), to_gate(trace.gate.size(), 0.0f);
  std::vector<float> to_spread(at(cells * spread)), to_joined(at(width * spread));
  double to_slope = 0;
  for (size_t layer = map.matrices.size(); layer-- > 0;) {
    gemm(Transpose::kYes, Transpose::kNo, width, spread, cells, to_output.data(), width,
         trace.spread[layer].data(), spread, 0.0f, to_joined.data(), spread);
    part(map, to_joined.data(), gradient.matrices[layer], gradient.offsets[layer]);
    gemm(Transpose::kNo, Transpose::kNo, cells, spread, width, to_output.data(), width,
         trace.joined[layer].data(), spread, 0.0f, to_spread.data(), spread);
    for (int64_t cell = 0; cell < cells; ++cell) {
      gather_cell(map, trace.gate.data() + cell * map.experts,
                  trace.inputs[layer].data() + cell * width, to_spread.data() + cell * spread,
                  to_gate.data() + cell * map.experts, to_input.data() + cell * width);
    }
    if (layer == 0) break;
    const std::vector<float>& before = trace.outputs[layer - 1];
    for (size_t i = 0; i < before.size(); ++i) {
      const bool bent = !(before[i] > 0);
      if (bent) to_slope += static_cast<double>(to_input[i]) * before[i];
      to_output[i] = bent ? *map.slope * to_input[i] : to_input[i];
    }
  }
  *gradient.slope = static_cast<float>(to_slope);
  if (gradient.x) std::copy(to_input.begin(), to_input.end(), gradient.x);
  gate_gradients(map, cells, trace, to_gate, gradient);
}

}  // namespace grids::core
