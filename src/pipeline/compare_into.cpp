#include "pipeline/compare_into.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "base/at.hpp"
#include "compare/comparison_files.hpp"
#include "io/manifest.hpp"
#include "methods/explainer.hpp"
#include "pipeline/compare_portions.hpp"
#include "pipeline/run_folder.hpp"

namespace grids::core {
namespace {

constexpr const char* kAllMethods = "all";

std::vector<std::string> method_words() {
  auto words = explainer_names();
  words.insert(words.begin(), kAllMethods);
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
    if (word == kAllMethods) {
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

/// The genes of the targets, each once, in their order.
std::vector<int32_t> genes_of_targets(const std::vector<ExplainTarget>& targets) {
  std::vector<int32_t> genes;
  for (const auto& target : targets) {
    if (std::find(genes.begin(), genes.end(), target.gene) == genes.end()) {
      genes.push_back(target.gene);
    }
  }
  return genes;
}

/// Those whose gene is among every `count`-th of the genes: what is learned of a gene in every type
/// serves all of its targets.
OwnTargets own_targets(const Shard& shard, const std::vector<ExplainTarget>& targets) {
  const auto genes = genes_of_targets(targets);
  OwnTargets own;
  for (size_t i = 0; i < targets.size(); ++i) {
    const auto gene = std::find(genes.begin(), genes.end(), targets[i].gene) - genes.begin();
    if (gene % shard.count != shard.number - 1) continue;
    own.targets.push_back(targets[i]);
    own.places.push_back(static_cast<int64_t>(i));
  }
  return own;
}

/// Digest of the genes that are searched on a cis path that failed gate B: with --beta, what is
/// said of other genes depends on them.
std::string unconfirmed_digest(const Study& study, const StudySurrogate& surrogate,
                               const std::vector<ExplainTarget>& targets) {
  std::string names;
  for (const int32_t gene : genes_of_targets(targets)) {
    if (surrogate.path_of(gene) != GenePath::kUnconfirmed) continue;
    names += study.genes.names[at(gene)] + ";";
  }
  return names.empty() ? "" : sha256_of_text(names);
}

void tell_reused(int64_t sets, const Context& context) {
  if (sets > 0) context.reporter.info(fmt::format("{} sets had been learned before", sets));
}

std::vector<std::string> write_comparison_into(OutputFolder& out, const Comparison& comparison,
                                               const ComparisonOptions& options,
                                               const Context& context) {
  if (comparison.sets.empty()) {
    context.reporter.warning("no target was explained: see skipped.tsv; --force explains them");
  }
  out.claim(comparison_files(comparison.truth.has_value(), options.types), context);
  auto files = write_comparison(out.path(), comparison, options);
  context.reporter.info("The comparison: " + (out.path() / "compare.md").string());
  return files;
}

}  // namespace

void CompareArguments::describe(OptionSet& set) {
  set.list("-L,--set-size", sizes, "Sizes of the sets, e.g. 10,128", at_least(1));
  set.list("--methods", methods, method_words(), "Methods that are compared");
  set.value("--seeds", seeds, "Seeds of each: --seed and those that follow it", at_least(1));
  set.value("--budget", budget,
            "Model evaluations that every method has for a target (one is one cell under one "
            "mask, a gradient counts as three per cell); 0 = as many as grids uses there",
            at_least(0));
  set.list("--unlimited", unlimited, method_words(),
           "Methods that also run without a limit, at their own settings");
  set.value("--truth", truth,
            "Simulated cells: their folder, or truth.tsv with cells.tsv beside it. Adds planted "
            "regulation found, with the true function and with the surrogate");
  set.value("--planted", planted, "Targets: this many genes of each kind of planted regulation",
            at_least(0));
  set.flag("--no-types", no_types, "Do not learn in every other type (types.tsv, types.svg)");
  describe_shard(set, shard);
}

void CompareArguments::check(Problems& problems) const {
  const auto named = named_methods(methods);
  if (budget == 0 && !named.empty() && named.front() != kComparisonReference) {
    problems.add("the equal budget is what {} uses: add it to --methods, or give --budget",
                 kComparisonReference);
  }
  if (planted > 0 && truth.empty()) {
    problems.add("--planted takes genes from --truth, which is not given");
  }
}

ComparisonOptions CompareArguments::options() const {
  ComparisonOptions options;
  options.methods = named_methods(methods);
  options.unlimited = named_methods(unlimited);
  options.sizes = each_once(sizes);
  options.seeds = seeds;
  options.budget = budget;
  options.types = !no_types;
  options.each.explain = stage.stage_options();
  if (truth.empty()) options.each.explain.partners.limit = 0;  // only recovery reads them
  options.each.judge = stage.judge;
  options.each.judge.random_sets = 0;
  options.each.judge.contrasted_random_sets = 0;
  return options;
}

std::vector<std::string> CompareArguments::files() const {
  return comparison_files(!truth.empty(), !no_types);
}

FinishedComparison compare_into(OutputFolder& out, const Study& study, const StudySurrogate& given,
                                const AskedComparison& asked, const CompareArguments& arguments,
                                const Context& context) {
  auto options = arguments.options();
  // Asked for the targets of all shards, here and not by what learns those of one.
  const auto surrogate = surrogate_for(given, asked.targets, options.each.explain);
  options.each.explain.unconfirmed = false;
  options.runs = out.path() / kStateFolder / "runs";
  options.settings = asked.run_settings;
  const auto shard = shard_from(arguments.shard);
  if (shard.count == 1) {
    const auto comparison =
        compare_methods(study, surrogate, asked.targets, asked.truth, options, context);
    tell_reused(comparison.reused, context);
    return {write_comparison_into(out, comparison, options, context), std::ssize(comparison.sets),
            ""};
  }
  const auto depends =
      fmt::format("unconfirmed={}; ", unconfirmed_digest(study, surrogate, asked.targets));
  options.settings += depends;
  const auto genes = std::ssize(genes_of_targets(asked.targets));
  const auto settings = asked.portion_settings + depends + asked_text(study, asked.targets);
  const WholeRun whole{shard, std::min(shard.count, genes), sha256_of_text(settings)};
  write_whole_run(out.path(), kCompareCommand, whole);
  if (shard.number > whole.portions) {
    context.reporter.info(
        fmt::format("{} genes, fewer than there are shards: this one has no targets", genes));
    return {{}, 0, run_of(whole, context)};
  }
  const auto own = own_targets(shard, asked.targets);
  const auto portion = at(shard.number - 1);
  RunFolder run(out, kCompareCommand, Stages::kApart);
  run.run({fmt::format("portion {}", portion + 1), fmt::format("{}{}", settings, arguments.shard),
           [&](const Context& inner) {
             const auto found =
                 compare_in_runs(study, surrogate, own.targets, asked.truth, options, inner);
             tell_reused(found.reused, inner);
             return write_portion(out.path(), kCompareCommand, portion,
                                  kept_comparison(study, own, found));
           }},
          context);
  PortionFiles portions(kCompareCommand);
  portions.add(portion, out.path());
  auto read = read_comparison(portions);
  const auto comparison =
      comparison_of(study, read.targets, std::move(read.found), asked.truth != nullptr, options);
  auto files = write_comparison_into(out, comparison, options, context);
  tell_shard(shard, context);
  return {std::move(files), std::ssize(comparison.sets), run_of(whole, context)};
}

std::vector<std::string> finish_compare(OutputFolder& out, const Study& study,
                                        const PortionFiles& portions,
                                        const CompareArguments& arguments, const Context& context) {
  const auto options = arguments.options();
  auto read = read_comparison(portions);
  const auto comparison =
      comparison_of(study, read.targets, std::move(read.found), !arguments.truth.empty(), options);
  return write_comparison_into(out, comparison, options, context);
}

}  // namespace grids::core
