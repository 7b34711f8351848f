#include "base/recording_reporter.hpp"
#include "cli/commands.hpp"
#include "cli/target_arguments.hpp"
#include "pipeline/explain_into.hpp"
#include "pipeline/inputs.hpp"
#include "pipeline/manifests.hpp"

namespace grids::core {
namespace {

struct ExplainCommand {
  StudyArguments inputs;
  TargetArguments targets;
  ExplainArguments stage;
  std::filesystem::path out;
  bool overwrite = false;
};

void explain(const ExplainCommand& arguments, const OptionSet::Values& values,
             const Context& outer) {
  arguments.targets.require_table();
  OutputFolder out(arguments.out,
                   {"explain", arguments.targets.words(arguments.out) + "; " +
                                   arguments.inputs.words(arguments.out)},
                   arguments.stage.files(), arguments.overwrite);
  RecordingReporter reporter(outer.reporter);
  const Context context{outer.seed, outer.pool, reporter, outer.cancelled};
  const auto loaded = load_study_and_surrogate(arguments.inputs);
  const Study& study = loaded.study;
  const auto targets =
      find_targets(study, arguments.targets.requests(study, arguments.stage.set_size));
  const auto files = explain_into(out, arguments.inputs.study, study, loaded.surrogate(), targets,
                                  arguments.stage, context);
  std::vector<std::filesystem::path> read = {arguments.inputs.study, arguments.inputs.surrogate};
  if (!arguments.targets.table.empty()) read.push_back(arguments.targets.table);
  close_folder(out, {"explain", values, record_files(read), files, reporter.warnings()}, context);
}

}  // namespace

Command explain_command() {
  return {
      "explain", "Find the sets of peaks that a gene's prediction rests on",
      "  grids explain study.h5mu surrogate.safetensors --cell-type Microglia --gene CX3CR1 -L 10 "
      "-o out/\n"
      "  grids explain study.h5mu surrogate.safetensors --targets targets.tsv -o out/\n"
      "A model of your own: grids explain --model classifier.pt --help",
      [](OptionSet& options) -> CommandBody {
        auto arguments = std::make_shared<ExplainCommand>();
        arguments->inputs.describe(options);
        arguments->targets.describe(options,
                                    "cell_type (a type, all or each), gene and, optionally, L");
        options.value("-o,--out", arguments->out, "Folder for subsets.tsv and the rest",
                      OptionSet::Need::kRequired);
        describe_overwrite(options, arguments->overwrite);
        options.section("explain");
        arguments->stage.describe_preset(options, arguments->inputs.kind);
        describe_surrogate(options, arguments->inputs.kind);
        arguments->stage.describe(options);
        options.rule([arguments](Problems& problems) {
          arguments->targets.check("either --targets FILE, or --cell-type T with --gene G", false,
                                   problems);
        });
        const auto values = options.values("explain");
        return [arguments, values](const Context& outer) { explain(*arguments, values(), outer); };
      }};
}

}  // namespace grids::core
