#include "evaluate/verdict.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "base/error.hpp"
#include "math/statistics.hpp"

namespace grids::core {
namespace {

constexpr Verdict kVerdicts[] = {Verdict::kBorneOut, Verdict::kOverstated, Verdict::kUndecided,
                                 Verdict::kNotJudged, Verdict::kContradicted};

/// From q values that are there already.
Verdict verdict_of(const Contrast& contrast) {
  const bool tested = contrast.cells >= kJudgedCells && std::isfinite(contrast.slope) &&
                      std::isfinite(contrast.q) && std::isfinite(contrast.q_below_half);
  if (!tested) return Verdict::kNotJudged;
  if (contrast.q <= kVerdictLevel) {
    return contrast.p_below_half <= kVerdictLevel ? Verdict::kOverstated : Verdict::kBorneOut;
  }
  return contrast.q_below_half <= kVerdictLevel ? Verdict::kContradicted : Verdict::kUndecided;
}

std::string why_not_judged(const Contrast& contrast) {
  if (std::isnan(contrast.slope) && !contrast.note.empty()) return contrast.note;
  if (contrast.cells < kJudgedCells) {
    return fmt::format("{} of the {} test cells that it takes", contrast.cells, kJudgedCells);
  }
  return std::isnan(contrast.slope) ? "no slope" : "the test at slope ½ could not be computed";
}

}  // namespace

void add_verdicts(std::span<Contrast> contrasts) {
  std::vector<double> p, p_below_half;
  for (const auto& entry : contrasts) {
    p.push_back(entry.p);
    p_below_half.push_back(entry.p_below_half);
  }
  const auto q = benjamini_hochberg(p);
  const auto q_below_half = benjamini_hochberg(p_below_half);
  for (size_t i = 0; i < contrasts.size(); ++i) {
    contrasts[i].q = q[i];
    contrasts[i].q_below_half = q_below_half[i];
    contrasts[i].verdict = verdict_of(contrasts[i]);
  }
}

const char* verdict_name(Verdict verdict) {
  switch (verdict) {
    case Verdict::kBorneOut:
      return "borne_out";
    case Verdict::kOverstated:
      return "overstated";
    case Verdict::kUndecided:
      return "undecided";
    case Verdict::kNotJudged:
      return "not_judged";
    case Verdict::kContradicted:
      return "contradicted";
  }
  throw internal_error("no such verdict: {}", static_cast<int>(verdict));
}

std::string verdict_title(Verdict verdict) {
  std::string title = verdict_name(verdict);
  std::replace(title.begin(), title.end(), '_', ' ');
  return title;
}

std::string verdict_remark(const Contrast& contrast) {
  switch (contrast.verdict) {
    case Verdict::kBorneOut:
      return contrast.low > 1 ? "larger than predicted" : "";
    case Verdict::kContradicted:
      return contrast.high < 0 ? "opposite" : "";
    case Verdict::kUndecided:
      return fmt::format("these cells could have shown a slope of {:.2g}", contrast.detectable);
    case Verdict::kNotJudged:
      return why_not_judged(contrast);
    case Verdict::kOverstated:
      return "";
  }
  return "";
}

std::string count_verdicts(std::span<const Contrast> contrasts) {
  std::string words;
  for (const Verdict verdict : kVerdicts) {
    const auto count = std::count_if(contrasts.begin(), contrasts.end(),
                                     [&](const Contrast& c) { return c.verdict == verdict; });
    if (count == 0) continue;
    words += fmt::format("{}{} {}", words.empty() ? "" : ", ", count, verdict_title(verdict));
  }
  return words;
}

double assured_change(const Contrast& contrast, ChangeDirection asked) {
  const auto [low, high] = contrast.observed();
  if (!std::isfinite(low) || !std::isfinite(high)) return -std::numeric_limits<double>::infinity();
  return asked == ChangeDirection::kDown ? -high : low;
}

std::vector<size_t> order_of_standing(std::span<const Contrast> contrasts,
                                      std::span<const ChangeDirection> asked) {
  std::vector<double> assured;
  for (size_t i = 0; i < contrasts.size(); ++i) {
    assured.push_back(assured_change(contrasts[i], asked[i]));
  }
  std::vector<size_t> order(contrasts.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    if (contrasts[a].verdict != contrasts[b].verdict) {
      return contrasts[a].verdict < contrasts[b].verdict;
    }
    return assured[a] > assured[b];
  });
  return order;
}

}  // namespace grids::core
