#include <fmt/ranges.h>

#include <algorithm>

#include "base/at.hpp"
#include "base/indices.hpp"
#include "base/recording_reporter.hpp"
#include "cli/commands.hpp"
#include "cli/target_arguments.hpp"
#include "evaluate/knockout.hpp"
#include "explain/explain_stage.hpp"
#include "io/delimited.hpp"
#include "pipeline/inputs.hpp"
#include "pipeline/knockout_into.hpp"
#include "pipeline/manifests.hpp"

namespace grids::core {
namespace {

struct KnockoutCommand {
  StudyArguments inputs;
  std::vector<std::string> cell_types;
  std::vector<std::string> genes;
  std::filesystem::path gene_file;
  bool all_genes = false;
  int64_t window = 0;
  std::string shard = "1/1";
  CellChoice cells = CellChoice::kTest;
  Perturbation perturbation = Perturbation::kClosed;
  std::filesystem::path out;
  bool overwrite = false;
};

void check(const KnockoutCommand& arguments, Problems& problems) {
  const int ways = (arguments.genes.empty() ? 0 : 1) + (arguments.gene_file.empty() ? 0 : 1) +
                   (arguments.all_genes ? 1 : 0);
  if (ways == 0) problems.add("which genes? --gene G, --genes FILE or --all-genes");
  if (ways > 1) problems.add("give one of --gene, --genes and --all-genes");
  if (arguments.cell_types.empty()) {
    problems.add("which cells? --cell-type T (each = every type in turn)");
  }
}

/// The names that the file of genes holds; none without a file.
std::vector<std::string> names_in_file(const KnockoutCommand& arguments) {
  if (arguments.gene_file.empty()) return {};
  auto names = read_name_list(arguments.gene_file);
  if (names.empty()) {
    throw input_error("{}: names no genes; give one symbol or id per line",
                      arguments.gene_file.string());
  }
  return names;
}

/// The genes that are named, each once.
std::vector<int32_t> wanted_genes(const KnockoutCommand& arguments,
                                  const std::vector<std::string>& in_file, const Study& study,
                                  Problems& problems) {
  if (arguments.all_genes) return indices_below(study.genes.size());
  std::vector<int32_t> genes;
  for (const auto& name : in_file.empty() ? gene_names(study, arguments.genes) : in_file) {
    const auto gene = find_gene(study, name, problems);
    if (gene && std::find(genes.begin(), genes.end(), *gene) == genes.end()) {
      genes.push_back(*gene);
    }
  }
  return genes;
}

/// The types that are named, each once. `all` is read as `each` for now, as it was before there was
/// a word for each: a knock-out of all types together is not offered.
std::vector<int32_t> wanted_types(const KnockoutCommand& arguments, const Study& study,
                                  Problems& problems, const Context& context) {
  std::vector<int32_t> types;
  for (const auto& name : cell_type_names(study, arguments.cell_types)) {
    if (name == kAllTypes) {
      context.reporter.warning(
          "--cell-type all is read as each, every type in turn; write each: in a later version all "
          "means the types together, as it does in explain");
    }
    for (const auto& type : find_types(study, name == kAllTypes ? kEachType : name, problems)) {
      if (type && std::find(types.begin(), types.end(), *type) == types.end()) {
        types.push_back(*type);
      }
    }
  }
  return types;
}

KnockoutPlan knockout_plan(const KnockoutCommand& arguments,
                           const std::vector<std::string>& in_file, const std::string& split,
                           const Study& study, const Context& context) {
  KnockoutPlan result;
  Problems problems;
  result.genes = wanted_genes(arguments, in_file, study, problems);
  const auto types = wanted_types(arguments, study, problems, context);
  problems.raise(ErrorKind::kInput, "knockout");
  for (const int32_t each : types) {
    const auto& name = study.cells.type.names[static_cast<size_t>(each)];
    auto cells = chosen_cells(study, arguments.cells, each);
    if (!cells.empty()) {
      result.types.push_back(
          {name, std::move(cells), replacement_values(study, arguments.perturbation, each)});
    } else if (types.size() > 1) {
      context.reporter.warning(fmt::format("{}: no {} cells; left out", name, split));
    }
  }
  if (result.types.empty()) {
    std::vector<std::string> names;
    names.reserve(types.size());
    for (const int32_t each : types) names.push_back(study.cells.type.names[at(each)]);
    throw input_error("knockout: no {} cells of {}; --cells all takes those of every part", split,
                      fmt::join(names, ", "));
  }
  return result;
}

std::string asked_words(const KnockoutCommand& arguments) {
  const auto genes = arguments.all_genes ? std::string("all")
                     : arguments.gene_file.empty()
                         ? fmt::format("{}", fmt::join(arguments.genes, ", "))
                         : targets_words(arguments.out, arguments.gene_file);
  auto words = fmt::format("cell types {}; genes {}; {}", fmt::join(arguments.cell_types, ", "),
                           genes, arguments.inputs.words(arguments.out));
  if (arguments.window > 0) words += fmt::format("; window {}", arguments.window);
  if (shard_from(arguments.shard).count > 1) words += "; shard " + arguments.shard;
  return words;
}

/// Which genes are masked on a cis path that gate B did not let through.
void tell_unconfirmed(const Study& study, const StudySurrogate& surrogate,
                      std::span<const int32_t> genes, const Context& context) {
  std::vector<std::string> names;
  for (const int32_t gene : genes) {
    if (surrogate.path_of(gene) == GenePath::kUnconfirmed) {
      names.push_back(study.genes.names[at(gene)]);
    }
  }
  if (names.empty()) return;
  constexpr size_t kNamed = 8;
  const size_t count = names.size();
  names.resize(std::min(count, kNamed));
  context.reporter.warning(
      fmt::format("unconfirmed: {} of {} genes are masked on terms of the cis path which say "
                  "nothing of held-out "
                  "cells that the state does not (gate B, see cis.tsv): {}{}",
                  count, genes.size(), fmt::join(names, ", "),
                  count > kNamed ? fmt::format(" and {} more", count - kNamed) : ""));
}

void knock_out_into(const KnockoutCommand& arguments, const OptionSet::Values& values,
                    const Context& outer) {
  const auto in_file = names_in_file(arguments);
  OutputFolder out(arguments.out, {kKnockoutCommand, asked_words(arguments)}, {},
                   arguments.overwrite);
  RecordingReporter reporter(outer.reporter);
  const Context context = outer.with_reporter(reporter);
  const auto loaded = load_study_and_surrogate(arguments.inputs, context);
  const Study& study = loaded.study;
  AskedKnockout asked;
  asked.plan = knockout_plan(arguments, in_file, values.at("cells"), study, context);
  asked.all_genes = arguments.all_genes;
  asked.window = arguments.window;
  asked.shard = shard_from(arguments.shard);
  asked.split = values.at("cells");
  asked.perturbation = values.at("perturbation");
  const auto surrogate = loaded.surrogate().asked_for(asked.plan.genes);
  tell_unconfirmed(study, surrogate, asked.plan.genes, context);
  std::vector<std::filesystem::path> read = {arguments.inputs.study, arguments.inputs.surrogate};
  if (!arguments.gene_file.empty()) read.push_back(arguments.gene_file);
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
        describe_surrogate(options, arguments->inputs.kind);
        options.list("--cell-type", arguments->cell_types,
                     "Cell types; each = every type in turn (type:each is a type of that name)");
        describe_genes(options, arguments->genes);
        options.value("--genes", arguments->gene_file, "File of genes, one per line");
        options.flag("--all-genes", arguments->all_genes, "Every gene of the study");
        options.value("--window", arguments->window,
                      "Only the peaks within this distance (bp) of a gene's TSS, all genes in one "
                      "table; 0 = every peak",
                      at_least(0));
        describe_cells(options, arguments->cells);
        describe_perturbation(options, arguments->perturbation);
        describe_shard(options, arguments->shard);
        options.value("-o,--out", arguments->out, "Folder for the results",
                      OptionSet::Need::kRequired);
        options.rule([arguments](Problems& problems) { check(*arguments, problems); });
        const auto values = options.values("knockout");
        options.section("");
        describe_overwrite(options, arguments->overwrite);
        return [arguments, values](const Context& context) {
          knock_out_into(*arguments, values(), context);
        };
      }};
}

}  // namespace grids::core
