#include "model/latent_map.hpp"

#include <algorithm>
#include <cmath>
#include <memory>
#include <utility>

#include "base/at.hpp"
#include "base/simd.hpp"
#include "math/lanes.hpp"

namespace grids::core {
namespace {

std::unique_ptr<float[]> scratch(int64_t count) {
  return std::unique_ptr<float[]>(new float[at(count)]);
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
  if (latent >= kLanes) {
    for (int64_t row = 0; row < rows; ++row) {
      const float* product = products + row * experts * latent;
      for (int64_t first = 0; first < latent; first += kLanes) {
        // The last lanes overlap those before them, and compute the same numbers there.
        const int64_t i = std::min(first, latent - kLanes);
        Lanes sum = {};
        for (int64_t e = 0; e < experts; ++e) {
          sum += gates[row * experts + e] * lanes_at(product + e * latent + i);
        }
        lanes_at(y + row * latent + i) = sum;
      }
    }
    return;
  }
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
  gate_in_.pack();
  gate_out_.pack();
  for (DenseLayer& layer : layers_) layer.pack();
}

void LatentMap::forward(int64_t rows, const float* x, float* y, Trace* trace) const {
  const auto hidden = scratch(rows * gate_in_.outputs);
  auto gates = scratch(rows * experts_);
  if (trace != nullptr) {
    trace->gate_hidden.resize(at(rows * gate_in_.outputs));
    trace->products.resize(layers_.size());
    trace->before.resize(layers_.size());
  }
  // A ReLU is a PReLU of slope 0.
  gate_in_.forward_prelu(rows, x, 0.0f, hidden.get(),
                         trace == nullptr ? nullptr : trace->gate_hidden.data());
  gate_out_.forward(rows, hidden.get(), gates.get());
  softmax(rows, experts_, gates.get());
  if (trace != nullptr) trace->gates.assign(gates.get(), gates.get() + rows * experts_);

  const auto products = scratch(rows * experts_ * latent_);
  const auto active = scratch(rows * latent_);
  const float* in = x;
  for (size_t l = 0; l < layers_.size(); ++l) {
    const bool last = l + 1 == layers_.size();
    float* out = last ? y : active.get();
    layers_[l].forward(rows, in, products.get());
    mix(rows, experts_, latent_, gates.get(), products.get(), out);
    if (trace != nullptr) {
      trace->products[l].assign(products.get(), products.get() + rows * layers_[l].outputs);
      trace->before[l].assign(out, out + rows * latent_);
    }
    if (!last) prelu(slope_, rows * latent_, out);
    in = out;
  }
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

}  // namespace grids::core
