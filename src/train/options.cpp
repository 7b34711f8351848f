#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "train/train.hpp"

namespace grids {

TrainOptions TrainOptions::published() {
  TrainOptions options;
  options.alignment = Alignment::kPublished;
  options.rna_steps = 1000;
  options.alignment_steps = 6000;
  options.patience = 10;
  return options;
}

TrainOptions TrainOptions::paper() {
  TrainOptions options;
  options.alignment = Alignment::kPublished;
  options.atac_steps = 36000;
  options.rna_steps = 9000;
  options.alignment_steps = 36000;
  options.batch = 128;
  options.patience = 0;
  options.evaluate_every = 1000;
  options.atac_rate = 1e-3;
  options.rna_rate = 5e-4;
  options.map_rate = 5e-4;
  options.discriminator_rate = 1e-4;
  options.averaging = 0;
  options.refit_readout = false;
  options.embedding_deviation = 1;
  return options;
}

void TrainOptions::validate() const {
  Problems problems;
  const auto at_least = [&](const char* name, int64_t value, int64_t least) {
    if (value < least) problems.add("{} is {}, must be at least {}", name, value, least);
  };
  const auto positive = [&](const char* name, double value) {
    if (!(value > 0)) problems.add("{} is {}, must be above 0", name, value);
  };
  const auto weight = [&](const char* name, double value) {
    if (!(value >= 0)) problems.add("{} is {}, must not be negative", name, value);
  };
  const auto share = [&](const char* name, double value) {
    if (!(value >= 0 && value < 1)) problems.add("{} is {}, must be in [0, 1)", name, value);
  };
  at_least("atac-steps", atac_steps, 0);
  at_least("rna-steps", rna_steps, 0);
  at_least("alignment-steps", alignment_steps, 0);
  at_least("batch", batch, 2);
  at_least("evaluate-every", evaluate_every, 1);
  at_least("patience", patience, 0);
  at_least("discriminator-every", discriminator_every, 1);
  at_least("checkpoint-every", checkpoint_every, 1);
  positive("atac-rate", atac_rate);
  positive("rna-rate", rna_rate);
  positive("map-rate", map_rate);
  positive("discriminator-rate", discriminator_rate);
  positive("joint-rate", joint_rate);
  positive("clip", clip);
  positive("embedding-deviation", embedding_deviation);
  share("beta1", beta1);
  share("beta2", beta2);
  share("dropout", dropout);
  share("averaging", averaging);
  weight("cycle-weight", cycle_weight);
  weight("adversarial-weight", adversarial_weight);
  weight("gamma", gamma);
  weight("prediction-weight", prediction_weight);
  weight("latent-weight", latent_weight);
  at_least("embedding size", layers.atac_embedding, 1);
  at_least("hidden size of a chromosome", layers.atac_hidden, 1);
  at_least("first hidden size of RNA", layers.rna_hidden_1, 1);
  at_least("second hidden size of RNA", layers.rna_hidden_2, 1);
  at_least("latent size", layers.latent, 2);
  at_least("experts", layers.experts, 1);
  at_least("gate size", layers.gate_hidden, 1);
  at_least("layers of the maps", layers.map_layers, 1);
  if (resume && checkpoint.empty()) problems.add("resume needs the folder of the checkpoint");
  problems.raise(ErrorKind::kUsage, "training options");
}

std::string TrainOptions::to_json() const {
  nlohmann::ordered_json json = {
      {"alignment", alignment == Alignment::kJoint ? "joint" : "published"},
      {"atac_steps", atac_steps},
      {"rna_steps", rna_steps},
      {"alignment_steps", alignment_steps},
      {"batch", batch},
      {"evaluate_every", evaluate_every},
      {"patience", patience},
      {"averaging", averaging},
      {"atac_rate", atac_rate},
      {"rna_rate", rna_rate},
      {"map_rate", map_rate},
      {"discriminator_rate", discriminator_rate},
      {"joint_rate", joint_rate},
      {"beta1", beta1},
      {"beta2", beta2},
      {"clip", clip},
      {"dropout", dropout},
      {"discriminator_every", discriminator_every},
      {"cycle_weight", cycle_weight},
      {"adversarial_weight", adversarial_weight},
      {"gamma", gamma},
      {"prediction_weight", prediction_weight},
      {"latent_weight", latent_weight},
      {"refit_readout", refit_readout},
      {"embedding_deviation", embedding_deviation},
      {"atac_embedding", layers.atac_embedding},
      {"atac_hidden", layers.atac_hidden},
      {"rna_hidden_1", layers.rna_hidden_1},
      {"rna_hidden_2", layers.rna_hidden_2},
      {"latent", layers.latent},
      {"experts", layers.experts},
      {"gate_hidden", layers.gate_hidden},
      {"map_layers", layers.map_layers},
  };
  return json.dump();
}

}  // namespace grids
