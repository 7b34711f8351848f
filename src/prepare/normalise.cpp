#include "prepare/normalise.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/at.hpp"
#include "base/error.hpp"

namespace grids::core {
namespace {

constexpr double kCountsPerCell = 1e5;
constexpr int64_t kRowBlock = 64;

/// Rows and columns chosen, columns renamed; `values` may be null. Counts first, so that the result
/// is allocated once and blocks of rows are filled side by side.
CsrPattern gather_with(const PackedRows& matrix, std::span<const int32_t> rows,
                       std::span<const int32_t> columns, ThreadPool& pool, Entries<float>* values) {
  std::vector<int32_t> rename(at(matrix.columns()), -1);
  for (size_t j = 0; j < columns.size(); ++j) {
    auto& slot = rename[static_cast<size_t>(columns[j])];
    if (slot >= 0) throw internal_error("column {} gathered twice", columns[j]);
    slot = static_cast<int32_t>(j);
  }
  CsrPattern result;
  result.rows = static_cast<int64_t>(rows.size());
  result.columns = static_cast<int64_t>(columns.size());
  result.offsets.assign(rows.size() + 1, 0);
  const auto each = [&](int64_t row, auto&& take) {
    matrix.each(rows[at(row)], [&](int32_t from, float value) {
      const int32_t column = rename[static_cast<size_t>(from)];
      if (column >= 0 && value > 0) take(column, value);
    });
  };
  pool.for_blocks(result.rows, kRowBlock, [&](int64_t begin, int64_t end, int64_t) {
    for (int64_t i = begin; i < end; ++i)
      each(i, [&](int32_t, float) { ++result.offsets[at(i) + 1]; });
  });
  for (size_t i = 0; i < rows.size(); ++i) result.offsets[i + 1] += result.offsets[i];
  result.indices.resize(at(result.offsets.back()));
  if (values != nullptr) values->resize(result.indices.size());
  pool.for_blocks(result.rows, kRowBlock, [&](int64_t begin, int64_t end, int64_t) {
    std::vector<std::pair<int32_t, float>> line;
    for (int64_t i = begin; i < end; ++i) {
      line.clear();
      each(i, [&](int32_t column, float value) { line.emplace_back(column, value); });
      const auto by_column = [](const auto& a, const auto& b) { return a.first < b.first; };
      if (!std::is_sorted(line.begin(), line.end(), by_column)) {
        std::sort(line.begin(), line.end(), by_column);
      }
      auto slot = at(result.offsets[at(i)]);
      for (const auto& [column, value] : line) {
        result.indices[slot] = column;
        if (values != nullptr) (*values)[slot] = value;
        ++slot;
      }
    }
  });
  return result;
}

/// Whether whole numbers are of cells that were scaled to one total, then rounded.
bool scaled_and_rounded(const PackedRows& rna) {
  std::vector<double> totals;
  for (int64_t row = 0; row < rna.rows(); ++row) {
    double total = 0;
    rna.each(row, [&](int32_t, float value) { total += value; });
    if (total > 0) totals.push_back(total);
  }
  if (totals.size() < kFewestTotals) return false;
  const auto cells = static_cast<double>(totals.size());
  double mean = 0, squares = 0;
  for (const double total : totals) mean += total / cells;
  for (const double total : totals) squares += (total - mean) * (total - mean) / cells;
  return std::sqrt(squares) < kLeastSpreadOfTotals * mean;
}

}  // namespace

RnaKind recognise_rna(const PackedModality& rna) {
  float largest = 0;
  const auto look = [&](int32_t, float value) {
    if (!std::isfinite(value))
      throw input_error("{}: the RNA has values that are not finite", rna.source);
    if (value < 0) {
      throw input_error(
          "{}: the RNA has negative values ({}), as after scaling; give counts or log-normalised "
          "values, for example from a layer",
          rna.source, value);
    }
    largest = std::max(largest, value);
  };
  if (!rna.values.any_odd()) {  // whole numbers from 1, if any
    largest = rna.values.nonzeros() > 0 ? 1 : 0;
  } else {
    for (int64_t row = 0; row < rna.values.rows(); ++row) rna.values.each(row, look);
  }
  if (largest == 0) throw input_error("{}: the RNA has no value above zero", rna.source);
  if (rna.values.all_whole())
    return scaled_and_rounded(rna.values) ? RnaKind::kRounded : RnaKind::kCounts;
  return largest < kLargestLogged ? RnaKind::kLogged : RnaKind::kLinear;
}

AtacKind recognise_atac(const PackedModality& atac) {
  int64_t above = 0, fractions = 0, least = atac.values.columns(), most = 0;
  for (int64_t row = 0; row < atac.values.rows(); ++row) {
    int64_t open = 0;
    atac.values.each(row, [&](int32_t, float value) {
      open += value > 0 ? 1 : 0;
      fractions += value != std::floor(value) ? 1 : 0;
    });
    above += open;
    least = std::min(least, open);
    most = std::max(most, open);
  }
  if (above == 0) throw input_error("{}: the ATAC has no value above zero", atac.source);
  const auto places = static_cast<double>(atac.values.rows() * atac.values.columns());
  if (static_cast<double>(above) > kMostOpen * places) return AtacKind::kAllOpen;
  const bool many = at(atac.values.rows()) >= kFewestTotals;
  if (many && least == most) return AtacKind::kEqual;
  return 2 * fractions > above ? AtacKind::kWeighted : AtacKind::kCounts;
}

std::vector<double> rna_totals(const PackedRows& rna, std::span<const int32_t> rows, RnaKind kind) {
  std::vector<double> totals;
  totals.reserve(rows.size());
  for (const int32_t row : rows) {
    double sum = 0;
    rna.each(row, [&](int32_t, float value) {
      sum += kind == RnaKind::kLogged ? std::expm1(static_cast<double>(value)) : value;
    });
    totals.push_back(sum);
  }
  return totals;
}

void log_normalise(CsrMatrix& matrix, std::span<const double> totals) {
  for (int64_t i = 0; i < matrix.rows(); ++i) {
    const double scale = kCountsPerCell / std::max(totals[at(i)], 1e-300);
    for (int64_t k = matrix.pattern.offsets[at(i)]; k < matrix.pattern.offsets[at(i) + 1]; ++k) {
      matrix.values[at(k)] = static_cast<float>(std::log1p(matrix.values[at(k)] * scale));
    }
  }
}

CsrMatrix gather(const PackedRows& matrix, std::span<const int32_t> rows,
                 std::span<const int32_t> columns, ThreadPool& pool) {
  CsrMatrix result;
  result.pattern = gather_with(matrix, rows, columns, pool, &result.values);
  return result;
}

CsrPattern gather_open(const PackedRows& matrix, std::span<const int32_t> rows,
                       std::span<const int32_t> columns, ThreadPool& pool) {
  return gather_with(matrix, rows, columns, pool, nullptr);
}

std::vector<int64_t> count_positive(const PackedRows& matrix, std::span<const int32_t> rows) {
  std::vector<int64_t> counts(at(matrix.columns()), 0);
  for (const int32_t row : rows) {
    matrix.each(row, [&](int32_t column, float value) {
      if (value > 0) ++counts[static_cast<size_t>(column)];
    });
  }
  return counts;
}

}  // namespace grids::core
