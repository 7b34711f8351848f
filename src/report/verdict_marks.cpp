#include "report/verdict_marks.hpp"

#include <fmt/core.h>

#include <set>

#include "base/error.hpp"
#include "report/html.hpp"

namespace grids::core {

std::string verdict_badge(const Contrast& contrast) {
  std::string html = fmt::format("<span class=\"verdict {}\">{}</span>",
                                 verdict_name(contrast.verdict), verdict_title(contrast.verdict));
  const auto remark = verdict_remark(contrast);
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
