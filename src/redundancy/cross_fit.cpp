#include "redundancy/cross_fit.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <mutex>

#include "base/at.hpp"
#include "base/nan.hpp"
#include "redundancy/fit_rates.hpp"

namespace grids::core {
namespace {

/// Cells of a type are dealt to the folds in turn; −1: a test cell.
std::vector<int32_t> deal_folds(const Study& study, int32_t folds) {
  std::vector<int32_t> fold_of(at(study.cells.size()), -1);
  std::vector<int32_t> dealt(study.cells.type.names.size());
  for (size_t cell = 0; cell < fold_of.size(); ++cell) {
    if (study.cells.split[cell] == Split::kTest) continue;
    fold_of[cell] = dealt[at(study.cells.type.codes[cell])]++ % folds;
  }
  return fold_of;
}

/// A study in which one fold's cells are test cells, too.
void hold_out(const std::vector<Split>& before, const std::vector<int32_t>& fold_of, int32_t fold,
              Study& study) {
  study.cells.split = before;
  for (size_t cell = 0; cell < fold_of.size(); ++cell) {
    if (fold_of[cell] == fold) study.cells.split[cell] = Split::kTest;
  }
}

std::vector<int32_t> held_cells(const Study& study, const std::vector<int32_t>& fold_of,
                                int32_t fold, std::optional<int32_t> type) {
  std::vector<int32_t> cells;
  for (const int32_t cell : cells_alike(study, type)) {
    if (fold_of[at(cell)] == fold) cells.push_back(cell);
  }
  return cells;
}

/// What one fold says of one target.
struct FoldFinding {
  bool agrees = false;
  std::vector<int32_t> cells;       ///< held out, of the target's type
  std::vector<double> other_terms;  ///< one of these, by the fold's own path
};

double median(std::vector<double> values) {
  if (values.empty()) return kNaN;
  std::sort(values.begin(), values.end());
  const size_t half = values.size() / 2;
  return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
}

class CrossFit {
 public:
  CrossFit(const Study& study, const StudySurrogate& surrogate,
           const std::vector<ExplainedTarget>& explained, const CrossFitSearch& search,
           const RedundancyOptions& options, const CrossFitOptions& folds, const Context& context)
      : study_(study),
        surrogate_(surrogate),
        explained_(explained),
        search_(search),
        options_(options),
        folds_(folds),
        context_(context),
        state_(study, options.contrast.components, context) {
    for (const auto& entry : explained) {
      targets_.push_back(entry.target);
    }
  }

  std::vector<SetRedundancy> judge() {
    const auto rows = judge_on_test();
    find_in_folds(rows);
    std::vector<std::vector<SetRedundancy>> measured(rows.size());
    Progress progress(context_, "redundancy", std::ssize(rows));
    std::mutex mutex;
    context_.pool.for_each(std::ssize(rows), [&](int64_t i) {
      measured[at(i)] = measure(findings_[at(i)], rows[at(i)]);
      const std::lock_guard lock(mutex);
      progress.advance();
    });
    std::vector<SetRedundancy> result;
    for (auto& of_target : measured) {
      for (auto& row : of_target) result.push_back(std::move(row));
    }
    return result;
  }

 private:
  /// Without the rows of single types: folds judge the set as it was asked for.
  std::vector<SetRedundancy> judge_on_test() const {
    std::vector<RedundancyTarget> targets;
    targets.reserve(explained_.size());
    for (const auto& entry : explained_) targets.push_back(redundancy_target(entry));
    auto options = options_;
    options.type_level = 0;
    return judge_redundancy(study_, surrogate_, targets, options, context_);
  }

  bool worth_folds(const SetRedundancy& row) const {
    return row.judged >= 2 && surrogate_.cis() != nullptr;
  }

  void find_in_folds(const std::vector<SetRedundancy>& rows) {
    findings_.resize(rows.size());
    const auto fold_of = deal_folds(study_, folds_.folds);
    Study part = study_;  // differs in the split alone
    const auto latents = surrogate_.folded().atac_latents(context_.pool, study_.open);
    for (int32_t fold = 0; fold < folds_.folds; ++fold) {
      hold_out(study_.cells.split, fold_of, fold, part);
      find_in_fold(part, latents, rows, fold_of, fold);
      context_.check_cancelled();
    }
  }

  void find_in_fold(const Study& part, std::span<const float> latents,
                    const std::vector<SetRedundancy>& rows, const std::vector<int32_t>& fold_of,
                    int32_t fold) {
    CisOptions cis = search_.cis;
    cis.genes.clear();
    std::vector<ExplainTarget> targets;
    std::vector<size_t> places;
    for (size_t i = 0; i < rows.size(); ++i) {
      if (!worth_folds(rows[i])) continue;
      targets.push_back(targets_[i]);
      places.push_back(i);
      cis.genes.push_back(targets_[i].gene);
    }
    if (targets.empty()) return;
    if (surrogate_.cis()->capture > 0) cis.capture = surrogate_.cis()->capture;
    const CisFit fit = fit_cis(part, latents, cis, context_);
    const StudySurrogate refitted =
        StudySurrogate(surrogate_.folded(), &fit.path).asked_for(fit_genes(fit));
    ExplainStageOptions explain_options = search_.explain;
    explain_options.off_target = false;
    explain_options.force = true;
    const auto found = explain(part, refitted, targets, explain_options, context_);
    size_t next = 0;  // of those explained, which are in the order of the targets
    for (size_t k = 0; k < targets.size(); ++k) {
      if (next == found.explained.size()) break;
      if (!(found.explained[next].target == targets[k])) continue;
      const auto& row = rows[places[k]];
      auto& finding = findings_[places[k]].emplace_back();
      finding.cells = held_cells(study_, fold_of, fold, targets[k].type);
      const auto own = describe_set(part, refitted, redundancy_target(found.explained[next]),
                                    finding.cells, options_, context_.pool);
      const auto elements = row.judged_elements();
      finding.agrees = same_elements(study_, elements, own.judged_elements());
      if (finding.agrees) {
        finding.other_terms =
            FitOfGene(study_, refitted, targets[k].gene, finding.cells, context_.pool)
                .other_terms(elements);
      }
      ++next;
    }
  }

