#include "redundancy/cross_fit.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

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

double median(std::vector<double> values) {
  if (values.empty()) return kNaN;
  std::sort(values.begin(), values.end());
  const size_t half = values.size() / 2;
  return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
}

/// Genes of a fit, to be predicted by it whether or not they pass its gates.
std::vector<int32_t> genes_of_fit(const CisFit& fit) {
  std::vector<int32_t> genes;
  genes.reserve(fit.path.genes.size());
  for (const auto& gene : fit.path.genes) genes.push_back(gene.gene);
  return genes;
}

/// A call that says more than that nothing is odd needs test cells that do not contradict it.
void hold_to_test(const SetRedundancy& on_test, SetRedundancy& row) {
  const bool told = row.result.call != RedundancyCall::kIndependent && is_called(row.result.call);
  const double both = on_test.result.hidden * row.result.hidden;
  if (told && both < 0) withdraw(row, "test cells: their hidden share has the other sign");
}

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

CrossFit::CrossFit(const Study& study, const StudySurrogate& surrogate, RedundancyJudge& on_test,
                   CisOptions cis, const CrossFitOptions& folds, const Context& context)
    : study_(study),
      surrogate_(surrogate),
      on_test_(on_test),
      cis_(std::move(cis)),
      folds_(folds),
      context_(context),
      state_(study, on_test.options().contrast.components, context),
      fold_of_(deal_folds(study, folds.folds)),
      latents_(surrogate.folded().atac_latents(context.pool, study.open)),
      part_(study) {
  const CisPath* path = surrogate.cis();
  if (path != nullptr && path->capture > 0) cis_.capture = path->capture;
}

std::vector<SetRedundancy> CrossFit::judge(const std::vector<ExplainedTarget>& explained,
                                           const ExplainStageOptions& search) {
  auto again = search;
  again.off_target = false;
  again.force = true;
  const auto rows = on_test_.judge_as_asked(redundancy_targets(explained));
  std::vector<ExplainTarget> asked;
  std::vector<const SetRedundancy*> about;
  for (size_t i = 0; i < rows.size(); ++i) {
    if (!worth_folds(rows[i])) continue;
    asked.push_back(explained[i].target);
    about.push_back(&rows[i]);
  }
  const auto findings = find_in_folds(again, asked, about);
  std::vector<std::vector<SetRedundancy>> measured(rows.size());
  context_.pool.for_each(std::ssize(rows), [&](int64_t i) {
    const auto found = std::find(about.begin(), about.end(), &rows[at(i)]);
    measured[at(i)] = found == about.end()
                          ? std::vector<SetRedundancy>{rows[at(i)]}
                          : measure(findings[at(found - about.begin())], rows[at(i)]);
  });
  context_.check_cancelled();
  std::vector<SetRedundancy> result;
  for (auto& of_target : measured) {
    for (auto& row : of_target) result.push_back(std::move(row));
  }
  return result;
}

bool CrossFit::worth_folds(const SetRedundancy& row) const {
  return row.judged >= 2 && surrogate_.cis() != nullptr;
}

std::vector<CrossFit::Findings> CrossFit::find_in_folds(
    const ExplainStageOptions& search, const std::vector<ExplainTarget>& targets,
    const std::vector<const SetRedundancy*>& rows) {
  std::vector<Findings> findings(targets.size());
  for (int32_t fold = 0; !targets.empty() && fold < folds_.folds; ++fold) {
    hold_out(study_.cells.split, fold_of_, fold, part_);
    find_in_fold(fold, search, targets, rows, findings);
    context_.check_cancelled();
  }
  return findings;
}

void CrossFit::find_in_fold(int32_t fold, const ExplainStageOptions& search,
                            const std::vector<ExplainTarget>& targets,
                            const std::vector<const SetRedundancy*>& rows,
                            std::vector<Findings>& findings) {
  CisOptions cis = cis_;
  cis.genes.clear();
  for (const auto& target : targets) cis.genes.push_back(target.gene);
  const CisFit fit = fit_cis(part_, latents_, cis, context_);
  const auto refitted = StudySurrogate(surrogate_.folded(), &fit.path).asked_for(genes_of_fit(fit));
  const auto found = explain(part_, refitted, targets, search, context_);
  // Those explained are in the order of the targets.
  std::vector<std::pair<size_t, const ExplainedTarget*>> pairs;
  for (size_t k = 0; k < targets.size() && pairs.size() < found.explained.size(); ++k) {
    const auto& next = found.explained[pairs.size()];
    if (next.target == targets[k]) pairs.emplace_back(k, &next);
  }
  std::vector<Finding> of_pairs(pairs.size());
  context_.pool.for_each(std::ssize(pairs), [&](int64_t i) {
    const auto& [k, own] = pairs[at(i)];
    of_pairs[at(i)] = compare(fold, refitted, *own, *rows[k]);
  });
  for (size_t i = 0; i < pairs.size(); ++i) {
    findings[pairs[i].first].push_back(std::move(of_pairs[i]));
  }
}

