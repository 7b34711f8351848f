#include "redundancy/stability.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "base/at.hpp"
#include "base/nan.hpp"
#include "base/random.hpp"
#include "redundancy/control_studies.hpp"
#include "redundancy/redundancy_columns.hpp"

namespace grids::core {
namespace {

constexpr uint64_t kHalves = 0x4a1f'0000'0000'0000;

/// Half of the cells of each type and part, ascending.
std::vector<int32_t> draw_half(const Study& study, int64_t which, uint64_t seed) {
  std::map<std::pair<Split, int32_t>, std::vector<int32_t>> groups;
  for (int32_t cell = 0; cell < study.cells.size(); ++cell) {
    groups[{study.cells.split[at(cell)], study.cells.type.codes[at(cell)]}].push_back(cell);
  }
  RandomStream random(seed, Purpose::kRedundancy, kHalves + static_cast<uint64_t>(which));
  std::vector<int32_t> half;
  for (auto& [key, cells] : groups) {
    random.shuffle(std::span(cells));
    half.insert(half.end(), cells.begin(),
                cells.begin() + static_cast<std::ptrdiff_t>((cells.size() + 1) / 2));
  }
  std::sort(half.begin(), half.end());
  return half;
}

/// Elements of both ÷ elements of either.
double jaccard_of(const Study& study, std::span<const Element> a, std::span<const Element> b) {
  const auto shared = std::count_if(a.begin(), a.end(), [&](const Element& e) {
    return holds_elements(study, b, {&e, 1});
  });
  const auto either = std::ssize(a) + std::ssize(b) - shared;
  return either == 0 ? 1 : static_cast<double>(shared) / static_cast<double>(either);
}

/// Sums over halves, to be divided by their number.
struct Sums {
  int64_t halves = 0;
  double jaccard = 0;
  double agreed = 0;
  std::vector<double> selected;
};

void add_half(const Study& study, const SetRedundancy& whole, const SetRedundancy& half,
              Sums& sums) {
  const auto elements = whole.all_elements(), found = half.all_elements();
  sums.selected.resize(elements.size());
  for (size_t a = 0; a < elements.size(); ++a) {
    sums.selected[a] += holds_elements(study, found, {&elements[a], 1}) ? 1 : 0;
  }
  sums.halves += 1;
  sums.jaccard += jaccard_of(study, whole.judged_elements(), half.judged_elements());
  sums.agreed += half.result.call == whole.result.call ? 1 : 0;
}

struct StabilityRow {
  const Study& study;
  const SetStability& set;
  const ElementStability& element;
};

Columns<StabilityRow> stability_columns() {
  return {"stability.tsv",
          "a row for each element of each set, over half-samples of the cells",
          {{column::kLearnedIn,
            [](const StabilityRow& row) {
              return type_name(row.study, {row.set.target.type, row.set.target.gene, 0});
            }},
           {column::kGene,
            [](const StabilityRow& row) { return row.study.genes.names[at(row.set.target.gene)]; }},
           {column::kRedundancySet, [](const StabilityRow& row) { return row.set.target.set; }},
           {column::kElement,
            [](const StabilityRow& row) { return place_of(row.study, row.element.element); }},
           {"selected", "share of halves in whose minimal sub-set or partners the element is",
            [](const StabilityRow& row) { return row.element.frequency; }},
           {"halves", "in which the gene was searched",
            [](const StabilityRow& row) { return row.set.halves; }},
           {"jaccard", "of judged elements with those of all cells, mean over halves",
            [](const StabilityRow& row) { return row.set.jaccard; }},
           {"same_call", "share of halves with the call of all cells",
            [](const StabilityRow& row) { return row.set.agreement; }}}};
}

}  // namespace

Study half_of(const Study& study, int64_t half, uint64_t seed) {
  return some_cells(study, draw_half(study, half, seed));
}

std::vector<SetStability> measure_stability(const Study& study, const StudySurrogate& surrogate,
                                            const std::vector<ExplainedTarget>& explained,
                                            const std::vector<SetRedundancy>& rows, int64_t halves,
                                            const SearchAgain& search,
                                            const RedundancyOptions& options,
                                            const Context& context) {
  std::vector<ExplainTarget> targets;
  CisOptions cis = search.cis;
  cis.genes.clear();
  for (const auto& entry : explained) {
    targets.push_back(entry.target);
    cis.genes.push_back(entry.target.gene);
  }
  ExplainStageOptions explaining = search.explain;
  explaining.off_target = false;
  explaining.force = true;
  auto judging = options;
  judging.type_level = 0;
  judging.contrast_groups.clear();
  std::vector<Sums> sums(targets.size());
  Progress progress(context, "half-samples", targets.empty() ? 0 : halves);
  for (int64_t half = 0; half < halves && !targets.empty(); ++half) {
    const Study part = half_of(study, half, context.seed);
    std::optional<FoldedSurrogate> own;
    if (search.trained_on) own.emplace(search.trained_on(half));
    const FoldedSurrogate& folded = own ? *own : surrogate.folded();
    const auto latents = folded.atac_latents(context.pool, part.open);
    const CisFit fit = fit_cis(part, latents, cis, context);
    const auto refitted = StudySurrogate(folded, &fit.path).asked_for(cis.genes);
    const auto found = explain(part, refitted, targets, explaining, context);
    const auto judged = RedundancyJudge(part, refitted, judging, context)
                            .judge_as_asked(redundancy_targets(found.explained));
    size_t next = 0;
    for (size_t k = 0; k < targets.size() && next < judged.size(); ++k) {
      if (!(found.explained[next].target == targets[k])) continue;
      add_half(study, rows[k], judged[next++], sums[k]);
    }
    progress.advance();
  }
  std::vector<SetStability> result;
  for (size_t k = 0; k < targets.size(); ++k) {
    SetStability set{rows[k].target, sums[k].halves, kNaN, kNaN, {}};
    const auto n = static_cast<double>(sums[k].halves);
    if (n > 0) {
      set.jaccard = sums[k].jaccard / n;
      set.agreement = is_called(rows[k].result.call) ? sums[k].agreed / n : kNaN;
    }
    const auto elements = rows[k].all_elements();
    for (size_t a = 0; a < elements.size(); ++a) {
      set.elements.push_back({elements[a], n > 0 ? sums[k].selected[a] / n : kNaN});
    }
    result.push_back(std::move(set));
  }
  return result;
}

Table stability_table(const Study& study, std::span<const SetStability> sets) {
  std::vector<std::pair<const SetStability*, const ElementStability*>> items;
  for (const auto& set : sets) {
    for (const auto& element : set.elements) items.emplace_back(&set, &element);
  }
  return stability_columns().table(items, [&](const auto& item) {
    return StabilityRow{study, *item.first, *item.second};
  });
}

TableText describe_stability() {
  return stability_columns().describe();
}

}  // namespace grids::core
