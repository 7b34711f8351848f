/// The losses of the training stages (published-settings, "Losses"; paper, Eqs. 4 and 6–9).
#pragma once

#include <ATen/ATen.h>

#include "train/networks.hpp"

namespace grids::core {

/// What a step reads of the ATAC of its cells.
struct AtacBatch {
  BlockedRows open;
  BlockedRows closed;  ///< sampled closed peaks
  at::Tensor type;     ///< int64, cell type of each cell
};

/// What a step reads of the RNA of its cells.
struct RnaBatch {
  at::Tensor expression;  ///< cells × genes, dense
  CsrPattern expressed;   ///< entries above kExpressed
  CsrPattern silent;      ///< sampled others
  at::Tensor type;        ///< int64
};

/// Entries above this count as expressed in the reconstruction loss.
inline constexpr float kExpressed = 1e-4f;

/// Focal cross-entropy of the peaks decoded from a latent.
at::Tensor atac_reconstruction(SurrogateNetworks& net, const Pass& pass, const at::Tensor& latent,
                               const AtacBatch& batch);

/// Squared error of the expression decoded from a latent.
at::Tensor rna_reconstruction(SurrogateNetworks& net, const Pass& pass, const at::Tensor& latent,
                              const RnaBatch& batch);

/// Latents of both modalities along both cycles.
struct Latents {
  at::Tensor atac, rna;              ///< h_a, h_r
  at::Tensor rna_of_atac;            ///< f_AR(h_a)
  at::Tensor atac_of_rna;            ///< f_RA(h_r)
  at::Tensor atac_cycle, rna_cycle;  ///< f_RA(f_AR(h_a)), f_AR(f_RA(h_r))
};
Latents map_latents(SurrogateNetworks& net, const Pass& pass, const at::Tensor& atac,
                    const at::Tensor& rna);

/// How hard it is to tell which cell of a batch a cell's partner is: the cross-entropy of choosing
/// the row of the same number among all by exp(−mean squared difference), between mapped and own
/// latents, in both directions and both spaces, summed (contrastive; as in van den Oord et al.
/// 2018). Distances of the latents alone would be least where no cell differs from another.
at::Tensor partner_loss(const Latents& latents);

/// Weights of the terms of the generator's loss.
struct AlignmentWeights {
  double cycle = 1;
  double rna = 0.2;  ///< of RNA terms within the cycle, beside ATAC terms of weight 1
  double adversarial = 0.5;
};

struct GeneratorLoss {
  at::Tensor latent_cycle_rna, latent_cycle_atac;                  ///< L1
  at::Tensor reconstruction_cycle_rna, reconstruction_cycle_atac;  ///< decoded after the cycle
  at::Tensor adversarial;                                          ///< four terms, summed
  at::Tensor total;
};
GeneratorLoss generator_loss(SurrogateNetworks& net, const Pass& pass, const Latents& latents,
                             const AtacBatch& atac, const RnaBatch& rna,
                             const AlignmentWeights& weights, Dropout& dropout);

/// What the discriminators minimise; the latents count as constants.
at::Tensor discriminator_loss(SurrogateNetworks& net, const Pass& pass, const Latents& latents,
                              const AtacBatch& atac, const RnaBatch& rna, double weight,
                              Dropout& dropout);

}  // namespace grids::core
