#include "base/at.hpp"
#include "base/recording_reporter.hpp"
#include "cli/commands.hpp"
#include "cli/target_arguments.hpp"
#include "io/folder.hpp"
#include "pipeline/inputs.hpp"
#include "pipeline/manifests.hpp"
#include "pipeline/redundancy_into.hpp"

namespace grids::core {
namespace {

struct RedundancyCommand {
  StudyArguments inputs;
  TargetArguments targets;
  bool all_genes = false;
  RedundancyArguments stage;
  std::filesystem::path out;
};

/// Genes whose terms can be searched.
std::vector<std::string> genes_with_terms(const Study& study, const StudySurrogate& surrogate) {
  std::vector<std::string> names;
  if (surrogate.cis() == nullptr) return names;
  for (const auto& gene : surrogate.cis()->genes) {
    if (!gene.terms.empty()) names.push_back(study.genes.names[at(gene.gene)]);
  }
  return names;
}

std::vector<ExplainTarget> targets_of(const RedundancyCommand& arguments, const Study& study,
                                      const StudySurrogate& surrogate) {
  const int64_t size = arguments.stage.explain.set_size;
  if (!arguments.all_genes) {
    return find_targets(study, arguments.targets.requests(study, size));
  }
  const auto genes = genes_with_terms(study, surrogate);
  if (genes.empty()) {
    throw input_error("{}: no gene has terms of a cis path; fit it (grids cis)",
                      arguments.inputs.surrogate.string());
  }
  std::vector<TargetRequest> requests;
  auto types = cell_type_names(study, arguments.targets.cell_types);
  if (types.empty()) types = {kAllTypes};
  for (const auto& type : types) {
    for (const auto& gene : genes) requests.push_back({type, gene, size});
  }
  return find_targets(study, requests);
}

void check_sources(const RedundancyCommand& arguments, Problems& problems) {
  const auto& given = arguments.targets;
  if (!arguments.all_genes) {
    given.check("--all-genes, --targets FILE, or --cell-type T with --gene G", false, problems);
  } else if (!given.genes.empty() || !given.table.empty()) {
    problems.add("--all-genes stands for all of them: leave out --gene and --targets");
  }
}

}  // namespace

Command redundancy_command() {
  return {
      "redundancy", "Ask whether the elements of each gene stand in for one another",
      "  grids redundancy study.h5mu surrogate-cis.safetensors --all-genes -o out/\n"
      "  grids redundancy study.h5mu surrogate-cis.safetensors --cell-type all --gene CX3CR1 "
      "--cross-fit -o out/\n"
      "What is done is kept: the same command goes on where it was stopped. --shard 2/8 does the\n"
      "second of eight parts.",
      [](OptionSet& options) -> CommandBody {
        auto arguments = std::make_shared<RedundancyCommand>();
        arguments->inputs.describe(options);
        arguments->targets.describe(options,
                                    "cell_type (a type, all or each), gene and, optionally, L");
        options.flag("--all-genes", arguments->all_genes,
                     "Every gene that has terms of the cis path, in --cell-type (all)");
        options.value("-o,--out", arguments->out, "Folder for redundancy.tsv and the rest",
                      OptionSet::Need::kRequired);
        options.section("explain");
        arguments->stage.explain.describe_search(options);
        options.section("redundancy");
        arguments->stage.describe(options);
        options.section("cis");
        arguments->stage.cis.describe(options);
        options.rule([arguments](Problems& problems) { check_sources(*arguments, problems); });
        const auto of_explain = options.values("explain");
        const auto of_redundancy = options.values("redundancy");
        const auto of_cis = options.values("cis");
        return [arguments, of_explain, of_redundancy, of_cis](const Context& outer) {
          arguments->targets.require_table();
          require_folder(arguments->out);
          RecordingReporter reporter(outer.reporter);
          const Context context{outer.seed, outer.pool, reporter, outer.cancelled};
          const auto loaded = load_study_and_surrogate(arguments->inputs);
          const StudySurrogate surrogate = loaded.surrogate();
          const auto targets = targets_of(*arguments, loaded.study, surrogate);
          auto options_given = of_explain();
          for (const auto& [name, value] : of_redundancy()) options_given[name] = value;
          for (const auto& [name, value] : of_cis()) options_given["cis." + name] = value;
          auto depends = options_given;
          depends.erase("shard");  // a portion is the same in any of them
          const std::string settings =
              settings_text(depends) + "study=" + sha256_of(arguments->inputs.study) +
              "; surrogate=" + sha256_of(arguments->inputs.surrogate) + "; ";
          const auto tables = redundancy_into(arguments->out, loaded.study, surrogate, targets,
                                              arguments->stage, settings, loaded.file.options,
                                              context);
          Manifest manifest = new_manifest("redundancy", options_given, context);
          std::vector<std::filesystem::path> read = {arguments->inputs.study,
                                                     arguments->inputs.surrogate};
          if (!arguments->targets.table.empty()) read.push_back(arguments->targets.table);
          manifest.inputs = record_files(read);
          manifest.outputs = record_outputs(arguments->out, tables);
          manifest.warnings = reporter.warnings();
          write_manifest(arguments->out / "manifest.json", manifest);
        };
      }};
}

}  // namespace grids::core
