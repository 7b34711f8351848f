#include "cli/commands.hpp"
#include "model/train_options.hpp"
#include "pipeline/run.hpp"

namespace grids::core {
namespace {

struct RunCommand : RunArguments {
  TrainSettings train;  ///< only to be described: another program trains
};

}  // namespace

Command run_command() {
  return {
      "run", "Everything, from raw files to a report, into one folder",
      "  grids run cells.h5mu --labels cell_type --genes genes.bed -o results/\n"
      "  grids run filtered_feature_bc_matrix.h5 --labels labels.tsv -o results/\n"
      "  grids run --unpaired --rna rna.h5ad --atac atac.h5ad --labels cell_type -o results/\n"
      "Run again, it continues where it was stopped. --force also goes on where prepare --force\n"
      "does: genes of another build than the peaks, or hardly any with a position.",
      [](OptionSet& options) -> CommandBody {
        auto arguments = std::make_shared<RunCommand>();
        options.section("run");
        options.value("-o,--out", arguments->out, "Folder for everything",
                      OptionSet::Need::kRequired);
        describe_overwrite(options, arguments->overwrite);
        options.value("--targets", arguments->targets,
                      "What to explain (columns cell_type, gene, L) instead of the markers");
        options.value("--truth", arguments->truth,
                      "truth.tsv of simulated cells (and peaks.tsv beside it): compares what was "
                      "found with it");
        options.flag(
            "--negative-control", arguments->negative_control,
            "Ask the same of decoy windows and permuted chromatin: the rate of false calls "
            "of redundancy (negative_control.tsv)");
        arguments->explain.describe_preset(options, arguments->kind);
        options.section("prepare", {{"force", "--prepare-force"}});
        arguments->prepare.describe(options);
        arguments->prepare.describe_unpaired(options);
        options.section("train", {{"preset", "--training"},
                                  {"max-steps", "--max-training-steps"},
                                  {"batch", "--training-batch"}});
        options.group("Training");
        arguments->train.describe(options);
        options.section("cis");
        options.group("Cis path");
        describe_surrogate(options, arguments->kind);
        arguments->cis.describe(options);
        options.section("evaluate");
        options.group("Markers");
        arguments->evaluate.describe(options);
        options.section("explain");
        options.group("Explanation");
        arguments->explain.describe(options);
        options.section("report");
        options.group("Report");
        arguments->report.describe(options);
        std::map<std::string, std::function<OptionSet::Values()>> values;
        for (const char* section :
             {"run", "prepare", "train", "cis", "evaluate", "explain", "report"}) {
          values[section] = options.values(section);
        }
        return [arguments, values, given = options.given("train")](const Context& context) {
          // One word for both. No part of the key: a study that was made is the same.
          arguments->prepare.options.force |= arguments->explain.options.force;
          for (const auto& [section, held] : values) arguments->values[section] = held();
          arguments->given_training = given();
          run_into(*arguments, context);
        };
      }};
}

}  // namespace grids::core
