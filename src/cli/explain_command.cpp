#include "base/recording_reporter.hpp"
#include "cli/commands.hpp"
#include "pipeline/explain_into.hpp"
#include "pipeline/explain_portions.hpp"
#include "pipeline/inputs.hpp"
#include "pipeline/manifests.hpp"
#include "pipeline/target_arguments.hpp"

namespace grids::core {
namespace {

struct ExplainCommand {
  StudyArguments inputs;
  TargetArguments targets;
  ExplainArguments stage;
  std::string shard = "1/1";
  std::filesystem::path out;
  bool overwrite = false;
};

/// What was asked, for other targets of the same command to be told apart.
std::string explained_words(const ExplainCommand& arguments) {
  const auto words =
      arguments.targets.words(arguments.out) + "; " + arguments.inputs.words(arguments.out);
  return shard_from(arguments.shard).count == 1 ? words : words + "; shard " + arguments.shard;
}

/// Leaves out what cells that were not measured together cannot be asked; whether any was.
bool leave_out_pairs(ExplainCommand& arguments, OptionSet::Values& values) {
  if (arguments.targets.all_genes) {
    require_pairs(arguments.inputs.study, "--all-genes, which stands for genes with a cis path,",
                  "name genes: --gene, or --targets with a table");
  }
  const bool asked = arguments.stage.ask_redundancy;
  arguments.stage = arguments.stage.without_pairs(arguments.inputs.study);
  values["redundancy"] = "off";
  return asked;
}

void explain(ExplainCommand arguments, OptionSet::Values values, const Context& outer) {
  const bool unasked =
      gives_unpaired_cells(arguments.inputs.study) && leave_out_pairs(arguments, values);
  arguments.targets.require_table();
  OutputFolder out(arguments.out, {kExplainCommand, explained_words(arguments)},
                   arguments.stage.files(), arguments.overwrite);
  RecordingReporter reporter(outer.reporter);
  const Context context = outer.with_reporter(reporter);
  if (unasked) context.reporter.info(kRedundancyLeftOut);
  const auto loaded = load_chromatin_and_surrogate(arguments.inputs, context);
  const StudySurrogate surrogate = loaded.surrogate();
  AskedTargets asked;
  asked.targets = arguments.targets.find(loaded.study, surrogate, arguments.stage.set_size,
                                         arguments.inputs.surrogate);
  asked.shard = shard_from(arguments.shard);
  asked.tracks = !arguments.targets.all_genes;
  std::vector<std::filesystem::path> read = {arguments.inputs.study, arguments.inputs.surrogate};
  if (!arguments.targets.table.empty()) read.push_back(arguments.targets.table);
  const auto inputs = record_files(read);
  const auto files = explain_into(out, arguments.inputs.study, loaded.study, surrogate, asked,
                                  arguments.stage, portion_settings(values, inputs), context);
  auto recorded = values;
  if (!asked.tracks) recorded["all-genes"] = "true";
  close_folder(out, {kExplainCommand, recorded, inputs, files, reporter.warnings()}, context);
}

}  // namespace

Command explain_command() {
  return {
      "explain", "Find the sets of peaks that a gene's prediction rests on",
      "  grids explain study.h5mu surrogate.safetensors --cell-type Microglia --gene CX3CR1 -L 10 "
      "-o out/\n"
      "  grids explain study.h5mu surrogate.safetensors --targets targets.tsv -o out/\n"
      "  grids explain study.h5mu surrogate-cis.safetensors --all-genes --cell-type each -o out/\n"
      "What is done is kept: the same command goes on where it was stopped. --shard 2/8 does the\n"
      "second of eight parts; grids merge puts them together (docs/cluster.md).\n"
      "A model of your own: grids explain --model classifier.pt --help",
      [](OptionSet& options) -> CommandBody {
        auto arguments = std::make_shared<ExplainCommand>();
        arguments->inputs.describe(options);
        arguments->targets.describe(options,
                                    "cell_type (a type, all or each), gene and, optionally, L");
        arguments->targets.describe_all_genes(options);
        options.value("-o,--out", arguments->out, "Folder for subsets.tsv and the rest",
                      OptionSet::Need::kRequired);
        describe_overwrite(options, arguments->overwrite);
        options.section("explain");
        arguments->stage.describe_preset(options, arguments->inputs.kind);
        describe_surrogate(options, arguments->inputs.kind);
        arguments->stage.describe(options);
        describe_shard(options, arguments->shard);
        options.rule([arguments](Problems& problems) {
          arguments->targets.check("--all-genes, --targets FILE, or --cell-type T with --gene G",
                                   false, problems);
        });
        const auto values = options.values("explain");
        return [arguments, values](const Context& outer) { explain(*arguments, values(), outer); };
      }};
}

}  // namespace grids::core
