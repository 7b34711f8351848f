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

/// More lines, or names in one, are read by nobody.
constexpr size_t kMostTold = 100;

/// "A, B", with "and 20 more" where there are many.
std::string some_of_names(const std::vector<std::string>& names) {
  const size_t shown = std::min(names.size(), kMostTold);
  const auto last = names.begin() + static_cast<std::ptrdiff_t>(shown);
  const auto words = fmt::format("{}", fmt::join(names.begin(), last, ", "));
  return shown == names.size() ? words : fmt::format("{} and {} more", words, names.size() - shown);
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
void tell_skipped(const std::vector<ToldSkip>& skipped, const Context& context) {
  std::map<std::tuple<std::string, std::string, bool>, std::vector<std::string>> genes;
  for (const auto& entry : skipped) {
    genes[{entry.type, entry.reason, entry.doubted}].push_back(entry.gene);
  }
  for (const auto& [where, names] : genes) {
    const auto& [type, reason, doubted] = where;
    context.reporter.warning(fmt::format("not explained in {}: {}: {} (see skipped.tsv{})", type,
                                         some_of_names(names), reason,
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
void tell_gate(const ToldExplained& told, const Context& context) {
  const auto failed = std::count_if(told.skipped.begin(), told.skipped.end(),
                                    [](const ToldSkip& entry) { return entry.gate_a; });
  if (failed == 0 || !told.sets.empty()) return;
  context.reporter.warning(fmt::format(
      "nothing was explained: {} of {} targets fail gate A, that is, the surrogate predicts these "
      "genes in held-out cells no better than depth, type, donor and batch do (see cis.tsv); "
      "--force "
      "explains them nevertheless",
      failed, told.skipped.size()));
}

std::vector<Contrast> contrasts_of(const std::vector<ToldSet>& sets) {
  std::vector<Contrast> contrasts;
  contrasts.reserve(sets.size());
  for (const auto& set : sets) contrasts.push_back(set.contrast);
  return contrasts;
}

/// Whether these sets were found in cells whose RNA was measured in others.
bool without_pairs(const std::vector<ToldSet>& sets) {
  return std::any_of(sets.begin(), sets.end(),
                     [](const ToldSet& set) { return is_without_measured(set.contrast); });
}

/// How many sets are what; a warning where that is no reason for trust, with what is contradicted
/// by name.
void tell_verdicts(const std::vector<ToldSet>& sets, const Context& context) {
  if (sets.empty()) return;
  if (without_pairs(sets)) {
    context.reporter.warning(
        "chromatin and RNA were measured in different cells: what was computed is the predicted "
        "change when masked in the surrogate, and nothing was held against measured expression of "
        "the same cells: no set is a confirmed finding");
    return;
  }
  const auto contrasts = contrasts_of(sets);
  std::vector<std::string> contradicted;
  bool any_follows = false;
  for (const auto& set : sets) {
    const Verdict verdict = set.contrast.verdict;
    any_follows |= verdict == Verdict::kBorneOut || verdict == Verdict::kOverstated;
    if (verdict == Verdict::kContradicted) contradicted.push_back(set.name);
  }
  context.reporter.info(fmt::format(
      "measured expression of test cells, within type and state, over {}: {} (see "
      "contrasts.tsv)",
      counted_of(static_cast<int64_t>(contrasts.size()), "set"), count_verdicts(contrasts)));
  if (!contradicted.empty()) {
    context.reporter.warning(
        fmt::format("contradicted by the measured expression of test cells, and no findings: {}",
                    some_of_names(contradicted)));
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

/// "3 peaks …, predicted change when masked in the surrogate -10.3 % on 27 test cells; …".
std::string change_words(const ExplainedTarget& entry, const EvaluatedSet& set,
                         const RandomSets& random, ChangeDirection direction) {
  return fmt::format("{}{}, predicted change when masked in the surrogate {} %{} on {}{}{}",
                     counted_of(static_cast<int64_t>(set.peaks.size()), "peak"),
                     nature_words(entry), percent(set.change.rate_change),
                     interval_words(set.intervals.rate), counted_of(set.change.cells, "test cell"),
                     random_words(set, random, direction), partners_words(set));
}

std::string remark_words(const ExplainedTarget& entry) {
  const auto& explanation = entry.explanation;
  const bool done = explanation.local_optimum || explanation.steps == 0;
  return fmt::format("{}{}", done ? "" : "; the step limit ended the search before a local optimum",
                     entry.caution.empty() ? "" : "; caution: " + entry.caution);
}

}  // namespace

ChangeDirection asked_direction(const ExplainStageOptions& options) {
  return options.loss.direction == Direction::kDown ? ChangeDirection::kDown : ChangeDirection::kUp;
}

Explained explain_and_judge(const Study& study, const StudySurrogate& surrogate,
                            const std::vector<ExplainTarget>& targets,
                            const ExplainStageOptions& options, const JudgeSetsOptions& judge,
                            const Context& context) {
  Explained explained;
  explained.direction = asked_direction(options);
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

ToldExplained told_of(const Study& study, const Explained& explained) {
  const auto& [result, judged, direction] = explained;
  ToldExplained told;
  told.direction = direction;
  told.from_counts = judged.from_counts;
  for (size_t i = 0; i < judged.sets.size(); ++i) {
    const auto& entry = result.explained[i];
    const auto& set = judged.sets[i];
    const auto& gene = study.genes.names[at(set.gene)];
    told.sets.push_back({fmt::format("{} in {}", gene, type_name(study, entry.target)),
                         change_words(entry, set, judged.random[i], direction), remark_words(entry),
                         set.contrast});
  }
  for (const auto& entry : result.skipped) {
    told.skipped.push_back({type_name(study, entry.target),
                            study.genes.names[at(entry.target.gene)], entry.reason, entry.gate_a,
                            entry.doubted});
  }
  return told;
}

void add_verdicts(ToldExplained& told) {
  auto contrasts = contrasts_of(told.sets);
  add_verdicts(contrasts);
  for (size_t i = 0; i < contrasts.size(); ++i) told.sets[i].contrast = contrasts[i];
}

void tell_explained(const ToldExplained& told, const Context& context) {
  tell_gate(told, context);
  const std::vector<ChangeDirection> asked(told.sets.size(), told.direction);
  const auto order = order_of_standing(contrasts_of(told.sets), asked);
  for (size_t i = 0; i < std::min(order.size(), kMostTold); ++i) {
    const auto& set = told.sets[order[i]];
    context.reporter.info(fmt::format("{}: {}; {}{}{}", set.name, verdict_words(set.contrast),
                                      set.said, contrast_words(set.contrast), set.remarks));
  }
  if (order.size() > kMostTold) {
    context.reporter.info(
        fmt::format("… and {} more sets (see set_summary.tsv)", order.size() - kMostTold));
  }
  tell_verdicts(told.sets, context);
  tell_skipped(told.skipped, context);
  if (!told.sets.empty() && !told.from_counts && !without_pairs(told.sets)) {
    context.reporter.warning(
        "the RNA came without counts: change_cp100k rests on expm1 of its values");
  }
}

}  // namespace grids::core
