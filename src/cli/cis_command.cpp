#include <fmt/ranges.h>

#include "base/recording_reporter.hpp"
#include "cli/commands.hpp"
#include "io/atomic_file.hpp"
#include "io/folder.hpp"
#include "io/output_folder.hpp"
#include "pipeline/cis_portions.hpp"
#include "pipeline/inputs.hpp"
#include "pipeline/manifests.hpp"
#include "pipeline/openness.hpp"
#include "pipeline/target_arguments.hpp"

namespace grids::core {
namespace {

struct CisCommand {
  StudyArguments inputs;
  CisArguments stage;
  std::vector<std::string> genes;
  std::filesystem::path gene_file;
  bool estimate = false;  ///< how much ATAC misses, and nothing else
  std::string shard = "1/1";
  std::filesystem::path out;
  bool overwrite = false;
};

/// What was asked for, as the folder keeps it.
std::string cis_words(const CisCommand& arguments, const std::filesystem::path& folder) {
  auto words = "study " + seen_from(folder, arguments.inputs.study);
  if (!arguments.gene_file.empty()) words += "; genes " + seen_from(folder, arguments.gene_file);
  if (!arguments.genes.empty())
    words += fmt::format("; genes {}", fmt::join(arguments.genes, ", "));
  return words;
}

std::vector<std::filesystem::path> input_files(const CisCommand& arguments) {
  std::vector<std::filesystem::path> files = {arguments.inputs.study, arguments.inputs.surrogate};
  if (!arguments.gene_file.empty()) files.push_back(arguments.gene_file);
  const auto& openness = arguments.stage.latent_openness;
  if (is_openness_folder(openness)) files.push_back(openness_table_in(openness));
  return files;
}

/// Inputs with their digests; an estimate must be one of theirs.
std::vector<FileRecord> recorded_inputs(const CisCommand& arguments) {
  arguments.stage.known_capture();  // told before anything is read
  auto inputs = record_files(input_files(arguments));
  const auto& openness = arguments.stage.latent_openness;
  if (is_openness_folder(openness)) require_openness_of(openness, inputs);
  return inputs;
}

/// All genes: the surrogate, and cis.tsv beside it.
void fit_whole(CisCommand& arguments, const Context& context) {
  const auto table = cis_table_beside(arguments.out);
  auto names = names_in_gene_file(arguments.gene_file);
  if (arguments.out == table) throw usage_error("-o: cis.tsv is the name of the table");
  const auto read = input_files(arguments);
  // The surrogate itself may be replaced: all that it holds is kept.
  require_writable(arguments.out, std::span(read).first(1));
  if (!arguments.gene_file.empty()) require_writable(arguments.out, std::span(read).last(1));
  require_writable(table, read);
  if (is_openness_folder(arguments.stage.latent_openness)) recorded_inputs(arguments);
  const OutputFiles files({arguments.out, table},
                          {kCisCommand, cis_words(arguments, folder_of(arguments.out))},
                          arguments.overwrite);
  auto loaded = load_study_and_surrogate(arguments.inputs, context, RawTensors::kKept);
  arguments.stage.options.genes = genes_to_fit(loaded.study, arguments.genes, std::move(names));
  files.claim(context);
  fit_cis_into(arguments.out, loaded.study, std::move(loaded.file), loaded.folded, arguments.stage,
               context);
  context.reporter.info("The surrogate with its cis path: " + arguments.out.string());
}

/// What work on portions in a folder is given.
struct InFolder {
  OutputFolder& out;
  const StudyAndSurrogate& loaded;
  const CisArguments& stage;
  Shard shard;
  std::string settings;
};

/// The estimate of a part of the genes, of which a merge makes the table; of all, the table.
std::vector<std::string> estimate_openness(const InFolder& work, const Context& context) {
  const auto options = work.stage.resolved();
  const auto portions = first_fits_of_shard(work.out, work.loaded.study, work.loaded.folded,
                                            options, work.shard, work.settings, context);
  if (work.shard.count > 1) return {};
  return finish_openness(work.out, work.loaded.study, work.loaded.folded, portions, options,
                         context);
}

/// A part of the genes: merge makes the surrogate.
std::vector<std::string> fit_part(const InFolder& work, const Context& context) {
  return fit_cis_shard(work.out, work.loaded.study, work.loaded.file, work.loaded.folded,
                       work.stage, work.shard, work.settings, context);
}

/// What lies in portions in a folder.
void work_in_folder(CisCommand& arguments, OptionSet::Values values, const Context& outer) {
  auto names = names_in_gene_file(arguments.gene_file);
  const auto& table = arguments.estimate ? describe_openness() : describe_cis();
  OutputFolder out(
      arguments.out,
      {kCisCommand,
       fmt::format("{}; surrogate {}; shard {}", cis_words(arguments, arguments.out),
                   seen_from(arguments.out, arguments.inputs.surrogate), arguments.shard)},
      {table.file}, arguments.overwrite);
  RecordingReporter reporter(outer.reporter);
  const Context context = outer.with_reporter(reporter);
  const auto inputs = recorded_inputs(arguments);
  // A shard takes from the file what an earlier fit estimated.
  const auto loaded = load_study_and_surrogate(arguments.inputs, context, RawTensors::kKept);
  arguments.stage.options.genes = genes_to_fit(loaded.study, arguments.genes, std::move(names));
  if (!arguments.stage.options.genes.empty()) values[kGenesNamed] = "true";
  const InFolder work{out, loaded, arguments.stage, shard_from(arguments.shard),
                      portion_settings(values, inputs)};
  const auto files =
      arguments.estimate ? estimate_openness(work, context) : fit_part(work, context);
  close_folder(out, {kCisCommand, values, inputs, files, reporter.warnings()}, context);
}

}  // namespace

Command cis_command() {
  return {
      "cis", "Fit the peaks around each gene, beside the surrogate",
      "  grids cis study.h5mu surrogate.safetensors -o surrogate-cis.safetensors\n\n"
      "For each gene with a position: few peaks, and pairs of peaks, whose openness explains the "
      "gene's\n"
      "counts beyond the state of the cell. Genes in which this predicts held-out cells better "
      "are then\n"
      "predicted by it in every command that is given the new file; cis.tsv beside it lists "
      "all.\n\n"
      "With --gene or --genes only these are fitted, each as it would be among all: the others "
      "are\n"
      "predicted by the surrogate alone, and q-values are over the genes that are fitted. Where\n"
      "--latent-openness is auto, give the surrogate of a fit of all genes: its estimate is "
      "kept.\n\n"
      "  grids cis study.h5mu surrogate.safetensors --shard 2/8 -o parts/2\n"
      "does the second of eight parts of the genes, into a folder, and goes on where it was\n"
      "stopped; grids merge puts them together. Where --latent-openness is auto, each part first\n"
      "fits all genes to estimate it; --estimate-openness does that apart, in parts as well\n"
      "(docs/cluster.md).",
      [](OptionSet& options) -> CommandBody {
        auto arguments = std::make_shared<CisCommand>();
        arguments->inputs.describe(options);
        options.section("cis");
        arguments->stage.describe(options);
        options.flag("--estimate-openness", arguments->estimate,
                     "Only estimate how many open peaks ATAC misses, for --latent-openness; -o is "
                     "a folder");
        options.rule([arguments](Problems& problems) {
          if (!arguments->estimate || arguments->stage.latent_openness == "auto") return;
          problems.add("--estimate-openness is what --latent-openness auto does: leave that out");
        });
        describe_shard(options, arguments->shard);
        options.section("");
        describe_genes(options, arguments->genes);
        options.value("--genes", arguments->gene_file, "File of genes, one per line");
        options.rule([arguments](Problems& problems) {
          if (!arguments->genes.empty() && !arguments->gene_file.empty()) {
            problems.add("give one of --gene and --genes");
          }
        });
        options.value(
            "-o,--out", arguments->out,
            "The surrogate with its cis path; cis.tsv is written beside it. With --shard a "
            "folder",
            OptionSet::Need::kRequired);
        describe_overwrite(options, arguments->overwrite);
        const auto values = options.values("cis");
        return [arguments, values](const Context& context) {
          require_pairs(arguments->inputs.study, "grids cis",
                        "its weights are regressions of a gene's counts on the peaks of the same "
                        "cell; use the surrogate without a cis path: grids explain, knockout");
          if (shard_from(arguments->shard).count == 1 && !arguments->estimate) {
            fit_whole(*arguments, context);
          } else {
            work_in_folder(*arguments, values(), context);
          }
        };
      }};
}

}  // namespace grids::core
