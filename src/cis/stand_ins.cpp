#include "cis/stand_ins.hpp"

#include <algorithm>

namespace grids::core {
namespace {

/// Log likelihood beyond that of a stand-in at which both matter: about one stand-in in twenty
/// would gain this by chance.
constexpr double kBothMatter = 4;

void add_once(std::vector<WindowTerm>& terms, const WindowTerm& term) {
  if (std::find(terms.begin(), terms.end(), term) == terms.end()) terms.push_back(term);
}

bool holds(const WindowTerm& term, int32_t peak) {
  return std::binary_search(term.peaks.begin(), term.peaks.end(), peak);
}

/// Of terms that hold `cause`, with a stand-in: its weight is that of `either`, what the cause does
/// beyond is that of its own terms. Both must have the same sign, else the likeliest is at a bound:
/// a stand-in without effect, or one as strong as the cause.
double with_stand_in(const std::vector<WindowTerm>& terms, int32_t cause, const WindowTerm& either,
                     const TermFitter& fit) {
  auto with = terms;
  add_once(with, either);
  const TermFit free = fit(with);
  double least = 0;
  for (size_t k = 0; k < terms.size(); ++k) {
    if (holds(terms[k], cause)) least = std::min(least, free.weight[k] * free.weight.back());
  }
  if (least >= 0) return free.log_likelihood;
  const double without_effect = fit(terms).log_likelihood;
  const auto own = std::find(with.begin(), with.end(), WindowTerm{TermKind::kAll, {cause}});
  if (own == with.end()) return without_effect;
  with.erase(own);
  return std::max(without_effect, fit(with).log_likelihood);
}

}  // namespace

std::vector<WindowTerm> with_exchanged(const std::vector<WindowTerm>& terms, int32_t peak,
                                       int32_t by) {
  std::vector<WindowTerm> result;
  for (auto term : terms) {
    std::replace(term.peaks.begin(), term.peaks.end(), peak, by);
    std::sort(term.peaks.begin(), term.peaks.end());
    term.peaks.erase(std::unique(term.peaks.begin(), term.peaks.end()), term.peaks.end());
    if (term.peaks.size() == 1) term.kind = TermKind::kAll;
    add_once(result, term);
  }
  return result;
}

Cause judge_companions(const std::vector<WindowTerm>& terms, int32_t first, int32_t second,
                       const TermFitter& fit) {
  const WindowTerm either{TermKind::kAny, {std::min(first, second), std::max(first, second)}};
  const auto by_first = with_exchanged(terms, second, first);
  const auto by_second = with_exchanged(terms, first, second);
  auto full = by_first;
  for (const auto& term : by_second) add_once(full, term);
  add_once(full, either);
  if (full.size() > kMostTerms) return Cause::kBoth;
  const double stand_in = std::max(with_stand_in(by_first, first, either, fit),
                                   with_stand_in(by_second, second, either, fit));
  if (fit(full).log_likelihood - stand_in >= kBothMatter) return Cause::kBoth;
  const bool is_first = fit(by_first).log_likelihood > fit(by_second).log_likelihood;
  return is_first ? Cause::kFirst : Cause::kSecond;
}

}  // namespace grids::core