  static std::vector<int32_t> fit_genes(const CisFit& fit) {
    std::vector<int32_t> genes;
    for (const auto& gene : fit.path.genes) genes.push_back(gene.gene);
    return genes;
  }

  /// The row by what the agreeing folds held out; where types differ, then one for each type.
  std::vector<SetRedundancy> measure(const std::vector<FoldFinding>& findings,
                                     const SetRedundancy& on_test) const {
    std::vector<SetRedundancy> rows = {on_test};
    SetRedundancy& row = rows.front();
    if (!worth_folds(row)) return rows;
    for (const auto& finding : findings) row.folds += finding.agrees ? 1 : 0;
    if (row.folds < folds_.least_agreeing) {
      if (is_called(row.result.call) || row.result.reason.empty()) {
        withdraw(row, fmt::format("folds: {} of {} found these elements", row.folds, folds_.folds));
      }
      return rows;
    }
    measure_held_out(findings, row);
    if (!row.types_differ) {
      hold_to_test(on_test, row);
      return rows;
    }
    for (int32_t type = 0; type < std::ssize(study_.cells.type.names); ++type) {
      SetRedundancy apart = row;
      apart.target.type = type;
      apart.types_differ = false;
      measure_held_out(findings, apart);
      rows.push_back(std::move(apart));
    }
    return rows;
  }

  void measure_held_out(const std::vector<FoldFinding>& findings, SetRedundancy& row) const {
    FoldFinding all;
    std::vector<FoldFinding> parts;
    for (const auto& finding : findings) {
      if (!finding.agrees) continue;
      parts.push_back(of_type(finding, row.target.type));
      all.cells.insert(all.cells.end(), parts.back().cells.begin(), parts.back().cells.end());
      all.other_terms.insert(all.other_terms.end(), parts.back().other_terms.begin(),
                             parts.back().other_terms.end());
    }
    row.cells_from = "folds";
    measure_on(all, options_, row);
    auto options = options_;
    options.rule.power_replicates = 0;
    options.type_level = 0;
    std::vector<double> p;
    for (const auto& part : parts) {
      SetRedundancy alone = row;
      measure_on(part, options, alone);
      if (!std::isnan(alone.result.p_redundant)) p.push_back(alone.result.p_redundant);
    }
    row.p_folds = std::min(1.0, 2 * median(std::move(p)));
  }

  FoldFinding of_type(const FoldFinding& finding, std::optional<int32_t> type) const {
    FoldFinding part;
    for (size_t i = 0; i < finding.cells.size(); ++i) {
      if (type && study_.cells.type.codes[at(finding.cells[i])] != *type) continue;
      part.cells.push_back(finding.cells[i]);
      part.other_terms.push_back(finding.other_terms[i]);
    }
    return part;
  }

  void measure_on(const FoldFinding& part, const RedundancyOptions& options,
                  SetRedundancy& row) const {
    measure_set(study_, *surrogate_.cis(),
                judged_cells(study_, state_, part.cells, options, context_), part.other_terms,
                options, context_.seed, row);
  }

  static void hold_to_test(const SetRedundancy& on_test, SetRedundancy& row) {
    const bool told = row.result.call != RedundancyCall::kIndependent && is_called(row.result.call);
    const double both = on_test.result.hidden * row.result.hidden;
    if (told && both < 0) withdraw(row, "test cells: their hidden share has the other sign");
  }

  const Study& study_;
  const StudySurrogate& surrogate_;
  const std::vector<ExplainedTarget>& explained_;
  const CrossFitSearch& search_;
  const RedundancyOptions& options_;
  const CrossFitOptions& folds_;
  const Context& context_;
  StateCovariates state_;
  std::vector<ExplainTarget> targets_;
  std::vector<std::vector<FoldFinding>> findings_;  ///< of each target, one a fold
};

}  // namespace

void CrossFitOptions::describe(OptionSet& set) {
  set.value("--folds", folds, "Folds of training and validation cells (with --cross-fit)",
            at_least(2).at_most(20));
  set.value("--least-agreeing", least_agreeing,
            "Folds that must find the elements of the whole fit (with --cross-fit)", at_least(1));
  set.rule([this](Problems& problems) {
    if (least_agreeing > folds) {
      problems.add("--least-agreeing {} of --folds {}", least_agreeing, folds);
    }
  });
}

std::vector<SetRedundancy> cross_fitted(const Study& study, const StudySurrogate& surrogate,
                                        const std::vector<ExplainedTarget>& explained,
                                        const CrossFitSearch& search,
                                        const RedundancyOptions& options,
                                        const CrossFitOptions& folds, const Context& context) {
  if (explained.empty()) return {};
  return CrossFit(study, surrogate, explained, search, options, folds, context).judge();
}

}  // namespace grids::core
