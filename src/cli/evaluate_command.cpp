#include "base/recording_reporter.hpp"
#include "cli/commands.hpp"
#include "pipeline/evaluate_into.hpp"
#include "pipeline/inputs.hpp"
#include "pipeline/manifests.hpp"

namespace grids::core {
namespace {

struct EvaluateCommand {
  StudyArguments inputs;
  EvaluateArguments stage;
  bool map = false;
  std::filesystem::path out;
  bool overwrite = false;
};

std::string asked_words(const EvaluateCommand& arguments) {
  auto words = arguments.inputs.words(arguments.out);
  if (!arguments.stage.markers.empty()) {
    words += "; " + targets_words(arguments.out, arguments.stage.markers);
  }
  return words;
}

void record_judged(const EvaluateCommand& arguments, const OptionSet::Values& values,
                   OutputFolder& out, std::vector<std::string> files,
                   const RecordingReporter& reporter, const Context& context) {
  std::vector<std::filesystem::path> read = {arguments.inputs.study, arguments.inputs.surrogate};
  if (!arguments.stage.markers.empty()) read.push_back(arguments.stage.markers);
  close_folder(out, {"evaluate", values, record_files(read), std::move(files), reporter.warnings()},
               context);
}

/// Of cells that were not measured together.
void judge_unpaired(const EvaluateCommand& arguments, const OptionSet::Values& values,
                    const Context& outer) {
  if (arguments.map) {
    throw input_error(
        "{}: --map needs chromatin and RNA of the same cells; without it, alignment.tsv says how "
        "well the two are mixed",
        arguments.inputs.study.string());
  }
  OutputFolder out(arguments.out, {"evaluate", asked_words(arguments)},
                   EvaluateArguments::unpaired_files(), arguments.overwrite);
  RecordingReporter reporter(outer.reporter);
  const Context context = outer.with_reporter(reporter);
  auto loaded = load_unpaired_and_surrogate(arguments.inputs, context);
  auto files = evaluate_unpaired_into(out, loaded.study, loaded.folded, arguments.stage, context);
  record_judged(arguments, values, out, std::move(files), reporter, context);
  context.reporter.info("How well chromatin and RNA are aligned: " +
                        (arguments.out / "alignment.tsv").string());
}

void judge_surrogate(const EvaluateCommand& arguments, const OptionSet::Values& values,
                     const Context& outer) {
  auto names = EvaluateArguments::files();
  if (arguments.map) {
    for (auto& name : map_files()) names.push_back(std::move(name));
  }
  OutputFolder out(arguments.out, {"evaluate", asked_words(arguments)}, names, arguments.overwrite);
  RecordingReporter reporter(outer.reporter);
  const Context context = outer.with_reporter(reporter);
  const auto loaded = load_study_and_surrogate(arguments.inputs, context);
  const StudySurrogate surrogate = loaded.surrogate();
  auto files = evaluate_into(out, loaded.study, surrogate, arguments.stage, context);
  if (arguments.map) {
    for (auto& name : map_into(out, loaded.study, surrogate, context)) {
      files.push_back(std::move(name));
    }
  }
  record_judged(arguments, values, out, std::move(files), reporter, context);
  context.reporter.info("Accuracy on held-out cells: " +
                        (arguments.out / "accuracy_summary.tsv").string());
}

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
            arguments->stage.describe_cells(options);
            describe_map(options, arguments->map);
            const auto values = options.values("evaluate");
            options.section("");
            options.value(
                "-o,--out", arguments->out,
                "Folder for accuracy.tsv, accuracy_summary.tsv, alignment.tsv, marker_means.tsv",
                OptionSet::Need::kRequired);
            describe_overwrite(options, arguments->overwrite);
            return [arguments, values](const Context& context) {
              const bool unpaired = is_unpaired(arguments->inputs.study);
              (unpaired ? judge_unpaired : judge_surrogate)(*arguments, values(), context);
            };
          }};
}

}  // namespace grids::core
