#include "report/verdict_marks.hpp"

#include <fmt/core.h>

#include <cmath>
#include <set>

#include "base/error.hpp"
#include "report/html.hpp"

namespace grids::core {
namespace {

/// Of the interval of a slope. A choice of words, not a test.
constexpr double kTellingWidth = 10;

}  // namespace

bool tells_nothing(const Contrast& contrast) {
  return contrast.high - contrast.low > kTellingWidth;
}

std::string slope_text(const Contrast& contrast) {
  return tells_nothing(contrast) ? "cannot tell" : number_text(contrast.slope);
}

std::string slope_text(double slope, double low, double high) {
  if (high - low > kTellingWidth) return "cannot tell";
  return fmt::format("{} ({} to {})", number_text(slope), number_text(low), number_text(high));
}

std::string page_remark(const Contrast& contrast) {
  if (is_without_measured(contrast)) return kUnpairedWords;
  if (contrast.verdict != Verdict::kUndecided) return verdict_remark(contrast);
  if (tells_nothing(contrast)) {
    return fmt::format(
        "cannot tell: the predicted change of {} is too small to be seen in these "
        "cells",
        percent_text(std::expm1(contrast.predicted), true));
  }
  if (std::isnan(contrast.detectable)) return {};
  if (contrast.detectable > 1) {
    return fmt::format(
        "too few cells: only a slope above {:.2g} would have been seen, 1 is as predicted",
        contrast.detectable);
  }
  return verdict_remark(contrast) + ", 1 is as predicted";
}

std::string verdict_badge(const Contrast& contrast) {
  std::string html = fmt::format("<span class=\"verdict {}\">{}</span>",
                                 verdict_name(contrast.verdict), verdict_title(contrast.verdict));
  const auto remark = page_remark(contrast);
  if (!remark.empty()) html += " <span class=\"remark\">" + escape_html(remark) + "</span>";
  return html;
}

const char* verdict_colour(Verdict verdict) {
  switch (verdict) {
    case Verdict::kBorneOut:
      return "#0072b2";
    case Verdict::kOverstated:
      return "#3d93c4";
    case Verdict::kUndecided:
      return "#6f6f6a";
    case Verdict::kNotJudged:
      return "#94948e";
    case Verdict::kContradicted:
      return "#c8102e";
  }
  throw internal_error("no such verdict: {}", static_cast<int>(verdict));
}

std::string verdict_legend(const std::vector<SetView>& sets) {
  std::set<Verdict> verdicts;
  for (const SetView& set : sets) verdicts.insert(set.contrast.verdict);
  std::string html;
  for (const Verdict verdict : verdicts) {
    html += fmt::format("<span class=\"key\"><span style=\"color:{}\">●</span>{}</span> ",
                        verdict_colour(verdict), verdict_title(verdict));
  }
  return html;
}

}  // namespace grids::core
