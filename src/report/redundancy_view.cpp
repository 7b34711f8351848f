#include "report/redundancy_view.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <regex>
#include <tuple>

#include "base/error.hpp"
#include "redundancy/redundancy_columns.hpp"

namespace grids::core {
namespace {

/// Rows of a table by the set that they are of, each handed out once: a folder may hold two sets of
/// one gene and type.
class RowsOfSets {
 public:
  explicit RowsOfSets(const Table* table) : table_(table) {
    for (size_t row = 0; table != nullptr && row < table->rows(); ++row) {
      waiting_[name_of(*table, row)].push_back(row);
    }
  }

  /// The next rows of that set, at most so many, for as long as they are `wanted`.
  template <typename Wanted>
  std::vector<size_t> take(const RedundancyView& view, size_t most, const Wanted& wanted) {
    auto& rows = waiting_[{view.cell_type, view.gene, view.set}];
    size_t count = 0;
    while (count < std::min(most, rows.size()) && wanted(rows[count])) ++count;
    const auto end = rows.begin() + static_cast<std::ptrdiff_t>(count);
    std::vector<size_t> taken(rows.begin(), end);
    rows.erase(rows.begin(), end);
    return taken;
  }

  const Table& table() const { return *table_; }

 private:
  using Name = std::tuple<std::string, std::string, std::string>;

  static Name name_of(const Table& table, size_t row) {
    return {table.text(row, column::kCellType), table.text(row, column::kGene),
            table.text(row, column::kRedundancySet)};
  }

