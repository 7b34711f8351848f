#include "cli/commands.hpp"
#include "io/folder.hpp"
#include "pipeline/evaluate_into.hpp"
#include "pipeline/inputs.hpp"

namespace grids::core {
namespace {

struct EvaluateCommand {
  StudyArguments inputs;
  EvaluateArguments stage;
  std::filesystem::path out;
};

}  // namespace

Command evaluate_command() {
  return {"evaluate", "Judge the surrogate on held-out cells, beside simple predictors",
          "  grids evaluate study.h5mu surrogate.safetensors -o out/",
          [](OptionSet& options) -> CommandBody {
            auto arguments = std::make_shared<EvaluateCommand>();
            arguments->inputs.describe(options);
            options.section("evaluate");
            describe_surrogate(options, arguments->inputs.kind);
            arguments->stage.describe(options);
            options.choice<Split>("--cells", arguments->stage.split,
                                  {{split_name(Split::kTest), Split::kTest},
                                   {split_name(Split::kValidation), Split::kValidation},
                                   {split_name(Split::kTrain), Split::kTrain}},
                                  "Cells on which the surrogate is judged");
            options.section("");
            options.value("-o,--out", arguments->out,
                          "Folder for accuracy.tsv, accuracy_summary.tsv, marker_means.tsv",
                          OptionSet::Need::kRequired);
            return [arguments](const Context& context) {
              require_folder(arguments->out);
              const auto loaded = load_study_and_surrogate(arguments->inputs);
              const Study& study = loaded.study;
              const StudySurrogate surrogate = loaded.surrogate();
              evaluate_into(arguments->out, study, surrogate, arguments->stage, context);
              context.reporter.info("Accuracy on held-out cells: " +
                                    (arguments->out / "accuracy_summary.tsv").string());
            };
          }};
}

}  // namespace grids::core
