#include "evaluate/explained.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <tuple>

#include "evaluate/timings.hpp"

namespace grids::core {
namespace {

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

}  // namespace

Explained explain_and_judge(const Study& study, const StudySurrogate& surrogate,
                            const std::vector<ExplainTarget>& targets,
                            const ExplainStageOptions& options, const JudgeSetsOptions& judge,
                            const Context& context) {
  Explained explained;
  explained.direction = direction_of(options);
  explained.result = explain(study, surrogate, targets, options, context);
  explained.judged = judge_sets(study, surrogate, explained.result.explained, options.perturbation,
                                judge, context);
  return explained;
}

std::vector<Table> explained_tables(const Study& study, const Explained& explained) {
  const auto& [result, judged, direction] = explained;
  return {subsets_table(study, judged.sets),
          partners_table(study, judged.sets),
          set_summary_table(study, judged.sets, judged.random, direction),
          random_sets_table(study, judged.random),
          contrasts_table(study, judged.sets, judged.random),
          change_by_type_table(study, judged.by_type),
          off_target_table(study, result.explained),
          skipped_columns().table(skipped_rows(study, result.skipped)),
          timings_table(study, result.explained)};
}

void tell_explained(const Study& study, const Explained& explained, const Context& context) {
  const auto& [result, judged, direction] = explained;
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
        effect_size_percentile(set.change.relative_change, judged.random[i], direction),
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

}  // namespace grids::core
