#include <algorithm>
#include <cmath>
#include <map>
#include <tuple>

#include "cli/commands.hpp"
#include "cli/recording_reporter.hpp"
#include "cli/stages.hpp"
#include "cli/target_arguments.hpp"
#include "evaluate/timings.hpp"
#include "report/tracks.hpp"

namespace grids {
namespace {

struct Arguments {
  StudyArguments inputs;
  TargetArguments targets;
  ExplainArguments stage;
  std::filesystem::path out;
};

ChangeDirection direction_of(const ExplainStageOptions& options) {
  return options.loss.direction == Direction::kDown ? ChangeDirection::kDown : ChangeDirection::kUp;
}

/// "; 2 of the peaks keep 97 % of the change; 1 partner", where there is something to say.
std::string partners_words(const EvaluatedSet& set) {
  const SetPartners& found = set.partners;
  if (found.minimal.empty()) return "";
  std::string words;
  if (found.minimal.size() < set.peaks.size()) {
    words = fmt::format("; {} of them keep{} {:.0f} % of it on training cells",
                        found.minimal.size(), found.minimal.size() == 1 ? "s" : "",
                        100 * found.minimal_change / found.change);
  }
  if (found.partners.empty()) return words;
  return words + fmt::format("; {} partner{} (see partners.tsv)", found.partners.size(),
                             found.partners.size() == 1 ? "" : "s");
}

/// A line for each cell type and reason: a small type is skipped with all its genes.
void tell_skipped(const Study& study, const std::vector<SkippedTarget>& skipped,
                  const Context& context) {
  std::map<std::tuple<std::string, std::string, bool>, std::vector<std::string>> genes;
  for (const auto& entry : skipped) {
    genes[{type_name(study, entry.target), entry.reason, entry.doubted}].push_back(
        study.genes.names[static_cast<size_t>(entry.target.gene)]);
  }
  for (const auto& [where, names] : genes) {
    const auto& [type, reason, doubted] = where;
    context.reporter.warning(fmt::format("not explained in {}: {}: {} (see skipped.tsv{})", type,
                                         fmt::join(names, ", "), reason,
                                         doubted ? "; --force explains them" : ""));
  }
}

/// "measured expression: slope 0.42 (−0.1 to 0.9), p 0.06, q 0.2", or why there is none.
std::string contrast_words(const Contrast& contrast) {
  if (std::isnan(contrast.p)) return "not held against measured expression: " + contrast.note;
  return fmt::format(
      "against measured expression: slope {:.2f} ({:.2f} to {:.2f}), p {:.2g}, q {:.2g}",
      contrast.slope, contrast.low, contrast.high, contrast.p, contrast.q);
}

/// Says so first when nothing was explained because of gate A.
void tell_gate(const ExplainResult& result, const Context& context) {
  const auto failed = std::count_if(result.skipped.begin(), result.skipped.end(),
                                    [](const SkippedTarget& entry) { return entry.gate_a; });
  if (failed == 0 || !result.explained.empty()) return;
  context.reporter.warning(fmt::format(
      "nothing was explained: {} of {} targets fail gate A, that is, the surrogate predicts these "
      "genes in held-out cells no better than depth, type and donor do (see cis.tsv); --force "
      "explains them nevertheless",
      failed, result.skipped.size()));
}

/// Warns when measured expression bears out few of the sets.
void tell_contrasts(const JudgedSets& judged, const Context& context) {
  constexpr double kCalled = 0.05;
  int64_t borne_out = 0;
  for (const auto& set : judged.sets) borne_out += set.contrast.q < kCalled ? 1 : 0;
  if (judged.sets.empty() || 2 * borne_out >= static_cast<int64_t>(judged.sets.size())) return;
  const auto which =
      judged.sets.size() == 1
          ? std::string("does not bear out the predicted change")
          : fmt::format("bears out the predicted changes of {} of {} sets",
                        borne_out == 0 ? "none" : std::to_string(borne_out), judged.sets.size());
  context.reporter.warning(fmt::format(
      "the measured expression of test cells {} (q < {}; see contrasts.tsv)", which, kCalled));
}

/// "−12.3", "+0.0042": a change that is shown is never all zeros.
std::string percent(double change) {
  return std::abs(change) < 0.001 ? fmt::format("{:+.2g}", 100 * change)
                                  : fmt::format("{:+.1f}", 100 * change);
}

/// Says what came out in a line a set, the strongest signal no stronger than it is.
void tell(const Study& study, const ExplainResult& result, const JudgedSets& judged,
          const ExplainStageOptions& options, const Context& context) {
  tell_gate(result, context);
  for (size_t i = 0; i < result.explained.size(); ++i) {
    const auto& entry = result.explained[i];
    const auto& set = judged.sets[i];
    context.reporter.info(fmt::format(
        "{} in {}: {} peaks, predicted change when masked in the surrogate {} % on {} test "
        "cells (effect-size percentile among {} random sets: {:.0f}){}; {}{}{}",
        study.genes.names[static_cast<size_t>(set.gene)], type_name(study, entry.target),
        set.peaks.size(), percent(set.change.relative_change), set.change.cells,
        judged.random[i].changes.size(),
        effect_size_percentile(set.change.relative_change, judged.random[i], direction_of(options)),
        partners_words(set), contrast_words(set.contrast),
        entry.explanation.local_optimum || entry.explanation.steps == 0
            ? ""
            : "; the step limit ended the search before a local optimum",
        entry.caution.empty() ? "" : "; caution: " + entry.caution));
  }
  tell_contrasts(judged, context);
  tell_skipped(study, result.skipped, context);
  if (!judged.sets.empty() && !judged.from_counts) {
    context.reporter.warning(
        "the RNA came without counts: change_cp100k rests on expm1 of its values");
  }
}

}  // namespace

void ExplainArguments::describe(OptionSet& set) {
  set.value("-L,--set-size", set_size, "Peaks of a set, where --targets does not say", at_least(1));
  describe_direction(set);
  options.describe(set);
  judge.describe(set);
}

void ExplainArguments::describe_question(OptionSet& set) {
  describe_direction(set);
  options.describe_question(set);
}

void ExplainArguments::describe_direction(OptionSet& set) {
  set.choice<WantedDirection>("--direction", direction,
                              {{"auto", WantedDirection::kAuto},
                               {"down", WantedDirection::kDown},
                               {"up", WantedDirection::kUp}},
                              "Whether the predicted expression is to fall or to rise; auto = to "
                              "rise with --perturbation open, else to fall");
}

ExplainStageOptions ExplainArguments::stage_options() const {
  ExplainStageOptions resolved = options;
  const bool rises =
      direction == WantedDirection::kUp ||
      (direction == WantedDirection::kAuto && options.perturbation == Perturbation::kOpen);
  resolved.loss.direction = rises ? Direction::kUp : Direction::kDown;
  return resolved;
}

std::vector<std::string> explain_into(const std::filesystem::path& folder, const Study& study,
                                      const StudySurrogate& surrogate,
                                      const std::vector<ExplainTarget>& targets,
                                      const ExplainArguments& arguments, const Context& context) {
  const ExplainStageOptions options = arguments.stage_options();
  const ExplainResult result = explain(study, surrogate, targets, options, context);
  const JudgedSets judged = judge_sets(study, surrogate, result.explained, options.perturbation,
                                       arguments.judge, context);
  make_folder(folder);
  const Table subsets = subsets_table(study, judged.sets);
  std::vector<std::string> names;
  const auto write = [&](const Table& table) { names.push_back(write_into(folder, table)); };
  write(subsets);
  write(partners_table(study, judged.sets));
  write(set_summary_table(study, judged.sets, judged.random, direction_of(options)));
  write(random_sets_table(study, judged.random));
  write(contrasts_table(study, judged.sets, judged.random));
  write(change_by_type_table(study, judged.by_type));
  write(off_target_table(study, result.explained));
  write(skipped_columns().table(skipped_rows(study, result.skipped)));
  write(timings_table(study, result.explained));
  write_tracks(folder / "tracks", subsets);
  tell(study, result, judged, options, context);
  return names;
}

Command explain_command() {
  return {
      "explain", "Find the sets of peaks that a gene's prediction rests on",
      "  grids explain study.h5mu surrogate.safetensors --cell-type Microglia --gene CX3CR1 -L 10 "
      "-o out/\n"
      "  grids explain study.h5mu surrogate.safetensors --targets targets.tsv -o out/\n"
      "A model of your own: grids explain --model classifier.pt --help",
      [](OptionSet& options) -> CommandBody {
        auto arguments = std::make_shared<Arguments>();
        arguments->inputs.describe(options);
        arguments->targets.describe(options, "cell_type (a type, all or each), gene and maybe L");
        options.value("-o,--out", arguments->out, "Folder for subsets.tsv and the rest",
                      OptionSet::Need::kRequired);
        options.section("explain");
        describe_surrogate(options, arguments->inputs.kind);
        arguments->stage.describe(options);
        options.rule([arguments](Problems& problems) {
          arguments->targets.check("either --targets FILE, or --cell-type T with --gene G", false,
                                   problems);
        });
        const auto values = options.values("explain");
        return [arguments, values](const Context& outer) {
          arguments->targets.require_table();
          require_folder(arguments->out);
          RecordingReporter reporter(outer.reporter);
          const Context context{outer.seed, outer.pool, reporter, outer.cancelled};
          const auto loaded = load(arguments->inputs);
          const Study& study = loaded.study;
          const StudySurrogate surrogate = loaded.surrogate();
          const auto targets =
              find_targets(study, arguments->targets.requests(study, arguments->stage.set_size));
          const auto tables =
              explain_into(arguments->out, study, surrogate, targets, arguments->stage, context);
          Manifest manifest = new_manifest("explain", values(), context);
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

}  // namespace grids
