#include "model/train_options.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "io/option_json.hpp"

namespace grids::core {

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

void TrainOptions::describe(OptionSet& set) {
  set.group("Steps");
  set.value("--atac-steps", atac_steps, "Most steps of the ATAC autoencoder", at_least(0));
  set.value("--rna-steps", rna_steps, "Most steps of the RNA autoencoder", at_least(0));
  set.value("--alignment-steps", alignment_steps, "Most steps of the alignment", at_least(0));
  set.value("--batch", batch, "Cells of a step", at_least(2));
  set.value("--evaluate-every", evaluate_every, "Steps between looks at validation cells",
            at_least(1));
  set.value("--patience", patience, "Looks without improvement that end a stage; 0 = never",
            at_least(0));
  set.value("--checkpoint-every", checkpoint_every, "Steps between checkpoints", at_least(1));
  set.group("Learning");
  set.value("--atac-rate", atac_rate, "Learning rate of the ATAC autoencoder", above(0));
  set.value("--rna-rate", rna_rate, "Learning rate of the RNA autoencoder", above(0));
  set.value("--map-rate", map_rate, "Learning rate of the maps between latents", above(0));
  set.value("--joint-rate", joint_rate, "Learning rate of the autoencoders in the joint stage",
            above(0));
  set.value("--discriminator-rate", discriminator_rate, "Learning rate of the discriminators",
            above(0));
  set.value("--gamma", gamma, "Weight of cycles and discriminators in the joint stage",
            at_least(0));
  set.value("--prediction-weight", prediction_weight,
            "Weight of predicted against measured expression in the joint stage", at_least(0));
  set.value("--latent-weight", latent_weight,
            "Weight of the distance of paired latents in the joint stage", at_least(0));
  set.value("--averaging", averaging, "Decay of the weights' running mean; 0 = none",
            at_least(0).below(1));
  set.value("--embedding-deviation", embedding_deviation,
            "Standard deviation of the embedding's random start", above(0));
  set.flag_off("--keep-readout", refit_readout,
               "Leave the decoder's last layer as the joint stage left it");
  set.value("--latent", layers.latent, "Size of the latents", at_least(2));
  set.group("Cells that were not measured together");
  set.choice<Guide>("--guide", guide, {{"positions", Guide::kPositions}, {"off", Guide::kOff}},
                    "positions = open chromatin near a gene goes with its expression; off = types "
                    "alone, for --alignment published");
  set.value("--partner-weight", partner_weight,
            "Weight of telling a cell's partner from others by its latents in the joint stage",
            at_least(0));
  set.flag("--hide-pairing", hide_pairing,
           "Learn from cells that were measured together as if they were not");
  set.choice<HiddenLabels>("--hide-labels", hide_labels,
                           {{"none", HiddenLabels::kNone},
                            {"atac", HiddenLabels::kAtac},
                            {"rna", HiddenLabels::kRna},
                            {"both", HiddenLabels::kBoth}},
                           "Of which cells training is not to know the types");
  set.group("");
  set.inner("beta1", beta1, at_least(0).below(1));
  set.inner("beta2", beta2, at_least(0).below(1));
  set.inner("clip", clip, above(0));
  set.inner("dropout", dropout, at_least(0).below(1));
  set.inner("discriminator-every", discriminator_every, at_least(1));
  set.inner("cycle-weight", cycle_weight, at_least(0));
  set.inner("adversarial-weight", adversarial_weight, at_least(0));
  set.inner("atac-embedding", layers.atac_embedding, at_least(1));
  set.inner("atac-hidden", layers.atac_hidden, at_least(1));
  set.inner("rna-hidden-1", layers.rna_hidden_1, at_least(1));
  set.inner("rna-hidden-2", layers.rna_hidden_2, at_least(1));
  set.inner("experts", layers.experts, at_least(1));
  set.inner("gate-hidden", layers.gate_hidden, at_least(1));
  set.inner("map-layers", layers.map_layers, at_least(1));
  set.rule([this](Problems& problems) {
    if (resume && checkpoint.empty()) problems.add("--resume needs --checkpoint, its folder");
  });
}

std::string TrainOptions::to_json() const {
  TrainOptions described = *this;
  OptionSet set;
  described.describe(set);
  return json_of(set, {{"alignment", alignment == Alignment::kJoint ? "joint" : "published"}},
                 {"checkpoint-every"});
}

std::vector<std::string> training_words(const std::string& json) {
  TrainOptions defaults;
  const auto recorded = nlohmann::json::parse(json);
  const auto usual = nlohmann::json::parse(defaults.to_json());
  if (!recorded.contains("alignment")) {
    throw input_error("the surrogate does not say how it was trained; train it anew");
  }
  std::vector<std::string> words = {"--alignment=" + recorded["alignment"].get<std::string>()};
  OptionSet set;
  defaults.describe(set);
  for (const auto& field : set.fields()) {
    std::string key = field.key;
    std::replace(key.begin(), key.end(), '-', '_');
    if (!recorded.contains(key) || recorded[key] == usual[key]) continue;
    if (field.flag.empty()) {
      throw input_error("the surrogate was trained with {} = {}, for which there is no option", key,
                        recorded[key].dump());
    }
    const bool is_flag = field.kind == OptionField::Kind::kFlag;
    const auto& value = recorded[key];
    const std::string text = value.is_string() ? value.get<std::string>() : value.dump();
    words.push_back(is_flag ? field.flag : field.flag + "=" + text);
  }
  return words;
}

void TrainSettings::describe(OptionSet& set) {
  set.choice<Preset>("--preset", preset, {{"default", Preset::kDefault}, {"paper", Preset::kPaper}},
                     "paper = the published stages and steps, without early stopping");
  set.choice<AlignmentChoice>("--alignment", alignment,
                              {{"preset", AlignmentChoice::kPreset},
                               {"joint", AlignmentChoice::kJoint},
                               {"published", AlignmentChoice::kPublished}},
                              "published = maps from type labels, with its own numbers of steps; "
                              "joint = also the pairing of cells; preset = as --preset has it");
  set.then([this] {
    options = TrainOptions();
    if (alignment == AlignmentChoice::kPublished) options = TrainOptions::published();
    if (preset == Preset::kPaper) options = TrainOptions::paper();
    if (alignment == AlignmentChoice::kJoint) options.alignment = Alignment::kJoint;
  });
  set.value("--max-steps", max_steps, "Most steps of each stage", at_least(0));
  options.describe(set);
  set.rule([this](Problems& problems) {
    if (resume && checkpoint.empty()) problems.add("--resume needs --checkpoint, its folder");
  });
}

TrainOptions TrainSettings::resolved() const {
  TrainOptions resolved = options;
  resolved.checkpoint = checkpoint;
  resolved.resume = resume;
  if (!max_steps) return resolved;
  for (int64_t* steps : {&resolved.atac_steps, &resolved.rna_steps, &resolved.alignment_steps}) {
    *steps = std::min(*steps, *max_steps);
  }
  return resolved;
}

}  // namespace grids::core
