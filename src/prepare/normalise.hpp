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
  kCounts,  ///< whole numbers
  kLogged,  ///< fractions, none of 20 or more: taken as log-normalised, used as they are
  kLinear,  ///< fractions and large values (CPM, corrected counts): scaled and logged here
};

/// Values of at least this are no logarithms of expression (e²⁰ counts).
inline constexpr float kLargestLogged = 20;

/// Throws Error(kInput) for negative values (scaled data), values that are not finite, or a matrix
/// without any value above zero.
RnaKind recognise_rna(const RawModality& rna);

/// Sum of each of the given rows over all genes: counts, or expm1 of the values where they are
/// logged.
std::vector<double> rna_totals(const CsrMatrix& rna, std::span<const int32_t> rows, RnaKind kind);

/// log1p(value · 100,000 / total of its row), in place. A row whose total is 0 has no values.
void log_normalise(CsrMatrix& matrix, std::span<const double> totals);

/// The given rows and columns of a matrix, in the given order, without stored zeros. `columns`
/// names each column at most once.
CsrMatrix gather(const CsrMatrix& matrix, std::span<const int32_t> rows,
                 std::span<const int32_t> columns, ThreadPool& pool);

/// The same for the positions of the values above zero.
CsrPattern gather_open(const CsrMatrix& matrix, std::span<const int32_t> rows,
                       std::span<const int32_t> columns, ThreadPool& pool);

/// In how many of the given rows each column is above zero.
std::vector<int64_t> count_positive(const CsrMatrix& matrix, std::span<const int32_t> rows);

}  // namespace grids::core
