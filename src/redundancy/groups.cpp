#include "redundancy/groups.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>

#include "base/at.hpp"
#include "base/error.hpp"
#include "base/suggestion.hpp"
#include "math/statistics.hpp"
#include "redundancy/measurement.hpp"
#include "redundancy/redundancy_rows.hpp"

namespace grids::core {
namespace {

constexpr ColumnText kChangeP{
    "change_p", "two-sided, of `change_difference`; cells independent but for `clusters`"};
constexpr ColumnText kChangeQ{"change_q", "Benjamini–Hochberg over the rows of the table"};
constexpr ColumnText kHiddenP{"hidden_p", "two-sided, of `hidden_difference`"};
constexpr ColumnText kHiddenQ{"hidden_q", "as `change_q`"};

/// A value with its standard error.
struct Measured {
  double value = kNaN, error = kNaN;

  Measured minus(const Measured& other) const {
    return {value - other.value, std::hypot(error, other.error)};
  }
  double low() const { return value - normal_upper_quantile(0.025) * error; }
  double high() const { return value + normal_upper_quantile(0.025) * error; }
  double p() const { return 2 * normal_upper_tail(std::abs(value) / error); }
};

Measured change_of(const SetInGroup& group) {
  return {group.log_change, group.log_change_error};
}

Measured hidden_of(const SetInGroup& group) {
  return {group.hidden, group.hidden_error};
}

struct GroupRow : SetRow {
  const CellGroups& groups;
  size_t i = 0;

