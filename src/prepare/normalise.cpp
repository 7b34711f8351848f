#include "prepare/normalise.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <utility>

#include "base/at.hpp"
#include "base/error.hpp"

namespace grids::core {
namespace {

constexpr double kCountsPerCell = 1e5;
constexpr int64_t kRowBlock = 64;

/// Entries that are gathered at once into room for all that the rows hold; beyond, those that are
/// wanted are counted first.
constexpr int64_t kGatheredAtOnce = int64_t{1} << 22;

using Line = std::vector<std::pair<int32_t, float>>;

/// Rows and columns chosen, columns renamed.
class Gatherer {
 public:
  Gatherer(const PackedRows& matrix, std::span<const int32_t> rows,
           std::span<const int32_t> columns)
      : matrix_(matrix), rows_(rows), rename_(at(matrix.columns()), -1) {
    for (size_t j = 0; j < columns.size(); ++j) {
      auto& slot = rename_[at(columns[j])];
      if (slot >= 0) throw internal_error("column {} gathered twice", columns[j]);
      slot = static_cast<int32_t>(j);
    }
    in_order_ = std::is_sorted(columns.begin(), columns.end());
  }

  int64_t rows() const { return std::ssize(rows_); }
  /// All entries of a row, wanted or not.
  int64_t entries(int64_t row) const { return matrix_.nonzeros(rows_[at(row)]); }
  int64_t count(int64_t row) const {
    int64_t count = 0;
    each(row, [&](int32_t, float) { ++count; });
    return count;
  }
  /// Writes a row and returns its length; `values` may be null. `line` is room to work in.
  int64_t fill(int64_t row, int32_t* indices, float* values, Line& line) const {
    if (in_order_) {
      int64_t count = 0;
      each(row, [&](int32_t column, float value) {
        indices[count] = column;
        if (values != nullptr) values[count] = value;
        ++count;
      });
      return count;
    }
    line.clear();
    each(row, [&](int32_t column, float value) { line.emplace_back(column, value); });
    std::sort(line.begin(), line.end(),
              [](const auto& a, const auto& b) { return a.first < b.first; });
    for (size_t k = 0; k < line.size(); ++k) {
      indices[k] = line[k].first;
      if (values != nullptr) values[k] = line[k].second;
    }
    return std::ssize(line);
  }

 private:
  template <typename Take>
  void each(int64_t row, Take&& take) const {
    matrix_.each(rows_[at(row)], [&](int32_t from, float value) {
      const int32_t column = rename_[static_cast<size_t>(from)];
      if (column >= 0 && value > 0) take(column, value);
    });
  }

  const PackedRows& matrix_;
  std::span<const int32_t> rows_;
  std::vector<int32_t> rename_;
  bool in_order_ = true;
};

/// Moves rows that were written with gaps between them together: each begins at its bound of
/// `begins` and is as long as the bounds of `ends` are apart.
template <typename T>
void close_gaps(std::span<const int64_t> begins, std::span<const int64_t> ends,
                Entries<T>& entries) {
  for (size_t row = 0; row + 1 < ends.size(); ++row) {
    std::copy_n(entries.begin() + begins[row], ends[row + 1] - ends[row],
                entries.begin() + ends[row]);
  }
  entries.resize(at(ends.back()));
}

/// `values` may be null. The result is allocated once, and blocks of rows are filled side by side.
CsrPattern gather_with(const PackedRows& matrix, std::span<const int32_t> rows,
                       std::span<const int32_t> columns, ThreadPool& pool, Entries<float>* values) {
  const Gatherer gatherer(matrix, rows, columns);
  CsrPattern result;
  result.rows = gatherer.rows();
  result.columns = std::ssize(columns);
  std::vector<int64_t> bounds(rows.size() + 1, 0);
  for (int64_t i = 0; i < result.rows; ++i) bounds[at(i) + 1] = gatherer.entries(i);
  if (std::accumulate(bounds.begin(), bounds.end(), int64_t{0}) > kGatheredAtOnce) {
    pool.for_blocks(result.rows, kRowBlock, [&](int64_t begin, int64_t end, int64_t) {
      for (int64_t i = begin; i < end; ++i) bounds[at(i) + 1] = gatherer.count(i);
    });
  }
  std::partial_sum(bounds.begin(), bounds.end(), bounds.begin());
  result.offsets.assign(bounds.size(), 0);
  result.indices.resize(at(bounds.back()));
  if (values != nullptr) values->resize(result.indices.size());
  int32_t* const indices = result.indices.data();
  float* const floats = values != nullptr ? values->data() : nullptr;
  pool.for_blocks(result.rows, kRowBlock, [&](int64_t begin, int64_t end, int64_t) {
    Line line;
    for (int64_t i = begin; i < end; ++i) {
      const int64_t first = bounds[at(i)];
      result.offsets[at(i) + 1] =
          gatherer.fill(i, indices + first, floats != nullptr ? floats + first : nullptr, line);
    }
  });
  std::partial_sum(result.offsets.begin(), result.offsets.end(), result.offsets.begin());
  if (result.offsets.back() < bounds.back()) {
    close_gaps(bounds, result.offsets, result.indices);
    if (values != nullptr) close_gaps(bounds, result.offsets, *values);
  }
  return result;
}

/// Whether whole numbers are of cells that were scaled to one total, then rounded.
bool scaled_and_rounded(const PackedRows& rna) {
  std::vector<double> totals;
  for (int64_t row = 0; row < rna.rows(); ++row) {
    if (rna.total(row) > 0) totals.push_back(rna.total(row));
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
    if (!atac.values.any_odd()) {
      open = atac.values.nonzeros(row);
    } else {
      atac.values.each(row, [&](int32_t, float value) {
        open += value > 0 ? 1 : 0;
        fractions += value != std::floor(value) ? 1 : 0;
      });
    }
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
    if (kind == RnaKind::kLogged) {
      rna.each(row, [&](int32_t, float value) { sum += std::expm1(static_cast<double>(value)); });
    } else {
      sum = rna.total(row);
    }
    totals.push_back(sum);
  }
  return totals;
}

void log_normalise(CsrMatrix& matrix, std::span<const double> totals) {
  // A cell has few different counts, so that most logarithms are those of an entry before.
  constexpr size_t kKept = 256;
  std::array<float, kKept> kept{};
  std::array<int64_t, kKept> kept_of{};  // the row, from 1, that a logarithm is of
  for (int64_t i = 0; i < matrix.rows(); ++i) {
    const double scale = kCountsPerCell / std::max(totals[at(i)], 1e-300);
    for (int64_t k = matrix.pattern.offsets[at(i)]; k < matrix.pattern.offsets[at(i) + 1]; ++k) {
      float& value = matrix.values[at(k)];
      const auto log = [&] { return static_cast<float>(std::log1p(value * scale)); };
      const auto count = static_cast<size_t>(std::clamp(value, 0.0f, float{kKept - 1}));
      if (static_cast<float>(count) != value) {
        value = log();
        continue;
      }
      if (kept_of[count] != i + 1) {
        kept_of[count] = i + 1;
        kept[count] = log();
      }
      value = kept[count];
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
