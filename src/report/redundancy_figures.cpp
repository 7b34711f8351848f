#include "report/redundancy_figures.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "report/heat_map.hpp"
#include "report/html.hpp"
#include "report/svg.hpp"

namespace grids::core {
namespace {

constexpr const char* kLossColour = "#0072b2";
constexpr const char* kGainColour = "#7cb8dc";
constexpr const char* kSumColour = "#8a8a84";
constexpr const char* kJointColour = "#1c1c1a";
constexpr const char* kContradictedColour = "#c8102e";
/// Shares beyond these ends are drawn at the end, with an arrow.
constexpr double kLeastShare = -2, kMostShare = 2;
/// Sets that are drawn with their names.
constexpr size_t kNamedSets = 60;

/// A bar with its name; NaN is left out, and the bar "not known".
struct Bar {
  std::string name;
  double value = 0;
  const char* colour = kJointColour;
};

const char* view_colour(const RedundancyView& view) {
  return view.contradicted ? kContradictedColour : call_colour(view.facts.call);
}

void arrow(Svg& svg, double x, double y, double direction, const char* colour) {
  svg.raw(fmt::format("<path d=\"M{} {}l{} 3.5l{} 3.5z\" fill=\"{}\"/>\n", coordinate(x),
                      coordinate(y - 3.5), coordinate(5 * direction), coordinate(-5 * direction),
                      colour));
}

/// Horizontal bars on one axis that holds 0, and what is drawn beyond it as arrows.
std::string bar_panel(const std::string& label, const std::string& title,
                      const std::vector<Bar>& bars, double least, double most, bool percent) {
  constexpr double kWidth = 420, kLeft = 138, kTop = 24, kRow = 17;
  double low = 0, high = 0;
  for (const Bar& bar : bars) {
    if (std::isnan(bar.value)) continue;
    low = std::min(low, std::max(bar.value, least));
    high = std::max(high, std::min(bar.value, most));
  }
  const auto marks = ticks(low, high, 4);
  const Scale x{marks.front(), marks.back(), kLeft, kWidth - 52};
  const double bottom = kTop + 4 + kRow * static_cast<double>(bars.size());
  Svg svg(kWidth, bottom + 20, label);
  svg.text(0, 13, title, Anchor::kStart, "st");
  for (const double mark : marks) {
    svg.line(x(mark), kTop, x(mark), bottom, mark == 0 ? "#8a8a8a" : "#e4e4e0");
    svg.text(x(mark), bottom + 14, percent ? tick_text(100 * mark) + "%" : tick_text(mark),
             Anchor::kMiddle);
  }
  double y = kTop + 4;
  for (const Bar& bar : bars) {
    svg.text(kLeft - 8, y + 11, bar.name, Anchor::kEnd);
    const bool known = !std::isnan(bar.value);
    const double end = known ? std::clamp(bar.value, marks.front(), marks.back()) : 0;
    svg.rectangle(std::min(x(0), x(end)), y + 2, std::abs(x(end) - x(0)), kRow - 5, bar.colour);
    if (known && end != bar.value)
      arrow(svg, x(end), y + 7.5, bar.value > end ? 1 : -1, bar.colour);
    const auto words = percent ? percent_text(bar.value, true) : number_text(bar.value);
    svg.text(std::max(x(0), x(end)) + (end == bar.value || !known ? 4 : 10), y + 11, words,
             Anchor::kStart, "sv");
    y += kRow;
  }
  return svg.str();
}

/// One set's share: its interval, as far as it is drawn, and the share itself.
void draw_share(Svg& svg, const Scale& x, double y, double radius, const RedundancyView& view) {
  const auto& facts = view.facts;
  const char* colour = view_colour(view);
  const auto inside = [](double value) { return std::clamp(value, kLeastShare, kMostShare); };
  const bool firm = std::isfinite(facts.low);
  if (firm) {
    svg.line(x(inside(facts.low)), y, x(inside(facts.high)), y, colour, std::min(1.5, radius));
  }
  if (inside(facts.hidden) != facts.hidden) {
    arrow(svg, x(inside(facts.hidden)), y, facts.hidden > 0 ? 1 : -1, colour);
    return;
  }
  const auto interval =
      firm ? fmt::format(" ({} to {})", number_text(facts.low), number_text(facts.high))
           : std::string();
  svg.circle(x(facts.hidden), y, radius, firm ? colour : "#ffffff", firm ? "#ffffff" : colour,
             fmt::format("{} in {}: {}, hidden share {}{}", view.gene, view.cell_type,
                         view.contradicted ? "contradicted" : call_title(facts.call),
                         number_text(facts.hidden), interval));
}

}  // namespace

const char* call_colour(RedundancyCall call) {
  switch (call) {
    case RedundancyCall::kRedundant:
      return "#0072b2";
    case RedundancyCall::kQuorum:
      return "#3d93c4";
    case RedundancyCall::kCooperative:
      return "#c2570c";
    case RedundancyCall::kIndependent:
      return "#00795a";
    case RedundancyCall::kStandInsOrProxies:
      return "#8f8a6a";
    case RedundancyCall::kNotCalled:
      return "#94948e";
  }
  return "";
}

std::string call_badge(const RedundancyView& view) {
  const char* colour = view_colour(view);
  return fmt::format("<span class=\"verdict\" style=\"background:{};color:{}\">{}</span>", colour,
                     text_colour_on(colour),
                     view.contradicted ? "contradicted" : call_title(view.facts.call));
}

std::string call_legend(const std::vector<const RedundancyView*>& views) {
  std::set<RedundancyCall> calls;
  bool contradicted = false;
  for (const auto* view : views) {
    contradicted |= view->contradicted;
    if (!view->contradicted) calls.insert(view->facts.call);
  }
  const auto entry = [](const char* colour, const std::string& words) {
    return fmt::format("<span class=\"key\"><span style=\"color:{}\">●</span>{}</span> ", colour,
                       words);
  };
  std::string html;
  for (const auto call : calls) html += entry(call_colour(call), call_title(call));
  if (contradicted) html += entry(kContradictedColour, "contradicted");
  return html;
}

std::string element_letter(size_t i) {
  return std::string(1, static_cast<char>('A' + i));
}

std::string hidden_shares_figure(const std::vector<const RedundancyView*>& views) {
  constexpr double kWidth = 660, kTop = 18, kMostHeight = 900;
  const bool named = views.size() <= kNamedSets;
  const double left = named ? 214 : 20;
  const double row = named ? 16 : std::min(8.0, kMostHeight / static_cast<double>(views.size()));
  const double bottom = kTop + 6 + row * static_cast<double>(views.size());
  const Scale x{kLeastShare, kMostShare, left, kWidth - 20};
  Svg svg(kWidth, bottom + 34, "Measured hidden shares of the judged sets");
  for (const double mark : ticks(kLeastShare, kMostShare, 8)) {
    svg.line(x(mark), kTop, x(mark), bottom, mark == 0 ? "#8a8a8a" : "#e4e4e0");
    svg.text(x(mark), bottom + 14, tick_text(mark), Anchor::kMiddle);
  }
  constexpr std::pair<double, const char*> kMeanings[] = {
      {-1, "a pair is needed together"}, {0, "they add"}, {1, "any one suffices"}};
  for (const auto& [share, words] : kMeanings) {
    svg.text(x(share), 12, words, Anchor::kMiddle, "sv");
  }
  svg.text((left + kWidth - 20) / 2, bottom + 30, "hidden share, measured", Anchor::kMiddle);
  for (size_t i = 0; i < views.size(); ++i) {
    const double y = kTop + 6 + row * (static_cast<double>(i) + 0.5);
    if (named) {
      svg.text(left - 8, y + 4,
               shortened(views[i]->gene, 13) + " · " + shortened(views[i]->cell_type, 10),
               Anchor::kEnd);
    }
    draw_share(svg, x, y, named ? 4.4 : std::clamp(row / 2, 0.8, 3.0), *views[i]);
  }
  return svg.str();
}

std::string loss_and_gain_bars(const RedundancyView& view) {
  std::vector<Bar> bars;
  double losses = 0;
  size_t i = 0;
  for (const auto& element : view.elements) {
    if (!element.judged) continue;
    bars.push_back({element_letter(i) + ": loss from whole", element.loss, kLossColour});
    bars.push_back({element_letter(i) + ": gain on nothing", element.gain, kGainColour});
    losses += element.loss;
    ++i;
  }
  bars.push_back({"sum of single losses", losses, kSumColour});
  bars.push_back({"joint change", 1, kJointColour});
  return bar_panel("Loss from the whole and gain on nothing of each element of " + view.gene,
                   "Measured, shares of the joint change", bars, kLeastShare, kMostShare, false);
}

std::string masked_change_bars(const RedundancyView& view) {
  std::vector<Bar> bars;
  double sum = 0;
  size_t i = 0;
  for (const auto& element : view.elements) {
    if (!element.judged) continue;
    bars.push_back({element_letter(i++) + " masked alone", element.alone, kLossColour});
    sum += element.alone;
  }
  bars.push_back({"sum of these", sum, kSumColour});
  bars.push_back({"all masked together", view.facts.together, kJointColour});
  return bar_panel("Predicted change when elements of " + view.gene + " are masked",
                   "Predicted change when masked in the surrogate", bars, -1, kMostShare, true);
}

}  // namespace grids::core