  const SetInGroup& group() const { return set.groups[i]; }
  const SetInGroup& first() const { return set.groups[0]; }
  /// Beside the first group; nothing for that itself.
  Measured change() const {
    return i == 0 ? Measured() : change_of(group()).minus(change_of(first()));
  }
  Measured hidden() const {
    return i == 0 ? Measured() : hidden_of(group()).minus(hidden_of(first()));
  }
};

Columns<GroupRow> group_columns() {
  const auto interval = "its 95 % interval";
  return {
      "redundancy_groups.tsv",
      "with `--contrast-groups`: a row for each group of cells of each set that was measured; "
      "differences are from the group with most cells, which stands first",
      with_set<GroupRow>({
          {"column", "of the cells, that tells the groups",
           [](const GroupRow& row) { return row.groups.column; }},
          {"group", "as the column spells it",
           [](const GroupRow& row) { return row.groups.names[row.i]; }},
          {column::kJudgedCells, [](const GroupRow& row) { return row.group().cells; }},
          {column::kChangeAsCells, [](const GroupRow& row) { return row.group().change_as_cells; }},
          {column::kJointChange, [](const GroupRow& row) { return row.group().log_change; }},
          {"log_change_error", "its standard error",
           [](const GroupRow& row) { return row.group().log_change_error; }},
          {"change_difference", "of `log_change`, from the first group",
           [](const GroupRow& row) { return row.change().value; }},
          {"change_difference_low", interval,
           [](const GroupRow& row) { return row.change().low(); }},
          {"change_difference_high", interval,
           [](const GroupRow& row) { return row.change().high(); }},
          {kChangeP, [](const GroupRow& row) { return Probability{row.change().p()}; }},
          {kChangeQ, [](const GroupRow&) { return Probability{kNaN}; }},
          {column::kHiddenShare.saying(
               "H in the group's cells; NA where the joint change is within "
               "three standard errors of 0"),
           [](const GroupRow& row) { return row.group().hidden; }},
          {column::kHiddenError, [](const GroupRow& row) { return row.group().hidden_error; }},
          {"hidden_difference", "of `hidden_share`, from the first group",
           [](const GroupRow& row) { return row.hidden().value; }},
          {"hidden_difference_low", interval,
           [](const GroupRow& row) { return row.hidden().low(); }},
          {"hidden_difference_high", interval,
           [](const GroupRow& row) { return row.hidden().high(); }},
          {kHiddenP, [](const GroupRow& row) { return Probability{row.hidden().p()}; }},
          {kHiddenQ, [](const GroupRow&) { return Probability{kNaN}; }},
          {column::kRedundancyNote.saying("why a group is not measured, or empty"),
           [](const GroupRow& row) { return row.group().problem; }},
      })};
}

/// The value of each cell, −1 where it is missing, and what the values are called.
struct Values {
  std::vector<std::string> names;
  std::vector<int32_t> codes;
};

Values values_of(const Categorical& own) {
  return {own.names, own.codes};
}

Values values_of(const CodedColumn& kept) {
  Values values;
  std::map<std::string, int32_t> codes;
  for (size_t cell = 0; cell < at(kept.size()); ++cell) {
    const auto text = kept.text_at(cell);
    const auto place = codes.try_emplace(text, static_cast<int32_t>(values.names.size()));
    if (place.second) values.names.push_back(text);
    values.codes.push_back(text.empty() ? -1 : place.first->second);
  }
  return values;
}

std::vector<std::string> column_names(const Study& study) {
  std::vector<std::string> names = {"cell_type"};
  if (!study.cells.donor.empty()) names.emplace_back("donor");
  if (!study.cells.batch.empty()) names.emplace_back("batch");
  for (const auto& kept : study.cells.columns) names.push_back(kept.name);
  return names;
}

Values find_values(const Study& study, const std::string& column) {
  for (const auto& kept : study.cells.columns) {
    // The user's own column of a name that the study has is kept as "given:NAME".
    if (kept.name == column || kept.name == "given:" + column) return values_of(kept);
  }
  if (column == "cell_type") return values_of(study.cells.type);
  if (column == "donor" && !study.cells.donor.empty()) return values_of(study.cells.donor);
  if (column == "batch" && !study.cells.batch.empty()) return values_of(study.cells.batch);
  throw input_error(
      "--contrast-groups: the study keeps no column '{}'{}; prepare it again with "
      "--keep-obs {} (or all)",
      column, suggestion(column, column_names(study)), column);
}

/// p of a column, and its q in another.
void hold_together_column(const ColumnText& p_column, const ColumnText& q_column,
                          std::vector<std::vector<std::string>>& rows, const Table& table) {
  std::vector<double> p;
  for (size_t i = 0; i < table.rows(); ++i) p.push_back(table.number(i, p_column));
  const auto q = benjamini_hochberg(p);
  const auto& columns = table.columns();
  const auto place = std::find(columns.begin(), columns.end(), q_column.name) - columns.begin();
  for (size_t i = 0; i < rows.size(); ++i) rows[i][at(place)] = cell_text(Probability{q[i]});
}

/// "one element (3), cells: none (1)": why rows say nothing, the most frequent first.
std::string counted_reasons(const Table& table, const ColumnText& reason) {
  std::map<std::string, int64_t> counts;
  for (size_t i = 0; i < table.rows(); ++i) {
    const auto& text = table.text(i, reason);
    if (!text.empty()) ++counts[text];
  }
  std::vector<std::pair<int64_t, std::string>> order;
  order.reserve(counts.size());
  for (const auto& [text, count] : counts) order.emplace_back(-count, text);
  std::sort(order.begin(), order.end());
  std::string words;
  for (const auto& [count, text] : order) {
    words += fmt::format("{}{} ({})", words.empty() ? "" : ", ", text, -count);
  }
  return words;
}

/// Rows of which a q is below the level.
int64_t count_below(const Table& table, const ColumnText& q, double level) {
  int64_t count = 0;
  for (size_t i = 0; i < table.rows(); ++i) count += table.number(i, q) < level ? 1 : 0;
  return count;
}

}  // namespace

CellGroups cell_groups(const Study& study, const std::string& column) {
  const Values values = find_values(study, column);
  std::vector<int64_t> cells(values.names.size());
  for (const int32_t code : values.codes) {
    if (code >= 0) ++cells[at(code)];
  }
  std::vector<size_t> order;
  for (size_t i = 0; i < cells.size(); ++i) {
    if (cells[i] >= kLeastCellsOfGroup) order.push_back(i);
  }
  if (order.size() < 2 || order.size() > kMostGroups) {
    throw input_error(
        "--contrast-groups: the column '{}' has {} values that {} cells or more have; 2 to {} can "
        "be "
        "held against each other",
        column, order.size(), kLeastCellsOfGroup, kMostGroups);
  }
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return cells[a] != cells[b] ? cells[a] > cells[b] : values.names[a] < values.names[b];
  });
  CellGroups groups;
  groups.column = column;
  std::vector<int32_t> place(values.names.size(), -1);
  for (size_t i = 0; i < order.size(); ++i) {
    place[order[i]] = static_cast<int32_t>(i);
    groups.names.push_back(values.names[order[i]]);
  }
  for (const int32_t code : values.codes) groups.codes.push_back(code < 0 ? -1 : place[at(code)]);
  return groups;
}

