// grids-torch: the commands that need LibTorch, training and models of the user's own. `grids` runs
// this program, so that every other command starts without loading torch.
#include <filesystem>

#include "base/program.hpp"
#include "cli/explain_model.hpp"
#include "io/atomic_file.hpp"
#include "io/table.hpp"
#include "train/script_model.hpp"
#include "train/train.hpp"

namespace {

using namespace grids;

enum class Preset : uint8_t { kDefault, kPaper };

/// What the command line may override of a preset.
struct TrainArguments {
  std::filesystem::path study, output, curves, checkpoint;
  Preset preset = Preset::kDefault;
  std::string alignment;
  std::optional<int64_t> atac_steps, rna_steps, alignment_steps, max_steps, batch, evaluate_every,
      patience, checkpoint_every, latent;
  std::optional<double> atac_rate, rna_rate, map_rate, discriminator_rate, joint_rate, gamma,
      prediction_weight, latent_weight, averaging, embedding_deviation;
  bool resume = false;
  bool keep_readout = false;
};

template <typename T>
void take(const std::optional<T>& given, T& option) {
  if (given) option = *given;
}

TrainOptions options_from(const TrainArguments& arguments) {
  TrainOptions options;
  if (arguments.alignment == "published") options = TrainOptions::published();
  if (arguments.preset == Preset::kPaper) options = TrainOptions::paper();
  if (arguments.alignment == "joint") options.alignment = Alignment::kJoint;
  take(arguments.atac_steps, options.atac_steps);
  take(arguments.rna_steps, options.rna_steps);
  take(arguments.alignment_steps, options.alignment_steps);
  if (arguments.max_steps) {
    for (int64_t* steps : {&options.atac_steps, &options.rna_steps, &options.alignment_steps}) {
      *steps = std::min(*steps, *arguments.max_steps);
    }
  }
  take(arguments.batch, options.batch);
  take(arguments.evaluate_every, options.evaluate_every);
  take(arguments.patience, options.patience);
  take(arguments.checkpoint_every, options.checkpoint_every);
  take(arguments.latent, options.layers.latent);
  take(arguments.atac_rate, options.atac_rate);
  take(arguments.rna_rate, options.rna_rate);
  take(arguments.map_rate, options.map_rate);
  take(arguments.discriminator_rate, options.discriminator_rate);
  take(arguments.joint_rate, options.joint_rate);
  take(arguments.gamma, options.gamma);
  take(arguments.prediction_weight, options.prediction_weight);
  take(arguments.latent_weight, options.latent_weight);
  take(arguments.averaging, options.averaging);
  take(arguments.embedding_deviation, options.embedding_deviation);
  if (arguments.keep_readout) options.refit_readout = false;
  options.checkpoint = arguments.checkpoint;
  options.resume = arguments.resume;
  return options;
}

CommandBody declare_train(OptionSet& set) {
  const auto arguments = std::make_shared<TrainArguments>();
  TrainArguments& a = *arguments;
  set.value("study", a.study, "Study written by `grids prepare`", OptionSet::Need::kRequired);
  set.value("-o,--out", a.output, "Surrogate to write (.safetensors)", OptionSet::Need::kRequired);
  set.choice("--preset", a.preset, {{"default", Preset::kDefault}, {"paper", Preset::kPaper}},
             "paper = the published stages and steps, without early stopping");
  set.choice("--alignment", a.alignment,
             {{"preset", std::string()},
              {"joint", std::string("joint")},
              {"published", std::string("published")}},
             "published = maps from type labels; joint = also the pairing of cells");
  set.value("--curves", a.curves, "Learning curves to write (.tsv)");
  set.value("--checkpoint", a.checkpoint, "Folder for checkpoints");
  set.value("--checkpoint-every", a.checkpoint_every, "Steps between checkpoints");
  set.flag("--resume", a.resume, "Continue from the checkpoint");
  set.group("Steps");
  set.value("--max-steps", a.max_steps, "Most steps of each stage");
  set.value("--atac-steps", a.atac_steps, "Most steps of the ATAC autoencoder");
  set.value("--rna-steps", a.rna_steps, "Most steps of the RNA autoencoder");
  set.value("--alignment-steps", a.alignment_steps, "Most steps of the alignment");
  set.value("--batch", a.batch, "Cells of a step");
  set.value("--evaluate-every", a.evaluate_every, "Steps between looks at validation cells");
  set.value("--patience", a.patience, "Looks without improvement that end a stage; 0 = never");
  set.group("Learning");
  set.value("--atac-rate", a.atac_rate, "Learning rate of the ATAC autoencoder");
  set.value("--rna-rate", a.rna_rate, "Learning rate of the RNA autoencoder");
  set.value("--map-rate", a.map_rate, "Learning rate of the maps between latents");
  set.value("--joint-rate", a.joint_rate, "Learning rate of the autoencoders in the joint stage");
  set.value("--discriminator-rate", a.discriminator_rate, "Learning rate of the discriminators");
  set.value("--gamma", a.gamma, "Weight of cycles and discriminators in the joint stage");
  set.value("--prediction-weight", a.prediction_weight,
            "Weight of predicted against measured expression in the joint stage");
  set.value("--latent-weight", a.latent_weight,
            "Weight of the distance of paired latents in the joint stage");
  set.value("--averaging", a.averaging, "Decay of the weights' running mean, in [0, 1); 0 = none");
  set.value("--embedding-deviation", a.embedding_deviation,
            "Standard deviation of the embedding's random start");
  set.flag("--keep-readout", a.keep_readout,
           "Leave the decoder's last layer as the joint stage left it");
  set.value("--latent", a.latent, "Size of the latents");
  return [arguments](const Context& context) {
    const TrainOptions options = options_from(*arguments);
    options.validate();
    require_writable(arguments->output, {&arguments->study, 1});
    if (!arguments->curves.empty()) require_writable(arguments->curves, {&arguments->study, 1});
    const Study study = read_study(arguments->study);
    const TrainResult result = train(study, options, context);
    write_surrogate(arguments->output, result.surrogate);
    if (!arguments->curves.empty()) write_table(arguments->curves, result.curves);
  };
}

std::unique_ptr<MaskableModel> load_script(const std::filesystem::path& path, FeatureMatrix rows,
                                           std::vector<float> replacement, const Context& context) {
  auto model = std::make_unique<ScriptModel>(ScriptModule(path), std::move(rows),
                                             std::move(replacement), context.pool);
  if (model->batch_rows() == 1) {
    context.reporter.warning(
        "the outputs of a row depend on the rows beside it, in the last bit or altogether: rows go "
        "through the network one by one, which is slow");
  }
  return model;
}

}  // namespace

int main(int argc, char** argv) {
  // `grids train` is this program under the other's name; its help and errors should say so.
  ProgramText text = {argc > 0 ? std::filesystem::path(argv[0]).filename().string() : "grids-torch",
                      "What needs LibTorch; usually run through `grids`.",
                      "",
                      {"run", "prepare", "cis", "knockout", "compare", "evaluate", "predict",
                       "report", "simulate", "info"}};
  std::vector<Command> commands = {
      {"train", "Train the surrogate on a prepared study",
       "  grids train study.h5mu -o surrogate.safetensors --curves curves.tsv", declare_train}};
  if (asks_for_model(argc, argv)) {
    commands.push_back(explain_model_command(load_script));
  } else {  // then that section of a configuration file is the other program's
    text.elsewhere.emplace_back("explain");
  }
  return run_program(text, commands, argc, argv);
}
