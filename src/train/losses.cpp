#include "train/losses.hpp"

namespace grids::core {
namespace {

/// Mean binary cross-entropy of the scores at each cell's own type, against all real or all not.
at::Tensor says(const at::Tensor& scores, const at::Tensor& type, bool real) {
  const at::Tensor own = scores.gather(1, type.unsqueeze(1)).squeeze(1);
  return (real ? -at::log_sigmoid(own) : -at::log_sigmoid(-own)).mean();
}

/// Cross-entropy of choosing the row of the same number of the other, both ways.
at::Tensor choose_own(const at::Tensor& a, const at::Tensor& b) {
  const at::Tensor squares = a.square().sum(1, true) + b.square().sum(1).unsqueeze(0);
  const at::Tensor logits = (at::matmul(a, b.t()) * 2 - squares) / static_cast<double>(a.size(1));
  return -(at::log_softmax(logits, 1).diag().mean() + at::log_softmax(logits, 0).diag().mean());
}

at::Tensor l1(const at::Tensor& a, const at::Tensor& b) {
  return (a - b).abs().mean();
}

}  // namespace

at::Tensor atac_reconstruction(SurrogateNetworks& net, const Pass& pass, const at::Tensor& latent,
                               const AtacBatch& batch) {
  const at::Tensor hidden = net.atac.decode_hidden(pass, latent);
  return focal_reconstruction(pass, net.atac.blocks, batch.open, batch.closed, hidden,
                              net.atac.head.weight, net.atac.head.bias);
}

at::Tensor rna_reconstruction(SurrogateNetworks& net, const Pass& pass, const at::Tensor& latent,
                              const RnaBatch& batch) {
  return squared_error_at(pass, batch.expressed, batch.silent, net.rna.decode(pass, latent),
                          batch.expression);
}

Latents map_latents(SurrogateNetworks& net, const Pass& pass, const at::Tensor& atac,
                    const at::Tensor& rna) {
  Latents latents;
  latents.atac = atac;
  latents.rna = rna;
  latents.rna_of_atac = net.atac2rna(pass, atac);
  latents.atac_of_rna = net.rna2atac(pass, rna);
  latents.atac_cycle = net.rna2atac(pass, latents.rna_of_atac);
  latents.rna_cycle = net.atac2rna(pass, latents.atac_of_rna);
  return latents;
}

at::Tensor partner_loss(const Latents& latents) {
  return choose_own(latents.rna_of_atac, latents.rna) +
         choose_own(latents.atac, latents.atac_of_rna);
}

GeneratorLoss generator_loss(SurrogateNetworks& net, const Pass& pass, const Latents& latents,
                             const AtacBatch& atac, const RnaBatch& rna,
                             const AlignmentWeights& weights, Dropout& dropout) {
  GeneratorLoss loss;
  loss.latent_cycle_rna = l1(latents.rna, latents.rna_cycle);
  loss.latent_cycle_atac = l1(latents.atac, latents.atac_cycle);
  loss.reconstruction_cycle_rna = rna_reconstruction(net, pass, latents.rna_cycle, rna);
  loss.reconstruction_cycle_atac = atac_reconstruction(net, pass, latents.atac_cycle, atac);
  const auto rna_scores = [&](const at::Tensor& latent) {
    return net.rna_discriminator(pass, latent, dropout);
  };
  const auto atac_scores = [&](const at::Tensor& latent) {
    return net.atac_discriminator(pass, latent, dropout);
  };
  loss.adversarial = says(rna_scores(latents.rna_of_atac), atac.type, true) +
                     says(atac_scores(latents.atac_of_rna), rna.type, true) +
                     says(rna_scores(latents.rna_cycle), rna.type, true) +
                     says(atac_scores(latents.atac_cycle), atac.type, true);
  const at::Tensor latent_cycle = loss.latent_cycle_rna * weights.rna + loss.latent_cycle_atac;
  const at::Tensor decoded_cycle =
      loss.reconstruction_cycle_rna * weights.rna + loss.reconstruction_cycle_atac;
  loss.total =
      (latent_cycle + decoded_cycle) * weights.cycle + loss.adversarial * weights.adversarial;
  return loss;
}

at::Tensor discriminator_loss(SurrogateNetworks& net, const Pass& pass, const Latents& latents,
                              const AtacBatch& atac, const RnaBatch& rna, double weight,
                              Dropout& dropout) {
  const auto rna_scores = [&](const at::Tensor& latent) {
    return net.rna_discriminator(pass, latent.detach(), dropout);
  };
  const auto atac_scores = [&](const at::Tensor& latent) {
    return net.atac_discriminator(pass, latent.detach(), dropout);
  };
  return (says(rna_scores(latents.rna), rna.type, true) +
          says(atac_scores(latents.atac), atac.type, true) +
          says(rna_scores(latents.rna_of_atac), atac.type, false) +
          says(atac_scores(latents.atac_of_rna), rna.type, false)) *
         weight;
}

}  // namespace grids::core
