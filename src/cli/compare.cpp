#include <algorithm>
#include <charconv>
#include <set>

#include "cli/commands.hpp"
#include "cli/compare_runs.hpp"
#include "cli/recording_reporter.hpp"
#include "cli/stages.hpp"
#include "evaluate/compare_tables.hpp"
#include "evaluate/compare_truth.hpp"
#include "evaluate/compare_types.hpp"
#include "explain/explainer.hpp"
#include "io/atomic_file.hpp"
#include "report/compare_page.hpp"

namespace grids {
namespace {

/// Whose evaluations the others get, and who is tested against them.
constexpr const char* kReference = "grids";

struct Arguments {
  StudyArguments inputs;
  ExplainArguments stage;
  std::string cell_type;
  std::vector<std::string> genes;
  std::filesystem::path targets;
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
std::vector<std::string> named_methods(const std::vector<std::string>& names, const Methods& known,
                                       Problems& problems) {
  std::vector<std::string> methods;
  const auto add = [&](std::string_view name) {
    if (std::find(methods.begin(), methods.end(), name) == methods.end()) {
      methods.emplace_back(name);
    }
  };
  for (const auto& name : names) {
    if (name == "all") {
      for (const Explainer* method : known) add(method->name());
      continue;
    }
    try {
      add(find_explainer(name, known).name());
    } catch (const Error& error) {
      problems.add("{}", error.what());
    }
  }
  std::stable_partition(methods.begin(), methods.end(),
                        [](const std::string& name) { return name == kReference; });
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
    } else {
      values.push_back(value);
    }
  }
  return values;
}

/// What the command line says, checked.
struct Plan {
  std::vector<std::string> methods;    ///< the reference first, if it is among them
  std::vector<std::string> unlimited;  ///< methods that also run without a limit
  std::vector<int64_t> sizes;
  bool equal_to_reference = true;  ///< else a fixed budget
};

Plan checked(const Arguments& arguments) {
  Problems problems;
  Plan plan;
  const Methods& known = arguments.stage.options.methods;
  plan.methods = named_methods(arguments.methods, known, problems);
  plan.unlimited = named_methods(arguments.unlimited, known, problems);
  plan.sizes = numbers(arguments.sizes, problems);
  plan.equal_to_reference = arguments.budget == 0;
  if (arguments.budget < 0) problems.add("--budget: {} is negative", arguments.budget);
  if (arguments.seeds < 1) problems.add("--seeds: {} is less than 1", arguments.seeds);
  if (arguments.planted < 0) problems.add("--planted: {} is negative", arguments.planted);
  if (arguments.methods.empty()) problems.add("--methods: names none");
  if (arguments.sizes.empty()) problems.add("-L: names no size");
  const bool has_reference = !plan.methods.empty() && plan.methods.front() == kReference;
  if (plan.equal_to_reference && !plan.methods.empty() && !has_reference) {
    problems.add("the equal budget is what {} uses: add it to --methods, or give --budget",
                 kReference);
  }
  const bool by_name = !arguments.cell_type.empty() || !arguments.genes.empty();
  const int sources =
      (by_name ? 1 : 0) + (arguments.targets.empty() ? 0 : 1) + (arguments.planted > 0 ? 1 : 0);
  if (sources != 1) {
    problems.add(
        "what is to be explained? one of --targets FILE, --cell-type T with --gene G, or "
        "--planted N with --truth");
  } else if (by_name && (arguments.cell_type.empty() || arguments.genes.empty())) {
    problems.add("--cell-type and --gene go together ('all' is every type)");
  } else if (arguments.planted > 0 && arguments.truth.empty()) {
    problems.add("--planted takes genes from --truth, which is not given");
  }
  problems.raise(ErrorKind::kUsage, "compare");
  arguments.stage.validate();
  return plan;
}

std::vector<TargetRequest> requests_of(const Arguments& arguments, const Study& study,
                                       const std::optional<SimulatedTruth>& truth) {
  if (!arguments.targets.empty()) return read_targets(arguments.targets, 1);
  if (arguments.planted > 0) return planted_targets(study, truth->truth, arguments.planted, 1);
  std::vector<TargetRequest> requests;
  for (const auto& gene : arguments.genes) requests.push_back({arguments.cell_type, gene, 1});
  return requests;
}

/// Everything that was learned.
struct Outcome {
  std::vector<ComparedSet> sets;
  std::vector<ComparedSet> truth_all;
  std::vector<ComparedSet> truth_redundant;
  std::optional<TypeMatrix> types;
  std::set<std::vector<std::string>> skipped;
};

class Comparison {
 public:
  Comparison(const Arguments& arguments, const Plan& plan, const Study& study,
             const StudySurrogate& surrogate, const std::optional<SimulatedTruth>& truth,
             CompareRuns& runs, const Context& context)
      : arguments_(arguments),
        plan_(plan),
        study_(study),
        surrogate_(surrogate),
        truth_(truth),
        runs_(runs),
        context_(context) {
    options_.explain = arguments.stage.stage_options();
    if (!truth) options_.explain.partners.limit = 0;  // only recovery reads them
    options_.judge = arguments.stage.judge;
    options_.judge.random_sets = 0;
    options_.judge.contrasted_random_sets = 0;
  }

