#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "evaluate/recovery_sums.hpp"
#include "evaluate/set_columns.hpp"
#include "report/heat_map.hpp"
#include "report/html.hpp"
#include "report/sections.hpp"
#include "report/svg.hpp"

namespace grids::core {
namespace {

/// Of the sets of one kind of planted regulation and, where there are several, one method.
struct NamedSums {
  std::string name;
  RecoverySums sums;
};

/// What recovery.tsv comes to. recovery_by_kind.tsv would not do: it holds means by L, without the
/// numbers of peaks that a sum over L and over kinds needs.
struct RecoveryView {
  std::vector<NamedSums> kinds;  ///< in the order of their first rows
  RecoverySums all;
  bool knows_partners = false;  ///< which earlier versions did not write
  bool near_alone = false;      ///< only peaks within 250 kb of the genes were searched

  /// Members that random sets would hold, drawn from the peaks that were searched.
  const KnownSum& chance(const RecoverySums& sums) const {
    return near_alone ? sums.chance_near_tss : sums.chance;
  }

  bool knows_programmes() const { return all.programme.weight > 0; }
};

/// 0 where there is none.
int64_t count_at(const Table& table, size_t row, std::string_view column) {
  const double count = table.number(row, column);
  return std::isnan(count) ? 0 : static_cast<int64_t>(count);
}

RecoveredPeaks recovered_peaks(const Table& table, size_t row) {
  RecoveredPeaks set;
  set.members = count_at(table, row, column::kMembers);
  set.members_found = count_at(table, row, column::kMembersFound);
  set.bystanders_found = count_at(table, row, column::kBystandersFound);
  set.expected_by_chance = table.number(row, column::kExpectedByChance);
  set.expected_near_tss =
      table.has(column::kExpectedNearTss) ? table.number(row, column::kExpectedNearTss) : kNaN;
  set.near_tss_share = table.number(row, column::kNearTssShare);
  set.near_tss_chance = table.number(row, column::kNearTssChance);
  if (table.has(column::kMembersWithPartners)) {
    set.members_with_partners = count_at(table, row, column::kMembersWithPartners);
  }
  if (table.has(column::kProgrammeShare) && table.has(column::kProgrammeChance)) {
    set.programme = {table.number(row, column::kProgrammeShare),
                     table.number(row, column::kProgrammeChance)};
  }
  return set;
}

/// Whether every set was searched among the peaks around its gene.
bool searched_near_alone(const Results& results) {
  return !results.sets.empty() &&
         std::all_of(results.sets.begin(), results.sets.end(),
                     [](const SetView& set) { return set.domain == "cis"; });
}

RecoveryView recovery_view(const Table& table, const Results& results) {
  RecoveryView view;
  view.knows_partners = table.has(column::kMembersWithPartners);
  view.near_alone = table.has(column::kExpectedNearTss) && searched_near_alone(results);
  const bool several_methods =
      table.has(column::kMethod) && distinct(table, column::kMethod).size() > 1;
  for (size_t row = 0; row < table.rows(); ++row) {
    const auto& kind = table.text(row, column::kKind);
    const auto name =
        several_methods ? fmt::format("{}: {}", table.text(row, column::kMethod), kind) : kind;
    auto found = std::find_if(view.kinds.begin(), view.kinds.end(),
                              [&](const NamedSums& known) { return known.name == name; });
    if (found == view.kinds.end()) found = view.kinds.insert(found, {name, {}});
    const auto set = recovered_peaks(table, row);
    found->sums.add(set);
    view.all.add(set);
  }
  return view;
}

std::string share_text(const KnownSum& sum) {
  return sum.weight > 0 ? percent_text(sum.mean()) : "n/a";
}

std::vector<HtmlColumn> table_columns(const RecoveryView& view) {
  std::vector<HtmlColumn> columns = {
      {"Kind of regulation"},
      {"Sets", true},
      {"Planted", true},
      {"Found", true},
      {view.near_alone ? "Expected within 250 kb" : "Expected by chance", true},
      {"Recall", true},
      {"Bystanders found", true},
      {"Near the TSS", true},
      {"By chance", true}};
  if (view.knows_partners) columns.push_back({"Recall with partners", true});
  if (view.knows_programmes()) {
    columns.push_back({"In the type's programme", true});
    columns.push_back({"Of peaks open as often", true});
  }
  return columns;
}

/// `name`: HTML.
std::vector<std::string> table_row(const std::string& name, const RecoverySums& sums,
                                   const RecoveryView& view) {
  std::vector<std::string> row = {name,
                                  count_text(static_cast<double>(sums.sets)),
                                  count_text(sums.found.weight),
                                  count_text(sums.found.total),
                                  number_text(view.chance(sums).total),
                                  share_text(sums.found),
                                  count_text(sums.bystanders.total),
                                  share_text(sums.near_tss_share),
                                  share_text(sums.near_tss_chance)};
  if (view.knows_partners) row.push_back(share_text(sums.with_partners));
  if (view.knows_programmes()) {
    row.push_back(share_text(sums.programme));
    row.push_back(share_text(sums.programme_chance));
  }
  return row;
}

std::string recovery_table(const RecoveryView& view) {
  std::vector<std::vector<std::string>> rows;
  for (const auto& kind : view.kinds) {
    rows.push_back(table_row(escape_html(kind.name), kind.sums, view));
  }
  rows.push_back(table_row("<b>all</b>", view.all, view));
  return html_table(table_columns(view), rows);
}

const char* verdict_on(const RecoveryView& view) {
  const RecoverySums& all = view.all;
  if (all.found.total <= 2 * view.chance(all).total) {
    return "That is about what random sets would give: <b>the sets found here do not point to "
           "the planted peaks of single genes.</b> A surrogate whose twenty latent numbers carry "
           "the state of a cell sees programmes of peaks, hardly single elements.";
  }
  if (all.found.total < 0.5 * all.found.weight) {
    return "More than chance, but most planted peaks were missed: a surrogate whose twenty latent "
           "numbers carry the state of a cell sees programmes of peaks better than single "
           "elements.";
  }
  return "Most planted peaks were found.";
}

std::string recovery_text(const RecoveryView& view) {
  const RecoverySums& all = view.all;
  std::string html = fmt::format(
      "<p>These cells are simulated, so the truth is known. For the explained genes {} had been "
      "planted. Found: <b>{}</b>. Expected of random sets{}: {}. {}</p>\n",
      counted(all.found.weight, "causal peak"), count_text(all.found.total),
      view.near_alone ? " of peaks within 250 kb of the gene, where they were searched" : "",
      number_text(view.chance(all).total), verdict_on(view));
  if (view.knows_programmes()) {
    html += fmt::format(
        "<p>Of the found peaks, <b>{}</b> follow the programme of their cell type (peaks that open "
        "together, more in that type than in others). Of peaks that are open as often there, {} "
        "do.</p>\n",
        share_text(all.programme), share_text(all.programme_chance));
  }
  return html;
}

std::string recovery_plot(const RecoveryView& view) {
  const auto& kinds = view.kinds;
  double most = 1;
  for (const auto& [name, sums] : kinds) {
    most = std::max({most, sums.found.total, view.chance(sums).total});
  }
  constexpr double kWidth = 520;
  constexpr double kLeft = 120;
  constexpr double kRow = 26;
  const double bottom = 8 + kRow * static_cast<double>(kinds.size());
  const auto marks = ticks(0, most, 5);
  const Scale x{0, marks.back(), kLeft, kWidth - 20};
  Svg svg(kWidth, bottom + 22, "Planted peaks found, beside chance");
  for (const double mark : marks) {
    svg.line(x(mark), 4, x(mark), bottom, mark == 0 ? "#8a8a8a" : "#e4e4e0");
    svg.text(x(mark), bottom + 15, tick_text(mark), Anchor::kMiddle);
  }
  double y = 21;
  for (const auto& [name, sums] : kinds) {
    svg.text(kLeft - 8, y + 4, shortened(name, 17), Anchor::kEnd);
    svg.line(x(0), y, x(sums.found.total), y, "#0072b2", 7);
    svg.circle(x(sums.found.total), y, 4.2, "#0072b2", "none",
               fmt::format("{}: {} found", name, number_text(sums.found.total)));
    const double chance = x(view.chance(sums).total);
    svg.line(chance, y - 9, chance, y + 9, "#d55e00", 2);
    y += kRow;
  }
  return svg.str();
}

}  // namespace

std::string recovery_section(const Results& results, Page& page) {
  const Table* table = results.find("recovery.tsv");
  if (table == nullptr) return {};
  const auto view = recovery_view(*table, results);
  std::string html = recovery_text(view);
  if (view.all.found.total > 0) {
    html += html_figure(page.next_figure(), "<div class=\"wide\">" + recovery_plot(view) + "</div>",
                        "Planted causal peaks among the found ones, by kind of regulation (blue), "
                        "beside the number that random sets of the same size would hold (orange "
                        "line).");
  }
  return html + recovery_table(view);
}

}  // namespace grids::core
