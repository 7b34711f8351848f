#include <fmt/ranges.h>

#include <algorithm>

#include "base/recording_reporter.hpp"
#include "cli/commands.hpp"
#include "cli/target_arguments.hpp"
#include "compare/comparison.hpp"
#include "compare/comparison_files.hpp"
#include "methods/explainer.hpp"
#include "pipeline/asked.hpp"
#include "pipeline/explain_into.hpp"
#include "pipeline/inputs.hpp"
#include "pipeline/manifests.hpp"

namespace grids::core {
namespace {

struct CompareCommand {
  StudyArguments inputs;
  TargetArguments targets;
  ExplainArguments stage;
  int64_t planted = 0;
  std::filesystem::path truth;
  std::vector<int64_t> sizes = {10};
  std::vector<std::string> methods = {"all"};
  std::vector<std::string> unlimited;
  int64_t seeds = 5;
  int64_t budget = 0;
  bool no_types = false;
  std::filesystem::path out;
  bool overwrite = false;
};

/// "all" and every method.
std::vector<std::string> method_words() {
  auto words = explainer_names();
  words.insert(words.begin(), "all");
  return words;
}

/// The methods of a list, each once, the reference first; "all" = every one that is registered.
std::vector<std::string> named_methods(const std::vector<std::string>& words) {
  std::vector<std::string> methods;
  const auto add = [&](std::string_view name) {
    if (std::find(methods.begin(), methods.end(), name) == methods.end()) {
      methods.emplace_back(name);
    }
  };
  for (const auto& word : words) {
    if (word == "all") {
      for (const auto& name : explainer_names()) add(name);
    } else {
      add(word);
    }
  }
  std::stable_partition(methods.begin(), methods.end(),
                        [](const std::string& name) { return name == kComparisonReference; });
  return methods;
}

/// Each number once, in order.
std::vector<int64_t> each_once(const std::vector<int64_t>& numbers) {
  std::vector<int64_t> values;
  for (const int64_t number : numbers) {
    if (std::find(values.begin(), values.end(), number) == values.end()) values.push_back(number);
  }
  return values;
}

void check(const CompareCommand& arguments, Problems& problems) {
  const auto methods = named_methods(arguments.methods);
  if (arguments.budget == 0 && !methods.empty() && methods.front() != kComparisonReference) {
    problems.add("the equal budget is what {} uses: add it to --methods, or give --budget",
                 kComparisonReference);
  }
  arguments.targets.check(
      "one of --targets FILE, --cell-type T with --gene G, or --planted N with --truth",
      arguments.planted > 0, problems);
  if (arguments.planted > 0 && arguments.truth.empty()) {
    problems.add("--planted takes genes from --truth, which is not given");
  }
}

/// What the command line says; without the files that finished runs are kept in.
ComparisonOptions options_of(const CompareCommand& arguments) {
  ComparisonOptions options;
  options.methods = named_methods(arguments.methods);
  options.unlimited = named_methods(arguments.unlimited);
  options.sizes = each_once(arguments.sizes);
  options.seeds = arguments.seeds;
  options.budget = arguments.budget;
  options.types = !arguments.no_types;
  options.each.explain = arguments.stage.stage_options();
  if (arguments.truth.empty()) options.each.explain.partners.limit = 0;  // only recovery reads them
  options.each.judge = arguments.stage.judge;
  options.each.judge.random_sets = 0;
  options.each.judge.contrasted_random_sets = 0;
  return options;
}

/// Without L; every L is checked against the study.
std::vector<ExplainTarget> targets_of(const CompareCommand& arguments, const Study& study,
                                      const SimulatedTruth* truth,
                                      const std::vector<int64_t>& sizes) {
  auto requests = arguments.planted > 0 ? planted_targets(study, truth->truth, arguments.planted, 1)
                                        : arguments.targets.requests(study, 1);
  if (requests.empty()) {
    throw input_error("{}: no gene with planted regulation is among the study's genes",
                      arguments.truth.string());
  }
  std::vector<ExplainTarget> targets;
  for (const int64_t size : sizes) {
    for (auto& request : requests) request.set_size = size;
    targets = find_targets(study, requests);
  }
  return targets;
}

std::vector<std::filesystem::path> input_files(const CompareCommand& arguments) {
  std::vector<std::filesystem::path> files = {arguments.inputs.study, arguments.inputs.surrogate};
  if (!arguments.targets.table.empty()) files.push_back(arguments.targets.table);
  if (!arguments.truth.empty()) {
    files.push_back(std::filesystem::is_directory(arguments.truth) ? arguments.truth / "truth.tsv"
                                                                   : arguments.truth);
    files.push_back(files.back().parent_path() / "cells.tsv");
  }
  return files;
}

/// Only the targets: other methods, sizes and seeds are another table of the same ones.
std::string asked_words(const CompareCommand& arguments) {
  const auto targets = arguments.planted > 0
                           ? fmt::format("{} planted genes of {}", arguments.planted,
                                         seen_from(arguments.out, arguments.truth))
                           : arguments.targets.words(arguments.out);
  return targets + "; " + arguments.inputs.words(arguments.out);
}

void run_compare(const CompareCommand& arguments, const OptionSet::Values& own,
                 const OptionSet::Values& stage, const Context& outer) {
  ComparisonOptions options = options_of(arguments);
  std::optional<SimulatedTruth> read_truth;
  if (!arguments.truth.empty()) read_truth = read_simulated_truth(arguments.truth);
  const SimulatedTruth* truth = read_truth ? &*read_truth : nullptr;
  arguments.targets.require_table();
  OutputFolder out(arguments.out, {"compare", asked_words(arguments)},
                   comparison_files(truth != nullptr, options.types), arguments.overwrite);
  RecordingReporter reporter(outer.reporter);
  const Context context{outer.seed, outer.pool, reporter, outer.cancelled, outer.memory};
  const auto loaded = load_study_and_surrogate(arguments.inputs, context);
  const Study& study = loaded.study;
  if (truth != nullptr) check_truth(study, *truth);
  const auto targets = targets_of(arguments, study, truth, options.sizes);
  context.reporter.info(
      fmt::format("{} targets, methods: {}", targets.size(), fmt::join(options.methods, ", ")));
  const auto inputs = record_files(input_files(arguments));
  options.runs = arguments.out / kStateFolder / "runs";
  options.settings = fmt::format("{}; {}", GRIDS_VERSION, settings_text(stage));
  for (const auto& file : inputs) options.settings += file.sha256 + "; ";
  const auto comparison =
      compare_methods(study, loaded.surrogate(), targets, truth, options, context);
  if (comparison.sets.empty()) {
    context.reporter.warning("no target was explained: see skipped.tsv; --force explains them");
  }
  if (comparison.reused > 0) {
    context.reporter.info(fmt::format("{} sets had been learned before", comparison.reused));
  }
  OptionSet::Values values = stage;
  values.insert(own.begin(), own.end());
  tell_asking(arguments.inputs.study, study, std::ssize(comparison.sets), "", context);
  out.claim(comparison_files(truth != nullptr, options.types), context);
  const auto files = write_comparison(arguments.out, comparison, options);
  close_folder(out, {"compare", values, inputs, files, reporter.warnings()}, context);
  context.reporter.info("The comparison: " + (arguments.out / "compare.md").string());
}

void describe_own(OptionSet& set, CompareCommand& arguments) {
  arguments.targets.describe(set,
                             "cell_type (a type, all or each) and gene; a column L is not read");
  set.list("-L,--set-size", arguments.sizes, "Sizes of the sets, e.g. 10,128", at_least(1));
  set.list("--methods", arguments.methods, method_words(), "Methods that are compared");
  set.value("--seeds", arguments.seeds, "Seeds of each: --seed and those that follow it",
            at_least(1));
  set.value("--budget", arguments.budget,
            "Model evaluations that every method has for a target (one is one cell under one "
            "mask, a gradient counts as three per cell); 0 = as many as grids uses there",
            at_least(0));
  set.list("--unlimited", arguments.unlimited, method_words(),
           "Methods that also run without a limit, at their own settings");
  set.value("--truth", arguments.truth,
            "Simulated cells: their folder, or truth.tsv with cells.tsv beside it. Adds planted "
            "regulation found, with the true function and with the surrogate");
  set.value("--planted", arguments.planted,
            "Targets: this many genes of each kind of planted regulation", at_least(0));
  set.flag("--no-types", arguments.no_types,
           "Do not learn in every other type (types.tsv, types.svg)");
  set.value("-o,--out", arguments.out, "Folder for compare.md and its tables",
            OptionSet::Need::kRequired);
  describe_overwrite(set, arguments.overwrite);
  set.rule([&arguments](Problems& problems) { check(arguments, problems); });
}

}  // namespace

Command compare_command() {
  return {"compare", "Compare methods: held-out evidence, own objective, planted truth",
          "  grids compare study.h5mu surrogate-cis.safetensors --targets targets.tsv -L 10,128 "
          "-o out/\n"
          "  grids compare study.h5mu surrogate-cis.safetensors --truth cells/ --planted 10 \\\n"
          "    --methods grids,greedy,random --seeds 3 -o out/\n"
          "Run again, it continues where it was stopped.",
          [](OptionSet& options) -> CommandBody {
            auto arguments = std::make_shared<CompareCommand>();
            arguments->inputs.describe(options);
            options.section("compare");
            describe_own(options, *arguments);
            options.section("explain");
            describe_surrogate(options, arguments->inputs.kind);
            arguments->stage.describe_question(options);
            const auto own = options.values("compare");
            const auto stage = options.values("explain");
            return [arguments, own, stage](const Context& context) {
              run_compare(*arguments, own(), stage(), context);
            };
          }};
}

}  // namespace grids::core