CrossFit::Finding CrossFit::compare(int32_t fold, const StudySurrogate& refitted,
                                    const ExplainedTarget& found, const SetRedundancy& row) const {
  Finding finding;
  finding.cells = held_cells(study_, fold_of_, fold, found.target.type);
  const auto own = describe_set(part_, refitted, redundancy_target(found), finding.cells,
                                on_test_.options(), context_.pool);
  const auto elements = row.judged_elements();
  finding.agrees = holds_elements(study_, own.all_elements(), elements);
  if (!finding.agrees) return finding;
  finding.other_terms = FitOfGene(study_, refitted, found.target.gene, finding.cells, context_.pool)
                            .other_terms(elements);
  return finding;
}

std::vector<SetRedundancy> CrossFit::measure(const Findings& findings,
                                             const SetRedundancy& on_test) const {
  std::vector<SetRedundancy> rows = {on_test};
  SetRedundancy& row = rows.front();
  row.types_differ = false;
  for (const auto& finding : findings) row.folds += finding.agrees ? 1 : 0;
  if (row.folds < folds_.least_agreeing) {
    withdraw(row, fmt::format("folds: {} of {} found these elements", row.folds, folds_.folds));
    return rows;
  }
  measure_held_out(findings, row);
  if (!row.types_differ) {
    hold_to_test(on_test, row);
    return rows;
  }
  for (int32_t type = 0; type < std::ssize(study_.cells.type.names); ++type) {
    SetRedundancy apart = rows.front();
    apart.target.type = type;
    apart.types_differ = false;
    apart.interplay = Interplay{};
    apart.interplay.held_out.note = "see the row of all types";
    measure_held_out(findings, apart);
    rows.push_back(std::move(apart));
  }
  pool_types(rows.front(), std::span(rows).subspan(1));
  return rows;
}

void CrossFit::measure_held_out(const Findings& findings, SetRedundancy& row) const {
  Findings parts;
  for (const auto& finding : findings) {
    if (finding.agrees) parts.push_back(of_type(finding, row.target.type));
  }
  auto options = on_test_.options();
  options.rule.power_replicates = 0;
  options.type_level = 0;
  options.groups = nullptr;
  std::vector<double> p;
  for (const auto& part : parts) {
    SetRedundancy alone = row;
    measure_on(part, options, alone);
    if (!std::isnan(alone.result.p_redundant)) p.push_back(alone.result.p_redundant);
  }
  row.p_folds = p.empty() ? kNaN : std::min(1.0, 2 * median(std::move(p)));
  parts.push_back(test_part(row));
  Finding all;
  for (const auto& part : parts) {
    all.cells.insert(all.cells.end(), part.cells.begin(), part.cells.end());
    all.other_terms.insert(all.other_terms.end(), part.other_terms.begin(), part.other_terms.end());
  }
  row.cells_from = "folds";
  measure_on(all, on_test_.options(), row);
}

CrossFit::Finding CrossFit::test_part(const SetRedundancy& row) const {
  Finding part;
  part.cells = study_.cells_of(Split::kTest, row.target.type);
  const auto asked = surrogate_.asked_for({&row.target.gene, 1});
  part.other_terms = FitOfGene(study_, asked, row.target.gene, part.cells, context_.pool)
                         .other_terms(row.judged_elements());
  return part;
}

void CrossFit::measure_on(const Finding& part, const RedundancyOptions& options,
                          SetRedundancy& row) const {
  measure_set(study_, *surrogate_.cis(),
              judged_cells(study_, state_, part.cells, options, context_), part.other_terms,
              options, context_.seed, row);
}

CrossFit::Finding CrossFit::of_type(const Finding& finding, std::optional<int32_t> type) const {
  Finding part;
  for (size_t i = 0; i < finding.cells.size(); ++i) {
    if (type && study_.cells.type.codes[at(finding.cells[i])] != *type) continue;
    part.cells.push_back(finding.cells[i]);
    part.other_terms.push_back(finding.other_terms[i]);
  }
  return part;
}

}  // namespace grids::core