  /// Targets of one L.
  void compare(const std::vector<ExplainTarget>& targets, Outcome& outcome) {
    const auto surrogate_run = [&](const CompareRun& run) {
      return on_surrogate(targets, run, outcome);
    };
    append(outcome.sets, all_methods(targets, surrogate_run));
    for (const auto& method : plan_.unlimited) {
      if (plan_.equal_to_reference && method == kReference) {  // it had no limit above
        append(outcome.sets, as_unlimited(outcome.sets, targets.front().set_size));
        continue;
      }
      for (int64_t s = 0; s < arguments_.seeds; ++s) {
        const CompareRun run{method, seed(s), Allowance::kUnlimited};
        append(outcome.sets, surrogate_run(run));
      }
    }
    if (!truth_) return;
    for (const TruthCells which : {TruthCells::kAll, TruthCells::kRedundant}) {
      auto& sets = which == TruthCells::kAll ? outcome.truth_all : outcome.truth_redundant;
      append(sets, all_methods(targets, [&](const CompareRun& run) {
               return on_truth(targets, run, which);
             }));
    }
  }

  const CompareOptions& options() const { return options_; }

 private:
  using Run = std::function<std::vector<ComparedSet>(const CompareRun&)>;

  uint64_t seed(int64_t s) const { return context_.seed + static_cast<uint64_t>(s); }

  static void append(std::vector<ComparedSet>& all, std::vector<ComparedSet> more) {
    all.insert(all.end(), std::make_move_iterator(more.begin()),
               std::make_move_iterator(more.end()));
  }

  /// The reference's sets of one L, told as the unlimited ones that they are.
  static std::vector<ComparedSet> as_unlimited(const std::vector<ComparedSet>& sets, int64_t size) {
    std::vector<ComparedSet> unlimited;
    for (const ComparedSet& set : sets) {
      if (set.method != kReference || set.set_size != size) continue;
      unlimited.push_back(set);
      unlimited.back().allowance = Allowance::kUnlimited;
    }
    return unlimited;
  }

  /// Every method with every seed at an equal budget.
  std::vector<ComparedSet> all_methods(const std::vector<ExplainTarget>& targets,
                                       const Run& run_one) const {
    std::vector<ComparedSet> sets;
    std::vector<std::vector<int64_t>> budgets;  // of each seed
    for (const auto& method : plan_.methods) {
      for (int64_t s = 0; s < arguments_.seeds; ++s) {
        CompareRun run{method, seed(s), Allowance::kEqual};
        const auto i = static_cast<size_t>(s);
        if (!plan_.equal_to_reference) {
          run.budgets.assign(targets.size(), arguments_.budget);
        } else if (method != kReference) {
          run.budgets = budgets[i];
        }
        auto found = run_one(run);
        if (plan_.equal_to_reference && method == kReference) {
          budgets.push_back(budgets_of(study_, targets, found));
        }
        append(sets, std::move(found));
      }
    }
    return sets;
  }

  std::vector<ComparedSet> on_surrogate(const std::vector<ExplainTarget>& targets,
                                        const CompareRun& run, Outcome& outcome) const {
    auto finished = runs_.run("surrogate", targets, run, [&](const Context& context) {
      auto compared = compare_run(study_, surrogate_, targets, run, options_,
                                  truth_ ? &truth_->truth : nullptr, context);
      return FinishedRun{std::move(compared.sets), skipped_table(study_, compared.skipped)};
    });
    for (size_t row = 0; row < finished.skipped.rows(); ++row) {
      auto line = finished.skipped.row(row);
      line.insert(line.begin() + 2, run.method);
      outcome.skipped.insert(std::move(line));
    }
    return std::move(finished.sets);
  }

  std::vector<ComparedSet> on_truth(const std::vector<ExplainTarget>& targets,
                                    const CompareRun& run, TruthCells which) const {
    const auto name = fmt::format("truth-{}", truth_cells_name(which));
    return runs_
        .run(name, targets, run,
             [&](const Context& context) {
               return FinishedRun{compare_on_truth(study_, *truth_, targets, run, which,
                                                   options_.explain, context),
                                  skipped_table(study_, {})};
             })
        .sets;
  }

