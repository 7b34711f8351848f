#include "links/evidence.hpp"

#include <algorithm>
#include <cmath>

#include "base/at.hpp"
#include "base/nan.hpp"
#include "evaluate/set_columns.hpp"
#include "redundancy/elements.hpp"

namespace grids::core {
namespace {

constexpr double kNormal95 = 1.959964;

std::vector<Element> elements_shown(const Study& study, const ExplainedTarget& set) {
  auto peaks = set.partners.minimal.empty() ? set.explanation.subset : members_of(set.partners);
  std::sort(peaks.begin(), peaks.end());
  return elements_of(study, set.target.gene, peaks);
}

size_t count_open(const Study& study, std::span<const Element> elements, int32_t cell) {
  const auto open = study.open.row(cell);
  const auto is_open = [&](int32_t peak) {
    return std::binary_search(open.begin(), open.end(), peak);
  };
  return static_cast<size_t>(
      std::count_if(elements.begin(), elements.end(), [&](const Element& element) {
        return std::any_of(element.peaks.begin(), element.peaks.end(), is_open);
      }));
}

double expression_of(const Study& study, int32_t cell, int32_t gene) {
  const auto genes = study.expression.row_indices(cell);
  const auto found = std::lower_bound(genes.begin(), genes.end(), gene);
  if (found == genes.end() || *found != gene) return 0;
  return study.expression.row_values(cell)[static_cast<size_t>(found - genes.begin())];
}

struct Sums {
  double cells = 0, measured = 0, squares = 0, predicted = 0;

  void add(double value, double prediction) {
    cells += 1;
    measured += value;
    squares += value * value;
    predicted += prediction;
  }
};

OpenElements row_of(const Sums& sums) {
  OpenElements row;
  row.cells = static_cast<int64_t>(sums.cells);
  row.measured = sums.measured / sums.cells;
  row.predicted = sums.predicted / sums.cells;
  const double spread = std::max(0.0, sums.squares / sums.cells - row.measured * row.measured);
  const double half = kNormal95 * std::sqrt(spread / (sums.cells - 1));
  row.low = sums.cells > 1 ? row.measured - half : kNaN;
  row.high = sums.cells > 1 ? row.measured + half : kNaN;
  return row;
}

}  // namespace

std::vector<OpenElements> evidence_of(const Study& study,
                                      std::span<const ExplainedTarget> explained) {
  std::vector<OpenElements> rows;
  if (!study.paired) return rows;  // nothing was measured in these cells
  for (const auto& set : explained) {
    const auto elements = elements_shown(study, set);
    std::vector<Sums> by_open(elements.size() + 1);
    for (size_t i = 0; i < set.test_cells.size(); ++i) {
      const int32_t cell = set.test_cells[i];
      by_open[count_open(study, elements, cell)].add(
          std::expm1(expression_of(study, cell, set.target.gene)), std::expm1(set.before[i]));
    }
    for (size_t open = 0; open < by_open.size(); ++open) {
      if (by_open[open].cells == 0) continue;
      auto row = row_of(by_open[open]);
      row.cell_type = type_name(study, set.target);
      row.gene = study.genes.names[at(set.target.gene)];
      row.open = static_cast<int64_t>(open);
      rows.push_back(std::move(row));
    }
  }
  return rows;
}

Columns<OpenElements> evidence_columns() {
  return {
      "evidence.tsv",
      "a row for each set and number of its elements (of minimal sub-set and partners) that are "
      "open, over test cells; no test, because type and depth are not held constant",
      {{column::kLearnedIn, &OpenElements::cell_type},
       {column::kGene, &OpenElements::gene},
       {"open", "elements that are open; the others are closed", &OpenElements::open},
       {column::kTestCells.saying("test cells with so many open"), &OpenElements::cells},
       {"measured",
        "mean measured expression, expm1 of it: counts per 100,000 where the RNA came as counts",
        &OpenElements::measured},
       {"measured_low", "its 95 % interval; NA for a single cell", &OpenElements::low},
       {"measured_high", "its 95 % interval; NA for a single cell", &OpenElements::high},
       {"predicted", "mean prediction, nothing masked, on the same scale",
        &OpenElements::predicted}}};
}

}  // namespace grids::core
