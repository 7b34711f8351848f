#include "evaluate/explained.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <tuple>

#include "base/at.hpp"
#include "evaluate/timings.hpp"
#include "explain/targets.hpp"

namespace grids::core {
namespace {

ChangeDirection direction_of(const ExplainStageOptions& options) {
  return options.loss.direction == Direction::kDown ? ChangeDirection::kDown : ChangeDirection::kUp;
}

/// "1 cell", "3 cells".
std::string counted_of(int64_t count, std::string_view noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

/// "; 2 of the peaks keep 97 % of the change; 1 partner", where there is something to say. Some of
/// the peaks may do more than all of them, where others go the opposite way.
std::string partners_words(const EvaluatedSet& set) {
  const SetPartners& found = set.partners;
  if (found.minimal.empty()) return "";
  std::string words;
  if (found.minimal.size() < set.peaks.size()) {
    const double share = found.minimal_change / found.change;
    const bool one = found.minimal.size() == 1;
    words = share > 1 ? fmt::format("; {} of them alone do{} as much on training cells",
                                    found.minimal.size(), one ? "es" : "")
                      : fmt::format("; {} of them keep{} {:.0f} % of it on training cells",
                                    found.minimal.size(), one ? "s" : "", 100 * share);
  }
  if (found.partners.empty()) return words;
  return words + fmt::format("; {} (see partners.tsv)",
                             counted_of(static_cast<int64_t>(found.partners.size()), "partner"));
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

/// "undecided: these cells could have shown a slope of 0.8".
std::string verdict_words(const Contrast& contrast) {
  const auto remark = verdict_remark(contrast);
  return verdict_title(contrast.verdict) + (remark.empty() ? "" : ": " + remark);
}

/// "; against measured expression: slope 0.42 (−0.1 to 0.9), p 0.06, q 0.2", where there is one.
std::string contrast_words(const Contrast& contrast) {
  if (std::isnan(contrast.p)) return "";
  return fmt::format(
      "; against measured expression: slope {:.2f} ({:.2f} to {:.2f}), p {:.2g}, q {:.2g}",
      contrast.slope, contrast.low, contrast.high, contrast.p, contrast.q);
}

/// Where random sets go as far: that a set which was searched for goes further says nothing.
std::string random_words(const EvaluatedSet& set, const RandomSets& random,
                         ChangeDirection direction) {
  constexpr double kAsFar = 95;
  const double percentile = effect_size_percentile(set.change.relative_change, random, direction);
  if (!(percentile < kAsFar)) return "";
  return fmt::format(" (further than {:.0f} % of random sets)", percentile);
}

/// Says so first when nothing was explained because of gate A.
void tell_gate(const ExplainResult& result, const Context& context) {
  const auto failed = std::count_if(result.skipped.begin(), result.skipped.end(),
                                    [](const SkippedTarget& entry) { return entry.gate_a; });
  if (failed == 0 || !result.explained.empty()) return;
  context.reporter.warning(fmt::format(
      "nothing was explained: {} of {} targets fail gate A, that is, the surrogate predicts these "
      "genes in held-out cells no better than depth, type, donor and batch do (see cis.tsv); "
      "--force "
      "explains them nevertheless",
      failed, result.skipped.size()));
}

std::vector<Contrast> contrasts_of(const JudgedSets& judged) {
  std::vector<Contrast> contrasts;
  contrasts.reserve(judged.sets.size());
  for (const auto& set : judged.sets) contrasts.push_back(set.contrast);
  return contrasts;
}

/// How many sets are what; a warning where that is no reason for trust, with what is contradicted
/// by name.
void tell_verdicts(const Study& study, const JudgedSets& judged, const Context& context) {
  if (judged.sets.empty()) return;
  const auto contrasts = contrasts_of(judged);
  std::vector<std::string> contradicted;
  bool any_follows = false;
  for (const auto& set : judged.sets) {
    const Verdict verdict = set.contrast.verdict;
    any_follows |= verdict == Verdict::kBorneOut || verdict == Verdict::kOverstated;
    if (verdict != Verdict::kContradicted) continue;
    contradicted.push_back(
        fmt::format("{} in {}", study.genes.names[static_cast<size_t>(set.gene)],
                    set.type ? study.cells.type.names[at(*set.type)] : std::string(kAllTypes)));
  }
  context.reporter.info(fmt::format(
      "measured expression of test cells, within type and state, over {}: {} (see "
      "contrasts.tsv)",
      counted_of(static_cast<int64_t>(contrasts.size()), "set"), count_verdicts(contrasts)));
  if (!contradicted.empty()) {
    context.reporter.warning(
        fmt::format("contradicted by the measured expression of test cells, and no findings: {}",
                    fmt::join(contradicted, ", ")));
  } else if (!any_follows) {
    context.reporter.warning(
        "the measured expression of test cells bears out none of the predicted changes (see "
        "contrasts.tsv)");
  }
}

/// " that mark the state, not elements", " (unconfirmed: gate B)", or nothing.
const char* nature_words(const ExplainedTarget& entry) {
  if (entry.path == GenePath::kUnconfirmed) return " (unconfirmed: gate B)";
  return entry.domain == SearchDomain::kAll ? " that mark the state, not elements" : "";
}

/// "−12.3", "+0.0042": a change that is shown is never all zeros.
std::string percent(double change) {
  return std::abs(change) < 0.001 ? fmt::format("{:+.2g}", 100 * change)
                                  : fmt::format("{:+.1f}", 100 * change);
}

/// " (−52.0 to −44.0)", where there is an interval.
std::string interval_words(const ChangeInterval& interval) {
  if (std::isnan(interval.low)) return {};
  return fmt::format(" ({} to {})", percent(interval.low), percent(interval.high));
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
  const std::vector<ChangeDirection> asked(judged.sets.size(), direction);
  for (const size_t i : order_of_standing(contrasts_of(judged), asked)) {
    const auto& entry = result.explained[i];
    const auto& set = judged.sets[i];
    context.reporter.info(fmt::format(
        "{} in {}: {}; {}{}, predicted change when masked in the surrogate {} %{} on {}{}{}{}{}{}",
        study.genes.names[static_cast<size_t>(set.gene)], type_name(study, entry.target),
        verdict_words(set.contrast), counted_of(static_cast<int64_t>(set.peaks.size()), "peak"),
        nature_words(entry), percent(set.change.rate_change), interval_words(set.intervals.rate),
        counted_of(set.change.cells, "test cell"), random_words(set, judged.random[i], direction),
        partners_words(set), contrast_words(set.contrast),
        entry.explanation.local_optimum || entry.explanation.steps == 0
            ? ""
            : "; the step limit ended the search before a local optimum",
        entry.caution.empty() ? "" : "; caution: " + entry.caution));
  }
  tell_verdicts(study, judged, context);
  tell_skipped(study, result.skipped, context);
  if (!judged.sets.empty() && !judged.from_counts) {
    context.reporter.warning(
        "the RNA came without counts: change_cp100k rests on expm1 of its values");
  }
}

}  // namespace grids::core