  const Arguments& arguments_;
  const Plan& plan_;
  const Study& study_;
  const StudySurrogate& surrogate_;
  const std::optional<SimulatedTruth>& truth_;
  CompareRuns& runs_;
  const Context& context_;
  CompareOptions options_;
};

Table joined(const Table& first, const Table& second) {
  Table all(first.columns());
  for (size_t row = 0; row < first.rows(); ++row) all.add(first.row(row));
  for (size_t row = 0; row < second.rows(); ++row) all.add(second.row(row));
  return all;
}

std::string setting_words(const Arguments& arguments, const Plan& plan, const Outcome& outcome) {
  std::set<std::pair<std::string, std::string>> targets;
  for (const auto& set : outcome.sets) targets.insert({set.cell_type, set.gene});
  return fmt::format(
      "{} targets (gene in cell type) × L = {} × {} seed{}; methods: {}. Sets are learned on "
      "training cells and judged on test cells. Equal budget of model evaluations (one cell under "
      "one mask; a gradient counts three a cell): {}.{} Every set: `compare.tsv`.",
      targets.size(), fmt::join(plan.sizes, ", "), arguments.seeds, arguments.seeds == 1 ? "" : "s",
      fmt::join(plan.methods, ", "),
      plan.equal_to_reference
          ? fmt::format("what {} used without a limit, for each target, L and seed", kReference)
          : fmt::format("{} for each target", arguments.budget),
      plan.unlimited.empty() ? std::string()
                             : fmt::format(" Without a limit, at their own settings, also: {}.",
                                           fmt::join(plan.unlimited, ", ")));
}

/// Writes all tables; returns their names.
std::vector<std::string> write_outcome(const Arguments& arguments, const Plan& plan,
                                       const Outcome& outcome, ChangeDirection direction) {
  const auto& out = arguments.out;
  ComparePage page;
  page.setting = setting_words(arguments, plan, outcome);
  page.held_out = held_out_table(outcome.sets);
  page.own_objective = own_objective_table(outcome.sets, kReference, direction);
  page.by_type = table_by_type(outcome.sets);
  page.by_method = table_by_method(outcome.sets);
  page.skipped = Table({"cell_type", "gene", "method", "L", "reason", "gate"});
  for (const auto& line : outcome.skipped) page.skipped.add(line);
  std::vector<std::string> names;
  const auto write = [&](const char* name, const Table& table) {
    write_table(out / name, table);
    names.emplace_back(name);
  };
  make_folder(out);
  write("compare.tsv", compared_table(outcome.sets));
  write("held_out.tsv", page.held_out);
  write("own_objective.tsv", page.own_objective);
  write("table1.tsv", page.by_type);
  write("table2.tsv", page.by_method);
  write("skipped.tsv", page.skipped);
  if (!arguments.truth.empty()) {
    page.recall = joined(recall_table(outcome.truth_all, "true function"),
                         joined(recall_table(outcome.truth_redundant, "true function, redundant"),
                                recall_table(outcome.sets, "surrogate")));
    write("recall_by_kind.tsv", page.recall);
    write("truth_all.tsv", compared_table(outcome.truth_all));
    write("truth_redundant.tsv", compared_table(outcome.truth_redundant));
  }
  if (outcome.types) {
    page.has_types = true;
    write("types.tsv", type_matrix_table(*outcome.types));
    replace_file(out / "types.svg", draw_type_matrix(*outcome.types));
    names.emplace_back("types.svg");
  }
  replace_file(out / "compare.md", compare_markdown(page));
  names.emplace_back("compare.md");
  return names;
}

std::string text_of(const OptionSet::Values& values) {
  std::string text;
  for (const auto& [name, value] : values) text += fmt::format("{}={}; ", name, value);
  return text;
}

std::vector<std::filesystem::path> input_files(const Arguments& arguments) {
  std::vector<std::filesystem::path> files = {arguments.inputs.study, arguments.inputs.surrogate};
  if (!arguments.targets.empty()) files.push_back(arguments.targets);
  if (!arguments.truth.empty()) {
    files.push_back(std::filesystem::is_directory(arguments.truth) ? arguments.truth / "truth.tsv"
                                                                   : arguments.truth);
    files.push_back(files.back().parent_path() / "cells.tsv");
  }
  return files;
}

void run_compare(const Arguments& arguments, const OptionSet::Values& own,
                 const OptionSet::Values& stage, const Context& outer) {
  const Plan plan = checked(arguments);
  require_folder(arguments.out);
  std::optional<SimulatedTruth> truth;
  if (!arguments.truth.empty()) truth = read_simulated_truth(arguments.truth);
  if (!arguments.targets.empty()) read_targets(arguments.targets, 1);
  RecordingReporter reporter(outer.reporter);
  const Context context{outer.seed, outer.pool, reporter, outer.cancelled};
  const auto loaded = load(arguments.inputs);
  const Study& study = loaded.study;
  if (truth) check_truth(study, *truth);
  const StudySurrogate surrogate = loaded.surrogate();
  std::vector<std::vector<ExplainTarget>> targets;  // of each L
  for (const int64_t size : plan.sizes) {
    auto requests = requests_of(arguments, study, truth);
    for (auto& request : requests) request.set_size = size;
    targets.push_back(find_targets(study, requests));
  }
  if (targets.front().empty()) {
    throw input_error("{}: no gene with planted regulation is among the study's genes",
                      arguments.truth.string());
  }
  context.reporter.info(fmt::format("{} targets, methods: {}", targets.front().size(),
                                    fmt::join(plan.methods, ", ")));
  const auto inputs = record_files(input_files(arguments));
  std::string settings = fmt::format("{}; {}", GRIDS_VERSION, text_of(stage));
  for (const auto& file : inputs) settings += file.sha256 + "; ";
  const size_t rounds = (truth ? 3 : 1) * plan.methods.size() + plan.unlimited.size();
  CompareRuns runs(
      arguments.out / "runs", settings,
      static_cast<int64_t>(rounds * targets.front().size() * targets.size()) * arguments.seeds,
      context);
  Comparison comparison(arguments, plan, study, surrogate, truth, runs, context);
  Outcome outcome;
  for (const auto& of_size : targets) comparison.compare(of_size, outcome);
  if (!arguments.no_types) {
    outcome.types =
        compare_types(study, surrogate, targets.back(), {plan.methods.front(), context.seed},
                      comparison.options(), context);
  }
  if (outcome.sets.empty()) {
    context.reporter.warning("no target was explained: see skipped.tsv; --force explains them");
  }
  if (runs.reused() > 0) {
    context.reporter.info(fmt::format("{} sets had been learned before", runs.reused()));
  }
  const auto direction = comparison.options().explain.loss.direction == Direction::kDown
                             ? ChangeDirection::kDown
                             : ChangeDirection::kUp;
  const auto names = write_outcome(arguments, plan, outcome, direction);
  OptionSet::Values values = stage;
  values.insert(own.begin(), own.end());
  Manifest manifest = new_manifest("compare", values, context);
  manifest.inputs = inputs;
  for (const auto& name : names) {
    manifest.outputs.push_back(record_file(arguments.out / name));
    manifest.outputs.back().path = name;
  }
  manifest.warnings = reporter.warnings();
  write_manifest(arguments.out / "manifest.json", manifest);
  context.reporter.info("The comparison: " + (arguments.out / "compare.md").string());
}

/// Hands over when a method of the other program is asked for. "all" are those that can be had.
void require_methods(const Arguments& arguments, const ProgramMethods& methods,
                     const Context& context) {
  for (const auto* names : {&arguments.methods, &arguments.unlimited}) {
    for (const auto& name : *names) {
      methods.require(name);
      if (name != "all" || methods.elsewhere.empty()) continue;
      if (methods.reachable) methods.hand_over();
      context.reporter.warning(
          fmt::format("left out, as they need grids-torch, which is not built: "
                      "{}",
                      fmt::join(methods.elsewhere, ", ")));
    }
  }
}

void declare_own(OptionSet& options, const ProgramMethods& methods, Arguments& arguments) {
  options.value("--cell-type", arguments.cell_type, "Cell type; all = every type");
  options.list("--gene", arguments.genes, "Genes, by symbol or Ensembl id");
  options.value("--targets", arguments.targets,
                "Table with columns cell_type (or all) and gene; a column L is not read");
  options.list("-L,--set-size", arguments.sizes, "Sizes of the sets, e.g. 10,128");
  options.list("--methods", arguments.methods,
               fmt::format("all, or some of {}", fmt::join(methods.names(), ", ")));
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

Command compare_command(const ProgramMethods& methods) {
  return {"compare", "Compare methods: held-out evidence, own objective, planted truth",
          "  grids compare study.h5mu surrogate-cis.safetensors --targets targets.tsv -L 10,128 "
          "-o out/\n"
          "  grids compare study.h5mu surrogate-cis.safetensors --truth cells/ --planted 10 \\\n"
          "    --methods grids,greedy,random --seeds 3 -o out/\n"
          "Run again, it continues where it was stopped.",
          [methods](OptionSet& options) -> CommandBody {
            auto arguments = std::make_shared<Arguments>();
            arguments->sizes = {"10"};
            arguments->methods = {"all"};
            arguments->inputs.declare(options);
            options.section("compare");
            declare_own(options, methods, *arguments);
            options.section("explain");
            declare_surrogate(options, arguments->inputs.kind);
            arguments->stage.declare(options, methods, OptionsOf::kCompare);
            const auto own = options.values("compare");
            const auto stage = options.values("explain");
            return [methods, arguments, own, stage](const Context& context) {
              require_methods(*arguments, methods, context);
              run_compare(*arguments, own(), stage(), context);
            };
          }};
}

}  // namespace grids
