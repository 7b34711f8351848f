#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "base/at.hpp"
#include "evaluate/contrast.hpp"
#include "math/dot.hpp"
#include "math/information.hpp"
#include "math/least_squares.hpp"
#include "math/symmetric_eigen.hpp"

namespace grids::core {
namespace {

double clamped(float prediction) {
  return std::max(double{prediction}, 0.0);
}

void require_pairs(std::span<const float> before, std::span<const float> after) {
  if (before.size() == after.size()) return;
  throw internal_error("{} predictions before a mask, {} after it", before.size(), after.size());
}

/// Codes of the values that occur, renumbered from 0 in their order; returns how many.
int64_t renumber(std::vector<int32_t>& codes) {
  std::map<int32_t, int32_t> numbers;
  for (const int32_t code : codes) numbers.emplace(code, 0);
  int32_t next = 0;
  for (auto& entry : numbers) entry.second = next++;
  for (int32_t& code : codes) code = numbers.at(code);
  return next;
}

std::vector<int32_t> codes_of(const Categorical& column, std::span<const int32_t> cells) {
  std::vector<int32_t> codes;
  for (const int32_t cell : cells) codes.push_back(column.codes[at(cell)]);
  return codes;
}

/// A column for each code but the first.
void add_indicators(const Categorical& column, std::span<const int32_t> cells,
                    std::vector<std::vector<double>>& columns) {
  if (column.empty()) return;
  auto codes = codes_of(column, cells);
  const int64_t count = renumber(codes);
  for (int32_t code = 1; code < count; ++code) {
    auto& indicator = columns.emplace_back();
    for (const int32_t own : codes) indicator.push_back(own == code ? 1 : 0);
  }
}

/// What is left of a column beside orthogonal ones of mean square 1, with mean square 1 itself; its
/// own mean square, before, is 0 where nothing is left.
struct Remainder {
  std::vector<double> column;
  double square = 0;
};

Remainder beside(const std::vector<std::vector<double>>& columns, std::vector<double> column) {
  constexpr double kNothing = 1e-6;
  const auto n = static_cast<double>(column.size());
  const double before = dot(column, column) / n;
  for (int twice = 0; twice < 2; ++twice) {
    for (const auto& other : columns) {
      const double along = dot(other, column) / n;
      for (size_t i = 0; i < column.size(); ++i) column[i] -= along * other[i];
    }
  }
  Remainder result{std::move(column), 0};
  const double after = dot(result.column, result.column) / n;
  if (!(after > kNothing * before)) return result;
  result.square = after;
  for (double& value : result.column) value /= std::sqrt(after);
  return result;
}

/// Pairs of batch and type (codes batch · types + type) that occur, those of most cells first.
std::vector<int32_t> pairs_by_cells(const std::vector<int32_t>& pair) {
  std::map<int32_t, int64_t> cells;
  for (const int32_t code : pair) ++cells[code];
  std::vector<int32_t> pairs;
  pairs.reserve(cells.size());
  for (const auto& entry : cells) pairs.push_back(entry.first);
  std::stable_sort(pairs.begin(), pairs.end(),
                   [&](int32_t a, int32_t b) { return cells.at(a) > cells.at(b); });
  return pairs;
}

/// Indicators of batch and type, shrunk, up to `most` columns in all. A pair that is all of its
/// batch or type, or the last of either, is what other columns say already.
void add_batches_within_types(const CellTable& table, int64_t most, ContrastCells& cells) {
  if (table.batch.empty()) return;
  auto pair = codes_of(table.batch, cells.cells);
  const auto type = codes_of(table.type, cells.cells);
  const auto types = static_cast<int32_t>(table.type.names.size());
  for (size_t i = 0; i < pair.size(); ++i) pair[i] = pair[i] * types + type[i];
  for (const int32_t code : pairs_by_cells(pair)) {
    if (std::ssize(cells.columns) >= most) return;
    std::vector<double> indicator;
    indicator.reserve(pair.size());
    for (const int32_t own : pair) indicator.push_back(own == code ? 1 : 0);
    auto remainder = beside(cells.columns, std::move(indicator));
    if (remainder.square == 0) continue;
    cells.columns.push_back(std::move(remainder.column));
    // Of a coefficient on a column that was divided by the root of its mean square.
    cells.ridge.push_back(1 / (kBatchWithinType * kBatchWithinType * remainder.square));
  }
}

void add_clusters(const CellTable& table, int64_t fewest, ContrastCells& cells) {
  const Categorical& by = table.donor.empty() ? table.batch : table.donor;
  if (by.empty()) return;
  cells.clusters = codes_of(by, cells.cells);
  cells.cluster_count = renumber(cells.clusters);
  if (cells.cluster_count < fewest) cells.clusters.clear();
}

/// The leading principal components of some rows of `latents` (rows of `width`), as columns.
void add_components(std::span<const float> latents, size_t width, std::span<const int32_t> rows,
                    int64_t wanted, std::vector<std::vector<double>>& columns) {
  std::vector<std::vector<double>> centred(width, std::vector<double>(rows.size()));
  for (size_t j = 0; j < width; ++j) {
    for (size_t i = 0; i < rows.size(); ++i) centred[j][i] = latents[at(rows[i]) * width + j];
    const double mean = std::accumulate(centred[j].begin(), centred[j].end(), 0.0) /
                        static_cast<double>(rows.size());
    for (double& value : centred[j]) value -= mean;
  }
  const std::vector<double> ones(rows.size(), 1.0);
  const std::vector<std::span<const double>> spans(centred.begin(), centred.end());
  const auto eigen = symmetric_eigen(weighted_products(spans, ones), static_cast<int64_t>(width));
  for (int64_t component = 0; component < wanted; ++component) {
    auto& column = columns.emplace_back(rows.size(), 0.0);
    for (size_t j = 0; j < width; ++j) {
      const double loading = eigen.vectors[j * width + at(component)];
      for (size_t i = 0; i < rows.size(); ++i) column[i] += loading * centred[j][i];
    }
  }
}

}  // namespace

std::vector<double> predicted_log_change(std::span<const float> before,
                                         std::span<const float> after, double floor) {
  require_pairs(before, after);
  std::vector<double> change(before.size(), 0.0);
  double mean = 0;
  for (const float prediction : before) mean += std::expm1(clamped(prediction));
  const double least = floor * mean / static_cast<double>(before.size());
  if (!(least > 0)) return change;
  for (size_t i = 0; i < change.size(); ++i) {
    if (before[i] == after[i]) continue;
    change[i] = std::log(std::max(std::expm1(clamped(after[i])), least) /
                         std::max(std::expm1(clamped(before[i])), least));
  }
  return change;
}

std::vector<double> predicted_value_change(std::span<const float> before,
                                           std::span<const float> after) {
  require_pairs(before, after);
  std::vector<double> change(before.size());
  for (size_t i = 0; i < change.size(); ++i) change[i] = clamped(after[i]) - clamped(before[i]);
  return change;
}

ContrastCells contrast_cells(const Study& study, std::span<const int32_t> cells,
                             std::span<const float> latents, const ContrastOptions& options) {
  ContrastCells result;
  result.counted = study.has_counts();
  std::vector<double> depth, open;
  for (size_t i = 0; i < cells.size(); ++i) {
    const double total = study.cells.total_rna[at(cells[i])];
    if (!(total > 0)) continue;
    result.cells.push_back(cells[i]);
    result.kept.push_back(static_cast<int32_t>(i));
    depth.push_back(std::log(total));
    open.push_back(std::log(std::max(study.cells.open_peaks[at(cells[i])], 1.0)));
  }
  const size_t n = result.cells.size();
  if (n == 0) return result;
  std::vector<std::vector<double>> columns = {std::vector<double>(n, 1.0)};
  add_indicators(study.cells.type, result.cells, columns);
  add_indicators(study.cells.donor, result.cells, columns);
  add_indicators(study.cells.batch, result.cells, columns);
  columns.push_back(std::move(open));
  if (result.counted) {
    result.offset = std::move(depth);
  } else {
    result.offset.assign(n, 0.0);
    columns.push_back(std::move(depth));
  }
  result.latents = static_cast<int64_t>(latents.size() / cells.size());
  const auto base = static_cast<int64_t>(columns.size());
  result.latents_used = std::clamp(static_cast<int64_t>(n) / options.cells_per_covariate - base,
                                   int64_t{0}, result.latents);
  if (result.latents_used > 0) {
    add_components(latents, at(result.latents), result.kept, result.latents_used, columns);
  }
  result.columns = orthogonal_columns(columns);
  result.ridge.assign(result.columns.size(), kCovariateRidge);
  result.ridge[0] = 0;
  add_batches_within_types(study.cells, static_cast<int64_t>(n) / options.cells_per_covariate,
                           result);
  add_clusters(study.cells, options.min_donors, result);
  return result;
}

std::vector<double> measured_values(const Study& study, int32_t gene, const ContrastCells& cells) {
  const CsrMatrix& matrix = cells.counted ? study.counts : study.expression;
  std::vector<double> values;
  for (const int32_t cell : cells.cells) {
    const auto genes = matrix.row_indices(cell);
    const auto found = std::lower_bound(genes.begin(), genes.end(), gene);
    const bool seen = found != genes.end() && *found == gene;
    values.push_back(seen ? double{matrix.row_values(cell)[at(found - genes.begin())]} : 0);
  }
  return values;
}

}  // namespace grids::core
