#include "cis/gene_problem.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/at.hpp"
#include "math/exponential.hpp"

namespace grids::core {
WindowTerm extended(const WindowTerm& base, int32_t peak, TermKind kind) {
  WindowTerm term = base;
  term.peaks.insert(std::upper_bound(term.peaks.begin(), term.peaks.end(), peak), peak);
  term.kind = term.peaks.size() == 1 ? TermKind::kAll : kind;
  return term;
}

GeneProblem::GeneProblem(const CisRows& rows, CisResponse family, std::span<const int32_t> window,
                         int64_t least_open, std::vector<double> response, std::vector<double> base)
    : by_peak_(&rows.peaks),
      family_(family),
      types_(static_cast<int32_t>(rows.type_begin.size()) - 1),
      type_begin_(rows.type_begin),
      type_(rows.type),
      response_(std::move(response)) {
  const auto count = static_cast<int64_t>(rows.size());
  CsrPattern members;
  members.columns = count;
  for (const int32_t peak : window) {
    const auto open = rows.peaks.row(peak);
    const auto found = static_cast<int64_t>(open.size());
    // A peak that is open nearly everywhere says as little as one that hardly ever is.
    if (found < least_open || count - found < least_open) continue;
    peaks_.push_back(peak);
    members.indices.insert(members.indices.end(), open.begin(), open.end());
    members.offsets.push_back(members.nonzeros());
    ++members.rows;
    auto next = open.begin();
    for (const int64_t begin : type_begin_) {
      while (next != open.end() && *next < begin) ++next;
      type_in_peak_.push_back(static_cast<uint32_t>(next - open.begin()));
    }
  }
  by_row_ = transpose(members);
  set_base(std::move(base));
}

GeneProblem GeneProblem::with_base(std::vector<double> base) const {
  GeneProblem other = *this;
  other.set_base(std::move(base));
  return other;
}

void GeneProblem::set_base(std::vector<double> base) {
  base_ = std::move(base);
  exp_base_.assign(base_.size(), 0.0);
  if (family_ == CisResponse::kCounts) {
    exponentials(std::ssize(base_), base_.data(), exp_base_.data());
  }
  response_on_base_ = std::inner_product(response_.begin(), response_.end(), base_.begin(), 0.0);
}

std::span<const int32_t> GeneProblem::rows_of(int32_t peak) const {
  return by_peak_->row(peaks_[at(peak)]);
}

std::vector<int32_t> GeneProblem::rows_of(const WindowTerm& term) const {
  std::vector<int32_t> result;
  if (term.peaks.empty()) {
    result.resize(rows());
    std::iota(result.begin(), result.end(), 0);
    return result;
  }
  for (size_t i = 0; i < term.peaks.size(); ++i) {
    const auto open = rows_of(term.peaks[i]);
    if (i == 0) {
      result.assign(open.begin(), open.end());
      continue;
    }
    std::vector<int32_t> joined;
    if (term.kind == TermKind::kAll) {
      std::set_intersection(result.begin(), result.end(), open.begin(), open.end(),
                            std::back_inserter(joined));
    } else {
      std::set_union(result.begin(), result.end(), open.begin(), open.end(),
                     std::back_inserter(joined));
    }
    result = std::move(joined);
  }
  return result;
}

}  // namespace grids::core
