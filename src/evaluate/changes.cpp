#include "evaluate/changes.hpp"

#include <algorithm>
#include <cmath>

#include "base/error.hpp"
#include "base/nan.hpp"

namespace grids::core {
namespace {

double entry(const CsrMatrix& matrix, int64_t row, int32_t column) {
  const auto indices = matrix.row_indices(row);
  const auto found = std::lower_bound(indices.begin(), indices.end(), column);
  if (found == indices.end() || *found != column) return 0;
  return matrix.row_values(row)[static_cast<size_t>(found - indices.begin())];
}

}  // namespace

PredictedChange predicted_change(std::span<const float> before, std::span<const float> after,
                                 const MonotoneMap* map) {
  if (before.size() != after.size()) {
    throw internal_error("{} predictions before a mask, {} after it", before.size(), after.size());
  }
  PredictedChange change;
  change.cells = static_cast<int64_t>(before.size());
  double rate = 0;
  for (size_t i = 0; i < before.size(); ++i) {
    const double x = before[i];
    const double y = after[i];
    if (x == y) {  // nothing changes
      rate += std::expm1(x);
      continue;
    }
    // expm1 of the difference keeps digits that subtracting two exponentials would lose.
    const double relative = std::expm1(y - x);
    change.average_change += std::exp(x) * relative;
    change.relative_change += relative;
    rate += std::expm1(x);
    if (map != nullptr) change.change_cp100k += (*map)(y) - (*map)(x);
  }
  const auto cells = static_cast<double>(change.cells);  // 0 cells: 0 / 0 is NaN, as it should be
  change.rate_change = rate > 0 ? change.average_change / rate : kNaN;
  change.average_change /= cells;
  change.relative_change /= cells;
  change.change_cp100k = map == nullptr ? kNaN : change.change_cp100k / cells;
  return change;
}

std::vector<float> gene_expression(const Study& study, int64_t gene,
                                   std::span<const int32_t> cells) {
  std::vector<float> values;
  values.reserve(cells.size());
  for (const int32_t cell : cells) {
    values.push_back(static_cast<float>(entry(study.expression, cell, static_cast<int32_t>(gene))));
  }
  return values;
}

CountMap fit_count_map(const Study& study, int64_t gene, std::span<const int32_t> cells,
                       std::span<const float> prediction) {
  std::vector<double> cp100k;
  cp100k.reserve(cells.size());
  const bool counted = study.has_counts();
  for (const int32_t cell : cells) {
    if (counted) {
      const double total = study.cells.total_rna[static_cast<size_t>(cell)];
      const double count = entry(study.counts, cell, static_cast<int32_t>(gene));
      cp100k.push_back(total > 0 ? 1e5 * count / total : 0);
    } else {
      cp100k.push_back(std::expm1(entry(study.expression, cell, static_cast<int32_t>(gene))));
    }
  }
  return {fit_monotone_map(prediction, cp100k), counted};
}

}  // namespace grids::core
