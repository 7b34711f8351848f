// What is known of a set before anything is measured.
#include <algorithm>
#include <bit>
#include <cmath>
#include <numeric>

#include "base/at.hpp"
#include "base/nan.hpp"
#include "redundancy/fit_rates.hpp"
#include "redundancy/judge_redundancy.hpp"

namespace grids::core {
namespace {

std::vector<Element> elements_in(const std::vector<SetElement>& chosen, size_t count) {
  std::vector<Element> elements;
  for (size_t i = 0; i < count; ++i) elements.push_back(chosen[i].element);
  return elements;
}

/// Why an element is not judged whatever the others are, or nothing.
std::string unjudged(const Element& element, const RedundancyOptions& options) {
  if (element.kind == ElementClass::kPromoter) return "promoter";
  if (element.kind == ElementClass::kIntronic && !options.allow_transcribed) return "transcribed";
  return "";
}

/// At most as many elements as all settings of can be computed, those that change most alone.
void keep_in_fit(std::vector<SetElement>& elements) {
  if (elements.size() <= kMostInFit) return;
  std::stable_sort(elements.begin(), elements.end(), [](const SetElement& a, const SetElement& b) {
    return std::abs(a.alone) > std::abs(b.alone);
  });
  elements.resize(kMostInFit);
}

/// Judged first, then by place; of more than four judged ones those with the largest share.
size_t choose_judged(std::vector<SetElement>& elements) {
  std::vector<SetElement*> candidates;
  for (auto& element : elements) {
    if (element.judged) candidates.push_back(&element);
  }
  std::stable_sort(candidates.begin(), candidates.end(),
                   [](const SetElement* a, const SetElement* b) {
                     return std::abs(a->shapley_fit) > std::abs(b->shapley_fit);
                   });
  for (size_t i = kMostJudged; i < candidates.size(); ++i) {
    candidates[i]->judged = false;
    candidates[i]->why_not = "beyond the first four";
  }
  std::stable_sort(elements.begin(), elements.end(), [](const SetElement& a, const SetElement& b) {
    if (a.judged != b.judged) return a.judged;
    return a.element.peaks < b.element.peaks;
  });
  return std::min(candidates.size(), kMostJudged);
}

/// What the fit says of a set, on some cells.
void add_fit(const FitOfGene& fit, SetRedundancy& set) {
  for (auto& element : set.elements) {
    element.alone = fit.rate_without({&element.element, 1}, 1) / fit.rate_without({}, 0) - 1;
  }
  keep_in_fit(set.elements);
  const auto all = elements_in(set.elements, set.elements.size());
  const auto rates = fit.rates(all);
  const auto numbers = element_numbers(rates, rates, all.size());
  for (size_t a = 0; a < all.size(); ++a) set.elements[a].shapley_fit = numbers[a].shapley;

  std::vector<size_t> order(all.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return std::abs(numbers[a].shapley) > std::abs(numbers[b].shapley);
  });
  Setting open = all_open(all.size());
  set.deletion.push_back(rates[open]);
  for (const size_t a : order) {
    open &= ~bit_of(a);
    set.deletion.push_back(rates[open]);
  }
  set.by_number_open.assign(all.size() + 1, 0.0);
  std::vector<double> choices(all.size() + 1, 0.0);
  for (Setting s = 0; s < rates.size(); ++s) {
    const auto number = static_cast<size_t>(std::popcount(s));
    set.by_number_open[number] += rates[s];
    choices[number] += 1;
  }
  for (size_t k = 0; k < choices.size(); ++k) set.by_number_open[k] /= choices[k];

  set.judged = choose_judged(set.elements);
  for (size_t i = 0; i < set.judged; ++i) set.core_share += set.elements[i].shapley_fit;
  if (set.judged == 0) return;
  const auto judged = set.judged_elements();
  set.fit = fit.rates(judged);
  set.fit_dispersion = fit.dispersion();
  set.hidden_fit = hidden_share(set.fit, judged.size());
  set.hidden_fit_alone = hidden_share(fit.rates_without_others(judged), judged.size());
  double alone = 0;
  for (size_t i = 0; i < set.judged; ++i) alone += set.elements[i].alone;
  const double before = fit.rate_without({}, 0);
  set.change_as_cells = fit.rate_without(judged, all_open(judged.size())) / before - 1;
  set.hidden_as_cells = set.change_as_cells != 0 ? 1 - alone / set.change_as_cells : kNaN;
}

/// What masking the judged elements is predicted to change in each group's cells.
void add_predicted_by_group(const Study& study, const StudySurrogate& surrogate,
                            std::span<const int32_t> cells, const CellGroups& groups,
                            ThreadPool& pool, SetRedundancy& set) {
  const auto judged = set.judged_elements();
  set.groups.resize(groups.names.size());
  for (size_t g = 0; g < set.groups.size(); ++g) {
    std::vector<int32_t> own;
    for (const int32_t cell : cells) {
      if (groups.codes[at(cell)] == static_cast<int32_t>(g)) own.push_back(cell);
    }
    if (own.empty()) continue;
    const FitOfGene fit(study, surrogate, set.target.gene, own, pool);
    set.groups[g].change_as_cells =
        fit.rate_without(judged, all_open(judged.size())) / fit.rate_without({}, 0) - 1;
  }
}

}  // namespace

std::vector<Element> SetRedundancy::judged_elements() const {
  return elements_in(elements, judged);
}

std::vector<Element> SetRedundancy::all_elements() const {
  return elements_in(elements, elements.size());
}

SetRedundancy describe_set(const Study& study, const StudySurrogate& surrogate,
                           const RedundancyTarget& target, std::span<const int32_t> cells,
                           const RedundancyOptions& options, ThreadPool& pool) {
  return describe_set(study, surrogate, target,
                      surrogate.to_predict(study, {cells.begin(), cells.end()}, pool), options,
                      pool);
}

SetRedundancy describe_set(const Study& study, const StudySurrogate& surrogate,
                           const RedundancyTarget& target,
                           const StudySurrogate::CellsToPredict& tested,
                           const RedundancyOptions& options, ThreadPool& pool) {
  const std::span<const int32_t> cells = tested.cells;
  SetRedundancy set;
  set.target = target;
  set.hidden_fit = set.hidden_fit_alone = set.hidden_as_cells = set.change_as_cells = kNaN;
  for (auto& element : elements_of(study, target.gene, target.peaks)) {
    SetElement entry;
    entry.element = std::move(element);
    entry.why_not = unjudged(entry.element, options);
    entry.judged = entry.why_not.empty();
    set.elements.push_back(std::move(entry));
  }
  if (surrogate.path_of(target.gene) == GenePath::kState) {
    set.result = nothing_measured("no terms: its peaks mark the state of the cell");
    for (auto& element : set.elements) element.alone = element.shapley_fit = kNaN;
    return set;
  }
  if (cells.empty()) {
    set.result = nothing_measured("cells: none");
    return set;
  }
  if (!set.elements.empty()) add_fit(FitOfGene(study, surrogate, target.gene, tested, pool), set);
  if (!study.has_counts()) {
    set.result = nothing_measured("counts: there are none");
  } else if (set.elements.empty()) {
    set.result = nothing_measured("element: masking the set changes nothing");
  } else if (set.judged < 2) {
    set.result = nothing_measured(set.judged == 1 ? "one element" : "element: none to judge");
  }
  if (options.groups && set.result.reason.empty()) {
    add_predicted_by_group(study, surrogate, cells, *options.groups, pool, set);
  }
  return set;
}

}  // namespace grids::core