  const Table* table_;
  std::map<Name, std::vector<size_t>> waiting_;
};

RedundancyCall call_in(const Table& table, size_t row) {
  const auto& name = table.text(row, column::kCall);
  const auto call = call_of(name);
  if (!call) {
    throw input_error("{}: there is no call '{}'{}{}", table.source, name,
                      table.remedy.empty() ? "" : "; ", table.remedy);
  }
  return *call;
}

RedundancyView view_of(const Table& table, size_t row) {
  const auto number = [&](const ColumnText& text) { return table.number(row, text); };
  RedundancyView view;
  view.cell_type = table.text(row, column::kCellType);
  view.gene = table.text(row, column::kGene);
  view.set = table.text(row, column::kRedundancySet);
  view.facts.call = call_in(table, row);
  view.facts.reason = table.text(row, column::kCallReason);
  view.facts.elements = static_cast<int64_t>(number(column::kJudgedElements));
  view.facts.together = number(column::kChangeAsCells);
  view.facts.hidden = number(column::kHiddenShare);
  view.facts.low = number(column::kHiddenLow);
  view.facts.high = number(column::kHiddenHigh);
  view.hidden_log = number(column::kHiddenShareLog);
  view.hidden_fit = number(column::kHiddenFit);
  view.hidden_as_cells = number(column::kHiddenAsCells);
  view.change = number(column::kJointChange);
  view.change_low = number(column::kJointChangeLow);
  view.change_high = number(column::kJointChangeHigh);
  view.core_share = number(column::kCoreShare);
  view.bound = number(column::kCaptureBound);
  view.capture = number(column::kCaptureUsed);
  view.capture_source = table.text(row, column::kCaptureSource);
  view.kappa_break = number(column::kKappaBreak);
  view.cells = number(column::kJudgedCells);
  view.cells_from = table.text(row, column::kCellsFrom);
  view.folds = number(column::kAgreeingFolds);
  view.power_redundant = number(column::kPowerRedundant);
  view.power_cooperative = number(column::kPowerCooperative);
  view.detectable = number(column::kDetectableShare);
  view.p_redundant = number(column::kRedundancyP);
  view.p_cooperative = number(column::kCooperativeP);
  view.q = number(column::kCallQ);
  view.note = table.text(row, column::kRedundancyNote);
  return view;
}

void add_elements(RowsOfSets& members, RedundancyView& view) {
  const auto judged = [&](size_t row) {
    return members.table().text(row, column::kElementJudged) == "yes";
  };
  auto rows = members.take(view, static_cast<size_t>(view.facts.elements), judged);
  for (const size_t row :
       members.take(view, SIZE_MAX, [&](size_t next) { return !judged(next); })) {
    rows.push_back(row);
  }
  for (const size_t row : rows) {
    const Table& table = members.table();
    view.elements.push_back(
        {table.text(row, column::kElement), table.text(row, column::kElementClass), judged(row),
         table.text(row, column::kWhyNotJudged), table.number(row, column::kLossAlone),
         table.number(row, column::kLossFromWhole), table.number(row, column::kGainOnNothing),
         table.number(row, column::kShapley)});
    if (judged(row)) view.facts.add_alone(view.elements.back().alone);
  }
}

void add_settings(RowsOfSets& settings, RedundancyView& view) {
  if (view.facts.elements < 2) return;
  const auto all = [](size_t) { return true; };
  for (const size_t row : settings.take(view, size_t{1} << view.facts.elements, all)) {
    const Table& table = settings.table();
    const auto& open = table.text(row, column::kOpenElements);
    view.settings.push_back(
        {open == "none" ? std::vector<std::string>() : split_list(open),
         table.number(row, column::kRateInFit), table.number(row, column::kRateMeasured),
         table.number(row, column::kRateLow), table.number(row, column::kRateHigh),
         table.number(row, column::kSettingCells), table.number(row, column::kSettingCounts)});
  }
  std::stable_sort(
      view.settings.begin(), view.settings.end(),
      [](const SettingView& x, const SettingView& y) { return x.open.size() < y.open.size(); });
}

/// What stands first; NaN last.
bool stands_before(const RedundancyView& a, const RedundancyView& b) {
  if (a.stands() != b.stands()) return a.stands();
  if (a.facts.call != b.facts.call) return a.facts.call < b.facts.call;
  if (std::isnan(a.facts.hidden) || std::isnan(b.facts.hidden))
    return std::isnan(b.facts.hidden) && !std::isnan(a.facts.hidden);
  return a.facts.hidden > b.facts.hidden;
}

}  // namespace

bool RedundancyView::has_shares() const {
  return std::isfinite(facts.hidden) && (is_called(facts.call) || std::isfinite(facts.low));
}

std::string reason_words(const std::string& reason) {
  static const std::regex too_few(
      "(cells|counts): (\\d+) (?:in the cells )?with (\\d+) of (\\d+) elements open, of at least "
      "(\\d+)");
  std::smatch found;
  if (!std::regex_match(reason, found, too_few)) return reason;
  const auto what = found[1].str(), count = found[2].str(), open = found[3].str(),
             elements = found[4].str(), least = found[5].str();
  const auto choice = open == elements ? fmt::format("all {} judged elements open", elements)
                      : open == "0"
                          ? fmt::format("none of the {} judged elements open", elements)
                          : fmt::format(
                                "one certain choice of {} of the {} judged elements open and "
                                "the others closed",
                                open, elements);
  if (what == "cells") {
    return fmt::format("too few cells: {} {} {}, at least {} are needed", count,
                       count == "1" ? "has" : "have", choice, least);
  }
  return fmt::format("too few counts of the gene: {} in the cells with {}, at least {} are needed",
                     count, choice, least);
}

std::vector<RedundancyView> redundancy_calls(const Table& table) {
  std::vector<RedundancyView> views;
  views.reserve(table.rows());
  for (size_t row = 0; row < table.rows(); ++row) views.push_back(view_of(table, row));
  return views;
}

std::vector<RedundancyView> redundancy_views(const Results& results) {
  const Table* table = results.find("redundancy.tsv");
  if (table == nullptr) return {};
  RowsOfSets members(results.find("members.tsv")), settings(results.find("settings.tsv"));
  const auto contradicted = contradicted_sets(results);
  auto views = redundancy_calls(*table);
  for (auto& view : views) {
    view.contradicted = contradicted.contains({view.cell_type, view.gene});
    add_elements(members, view);
    add_settings(settings, view);
  }
  std::stable_sort(views.begin(), views.end(), stands_before);
  return views;
}

}  // namespace grids::core
