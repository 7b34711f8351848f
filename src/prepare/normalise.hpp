/// From what an RNA matrix holds to log1p of counts per 100,000.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/context.hpp"
#include "io/raw_multiome.hpp"

namespace grids::core {

/// What the values of an RNA matrix look like.
enum class RnaKind : uint8_t {
  kCounts,   ///< whole numbers
  kLogged,   ///< fractions, none of 20 or more: taken as log-normalised, used as they are
  kLinear,   ///< fractions and large values (CPM, corrected counts): scaled and logged here
  kRounded,  ///< whole numbers, but cells have all but one total (counts per 10,000, rounded):
             ///< no counts, scaled and logged here
};

/// Values of at least this are no logarithms of expression (e²⁰ counts).
inline constexpr float kLargestLogged = 20;

/// Totals of cells that vary by less than this share of their mean are made, not measured: the
/// depths of a library vary several times as much. Judged from `kFewestTotals` cells on.
inline constexpr double kLeastSpreadOfTotals = 0.08;
inline constexpr size_t kFewestTotals = 50;

/// Throws Error(kInput) for negative values (scaled data), values that are not finite, or a matrix
/// without any value above zero.
RnaKind recognise_rna(const PackedModality& rna);

/// What the values of an ATAC matrix look like.
enum class AtacKind : uint8_t {
  kCounts,    ///< whole numbers in most places: fragments, insertions, or open = 1
  kWeighted,  ///< fractions in most places (TF-IDF, scaled): above zero is still open
  kAllOpen,   ///< nearly each peak of each cell is above zero (imputed, smoothed)
  kEqual,     ///< all cells have equally many peaks above zero (a rule chose them)
};

/// A cell with more of its peaks above zero than this was not measured so.
inline constexpr double kMostOpen = 0.9;

/// Throws Error(kInput) for a matrix without any value above zero.
AtacKind recognise_atac(const PackedModality& atac);

/// Sum of each of the given rows over all genes: counts, or expm1 of the values where they are
/// logged.
std::vector<double> rna_totals(const PackedRows& rna, std::span<const int32_t> rows, RnaKind kind);

/// log1p(value · 100,000 / total of its row), in place. A row whose total is 0 has no values.
void log_normalise(CsrMatrix& matrix, std::span<const double> totals);

/// The given rows and columns of a matrix, in the given order, without stored zeros. `columns`
/// names each column at most once.
CsrMatrix gather(const PackedRows& matrix, std::span<const int32_t> rows,
                 std::span<const int32_t> columns, ThreadPool& pool);

/// The same for the positions of the values above zero.
CsrPattern gather_open(const PackedRows& matrix, std::span<const int32_t> rows,
                       std::span<const int32_t> columns, ThreadPool& pool);

/// In how many of the given rows each column is above zero.
std::vector<int64_t> count_positive(const PackedRows& matrix, std::span<const int32_t> rows);

}  // namespace grids::core
