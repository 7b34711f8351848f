#include "train/mapping_stage.hpp"

namespace grids::core {

Optimizer make_optimizer(Workshop& shop, const std::vector<Part>& parts, double rate, double clip) {
  std::vector<NamedTensor> all;
  for (const Part part : parts) {
    const auto some = shop.net.tensors(part);
    all.insert(all.end(), some.begin(), some.end());
  }
  return {std::move(all), {rate, shop.options.beta1, shop.options.beta2, clip}};
}

namespace {

/// Types × columns; zeros for a type without cells.
at::Tensor type_means(const at::Tensor& values, const at::Tensor& of_cells, int64_t types) {
  const at::Tensor member = at::one_hot(of_cells, types).to(values.scalar_type());
  return at::matmul(member.t(), values) / member.sum(0).clamp_min(1).unsqueeze(1);
}

}  // namespace

MappingStage::MappingStage(Workshop& shop)
    : shop_(shop),
      discriminators_(make_optimizer(shop, kDiscriminators, shop.options.discriminator_rate, 0)),
      weights_{.cycle = shop.options.cycle_weight, .adversarial = shop.options.adversarial_weight} {
}

void MappingStage::begin() {
  shop_.batches.fill(shop_.validation.atac, draw_key(kAlignStage, kValidationStep),
                     validation_atac_);
  shop_.batches.fill(shop_.rna_of_validation(draw_key(kAlignStage, kValidationStep)),
                     draw_key(kAlignStage, kValidationStep), validation_rna_);
}

LossTerm MappingStage::judge() {
  const at::NoGradGuard no_grad;
  const Pass pass{shop_.context.pool, Statistics::kRunning};
  const at::Tensor predicted = shop_.net.predict_rna(pass, validation_atac_.open).clamp_min(0);
  if (shop_.paired || shop_.partners) {
    return {"prediction", (predicted - validation_rna_.expression).square().mean().item<double>()};
  }
  // A column of the discriminators is a type.
  const int64_t types = shop_.net.shape.discriminator_columns;
  const at::Tensor difference = type_means(predicted, validation_atac_.type, types) -
                                type_means(validation_rna_.expression, validation_rna_.type, types);
  return {"type_means", difference.square().mean().item<double>()};
}

void MappingStage::step_discriminators(int64_t step, const Pass& pass, const Latents& latents,
                                       Dropout& dropout, std::vector<LossTerm>& terms) {
  if (step % shop_.options.discriminator_every != 0) return;
  shop_.net.train_only(kDiscriminators);
  const at::Tensor loss = discriminator_loss(shop_.net, pass, latents, atac_, rna_,
                                             shop_.options.adversarial_weight, dropout);
  loss.backward();
  discriminators_.step(shop_.context.pool);
  terms.push_back({"discriminators", loss.item<double>()});
}

void MappingStage::add_terms(const GeneratorLoss& loss, std::vector<LossTerm>& terms) {
  terms.push_back({"latent_cycle_rna", loss.latent_cycle_rna.item<double>()});
  terms.push_back({"latent_cycle_atac", loss.latent_cycle_atac.item<double>()});
  terms.push_back({"reconstruction_cycle_rna", loss.reconstruction_cycle_rna.item<double>()});
  terms.push_back({"reconstruction_cycle_atac", loss.reconstruction_cycle_atac.item<double>()});
  terms.push_back({"adversarial", loss.adversarial.item<double>()});
}

}  // namespace grids::core
