/// Some of the study's cells, laid out for fitting one gene after the other: sorted by type, state
/// covariates as columns, peaks and responses by column of the study.
#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "math/sparse.hpp"
#include "model/cis_path.hpp"
#include "study/study.hpp"

namespace grids::core {

struct CisRows {
  std::vector<int32_t> cells;        ///< of the study, by type, then ascending
  std::vector<int64_t> type_begin;   ///< types + 1: the rows of each type
  std::vector<int32_t> type;         ///< of each row
  std::vector<double> log_exposure;  ///< log total RNA; zeros for log values
  /// The columns of `CisPath::state_columns`, in its order.
  std::vector<std::vector<double>> state;
  /// Where the columns of donors, and of batches, begin and end.
  std::vector<std::pair<size_t, size_t>> units;
  /// Batch and type of each row as one code, batch · types + type; empty without batches.
  std::vector<int32_t> batch_and_type;
  int64_t batches_and_types = 0;  ///< codes there may be
  CsrPattern peaks;               ///< study's peaks × rows; those not asked for are empty
  CsrMatrix responses;            ///< study's genes × rows: counts, or log values; likewise

  size_t size() const { return cells.size(); }
  std::vector<double> response(int64_t gene) const;  ///< dense, one a row
};

/// The path without genes: shapes of the study, response by `Study::has_counts`.
CisPath empty_cis_path(const Study& study, int64_t latents);

/// What of a study is laid out. Empty: all of it.
struct CisColumns {
  std::vector<bool> peaks;  ///< a flag for each peak
  std::vector<bool> genes;  ///< a flag for each gene
};

/// These genes and the peaks in their windows; everything where `genes` is empty.
CisColumns cis_columns(const Study& study, std::span<const int32_t> genes, int64_t window);

/// `latents` is cells × width, row-major, for all cells of the study; `cells` are those wanted,
/// ascending.
CisRows cis_rows(const Study& study, std::span<const float> latents, const CisPath& shape,
                 std::span<const int32_t> cells, const CisColumns& columns = {});

/// The peaks that lie within `window` bp of a TSS of the gene (distance 0 inside the peak),
/// ascending.
std::vector<int32_t> window_peaks(const Study& study, int64_t gene, int64_t window);

}  // namespace grids::core
