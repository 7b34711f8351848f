#include "simulate/simulate_doublets.hpp"

#include <algorithm>
#include <iterator>
#include <map>

#include "base/at.hpp"

namespace grids::core::simulation {
namespace {

void end_row(CsrPattern& pattern) {
  pattern.offsets.push_back(static_cast<int64_t>(pattern.indices.size()));
  ++pattern.rows;
}

CsrPattern unions(const CellPlan& plan, const CsrPattern& cells) {
  CsrPattern result;
  result.columns = cells.columns;
  for (int64_t cell = 0; cell < plan.visible(); ++cell) {
    const auto own = cells.row(cell);
    const int32_t second = plan.second[at(cell)];
    if (second < 0) {
      result.indices.insert(result.indices.end(), own.begin(), own.end());
    } else {
      const auto more = cells.row(second);
      std::set_union(own.begin(), own.end(), more.begin(), more.end(),
                     std::back_inserter(result.indices));
    }
    end_row(result);
  }
  return result;
}

CsrMatrix sums(const CellPlan& plan, const CsrMatrix& cells) {
  CsrMatrix result;
  result.pattern.columns = cells.columns();
  for (int64_t cell = 0; cell < plan.visible(); ++cell) {
    std::map<int32_t, float> row;
    for (const int64_t part : {cell, int64_t{plan.second[at(cell)]}}) {
      if (part < 0) continue;
      const auto indices = cells.row_indices(part);
      for (size_t i = 0; i < indices.size(); ++i) row[indices[i]] += cells.row_values(part)[i];
    }
    for (const auto& [column, value] : row) {
      result.pattern.indices.push_back(column);
      result.values.push_back(value);
    }
    end_row(result.pattern);
  }
  return result;
}

}  // namespace

void merge_doublets(const CellPlan& plan, Drawn& drawn) {
  if (plan.visible() == plan.cells.size()) return;
  drawn.latent = unions(plan, drawn.latent);
  if (drawn.observed.rows > 0) drawn.observed = unions(plan, drawn.observed);
  drawn.counts = sums(plan, drawn.counts);
}

}  // namespace grids::core::simulation
