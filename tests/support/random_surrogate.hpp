/// Surrogates and cells with random numbers, of any shape, for tests.
#pragma once

#include <cmath>
#include <string>
#include <vector>

#include "base/random.hpp"
#include "math/sparse.hpp"
#include "model/surrogate_file.hpp"

namespace grids::core::testing {

/// Small and uneven: no size is a whole number of vector lanes.
inline SurrogateShape small_shape() {
  SurrogateShape shape;
  shape.chromosome_peaks = {23, 40, 7};
  shape.genes = 13;
  shape.atac_embedding = 5;
  shape.atac_hidden = 9;
  shape.rna_hidden_1 = 21;
  shape.rna_hidden_2 = 18;
  shape.latent = 6;
  shape.experts = 4;
  shape.gate_hidden = 11;
  shape.map_layers = 3;
  shape.discriminator_columns = 9;
  return shape;
}

class RandomSurrogate {
 public:
  RandomSurrogate(SurrogateShape shape, uint64_t seed) : random_(seed, Purpose::kWeights) {
    file_.shape = std::move(shape);
  }

  SurrogateFile make() {
    const auto& s = file_.shape;
    normal("atac_model.embedding.weight", {s.peaks(), 2, s.atac_embedding}, 0.5);
    for (int64_t c = 0; c < s.chromosomes(); ++c) {
      const auto in = "atac_model.in_split_layer." + std::to_string(c) + ".";
      // Statistics of sums over peaks, as training would have found them.
      const auto peaks = static_cast<double>(s.chromosome_peaks[static_cast<size_t>(c)]);
      batch_norm(in + "1", s.atac_embedding, std::sqrt(0.25 * peaks));
      slope(in + "2");
      linear(in + "3", s.atac_embedding, s.atac_hidden);
      batch_norm(in + "4", s.atac_hidden, 1);
      slope(in + "5");
      const auto out = "atac_model.out_split_layer." + std::to_string(c) + ".";
      linear(out + "0", s.atac_hidden, s.atac_embedding);
      batch_norm(out + "1", s.atac_embedding, 1);
      slope(out + "2");
      linear(out + "3", s.atac_embedding, s.chromosome_peaks[static_cast<size_t>(c)]);
    }
    linear("atac_model.encoder.0", s.chromosomes() * s.atac_hidden, s.latent);
    linear("atac_model.encoder.1", s.latent, s.latent);
    linear("atac_model.decoder.0", s.latent, s.chromosomes() * s.atac_hidden);
    batch_norm("atac_model.decoder.1", s.chromosomes() * s.atac_hidden, 1);
    chain("rna_model.encoder.", {s.genes, s.rna_hidden_1, s.rna_hidden_2, s.latent});
    chain("rna_model.decoder.", {s.latent, s.rna_hidden_2, s.rna_hidden_1, s.genes});
    for (const std::string map : {"atac2rna_model", "rna2atac_model"}) {
      for (int64_t l = 0; l < s.map_layers; ++l) {
        normal(map + ".affine_matrices." + std::to_string(l), {s.experts, s.latent * s.latent},
               1 / std::sqrt(static_cast<double>(s.latent)));
        normal(map + ".affine_offsets." + std::to_string(l), {s.experts, s.latent}, 1);
      }
      linear(map + ".fc_loc.0", s.latent, s.gate_hidden);
      linear(map + ".fc_loc.2", s.gate_hidden, s.experts);
      slope(map + ".act");
    }
    for (const std::string network : {"atac_discriminator", "rna_discriminator"}) {
      linear(network + ".w_d.0", s.latent, s.latent);
      slope(network + ".w_d.1");
      linear(network + ".w_d.3", s.latent, s.latent / 2);
      slope(network + ".w_d.4");
      linear(network + ".w_d.5", s.latent / 2, s.discriminator_columns);
    }
    return std::move(file_);
  }

 private:
  void normal(const std::string& name, std::vector<int64_t> shape, double sd, double mean = 0) {
    Tensor tensor = Tensor::of_f32(std::move(shape));
    for (int64_t i = 0; i < tensor.size(); ++i) {
      tensor.f32()[i] = static_cast<float>(mean + sd * random_.normal());
    }
    file_.tensors.emplace(name, std::move(tensor));
  }
  void linear(const std::string& name, int64_t in, int64_t out) {
    normal(name + ".weight", {out, in}, 1 / std::sqrt(static_cast<double>(in)));
    normal(name + ".bias", {out}, 0.2);
  }
  void batch_norm(const std::string& name, int64_t size, double sd) {
    normal(name + ".weight", {size}, 0.2, 1);
    normal(name + ".bias", {size}, 0.2);
    normal(name + ".running_mean", {size}, 0.3 * sd);
    normal(name + ".running_var", {size}, 0, sd * sd);
    file_.tensors.emplace(name + ".num_batches_tracked", Tensor::of_i64({1}, {1}));
  }
  void slope(const std::string& name) { normal(name + ".weight", {1}, 0.05, 0.25); }
  void chain(const std::string& prefix, const std::vector<int64_t>& sizes) {
    linear(prefix + "0", sizes[0], sizes[1]);
    batch_norm(prefix + "1", sizes[1], 1);
    slope(prefix + "2");
    linear(prefix + "3", sizes[1], sizes[2]);
    batch_norm(prefix + "4", sizes[2], 1);
    slope(prefix + "5");
    linear(prefix + "6", sizes[2], sizes[3]);
  }

  RandomStream random_;
  SurrogateFile file_;
};

inline SurrogateFile random_surrogate(const SurrogateShape& shape, uint64_t seed) {
  return RandomSurrogate(shape, seed).make();
}

inline CsrPattern random_open(int64_t cells, int64_t peaks, double density, uint64_t seed) {
  RandomStream random(seed, Purpose::kSimulate);
  CsrPattern open;
  open.rows = cells;
  open.columns = peaks;
  for (int64_t cell = 0; cell < cells; ++cell) {
    for (int32_t peak = 0; peak < peaks; ++peak) {
      if (random.uniform() < density) open.indices.push_back(peak);
    }
    open.offsets.push_back(open.nonzeros());
  }
  return open;
}

}  // namespace grids::core::testing
