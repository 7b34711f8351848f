#include "cli/train_command.hpp"

#include "io/output_folder.hpp"

namespace grids::core {

void TrainArguments::describe(OptionSet& set) {
  set.value("study", study, "Study written by prepare", OptionSet::Need::kRequired);
  set.value("-o,--out", out, "Surrogate to write (.safetensors)", OptionSet::Need::kRequired);
  set.value("--curves", curves, "Learning curves to write (.tsv)");
  describe_overwrite(set, overwrite);
  set.value("--checkpoint", settings.checkpoint, "Folder for checkpoints");
  set.flag("--resume", settings.resume, "Continue from the checkpoint");
  set.section("train");
  settings.describe(set);
}

Command train_command(const TrainStage& train) {
  return {"train", "Train the surrogate on a study",
          "  grids train study.h5mu -o surrogate.safetensors --curves curves.tsv\n"
          "  grids train study.h5mu -o surrogate.safetensors --alignment published --seed 2",
          [train](OptionSet& options) -> CommandBody {
            auto arguments = std::make_shared<TrainArguments>();
            arguments->describe(options);
            return [arguments, train](const Context& context) { train(*arguments, context); };
          }};
}

}  // namespace grids::core
