#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "evaluate/set_columns.hpp"
#include "report/heat_map.hpp"
#include "report/html.hpp"
#include "report/sections.hpp"
#include "report/svg.hpp"

namespace grids::core {
namespace {

/// Sums over the genes of one kind of planted regulation.
struct Kind {
  double genes = 0;
  double members = 0;
  double found = 0;
  double with_partners = 0;
  double bystanders = 0;
  double chance = 0;
  double near = 0;  // of `placed` sets
  double near_chance = 0;
  double placed = 0;
  double programme = 0;  // of `with_programme` sets
  double programme_chance = 0;
  double with_programme = 0;
};

/// One digit after the point, with a true minus sign.
std::string tenths(double value) {
  const std::string digits = fmt::format("{:.1f}", std::abs(value));
  return value < 0 && digits != "0.0" ? "\u2212" + digits : digits;
}

std::string recovery_plot(const std::vector<std::string>& order,
                          const std::map<std::string, Kind>& kinds) {
  double most = 1;
  for (const auto& [name, kind] : kinds) most = std::max({most, kind.found, kind.chance});
  constexpr double kWidth = 520;
  constexpr double kLeft = 120;
  constexpr double kRow = 26;
  const double bottom = 8 + kRow * static_cast<double>(order.size());
  const auto marks = ticks(0, most, 5);
  const Scale x{0, marks.back(), kLeft, kWidth - 20};
  Svg svg(kWidth, bottom + 22, "Planted peaks found, beside chance");
  for (const double mark : marks) {
    svg.line(x(mark), 4, x(mark), bottom, mark == 0 ? "#8a8a8a" : "#e4e4e0");
    svg.text(x(mark), bottom + 15, tick_text(mark), Anchor::kMiddle);
  }
  for (size_t row = 0; row < order.size(); ++row) {
    const Kind& kind = kinds.at(order[row]);
    const double y = 21 + kRow * static_cast<double>(row);
    svg.text(kLeft - 8, y + 4, shortened(order[row], 17), Anchor::kEnd);
    svg.line(x(0), y, x(kind.found), y, "#0072b2", 7);
    svg.circle(x(kind.found), y, 4.2, "#0072b2", "none",
               fmt::format("{}: {} found", order[row], number_text(kind.found)));
    svg.line(x(kind.chance), y - 9, x(kind.chance), y + 9, "#d55e00", 2);
  }
  return svg.str();
}

}  // namespace

std::string types_section(const Results& results, Page& page) {
  const Table* changes = results.find("change_by_type.tsv");
  if (changes == nullptr) {
    return missing_file("change_by_type.tsv", "sets were not tested in other cell types");
  }
  HeatMap map;
  map.label = "Predicted change of each set in each cell type";
  map.columns = distinct(*changes, column::kTestedIn);
  map.colour = nullptr;
  std::vector<std::pair<std::string, std::string>> rows;  // type, gene
  std::map<std::pair<size_t, std::string>, double> value;
  double largest = 1e-12;
  for (size_t row = 0; row < changes->rows(); ++row) {
    const std::pair key = {changes->text(row, column::kCellType),
                           changes->text(row, column::kGene)};
    auto found = std::find(rows.begin(), rows.end(), key);
    if (found == rows.end()) found = rows.insert(rows.end(), key);
    const double change = changes->number(row, column::kRelativeChange);
    value[{static_cast<size_t>(found - rows.begin()), changes->text(row, column::kTestedIn)}] =
        change;
    if (!std::isnan(change)) largest = std::max(largest, std::abs(change));
  }
  for (size_t r = 0; r < rows.size(); ++r) {
    map.rows.push_back(shortened(rows[r].second, 12) + " · " + shortened(rows[r].first, 11));
    for (const auto& type : map.columns) {
      const auto found = value.find({r, type});
      const double change = found == value.end() ? NAN : found->second;
      map.values.push_back(change);
      map.texts.push_back(std::isnan(change) ? "" : tenths(100 * change));
      map.outlined.push_back(type == rows[r].first);
    }
  }
  map.colour = [largest](double change) { return diverging_colour(change / largest); };
  return html_figure(
      page.next_figure(), "<div class=\"wide\">" + draw_heat_map(map) + "</div>",
      "Each row is a set learned for a gene in one type (framed); each column a type whose test "
      "cells it was masked in. Numbers: predicted change in percent. Sets that change the "
      "prediction in their own type only rest on "
      "what is particular to that type.");
}

std::string recovery_section(const Results& results, Page& page) {
  const Table* recovery = results.find("recovery.tsv");
  if (recovery == nullptr) return {};
  const bool several_methods =
      recovery->has(column::kMethod) && distinct(*recovery, column::kMethod).size() > 1;
  const auto row_name = [&](size_t row) {
    const auto& kind = recovery->text(row, column::kKind);
    return several_methods ? fmt::format("{}: {}", recovery->text(row, column::kMethod), kind)
                           : kind;
  };
  const bool knows_programmes =
      recovery->has(column::kProgrammeShare) && recovery->has(column::kProgrammeChance);
  const bool knows_partners = recovery->has(column::kMembersWithPartners);
  std::vector<std::string> order;
  std::map<std::string, Kind> kinds;
  Kind all;
  const auto add = [](double& sum, double value) { sum += std::isnan(value) ? 0 : value; };
  for (size_t row = 0; row < recovery->rows(); ++row) {
    const std::string name = row_name(row);
    if (!kinds.contains(name)) order.push_back(name);
    for (Kind* kind : {&kinds[name], &all}) {
      kind->genes += 1;
      add(kind->members, recovery->number(row, column::kMembers));
      add(kind->found, recovery->number(row, column::kMembersFound));
      if (knows_partners) {
        add(kind->with_partners, recovery->number(row, column::kMembersWithPartners));
      }
      add(kind->bystanders, recovery->number(row, column::kBystandersFound));
      add(kind->chance, recovery->number(row, column::kExpectedByChance));
      if (!std::isnan(recovery->number(row, column::kNearTssShare))) {
        kind->near += recovery->number(row, column::kNearTssShare);
        kind->near_chance += recovery->number(row, column::kNearTssChance);
        kind->placed += 1;
      }
      if (knows_programmes && !std::isnan(recovery->number(row, column::kProgrammeShare))) {
        kind->programme += recovery->number(row, column::kProgrammeShare);
        kind->programme_chance += recovery->number(row, column::kProgrammeChance);
        kind->with_programme += 1;
      }
    }
  }
  std::vector<std::vector<std::string>> rows;
  const auto add_row = [&](const std::string& name, const Kind& kind) {
    rows.push_back({name, count_text(kind.genes), count_text(kind.members), count_text(kind.found),
                    number_text(kind.chance),
                    kind.members > 0 ? percent_text(kind.found / kind.members) : "n/a",
                    count_text(kind.bystanders),
                    kind.placed > 0 ? percent_text(kind.near / kind.placed) : "n/a",
                    kind.placed > 0 ? percent_text(kind.near_chance / kind.placed) : "n/a"});
    if (knows_partners) {
      rows.back().push_back(kind.members > 0 ? percent_text(kind.with_partners / kind.members)
                                             : "n/a");
    }
    if (all.with_programme == 0) return;
    const bool known = kind.with_programme > 0;
    rows.back().push_back(known ? percent_text(kind.programme / kind.with_programme) : "n/a");
    rows.back().push_back(known ? percent_text(kind.programme_chance / kind.with_programme)
                                : "n/a");
  };
  for (const auto& name : order) add_row(escape_html(name), kinds[name]);
  add_row("<b>all</b>", all);

  std::string verdict;
  if (all.found <= 2 * all.chance) {
    verdict =
        "That is about what random sets would give: <b>the sets found here do not point to "
        "the planted peaks of single genes.</b> A surrogate whose twenty latent numbers carry "
        "the state of a cell sees programmes of peaks, hardly single elements.";
  } else if (all.found < 0.5 * all.members) {
    verdict =
        "More than chance, but most planted peaks were missed: a surrogate whose twenty latent "
        "numbers carry the state of a cell sees programmes of peaks better than single "
        "elements.";
  } else {
    verdict = "Most planted peaks were found.";
  }
  std::string html = fmt::format(
      "<p>These cells are simulated, so the truth is known. For the explained genes {} had been "
      "planted. Found: <b>{}</b>. Expected of random sets: {}. {}</p>\n",
      counted(all.members, "causal peak"), count_text(all.found), number_text(all.chance), verdict);
  if (all.with_programme > 0) {
    html += fmt::format(
        "<p>Of the found peaks, <b>{}</b> follow the programme of their cell type (peaks that open "
        "together, more in that type than in others). Of peaks that are open as often there, {} "
        "do.</p>\n",
        percent_text(all.programme / all.with_programme),
        percent_text(all.programme_chance / all.with_programme));
  }
  if (all.found > 0) {
    html += html_figure(page.next_figure(),
                        "<div class=\"wide\">" + recovery_plot(order, kinds) + "</div>",
                        "Planted causal peaks among the found ones, by kind of regulation (blue), "
                        "beside the number that random sets of the same size would hold (orange "
                        "line).");
  }
  std::vector<HtmlColumn> columns = {{"Kind of regulation"},
                                     {"Sets", true},
                                     {"Planted", true},
                                     {"Found", true},
                                     {"Expected by chance", true},
                                     {"Recall", true},
                                     {"Bystanders found", true},
                                     {"Near the TSS", true},
                                     {"By chance", true}};
  if (knows_partners) columns.push_back({"Recall with partners", true});
  if (all.with_programme > 0) {
    columns.push_back({"In the type's programme", true});
    columns.push_back({"Of peaks open as often", true});
  }
  return html + html_table(columns, rows);
}

}  // namespace grids::core
