/// The maps between the latent spaces, f_AR and f_RA: layers of mixtures of affine maps whose
/// mixture weights depend on the map's input and are shared by the layers (published-settings,
/// "Surrogate").
#pragma once

#include <string>
#include <vector>

#include "model/dense_layer.hpp"

namespace grids::core {

class LatentMap {
 public:
  /// What `backward` needs to know of `forward`.
  struct Trace {
    std::vector<float> gate_hidden;            ///< rows × gate_hidden, before the ReLU
    std::vector<float> gates;                  ///< rows × experts, sum 1
    std::vector<std::vector<float>> products;  ///< a layer: rows × (experts · latent)
    std::vector<std::vector<float>> before;    ///< a layer: rows × latent, before the PReLU
  };

  LatentMap() = default;
  /// `prefix` is "atac2rna_model" or "rna2atac_model".
  LatentMap(const SurrogateFile& file, const std::string& prefix);

  /// x, y rows × latent.
  ///
  /// No matrix of a cell is ever built: Σ_e g_e (A_e x + b_e) needs the products of x with all
  /// experts, which is one multiplication for all rows, and then a weighted sum.
  void forward(int64_t rows, const float* x, float* y, Trace* trace = nullptr) const;
  /// dx = dyᵀ · ∂y/∂x, through the mixture weights too.
  void backward(int64_t rows, const Trace& trace, const float* dy, float* dx) const;

 private:
  int64_t latent_ = 0;
  int64_t experts_ = 0;
  DenseLayer gate_in_;
  DenseLayer gate_out_;
  std::vector<DenseLayer> layers_;  ///< latent → experts · latent, all experts side by side
  float slope_ = 0;
};

}  // namespace grids::core