void require_groups(const Study& study, const RedundancyOptions& options) {
  if (!options.contrast_groups.empty()) cell_groups(study, options.contrast_groups);
}

void measure_in_groups(const Study& study, const JudgedCells& cells,
                       const std::vector<double>& other_terms, const RedundancyOptions& options,
                       SetRedundancy& set) {
  const auto elements = set.judged_elements();
  set.groups.resize(options.groups->names.size());
  auto rule = options.rule;
  rule.power_replicates = 0;
  for (size_t g = 0; g < set.groups.size(); ++g) {
    auto& group = set.groups[g];
    std::vector<int32_t> positions;
    for (size_t i = 0; i < cells.cells.size(); ++i) {
      if (options.groups->codes[at(cells.cells[i])] == static_cast<int32_t>(g)) {
        positions.push_back(static_cast<int32_t>(i));
      }
    }
    const auto part = some_of(study, cells, positions, options);
    group.cells = std::ssize(part.contrast.cells);
    if (group.cells == 0) {
      group.problem = "cells: none with RNA";
      continue;
    }
    const Measurement measurement(study, set.target.gene, elements, part,
                                  kept_values(other_terms, positions));
    const auto rates = measured_rates(measurement.data, options.rates);
    group.problem = rates.problem;
    if (!rates.problem.empty()) continue;
    const Setting all = all_open(elements.size());
    group.log_change = rates.log_rate[all];
    group.log_change_error = std::sqrt(rates.covariance[all * rates.settings() + all]);
    // What a group's cells are seen together with says nothing of the difference: no bound.
    const SeenTogether unseen(elements.size(), std::vector<Setting>(part.cells.size(), 0),
                              std::vector<int32_t>(part.cells.size(), 0));
    RandomStream random(0, Purpose::kRedundancy);
    const auto judged = judge_rates(rates, unseen, 1, rule, random);
    if (std::isnan(judged.hidden_low)) continue;
    group.hidden = judged.hidden;
    group.hidden_error = judged.hidden_error;
  }
}

Table groups_table(const Study& study, const CellGroups& groups,
                   std::span<const SetRedundancy> sets) {
  std::vector<std::pair<const SetRedundancy*, size_t>> items;
  for (const auto& set : sets) {
    for (size_t i = 0; i < set.groups.size(); ++i) items.emplace_back(&set, i);
  }
  return with_group_q(group_columns().table(items, [&](const auto& item) {
    return GroupRow{{study, *item.first}, groups, item.second};
  }));
}

std::string groups_sentence(const Table& redundancy, const Table& groups) {
  constexpr double kLevel = 0.05;
  int64_t compared = 0;
  for (size_t i = 0; i < groups.rows(); ++i) {
    compared += std::isfinite(groups.number(i, kChangeP)) ? 1 : 0;
  }
  if (compared > 0) {
    return fmt::format(
        "between groups of cells: {} comparison{} with the first group; the joint change differs "
        "in {}, the hidden share in {} (q below {}; see redundancy_groups.tsv)",
        compared, compared == 1 ? "" : "s", count_below(groups, kChangeQ, kLevel),
        count_below(groups, kHiddenQ, kLevel), kLevel);
  }
  const std::string why = groups.rows() == 0 ? counted_reasons(redundancy, column::kCallReason)
                                             : counted_reasons(groups, column::kRedundancyNote);
  return fmt::format("between groups of cells no set is compared (redundancy_groups.tsv): {}",
                     redundancy.rows() == 0 ? "there are no sets"
                     : why.empty()          ? "no group but the first has a measured change"
                                            : why);
}

TableText describe_groups() {
  return group_columns().describe();
}

Table with_group_q(const Table& table) {
  std::vector<std::vector<std::string>> rows;
  for (size_t i = 0; i < table.rows(); ++i) rows.push_back(table.row(i));
  hold_together_column(kChangeP, kChangeQ, rows, table);
  hold_together_column(kHiddenP, kHiddenQ, rows, table);
  Table result(table.columns());
  result.source = table.source;
  for (auto& row : rows) result.add(std::move(row));
  return result;
}

}  // namespace grids::core
