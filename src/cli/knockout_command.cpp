#include <fmt/ranges.h>

#include "base/recording_reporter.hpp"
#include "cli/commands.hpp"
#include "pipeline/inputs.hpp"
#include "pipeline/knockout_arguments.hpp"
#include "pipeline/knockout_into.hpp"
#include "pipeline/manifests.hpp"
#include "pipeline/target_arguments.hpp"

namespace grids::core {
namespace {

struct KnockoutCommand {
  StudyArguments inputs;
  KnockoutArguments asked;
  std::string shard = "1/1";
  std::filesystem::path out;
  bool overwrite = false;
};

std::string asked_words(const KnockoutCommand& arguments) {
  const auto genes = arguments.asked.all_genes ? std::string("all")
                     : arguments.asked.gene_file.empty()
                         ? fmt::format("{}", fmt::join(arguments.asked.genes, ", "))
                         : targets_words(arguments.out, arguments.asked.gene_file);
  auto words =
      fmt::format("cell types {}; genes {}; {}", fmt::join(arguments.asked.cell_types, ", "), genes,
                  arguments.inputs.words(arguments.out));
  if (arguments.asked.window > 0) words += fmt::format("; window {}", arguments.asked.window);
  if (shard_from(arguments.shard).count > 1) words += "; shard " + arguments.shard;
  return words;
}

void knock_out_into(const KnockoutCommand& arguments, const OptionSet::Values& values,
                    const Context& outer) {
  const auto in_file = names_in_gene_file(arguments.asked.gene_file);
  OutputFolder out(arguments.out, {kKnockoutCommand, asked_words(arguments)}, {},
                   arguments.overwrite);
  RecordingReporter reporter(outer.reporter);
  const Context context = outer.with_reporter(reporter);
  const auto loaded = load_chromatin_and_surrogate(arguments.inputs, context);
  const Study& study = loaded.study;
  AskedKnockout asked;
  asked.plan = arguments.asked.plan(in_file, values.at("cells"), study, context);
  asked.all_genes = arguments.asked.all_genes;
  asked.window = arguments.asked.window;
  asked.shard = shard_from(arguments.shard);
  asked.split = values.at("cells");
  asked.perturbation = values.at("perturbation");
  const auto surrogate = loaded.surrogate().asked_for(asked.plan.genes);
  tell_unconfirmed(study, surrogate, asked.plan.genes, context);
  std::vector<std::filesystem::path> read = {arguments.inputs.study, arguments.inputs.surrogate};
  if (!arguments.asked.gene_file.empty()) read.push_back(arguments.asked.gene_file);
  const auto inputs = record_files(read);
  asked.settings = portion_settings(values, inputs);
  const auto files = knockout_into(out, study, surrogate, asked, context);
  close_folder(out, {kKnockoutCommand, values, inputs, files, reporter.warnings()}, context);
}

}  // namespace

Command knockout_command() {
  return {
      "knockout", "Mask every single peak, one by one: the exact predicted change of genes",
      "  grids knockout study.h5mu surrogate.safetensors --cell-type Microglia --gene CX3CR1 -o "
      "out/\n"
      "  grids knockout study.h5mu surrogate.safetensors --cell-type each --all-genes -o out/\n"
      "  grids knockout study.h5mu surrogate-cis.safetensors --cell-type each --all-genes \\\n"
      "    --window 250000 -o out/\n\n"
      "Every peak and every cell that it touches, nothing sampled; \"exact\" is said of the "
      "surrogate.\n"
      "knockout.tsv has a row for each type, gene and peak, the strongest decrease first; a peak\n"
      "that is open in no cell of the type has open_cells 0 and change 0. --all-genes, and lists\n"
      "of more than 50 genes, write an AnnData file knockout_TYPE.h5ad for each type instead\n"
      "(X = change, peaks x genes). With --window there is one table of the peaks near each gene,\n"
      "knockout.tsv.gz where the genes are many: grids top out/knockout.tsv.gz shows its first "
      "rows.\n"
      "What is done of many genes is kept: the same command goes on where it was stopped.\n"
      "--shard 2/8 does the second of eight parts; grids merge puts them together\n"
      "(docs/cluster.md).",
      [](OptionSet& options) -> CommandBody {
        auto arguments = std::make_shared<KnockoutCommand>();
        arguments->inputs.describe(options);
        options.section("knockout");
        arguments->asked.describe(options, arguments->inputs.kind);
        describe_shard(options, arguments->shard);
        options.value("-o,--out", arguments->out, "Folder for the results",
                      OptionSet::Need::kRequired);
        const auto values = options.values("knockout");
        options.section("");
        describe_overwrite(options, arguments->overwrite);
        return [arguments, values](const Context& context) {
          knock_out_into(*arguments, values(), context);
        };
      }};
}

}  // namespace grids::core
