#include <fmt/ranges.h>

#include <optional>

#include "base/recording_reporter.hpp"
#include "cli/commands.hpp"
#include "compare/comparison.hpp"
#include "pipeline/asked.hpp"
#include "pipeline/compare_into.hpp"
#include "pipeline/compared_targets.hpp"
#include "pipeline/inputs.hpp"
#include "pipeline/manifests.hpp"
#include "pipeline/target_arguments.hpp"

namespace grids::core {
namespace {

struct CompareCommand {
  StudyArguments inputs;
  TargetArguments targets;
  CompareArguments stage;
  std::filesystem::path out;
  bool overwrite = false;
};

void check(const CompareCommand& arguments, Problems& problems) {
  check_compared(arguments.targets, arguments.stage, problems);
}

std::vector<std::filesystem::path> input_files(const CompareCommand& arguments) {
  std::vector<std::filesystem::path> files = {arguments.inputs.study, arguments.inputs.surrogate};
  if (!arguments.targets.table.empty()) files.push_back(arguments.targets.table);
  if (!arguments.stage.truth.empty()) {
    files.push_back(std::filesystem::is_directory(arguments.stage.truth)
                        ? arguments.stage.truth / "truth.tsv"
                        : arguments.stage.truth);
    files.push_back(files.back().parent_path() / "cells.tsv");
  }
  return files;
}

/// Only the targets: other methods, sizes and seeds are another table of the same ones.
std::string asked_words(const CompareCommand& arguments) {
  const auto targets = arguments.stage.planted > 0
                           ? fmt::format("{} planted genes of {}", arguments.stage.planted,
                                         seen_from(arguments.out, arguments.stage.truth))
                           : arguments.targets.words(arguments.out);
  const auto words = targets + "; " + arguments.inputs.words(arguments.out);
  const auto& shard = arguments.stage.shard;
  return shard_from(shard).count == 1 ? words : words + "; shard " + shard;
}

void run_compare(const CompareCommand& arguments, const OptionSet::Values& own,
                 const OptionSet::Values& stage, const Context& outer) {
  require_pairs(arguments.inputs.study, "grids compare",
                "it holds sets against the measured expression of test cells; grids explain with "
                "one --method after the other gives their sets");
  const auto& truth_file = arguments.stage.truth;
  std::optional<SimulatedTruth> truth;
  if (!truth_file.empty()) truth = read_simulated_truth(truth_file);
  arguments.targets.require_table();
  OutputFolder out(arguments.out, {kCompareCommand, asked_words(arguments)},
                   arguments.stage.files(), arguments.overwrite);
  RecordingReporter reporter(outer.reporter);
  const Context context = outer.with_reporter(reporter);
  const auto loaded = load_study_and_surrogate(arguments.inputs, context);
  const Study& study = loaded.study;
  const auto options = arguments.stage.options();
  AskedComparison asked;
  asked.truth = truth ? &*truth : nullptr;
  if (asked.truth != nullptr) check_truth(study, *asked.truth);
  asked.targets =
      compared_targets(arguments.targets, arguments.stage, study, asked.truth, options.sizes);
  context.reporter.info(fmt::format("{} targets, methods: {}", asked.targets.size(),
                                    fmt::join(options.methods, ", ")));
  OptionSet::Values values = stage;
  values.insert(own.begin(), own.end());
  const auto inputs = record_files(input_files(arguments));
  asked.run_settings = fmt::format("{}; {}", GRIDS_VERSION, settings_text(stage));
  for (const auto& file : inputs) asked.run_settings += file.sha256 + "; ";
  asked.portion_settings = portion_settings(values, inputs) + asked.run_settings;
  const auto finished =
      compare_into(out, study, loaded.surrogate(), asked, arguments.stage, context);
  tell_asking(arguments.inputs.study, study, finished.sets, finished.run, context);
  close_folder(out, {kCompareCommand, values, inputs, finished.files, reporter.warnings()},
               context);
}

void describe_own(OptionSet& set, CompareCommand& arguments) {
  arguments.targets.describe(set,
                             "cell_type (a type, all or each) and gene; a column L is not read");
  arguments.stage.describe(set);
  set.value("-o,--out", arguments.out, "Folder for compare.md and its tables",
            OptionSet::Need::kRequired);
  describe_overwrite(set, arguments.overwrite);
  set.rule([&arguments](Problems& problems) { check(arguments, problems); });
}

}  // namespace

Command compare_command() {
  return {
      "compare", "Compare methods: held-out evidence, own objective, planted truth",
      "  grids compare study.h5mu surrogate-cis.safetensors --targets targets.tsv -L 10,128 "
      "-o out/\n"
      "  grids compare study.h5mu surrogate-cis.safetensors --truth cells/ --planted 10 \\\n"
      "    --methods grids,greedy,random --seeds 3 -o out/\n"
      "Run again, it continues where it was stopped. --shard 2/8 does the second of eight parts "
      "of\n"
      "the genes; grids merge puts them together (docs/cluster.md).",
      [](OptionSet& options) -> CommandBody {
        auto arguments = std::make_shared<CompareCommand>();
        arguments->inputs.describe(options);
        options.section("compare");
        describe_own(options, *arguments);
        options.section("explain");
        describe_surrogate(options, arguments->inputs.kind);
        arguments->stage.stage.describe_question(options);
        const auto own = options.values("compare");
        const auto stage = options.values("explain");
        return [arguments, own, stage](const Context& context) {
          run_compare(*arguments, own(), stage(), context);
        };
      }};
}

}  // namespace grids::core
