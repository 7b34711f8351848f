/// The surrogate's networks as torch tensors and functions (published-settings, "Surrogate").
///
/// The layers that the paper has for each chromosome are held stacked: their columns side by side,
/// so that a layer of 24 chromosomes is one BatchNorm over 24 · 16 columns, one PReLU with 24
/// slopes and one block-diagonal product. Import and export split them into the published tensors.
#pragma once

#include <ATen/ATen.h>

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "model/surrogate_file.hpp"
#include "train/functions.hpp"

namespace grids::core {

struct LinearLayer {
  at::Tensor weight;  ///< out × in
  at::Tensor bias;    ///< out

  at::Tensor operator()(const Pass& pass, const at::Tensor& x) const;
};

/// One slope for all columns, or one for each group of neighbouring columns.
struct Prelu {
  at::Tensor slope;

  at::Tensor operator()(const at::Tensor& x) const;  ///< with one slope
};

struct BatchNorm {
  at::Tensor weight, bias, running_mean, running_var;
  at::Tensor batches;  ///< int64, how many batches moved the running statistics

  /// Followed by a PReLU where one is given. x's rows are as many equal parts as there are
  /// statistics, each normalised by its own.
  at::Tensor operator()(const Pass& pass, std::span<const Statistics> parts, const at::Tensor& x,
                        const Prelu* prelu = nullptr);
  /// All rows as one part.
  at::Tensor operator()(const Pass& pass, const at::Tensor& x, const Prelu* prelu = nullptr) {
    return (*this)(pass, {&pass.statistics, 1}, x, prelu);
  }

 private:
  NormStatistics statistics(const Pass& pass, Statistics which, int64_t rows, const float* x);
};

struct AtacNetwork {
  PeakBlocks blocks;
  at::Tensor embedding;  ///< peaks × 2 × d_h
  BatchNorm sums_norm, hidden_norm;
  Prelu sums_prelu, hidden_prelu;
  LinearLayer hidden;  ///< for each chromosome
  LinearLayer encoder_0, encoder_1;
  LinearLayer decoder_0;
  BatchNorm decoder_norm;
  LinearLayer out;  ///< for each chromosome
  BatchNorm out_norm;
  Prelu out_prelu;
  LinearLayer head;  ///< peaks × d_h: the logits' weights

  /// Latents, cells × latent.
  at::Tensor encode(const Pass& pass, const BlockedRows& open);
  /// What the head reads, cells × (chromosomes · d_h).
  at::Tensor decode_hidden(const Pass& pass, const at::Tensor& latent);
  /// All logits, cells × peaks; for tests and small studies.
  at::Tensor logits(const Pass& pass, const at::Tensor& latent);
};

struct RnaNetwork {
  LinearLayer encoder_0, encoder_3, encoder_6;
  BatchNorm encoder_1, encoder_4;
  Prelu encoder_2, encoder_5;
  LinearLayer decoder_0, decoder_3, decoder_6;
  BatchNorm decoder_1, decoder_4;
  Prelu decoder_2, decoder_5;

  at::Tensor encode(const Pass& pass, const at::Tensor& expression);
  /// Several batches of latents at once, as equal parts of the rows: each with its own statistics
  /// in BatchNorm, all in one product in the linear layers.
  at::Tensor decode(const Pass& pass, std::span<const Statistics> parts, const at::Tensor& latent);
  at::Tensor decode(const Pass& pass, const at::Tensor& latent) {
    return decode(pass, {&pass.statistics, 1}, latent);
  }
};

/// f_AR or f_RA: layers of mixtures of affine maps, Σ_k w_k (A_k x + o_k), with one gate.
struct AffineMap {
  std::vector<at::Tensor> matrices;  ///< for each layer, experts × latent²
  std::vector<at::Tensor> offsets;   ///< for each layer, experts × latent
  LinearLayer gate_0, gate_2;
  Prelu prelu;

  at::Tensor operator()(const Pass& pass, const at::Tensor& latent) const;
};

/// Dropout whose masks are drawn from the project's streams; off when `probability` is 0.
struct Dropout {
  double probability = 0;
  uint64_t seed = 0;
  uint64_t step = 0;
  uint32_t next_call = 0;

  at::Tensor operator()(const at::Tensor& x);
};

struct Discriminator {
  LinearLayer layer_0, layer_3, layer_5;
  Prelu prelu_1, prelu_4;

  /// Scores, cells × columns.
  at::Tensor operator()(const Pass& pass, const at::Tensor& latent, Dropout& dropout) const;
};

/// How a tensor relates to the published ones.
enum class Stacking : uint8_t {
  kWhole,        ///< is one
  kChromosomes,  ///< equal parts of the first dimension, one for each chromosome
  kPeaks,        ///< parts of the first dimension as long as the chromosomes have peaks
  kRepeated,     ///< the same for each chromosome
};

/// A tensor of the surrogate by its published name; "{}" stands for the chromosome.
struct NamedTensor {
  std::string name;
  at::Tensor* tensor;
  Stacking stacking = Stacking::kWhole;
  bool trainable = true;  ///< false for BatchNorm's running statistics
};

/// The parts that stages train.
enum class Part : uint8_t {
  kAtac,
  kRna,
  kAtacToRna,
  kRnaToAtac,
  kAtacDiscriminator,
  kRnaDiscriminator
};

struct SurrogateNetworks {
  SurrogateShape shape;
  AtacNetwork atac;
  RnaNetwork rna;
  AffineMap atac2rna, rna2atac;
  Discriminator atac_discriminator, rna_discriminator;

  /// Fresh weights: affine maps standard normal, the embedding normal with the given standard
  /// deviation, linear layers uniform within ±1/√(inputs); drawn from the streams (seed, kWeights,
  /// number of the tensor).
  SurrogateNetworks(const SurrogateShape& shape, uint64_t seed, double embedding_deviation = 1);
  /// The weights of a file; throws Error(kInput) naming a tensor that is missing or misshapen.
  explicit SurrogateNetworks(const SurrogateFile& file);
  SurrogateNetworks(const SurrogateNetworks&) = delete;
  SurrogateNetworks& operator=(const SurrogateNetworks&) = delete;

  /// The tensors of a part, always in the same order.
  std::vector<NamedTensor> tensors(Part part);
  /// All tensors, part after part.
  std::vector<NamedTensor> tensors();

  /// Only the parameters of these parts gather gradients from now on.
  void train_only(const std::vector<Part>& parts);

  /// The tensors under their published names.
  std::map<std::string, Tensor> export_tensors();
  void import_tensors(const std::map<std::string, Tensor>& tensors);

  /// f_AR, then the RNA decoder, before the clamp at 0 (Eq. 10): log1p of counts per 100,000.
  at::Tensor predict_rna(const Pass& pass, const BlockedRows& open);

 private:
  explicit SurrogateNetworks(const SurrogateShape& shape);
};

}  // namespace grids::core
