#include "base/at.hpp"
#include "base/recording_reporter.hpp"
#include "cli/commands.hpp"
#include "pipeline/asked.hpp"
#include "pipeline/inputs.hpp"
#include "pipeline/manifests.hpp"
#include "pipeline/redundancy_into.hpp"
#include "pipeline/target_arguments.hpp"

namespace grids::core {
namespace {

struct RedundancyCommand {
  StudyArguments inputs;
  TargetArguments targets;
  RedundancyArguments stage;
  std::filesystem::path out;
  bool overwrite = false;
};

/// What the sections hold.
struct Values {
  std::function<OptionSet::Values()> explain, redundancy, cis;

  OptionSet::Values all() const {
    auto values = explain();
    for (const auto& [name, value] : redundancy()) values[name] = value;
    for (const auto& [name, value] : cis()) values["cis." + name] = value;
    return values;
  }
};

/// What was asked, for other targets of the same command to be told apart.
std::string asked_words(const RedundancyCommand& arguments) {
  return fmt::format("{}; {}", arguments.targets.words(arguments.out),
                     arguments.inputs.words(arguments.out));
}

void judge_into(const RedundancyCommand& arguments, const OptionSet::Values& values,
                const Context& outer) {
  require_pairs(arguments.inputs.study, "grids redundancy",
                "joint open and closed settings beside counts of the same cell were not observed; "
                "grids explain finds sets of peaks that mark the state");
  arguments.targets.require_table();
  OutputFolder out(arguments.out,
                   {"redundancy", asked_words(arguments) + "; shard " + arguments.stage.shard},
                   arguments.stage.files(), arguments.overwrite);
  RecordingReporter reporter(outer.reporter);
  const Context context = outer.with_reporter(reporter);
  const auto loaded = load_study_and_surrogate(arguments.inputs, context);
  const StudySurrogate surrogate = loaded.surrogate();
  const auto targets = arguments.targets.find(
      loaded.study, surrogate, arguments.stage.explain.set_size, arguments.inputs.surrogate);
  std::vector<std::filesystem::path> read = {arguments.inputs.study, arguments.inputs.surrogate};
  if (!arguments.targets.table.empty()) read.push_back(arguments.targets.table);
  const auto inputs = record_files(read);
  const auto tables =
      redundancy_into(out, loaded.study, surrogate, targets, arguments.stage,
                      portion_settings(values, inputs), loaded.file.options, context);
  const auto whole = read_whole_run(out.path(), kRedundancyCommand);
  tell_asking(arguments.inputs.study, loaded.study, std::ssize(targets),
              whole ? run_of(*whole, context) : "", context);
  close_folder(out, {"redundancy", values, inputs, tables, reporter.warnings()}, context);
}

}  // namespace

Command redundancy_command() {
  return {
      "redundancy", "Ask whether the elements of each gene stand in for one another",
      "  grids redundancy study.h5mu surrogate-cis.safetensors --all-genes -o out/\n"
      "  grids redundancy study.h5mu surrogate-cis.safetensors --gene CX3CR1 "
      "--cross-fit -o out/\n"
      "What is done is kept: the same command goes on where it was stopped. --shard 2/8 does the\n"
      "second of eight parts; grids merge puts them together (docs/cluster.md).",
      [](OptionSet& options) -> CommandBody {
        auto arguments = std::make_shared<RedundancyCommand>();
        arguments->inputs.describe(options);
        arguments->targets.genes_of_all_types = true;
        arguments->targets.describe(options,
                                    "cell_type (a type, all or each), gene and, optionally, L");
        arguments->targets.describe_all_genes(options);
        options.value("-o,--out", arguments->out, "Folder for redundancy.tsv and the rest",
                      OptionSet::Need::kRequired);
        describe_overwrite(options, arguments->overwrite);
        options.section("explain");
        arguments->stage.explain.describe_search(options);
        options.section("redundancy");
        arguments->stage.describe(options);
        options.section("cis");
        arguments->stage.cis.describe(options);
        options.rule([arguments](Problems& problems) {
          arguments->targets.check("--all-genes, --targets FILE, or --gene G (in --cell-type T)",
                                   false, problems);
        });
        const Values values = {options.values("explain"), options.values("redundancy"),
                               options.values("cis")};
        return [arguments, values](const Context& context) {
          judge_into(*arguments, values.all(), context);
        };
      }};
}

}  // namespace grids::core
