/// The paper's surrogate written down naively: dense, one cell at a time, in double, BatchNorm not
/// folded. Slow on purpose; what the engine computes is compared with this.
#pragma once

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "model/surrogate_file.hpp"

namespace grids::core::testing {

using Numbers = std::vector<double>;

class DenseReference {
 public:
  explicit DenseReference(const SurrogateFile& file) : file_(file) {}

  /// `x` holds each peak's value in [0, 1]; embeddings interpolate between closed and open.
  Numbers atac_latent(const Numbers& x) const {
    const auto& s = file_.shape;
    const float* embedding = tensor("atac_model.embedding.weight");
    Numbers joined;
    int64_t peak = 0;
    for (int64_t c = 0; c < s.chromosomes(); ++c) {
      Numbers sum(static_cast<size_t>(s.atac_embedding), 0.0);
      for (int64_t end = peak + s.chromosome_peaks[static_cast<size_t>(c)]; peak < end; ++peak) {
        const double value = x[static_cast<size_t>(peak)];
        for (size_t i = 0; i < sum.size(); ++i) {
          const float* closed = embedding + peak * 2 * s.atac_embedding;
          const float* open = closed + s.atac_embedding;
          sum[i] += (1 - value) * closed[i] + value * open[i];
        }
      }
      const auto name = "atac_model.in_split_layer." + std::to_string(c) + ".";
      sum = prelu(name + "2", batch_norm(name + "1", sum));
      sum = prelu(name + "5", batch_norm(name + "4", linear(name + "3", sum)));
      joined.insert(joined.end(), sum.begin(), sum.end());
    }
    return linear("atac_model.encoder.1", linear("atac_model.encoder.0", joined));
  }

  Numbers map(const std::string& name, Numbers x) const {
    const auto& s = file_.shape;
    Numbers hidden = linear(name + ".fc_loc.0", x);
    for (double& value : hidden) value = std::max(value, 0.0);
    Numbers gates = linear(name + ".fc_loc.2", hidden);
    double total = 0;
    for (double& gate : gates) total += gate = std::exp(gate);
    for (double& gate : gates) gate /= total;
    for (int64_t layer = 0; layer < s.map_layers; ++layer) {
      const float* matrices = tensor(name + ".affine_matrices." + std::to_string(layer));
      const float* offsets = tensor(name + ".affine_offsets." + std::to_string(layer));
      Numbers y(x.size(), 0.0);
      for (int64_t e = 0; e < s.experts; ++e) {
        for (int64_t i = 0; i < s.latent; ++i) {
          double value = offsets[e * s.latent + i];
          for (int64_t j = 0; j < s.latent; ++j) {
            value += matrices[(e * s.latent + i) * s.latent + j] * x[static_cast<size_t>(j)];
          }
          y[static_cast<size_t>(i)] += gates[static_cast<size_t>(e)] * value;
        }
      }
      x = layer + 1 < s.map_layers ? prelu(name + ".act", y) : y;
    }
    return x;
  }

  Numbers decode_rna(Numbers h) const {
    const std::string name = "rna_model.decoder.";
    h = prelu(name + "2", batch_norm(name + "1", linear(name + "0", h)));
    h = prelu(name + "5", batch_norm(name + "4", linear(name + "3", h)));
    return linear(name + "6", h);
  }

  /// Predicted expression of all genes before the clamp.
  Numbers predict(const Numbers& x) const {
    return decode_rna(map("atac2rna_model", atac_latent(x)));
  }

 private:
  const float* tensor(const std::string& name) const { return file_.tensors.at(name).f32(); }
  Numbers linear(const std::string& name, const Numbers& x) const {
    const float* weight = tensor(name + ".weight");
    const float* bias = tensor(name + ".bias");
    Numbers y(static_cast<size_t>(file_.tensors.at(name + ".bias").size()));
    for (size_t o = 0; o < y.size(); ++o) {
      y[o] = bias[o];
      for (size_t i = 0; i < x.size(); ++i) y[o] += weight[o * x.size() + i] * x[i];
    }
    return y;
  }
  Numbers batch_norm(const std::string& name, Numbers x) const {
    for (size_t i = 0; i < x.size(); ++i) {
      x[i] = (x[i] - tensor(name + ".running_mean")[i]) /
                 std::sqrt(tensor(name + ".running_var")[i] + 1e-5) * tensor(name + ".weight")[i] +
             tensor(name + ".bias")[i];
    }
    return x;
  }
  Numbers prelu(const std::string& name, Numbers x) const {
    for (double& value : x) value = value > 0 ? value : value * tensor(name + ".weight")[0];
    return x;
  }

  const SurrogateFile& file_;
};

}  // namespace grids::core::testing
