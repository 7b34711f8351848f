/// The maps between latents, f_AR and f_RA: layers of mixtures of affine maps (published-settings).
/// Plain memory; no torch. The whole map is one function here, because as single operations on
/// matrices of 20 columns it would cost more in calls than in arithmetic.
#pragma once

#include <cstdint>
#include <vector>

namespace grids::core {

/// y = layer_L(… prelu(layer_1(x))), layer(x) = Σ_k w_k (A_k x + o_k), with the same weights
/// w = softmax(W₂ relu(W₀ x + b₀) + b₂) of the map's input in all layers, and PReLU between layers.
struct MixtureMap {
  int64_t width = 0;    ///< of latents
  int64_t experts = 0;  ///< affine maps that are mixed
  int64_t hidden = 0;   ///< width of the gate's hidden layer

  std::vector<const float*> matrices;    ///< for each layer, experts × width × width
  std::vector<const float*> offsets;     ///< for each layer, experts × width
  const float* gate_0_weight = nullptr;  ///< hidden × width
  const float* gate_0_bias = nullptr;    ///< hidden
  const float* gate_2_weight = nullptr;  ///< experts × hidden
  const float* gate_2_bias = nullptr;    ///< experts
  const float* slope = nullptr;          ///< one, of the PReLU

  int64_t spread() const { return experts * (width + 1); }
};

/// What the gradient needs of a pass; row-major, cells first.
struct MixtureTrace {
  std::vector<float> gate_hidden;           ///< cells × hidden
  std::vector<float> gate;                  ///< cells × experts
  std::vector<std::vector<float>> inputs;   ///< of each layer: cells × width
  std::vector<std::vector<float>> outputs;  ///< of each layer, before the PReLU: cells × width
  /// Of each layer: (w_1 x, …, w_K x, w), cells × spread, and (A_1, …, A_K, o), width × spread,
  /// whose product is the layer's output: no matrix for each cell.
  std::vector<std::vector<float>> spread, joined;
};

/// Where gradients go; all entries are written.
struct MixtureGradient {
  float* x = nullptr;  ///< null = not wanted
  std::vector<float*> matrices, offsets;
  float* gate_0_weight = nullptr;
  float* gate_0_bias = nullptr;
  float* gate_2_weight = nullptr;
  float* gate_2_bias = nullptr;
  float* slope = nullptr;
};

/// x and y are cells × width.
void mixture_map(const MixtureMap& map, int64_t cells, const float* x, float* y,
                 MixtureTrace& trace);

/// For a gradient of y and the trace of the pass.
void mixture_map_gradient(const MixtureMap& map, int64_t cells, const MixtureTrace& trace,
                          const float* y_gradient, const MixtureGradient& gradient);

}  // namespace grids::core
