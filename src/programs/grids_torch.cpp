// grids-torch: the commands that need LibTorch, training and models of the user's own. `grids` runs
// this program, so that every other command starts without loading torch.
#include <filesystem>
#include <memory>

#include "cli/commands.hpp"
#include "cli/licences.hpp"
#include "io/atomic_file.hpp"
#include "io/folder.hpp"
#include "io/output_folder.hpp"
#include "io/table.hpp"
#include "torchscript/script_model.hpp"
#include "train/train.hpp"

namespace {

using namespace grids::core;

TrainResult train_on(const TrainArguments& arguments, const Context& context) {
  const TrainOptions options = arguments.settings.resolved();
  if (is_unpaired(arguments.study)) {
    const UnpairedStudy study = read_unpaired_study(arguments.study, context);
    return train(training_cells(study, options), options, context);
  }
  const Study study = read_study(arguments.study, context);
  return train(training_cells(study, options), options, context);
}

void train_into(const TrainArguments& arguments, const Context& context) {
  std::vector<std::filesystem::path> written = {arguments.out};
  if (!arguments.curves.empty()) written.push_back(arguments.curves);
  for (const auto& file : written) require_writable(file, {&arguments.study, 1});
  const OutputFiles files(
      written, {"train", "study " + seen_from(folder_of(arguments.out), arguments.study)},
      arguments.overwrite);
  const TrainResult result = train_on(arguments, context);
  files.claim(context);
  write_surrogate(arguments.out, result.surrogate);
  if (!arguments.curves.empty()) write_table(arguments.curves, result.curves);
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
  const ProgramText text = {
      argc > 0 ? std::filesystem::path(argv[0]).filename().string() : "grids-torch",
      "What needs LibTorch; usually run through `grids`.", "",
      [] { return licences_page(Program::kTorch); }};
  const AllCommands all = all_commands({train_into, load_script, {}}, asks_for_model(argc, argv));
  return run_program(text, all.commands, argc, argv, {all.other_explain});
}
