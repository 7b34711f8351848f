#include "redundancy/alternatives.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>

#include "base/at.hpp"
#include "base/indices.hpp"
#include "base/nan.hpp"
#include "redundancy/elements.hpp"
#include "redundancy/redundancy_columns.hpp"

namespace grids::core {
namespace {

/// The surrogate on the test cells of types, to be asked for mean rates under masks.
class MaskedRates {
 public:
  MaskedRates(const Study& study, const StudySurrogate& surrogate,
              const std::vector<ExplainedTarget>& explained, Perturbation perturbation,
              ThreadPool& pool) {
    for (const auto& entry : explained) {
      auto& model = by_type_[entry.target.type];
      if (model) continue;
      model = surrogate.model(study, entry.test_cells,
                              replacement_values(study, perturbation, entry.target.type), pool);
    }
  }

  double operator()(const ExplainTarget& target, std::span<const int32_t> masked) const {
    const auto& model = *by_type_.at(target.type);
    const auto state = model.begin(masked, indices_below(model.shape().cells), {&target.gene, 1});
    double sum = 0;
    for (const float value : state->outputs()) sum += std::expm1(std::max(double{value}, 0.0));
    return sum / static_cast<double>(state->outputs().size());
  }

 private:
  std::map<std::optional<int32_t>, std::unique_ptr<SurrogateModel>> by_type_;
};

AlternativeSet weigh_set(const MaskedRates& rates, const Alternatives& found,
                         const ExplainedTarget& explained) {
  AlternativeSet set;
  set.found = explained;
  auto peaks = members_of(explained.partners);
  set.alone = rates(found.target, peaks) / rates(found.target, {}) - 1;
  set.with_first = set.after_first = kNaN;
  if (!found.sets.empty()) {
    const auto& first = found.sets.front().peaks;
    std::vector<int32_t> both;
    std::set_union(first.begin(), first.end(), peaks.begin(), peaks.end(),
                   std::back_inserter(both));
    const double joint = rates(found.target, both);
    set.with_first = joint / rates(found.target, {}) - 1;
    set.after_first = joint / rates(found.target, first) - 1;
  }
  set.peaks = std::move(peaks);
  return set;
}

std::vector<int32_t> peaks_found(const Study& study, const Alternatives& found) {
  std::vector<int32_t> peaks;
  for (const auto& set : found.sets) {
    peaks.insert(peaks.end(), set.peaks.begin(), set.peaks.end());
  }
  return with_neighbours(study, peaks);
}

bool is_nearly_as_good(const AlternativeSet& set, const AlternativeSet& first, double nearly) {
  return !set.peaks.empty() && set.alone * first.alone > 0 &&
         std::abs(set.alone) >= nearly * std::abs(first.alone);
}

/// Searches once more for the `open` ones; returns those of them that got another set.
std::vector<Alternatives*> search_again(const Study& study, const StudySurrogate& surrogate,
                                        const std::vector<Alternatives*>& open,
                                        ExplainStageOptions options, const MaskedRates& rates,
                                        double nearly, const Context& context) {
  std::vector<ExplainTarget> targets;
  for (const Alternatives* found : open) {
    targets.push_back(found->target);
    options.excluded.push_back(peaks_found(study, *found));
  }
  const auto result = explain(study, surrogate, targets, options, context);
  std::vector<Alternatives*> more;
  size_t next = 0;  // of those explained, which are in the order of the targets
  for (Alternatives* found : open) {
    if (next == result.explained.size()) break;
    const auto& entry = result.explained[next];
    if (!(entry.target == found->target)) continue;
    ++next;
    auto set = weigh_set(rates, *found, entry);
    if (!is_nearly_as_good(set, found->sets.front(), nearly)) continue;
    found->sets.push_back(std::move(set));
    more.push_back(found);
  }
  return more;
}

}  // namespace

std::vector<Alternatives> find_alternatives(const Study& study, const StudySurrogate& surrogate,
                                            const std::vector<ExplainedTarget>& explained,
                                            const ExplainStageOptions& options,
                                            const AlternativesOptions& alternatives,
                                            const Context& context) {
  std::vector<ExplainTarget> targets;
  targets.reserve(explained.size());
  for (const auto& entry : explained) targets.push_back(entry.target);
  const StudySurrogate asked = surrogate_for(surrogate, targets, options);
  const MaskedRates rates(study, asked, explained, options.perturbation, context.pool);
  std::vector<Alternatives> found;
  for (const auto& entry : explained) {
    if (entry.path == GenePath::kState || members_of(entry.partners).empty()) continue;
    Alternatives first{entry.target, {}};
    first.sets.push_back(weigh_set(rates, first, entry));
    if (first.sets.front().alone != 0) found.push_back(std::move(first));
  }
  std::vector<Alternatives*> open;
  open.reserve(found.size());
  for (auto& entry : found) open.push_back(&entry);
  ExplainStageOptions again = options;
  again.off_target = false;
  again.force = true;
  again.budgets.clear();
  for (int64_t sets = 1; sets < alternatives.most_sets && !open.empty(); ++sets) {
    open = search_again(study, surrogate, open, again, rates, alternatives.nearly, context);
  }
  return found;
}

namespace {

struct AlternativeRow {
  const Study& study;
  const Alternatives& found;
  size_t i = 0;

  const AlternativeSet& set() const { return found.sets[i]; }
  std::vector<Element> elements() const {
    return elements_of(study, found.target.gene, set().peaks);
  }
};

template <typename NameOf>
std::string names_of(const AlternativeRow& row, const NameOf& name) {
  std::string names;
  for (const auto& element : row.elements()) {
    if (!names.empty()) names += ',';
    names += name(row.study, element);
  }
  return names;
}

Columns<AlternativeRow> alternatives_columns() {
  return {
      "alternatives.tsv",
      "a row for the set of each gene on the cis path, and one for each disjoint set that is "
      "nearly "
      "as good: at least half of its change",
      {{column::kLearnedIn,
        [](const AlternativeRow& row) { return type_name(row.study, row.found.target); }},
       {column::kGene,
        [](const AlternativeRow& row) { return row.study.genes.names[at(row.found.target.gene)]; }},
       {"alternative", "1: the found set; 2, 3: found among the peaks that those before it left",
        [](const AlternativeRow& row) { return row.i + 1; }},
       {"elements", "of the minimal sub-set and the partners, by place",
        [](const AlternativeRow& row) { return names_of(row, place_of); }},
       {"peaks", "of these; those of one element with `;`, elements with `,`",
        [](const AlternativeRow& row) { return names_of(row, peak_names); }},
       {"change_alone",
        "predicted relative change of the mean rate over test cells when these peaks are masked",
        [](const AlternativeRow& row) { return row.set().alone; }},
       {"change_with_first", "when those of the found set are masked, too; NA for that itself",
        [](const AlternativeRow& row) { return row.set().with_first; }},
       {"change_after_first",
        "what masking these changes once the found set is masked, relative to the rate then: "
        "further from 0 than `change_alone` where they stand in for it; NA likewise",
        [](const AlternativeRow& row) { return row.set().after_first; }}}};
}

}  // namespace

Table alternatives_table(const Study& study, std::span<const Alternatives> found) {
  std::vector<std::pair<const Alternatives*, size_t>> items;
  for (const auto& entry : found) {
    for (size_t i = 0; i < entry.sets.size(); ++i) items.emplace_back(&entry, i);
  }
  return alternatives_columns().table(items, [&](const auto& item) {
    return AlternativeRow{study, *item.first, item.second};
  });
}

TableText describe_alternatives() {
  return alternatives_columns().describe();
}

}  // namespace grids::core
