/// One gene's regression on its window: what all searches over its terms share.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/at.hpp"
#include "cis/cis_rows.hpp"

namespace grids::core {

/// A term whose peaks are positions in the gene's window.
struct WindowTerm {
  TermKind kind = TermKind::kAll;
  std::vector<int32_t> peaks;  ///< ascending; empty (kAll): every row

  bool operator==(const WindowTerm&) const = default;
};

/// A term with a peak more, of a kind (if it has several).
WindowTerm extended(const WindowTerm& base, int32_t peak, TermKind kind);

/// The window's peaks that are open in enough rows, and the response on them.
class GeneProblem {
 public:
  /// `base`: the state part with exposure, one a row, frozen. Borrows `rows`.
  GeneProblem(const CisRows& rows, CisResponse family, std::span<const int32_t> window,
              int64_t least_open, std::vector<double> response, std::vector<double> base);

  /// The same beside another state part.
  GeneProblem with_base(std::vector<double> base) const;

  size_t rows() const { return response_.size(); }
  size_t peaks() const { return peaks_.size(); }
  int32_t types() const { return types_; }
  CisResponse family() const { return family_; }
  std::span<const int32_t> study_peaks() const { return peaks_; }
  std::span<const int64_t> type_begin() const { return type_begin_; }
  std::span<const int32_t> type() const { return type_; }
  std::span<const double> response() const { return response_; }
  std::span<const double> base() const { return base_; }
  std::span<const double> exp_base() const { return exp_base_; }
  double response_on_base() const { return response_on_base_; }  ///< Σ response × base

  /// The rows in which a peak of the window is open, ascending.
  std::span<const int32_t> rows_of(int32_t peak) const;
  /// Those of a type.
  std::span<const int32_t> rows_of(int32_t peak, size_t type) const {
    const uint32_t* begin =
        type_in_peak_.data() + static_cast<size_t>(peak) * (at(types_) + 1) + type;
    return rows_of(peak).subspan(begin[0], begin[1] - begin[0]);
  }
  /// The open peaks of a row.
  std::span<const int32_t> peaks_in(size_t row) const {
    return by_row_.row(static_cast<int64_t>(row));
  }
  /// The rows in which a term is satisfied, ascending.
  std::vector<int32_t> rows_of(const WindowTerm& term) const;

 private:
  void set_base(std::vector<double> base);

  const CsrPattern* by_peak_;
  CisResponse family_;
  int32_t types_;
  std::span<const int64_t> type_begin_;
  std::span<const int32_t> type_;
  std::vector<int32_t> peaks_;
  CsrPattern by_row_;                   // rows × window peaks
  std::vector<uint32_t> type_in_peak_;  // peaks × (types + 1): where each type's rows begin
  std::vector<double> response_, base_, exp_base_;
  double response_on_base_ = 0;
};

}  // namespace grids::core
