#include "model/latent_map.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/simd.hpp"

namespace grids {
namespace {

size_t at(int64_t i) {
  return static_cast<size_t>(i);
}

void softmax(int64_t rows, int64_t columns, float* x) {
  for (int64_t row = 0; row < rows; ++row) {
    float* values = x + row * columns;
    const float largest = *std::max_element(values, values + columns);
    float sum = 0;
    for (int64_t i = 0; i < columns; ++i) sum += values[i] = std::exp(values[i] - largest);
    for (int64_t i = 0; i < columns; ++i) values[i] /= sum;
  }
}

/// y = Σ_e gates[e] · products[e].
GRIDS_CLONES void mix(int64_t rows, int64_t experts, int64_t latent, const float* gates,
                      const float* products, float* y) {
  for (int64_t row = 0; row < rows; ++row) {
    float* out = y + row * latent;
    std::fill(out, out + latent, 0.0f);
    for (int64_t e = 0; e < experts; ++e) {
      const float gate = gates[row * experts + e];
      const float* product = products + (row * experts + e) * latent;
      for (int64_t i = 0; i < latent; ++i) out[i] += gate * product[i];
    }
  }
}

/// Gradients of `mix`: products become gates[e] · dy (in place of the products' gradients), and the
/// gates gain ⟨dy, products[e]⟩.
GRIDS_CLONES void unmix(int64_t rows, int64_t experts, int64_t latent, const float* gates,
                        const float* products, const float* dy, float* d_products, float* d_gates) {
  for (int64_t row = 0; row < rows; ++row) {
    const float* in = dy + row * latent;
    for (int64_t e = 0; e < experts; ++e) {
      const float gate = gates[row * experts + e];
      const float* product = products + (row * experts + e) * latent;
      float* d_product = d_products + (row * experts + e) * latent;
      float sum = 0;
      for (int64_t i = 0; i < latent; ++i) {
        sum += in[i] * product[i];
        d_product[i] = gate * in[i];
      }
      d_gates[row * experts + e] += sum;
    }
  }
}

}  // namespace

LatentMap::LatentMap(const SurrogateFile& file, const std::string& prefix)
    : latent_(file.shape.latent), experts_(file.shape.experts) {
  const auto& shape = file.shape;
  gate_in_ = load_dense(file, prefix + ".fc_loc.0", latent_, shape.gate_hidden);
  gate_out_ = load_dense(file, prefix + ".fc_loc.2", shape.gate_hidden, experts_);
  slope_ = load_slope(file, prefix + ".act");
  for (int64_t l = 0; l < shape.map_layers; ++l) {
    const float* matrices = load_tensor(file, prefix + ".affine_matrices." + std::to_string(l),
                                        {experts_, latent_ * latent_});
    const float* offsets =
        load_tensor(file, prefix + ".affine_offsets." + std::to_string(l), {experts_, latent_});
    DenseLayer layer;
    layer.inputs = latent_;
    layer.outputs = experts_ * latent_;
    layer.bias.assign(offsets, offsets + layer.outputs);
    layer.weight.resize(at(layer.inputs * layer.outputs));
    for (int64_t e = 0; e < experts_; ++e) {
      for (int64_t out = 0; out < latent_; ++out) {
        for (int64_t in = 0; in < latent_; ++in) {
          layer.weight[at(in * layer.outputs + e * latent_ + out)] =
              matrices[(e * latent_ + out) * latent_ + in];
        }
      }
    }
    layers_.push_back(std::move(layer));
  }
}

void LatentMap::forward(int64_t rows, const float* x, float* y, Trace* trace) const {
  Trace local;
  Trace& kept = trace == nullptr ? local : *trace;
  kept.gate_hidden.resize(at(rows * gate_in_.outputs));
  kept.gates.resize(at(rows * experts_));
  gate_in_.forward(rows, x, kept.gate_hidden.data());
  std::vector<float> hidden = kept.gate_hidden;
  prelu(0.0f, rows * gate_in_.outputs, hidden.data());  // a ReLU is a PReLU of slope 0
  gate_out_.forward(rows, hidden.data(), kept.gates.data());
  softmax(rows, experts_, kept.gates.data());

  kept.products.resize(layers_.size());
  kept.before.resize(layers_.size());
  std::vector<float> in(x, x + rows * latent_);
  for (size_t l = 0; l < layers_.size(); ++l) {
    kept.products[l].resize(at(rows * layers_[l].outputs));
    kept.before[l].resize(at(rows * latent_));
    layers_[l].forward(rows, in.data(), kept.products[l].data());
    mix(rows, experts_, latent_, kept.gates.data(), kept.products[l].data(), kept.before[l].data());
    in = kept.before[l];
    if (l + 1 < layers_.size()) prelu(slope_, rows * latent_, in.data());
  }
  std::copy(in.begin(), in.end(), y);
}

void LatentMap::backward(int64_t rows, const Trace& trace, const float* dy, float* dx) const {
  std::vector<float> d_gates(at(rows * experts_), 0.0f);
  std::vector<float> d_products(at(rows * experts_ * latent_));
  std::vector<float> d_out(dy, dy + rows * latent_);
  for (size_t l = layers_.size(); l-- > 0;) {
    if (l + 1 < layers_.size()) {
      prelu_backward(slope_, rows * latent_, trace.before[l].data(), d_out.data());
    }
    unmix(rows, experts_, latent_, trace.gates.data(), trace.products[l].data(), d_out.data(),
          d_products.data(), d_gates.data());
    layers_[l].backward(rows, d_products.data(), d_out.data());
  }
  // Softmax: dz_e = g_e (dg_e − Σ g dg).
  for (int64_t row = 0; row < rows; ++row) {
    const float* gates = trace.gates.data() + row * experts_;
    float* d = d_gates.data() + row * experts_;
    float sum = 0;
    for (int64_t e = 0; e < experts_; ++e) sum += gates[e] * d[e];
    for (int64_t e = 0; e < experts_; ++e) d[e] = gates[e] * (d[e] - sum);
  }
  std::vector<float> d_hidden(at(rows * gate_in_.outputs));
  gate_out_.backward(rows, d_gates.data(), d_hidden.data());
  prelu_backward(0.0f, rows * gate_in_.outputs, trace.gate_hidden.data(), d_hidden.data());
  gate_in_.backward(rows, d_hidden.data(), dx);
  for (int64_t i = 0; i < rows * latent_; ++i) dx[i] += d_out[at(i)];
}

}  // namespace grids
