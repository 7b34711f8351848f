#include "redundancy/search_and_judge.hpp"

#include <utility>

#include "base/at.hpp"

namespace grids::core {

bool terms_raise(const Study& study, const StudySurrogate& surrogate, const ExplainTarget& target) {
  const int64_t place = surrogate.cis() == nullptr ? -1 : surrogate.cis()->find(target.gene);
  if (place < 0) return true;
  const CisGene& gene = surrogate.cis()->genes[at(place)];
  double sum = 0;
  for (const int32_t cell : study.cells_of(Split::kTrain, target.type)) {
    sum += cis_part(gene, study.cells.type.codes[at(cell)], study.open.row(cell));
  }
  return sum >= 0;
}

RedundancySearch::RedundancySearch(const Study& study, const StudySurrogate& surrogate,
                                   RedundancyPlan plan, const Context& context)
    : study_(study), surrogate_(surrogate), plan_(std::move(plan)), context_(context) {
  plan_.explain.off_target = false;
}

RedundancyFindings RedundancySearch::find(const std::vector<ExplainTarget>& targets) {
  if (!judge_) judge_.emplace(study_, surrogate_, plan_.judging, context_);
  if (plan_.cross_fit && !folds_) {
    folds_.emplace(study_, surrogate_, *judge_, plan_.cis, plan_.folds, context_);
  }
  RedundancyFindings findings;
  if (!plan_.by_terms) {
    find_in(plan_.explain.loss.direction, targets, findings);
    return findings;
  }
  std::vector<ExplainTarget> raised, lowered;
  for (const auto& target : targets) {
    (terms_raise(study_, surrogate_, target) ? raised : lowered).push_back(target);
  }
  find_in(Direction::kDown, raised, findings);
  find_in(Direction::kUp, lowered, findings);
  return findings;
}

void RedundancySearch::find_in(Direction direction, const std::vector<ExplainTarget>& targets,
                               RedundancyFindings& findings) {
  if (targets.empty()) return;
  auto explaining = plan_.explain;
  explaining.loss.direction = direction;
  auto found = explain(study_, surrogate_, targets, explaining, context_);
  auto sets = folds_ ? folds_->judge(found.explained, explaining)
                     : judge_->judge(redundancy_targets(found.explained));
  for (auto& set : sets) findings.sets.push_back(std::move(set));
  if (plan_.half_samples > 0) {
    const auto rows = judge_->judge_as_asked(redundancy_targets(found.explained));
    for (auto& set :
         measure_stability(study_, surrogate_, found.explained, rows, plan_.half_samples,
                           {explaining, plan_.cis, plan_.trained_on}, plan_.judging, context_)) {
      findings.stability.push_back(std::move(set));
    }
  }
  if (plan_.alternatives > 0) {
    AlternativesOptions options;
    options.most_sets = plan_.alternatives + 1;
    for (auto& set :
         find_alternatives(study_, surrogate_, found.explained, explaining, options, context_)) {
      findings.alternatives.push_back(std::move(set));
    }
  }
  for (auto& skipped : found.skipped) findings.skipped.push_back(std::move(skipped));
  for (auto& explained : found.explained) findings.explained.push_back(std::move(explained));
}

}  // namespace grids::core
