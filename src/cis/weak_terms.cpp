#include "cis/weak_terms.hpp"

#include <algorithm>
#include <cmath>

#include "base/at.hpp"

namespace grids::core {
namespace {

/// A single peak beside the chosen terms.
struct Doubtful {
  Candidate candidate;
  double odds;  // of belonging to the gene
  bool member;  // of a chosen term of kind kAny: a question of its own

  int32_t peak() const { return candidate.term.peaks[0]; }
};

Doubtful doubtful(const TermTrials& trials, const TermTrial& trial, const Candidate& candidate) {
  const int32_t peak = candidate.term.peaks[0];
  for (const auto& term : trial.terms) {
    if (term.kind == TermKind::kAny &&
        std::binary_search(term.peaks.begin(), term.peaks.end(), peak)) {
      // Known to matter; the question is whether it matters more than its substitutes, which is
      // as likely as not: ATAC misses causes, and what goes along with them stands in.
      return {candidate, std::exp(std::min(50.0, candidate.gain)), true};
    }
  }
  auto terms = trial.terms;
  terms.push_back(candidate.term);
  const double beyond = candidate.gain - (trials.cost(terms) - trials.cost(trial.terms));
  return {candidate, std::exp(std::min(50.0, beyond)), false};
}

/// Leaves out peaks beside a companion that was chosen, or that was not but promises more.
void drop_stand_ins(const TermTrials& trials, const TermTrial& trial, const Companions& companions,
                    std::vector<Doubtful>& all) {
  std::vector<double> gain(trials.problem().peaks());
  for (const auto& one : all) gain[at(one.peak())] = one.candidate.gain;
  std::erase_if(all, [&](const Doubtful& one) {
    const auto near = companions.of(one.peak());
    return !holds_peak(trial.terms, one.peak()) &&
           std::any_of(near.begin(), near.end(), [&](int32_t other) {
             return holds_peak(trial.terms, other) || gain[at(other)] > gain[at(one.peak())];
           });
  });
}

}  // namespace

bool holds_peak(std::span<const WindowTerm> terms, int32_t peak) {
  return std::any_of(terms.begin(), terms.end(), [&](const WindowTerm& term) {
    return std::binary_search(term.peaks.begin(), term.peaks.end(), peak);
  });
}

std::vector<WeakTerm> weak_terms(const TermTrials& trials, const TermTrial& trial,
                                 const Companions* companions, std::span<const int32_t> barred) {
  const auto& options = trials.options();
  const size_t room = kMostTerms - trial.terms.size();
  if (options.least_inclusion >= 1) return {};
  std::vector<Doubtful> all;
  const auto scan =
      trials.extensions(trials.scores(trial), {}, TermKind::kAll, trials.problem().peaks());
  for (const auto& candidate : scan.list()) {
    if (std::find(trial.terms.begin(), trial.terms.end(), candidate.term) != trial.terms.end()) {
      continue;
    }
    all.push_back(doubtful(trials, trial, candidate));
  }
  if (companions != nullptr) drop_stand_ins(trials, trial, *companions, all);
  std::erase_if(all, [&](const Doubtful& one) {
    return std::find(barred.begin(), barred.end(), one.peak()) != barred.end();
  });
  std::stable_partition(all.begin(), all.end(), [](const Doubtful& one) { return one.member; });
  double total = 1;
  for (const auto& one : all) total += one.member ? 0 : one.odds;
  std::vector<WeakTerm> weak;
  for (const auto& [candidate, odds, member] : all) {
    const double inclusion = odds / (member ? 1 + odds : total);
    if (inclusion < options.least_inclusion || weak.size() == room) continue;
    weak.push_back({candidate.term, inclusion, candidate.information});
  }
  return weak;
}

}  // namespace grids::core
