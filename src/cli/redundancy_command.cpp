#include "base/at.hpp"
#include "base/recording_reporter.hpp"
#include "cli/commands.hpp"
#include "cli/target_arguments.hpp"
#include "pipeline/asked.hpp"
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
  bool overwrite = false;
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
    given.check("--all-genes, --targets FILE, or --gene G (in --cell-type T)", false, problems);
  } else if (!given.genes.empty() || !given.table.empty()) {
    problems.add("--all-genes stands for all of them: leave out --gene and --targets");
  }
}

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
  return fmt::format("{}{}; {}", arguments.all_genes ? "all genes; " : "",
                     arguments.targets.words(arguments.out), arguments.inputs.words(arguments.out));
}

void judge_into(const RedundancyCommand& arguments, const OptionSet::Values& values,
                const Context& outer) {
  arguments.targets.require_table();
  OutputFolder out(arguments.out,
                   {"redundancy", asked_words(arguments) + "; shard " + arguments.stage.shard},
                   arguments.stage.files(), arguments.overwrite);
  RecordingReporter reporter(outer.reporter);
  const Context context{outer.seed, outer.pool, reporter, outer.cancelled};
  const auto loaded = load_study_and_surrogate(arguments.inputs);
  const StudySurrogate surrogate = loaded.surrogate();
  const auto targets = targets_of(arguments, loaded.study, surrogate);
  std::vector<std::filesystem::path> read = {arguments.inputs.study, arguments.inputs.surrogate};
  if (!arguments.targets.table.empty()) read.push_back(arguments.targets.table);
  const auto inputs = record_files(read);
  auto depends = values;
  depends.erase("shard");  // a portion is the same in any of them
  const std::string settings = settings_text(depends) + "study=" + inputs[0].sha256 +
                               "; surrogate=" + inputs[1].sha256 + "; ";
  const auto tables = redundancy_into(out, loaded.study, surrogate, targets, arguments.stage,
                                      settings, loaded.file.options, context);
  tell_asking(arguments.inputs.study, loaded.study, std::ssize(targets), context);
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
      "second of eight parts.",
      [](OptionSet& options) -> CommandBody {
        auto arguments = std::make_shared<RedundancyCommand>();
        arguments->inputs.describe(options);
        arguments->targets.genes_of_all_types = true;
        arguments->targets.describe(options,
                                    "cell_type (a type, all or each), gene and, optionally, L");
        options.flag("--all-genes", arguments->all_genes,
                     "Every gene that has terms of the cis path, in --cell-type (all)");
        options.value("-o,--out", arguments->out, "Folder for redundancy.tsv and the rest",
                      OptionSet::Need::kRequired);
        describe_overwrite(options, arguments->overwrite);
        options.section("explain");
        arguments->stage.explain.describe_search(options);
        options.section("redundancy");
        arguments->stage.describe(options);
        options.section("cis");
        arguments->stage.cis.describe(options);
        options.rule([arguments](Problems& problems) { check_sources(*arguments, problems); });
        const Values values = {options.values("explain"), options.values("redundancy"),
                               options.values("cis")};
        return [arguments, values](const Context& context) {
          judge_into(*arguments, values.all(), context);
        };
      }};
}

}  // namespace grids::core
