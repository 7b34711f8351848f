#include <algorithm>
#include <charconv>

#include "cli/commands.hpp"
#include "cli/recording_reporter.hpp"
#include "cli/stages.hpp"
#include "cli/target_arguments.hpp"
#include "evaluate/comparison.hpp"
#include "explain/explainer.hpp"
#include "report/comparison_files.hpp"

namespace grids {
namespace {

struct Arguments {
  StudyArguments inputs;
  TargetArguments targets;
  ExplainArguments stage;
  int64_t planted = 0;
  std::filesystem::path truth;
  std::vector<std::string> sizes;
  std::vector<std::string> methods;
  std::vector<std::string> unlimited;
  int64_t seeds = 5;
  int64_t budget = 0;
  bool no_types = false;
  std::filesystem::path out;
};

/// The methods of a list, each once, the reference first; "all" = every one that is registered.
std::vector<std::string> named_methods(const std::vector<std::string>& names, Problems& problems) {
  std::vector<std::string> methods;
  const auto add = [&](std::string_view name) {
    if (std::find(methods.begin(), methods.end(), name) == methods.end()) {
      methods.emplace_back(name);
    }
  };
  for (const auto& name : names) {
    if (name == "all") {
      for (const Explainer* method : explainers()) add(method->name());
      continue;
    }
    try {
      add(find_explainer(name).name());
    } catch (const Error& error) {
      problems.add("{}", error.what());
    }
  }
  std::stable_partition(methods.begin(), methods.end(),
                        [](const std::string& name) { return name == kComparisonReference; });
  return methods;
}

std::vector<int64_t> numbers(const std::vector<std::string>& texts, Problems& problems) {
  std::vector<int64_t> values;
  for (const auto& text : texts) {
    int64_t value = 0;
    const auto* end = text.data() + text.size();
    const auto read = std::from_chars(text.data(), end, value);
    if (read.ec != std::errc() || read.ptr != end || value < 1) {
      problems.add("-L: '{}' is no whole number of peaks", text);
    } else if (std::find(values.begin(), values.end(), value) == values.end()) {
      values.push_back(value);
    }
  }
  return values;
}

/// What the command line says, checked; without the files that finished runs are kept in.
ComparisonOptions checked(const Arguments& arguments) {
  Problems problems;
  ComparisonOptions options;
  options.methods = named_methods(arguments.methods, problems);
  options.unlimited = named_methods(arguments.unlimited, problems);
  options.sizes = numbers(arguments.sizes, problems);
  options.seeds = arguments.seeds;
  options.budget = arguments.budget;
  options.types = !arguments.no_types;
  if (options.budget < 0) problems.add("--budget: {} is negative", options.budget);
  if (options.seeds < 1) problems.add("--seeds: {} is less than 1", options.seeds);
  if (arguments.planted < 0) problems.add("--planted: {} is negative", arguments.planted);
  if (arguments.methods.empty()) problems.add("--methods: names none");
  if (arguments.sizes.empty()) problems.add("-L: names no size");
  if (options.budget == 0 && !options.methods.empty() &&
      options.methods.front() != kComparisonReference) {
    problems.add("the equal budget is what {} uses: add it to --methods, or give --budget",
                 kComparisonReference);
  }
  arguments.targets.check(
      "one of --targets FILE, --cell-type T with --gene G, or --planted N with --truth",
      arguments.planted > 0, problems);
  if (arguments.planted > 0 && arguments.truth.empty()) {
    problems.add("--planted takes genes from --truth, which is not given");
  }
  problems.raise(ErrorKind::kUsage, "compare");
  arguments.stage.validate();
  options.each.explain = arguments.stage.stage_options();
  if (arguments.truth.empty()) options.each.explain.partners.limit = 0;  // only recovery reads them
  options.each.judge = arguments.stage.judge;
  options.each.judge.random_sets = 0;
  options.each.judge.contrasted_random_sets = 0;
  return options;
}

/// Without L; every L is checked against the study.
std::vector<ExplainTarget> targets_of(const Arguments& arguments, const Study& study,
                                      const SimulatedTruth* truth,
                                      const std::vector<int64_t>& sizes) {
  auto requests = arguments.planted > 0 ? planted_targets(study, truth->truth, arguments.planted, 1)
                                        : arguments.targets.requests(1);
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

std::string text_of(const OptionSet::Values& values) {
  std::string text;
  for (const auto& [name, value] : values) text += fmt::format("{}={}; ", name, value);
  return text;
}

std::vector<std::filesystem::path> input_files(const Arguments& arguments) {
  std::vector<std::filesystem::path> files = {arguments.inputs.study, arguments.inputs.surrogate};
  if (!arguments.targets.table.empty()) files.push_back(arguments.targets.table);
  if (!arguments.truth.empty()) {
    files.push_back(std::filesystem::is_directory(arguments.truth) ? arguments.truth / "truth.tsv"
                                                                   : arguments.truth);
    files.push_back(files.back().parent_path() / "cells.tsv");
  }
  return files;
}

void run_compare(const Arguments& arguments, const OptionSet::Values& own,
                 const OptionSet::Values& stage, const Context& outer) {
  ComparisonOptions options = checked(arguments);
  require_folder(arguments.out);
  std::optional<SimulatedTruth> read_truth;
  if (!arguments.truth.empty()) read_truth = read_simulated_truth(arguments.truth);
  const SimulatedTruth* truth = read_truth ? &*read_truth : nullptr;
  if (!arguments.targets.table.empty()) arguments.targets.requests(1);
  RecordingReporter reporter(outer.reporter);
  const Context context{outer.seed, outer.pool, reporter, outer.cancelled};
  const auto loaded = load(arguments.inputs);
  const Study& study = loaded.study;
  if (truth != nullptr) check_truth(study, *truth);
  const auto targets = targets_of(arguments, study, truth, options.sizes);
  context.reporter.info(
      fmt::format("{} targets, methods: {}", targets.size(), fmt::join(options.methods, ", ")));
  const auto inputs = record_files(input_files(arguments));
  options.runs = arguments.out / "runs";
  options.settings = fmt::format("{}; {}", GRIDS_VERSION, text_of(stage));
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
  Manifest manifest = new_manifest("compare", values, context);
  manifest.inputs = inputs;
  manifest.outputs =
      record_outputs(arguments.out, write_comparison(arguments.out, comparison, options));
  manifest.warnings = reporter.warnings();
  write_manifest(arguments.out / "manifest.json", manifest);
  context.reporter.info("The comparison: " + (arguments.out / "compare.md").string());
}

void declare_own(OptionSet& options, Arguments& arguments) {
  arguments.targets.declare(options, "cell_type (or all) and gene; a column L is not read");
  options.list("-L,--set-size", arguments.sizes, "Sizes of the sets, e.g. 10,128");
  options.list("--methods", arguments.methods,
               fmt::format("all, or some of {}", fmt::join(explainer_names(), ", ")));
  options.value("--seeds", arguments.seeds, "Seeds of each: --seed and those that follow it");
  options.value("--budget", arguments.budget,
                "Model evaluations that every method has for a target (one is one cell under one "
                "mask, a gradient counts three a cell); 0 = as many as grids uses there");
  options.list("--unlimited", arguments.unlimited,
               "Methods (or all) that also run without a limit, at their own settings");
  options.value(
      "--truth", arguments.truth,
      "Simulated cells: their folder, or truth.tsv with cells.tsv beside it. Adds planted "
      "regulation found, with the true function and with the surrogate");
  options.value("--planted", arguments.planted,
                "Targets: so many genes of each kind of planted regulation");
  options.flag("--no-types", arguments.no_types,
               "Do not learn in every other type (types.tsv, types.svg)");
  options.value("-o,--out", arguments.out, "Folder for compare.md and its tables",
                OptionSet::Need::kRequired);
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
            auto arguments = std::make_shared<Arguments>();
            arguments->sizes = {"10"};
            arguments->methods = {"all"};
            arguments->inputs.declare(options);
            options.section("compare");
            declare_own(options, *arguments);
            options.section("explain");
            declare_surrogate(options, arguments->inputs.kind);
            arguments->stage.declare(options, OptionsOf::kCompare);
            const auto own = options.values("compare");
            const auto stage = options.values("explain");
            return [arguments, own, stage](const Context& context) {
              run_compare(*arguments, own(), stage(), context);
            };
          }};
}

}  // namespace grids
