#include "redundancy/redundancy_tables.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "base/at.hpp"
#include "base/nan.hpp"
#include "math/statistics.hpp"
#include "redundancy/design.hpp"
#include "redundancy/interplay_sets.hpp"
#include "redundancy/redundancy_rows.hpp"

namespace grids::core {
namespace {

using Row = SetRow;

struct SettingRow : Row {
  Setting setting = 0;

  bool in_fit() const { return !set.fit.empty(); }
  RateInterval measured() const { return rate_of(set.measured, setting); }
};

struct MemberRow : Row {
  size_t i = 0;

  const SetElement& member() const { return set.elements[i]; }
  std::optional<double> number(double ElementNumbers::*which) const {
    if (!member().judged || i >= set.result.elements.size()) return std::nullopt;
    return set.result.elements[i].*which;
  }
};

struct PairRow : Row {
  const PairNumbers& pair;

  std::string place(size_t element) const { return place_of(study, set.elements[element].element); }
};

struct DeletionRow : Row {
  size_t removed = 0;
};

std::string peaks_of_set(const Row& row) {
  std::string names;
  for (size_t i = 0; i < row.set.judged; ++i) {
    if (i > 0) names += ',';
    names += peak_names(row.study, row.set.elements[i].element);
  }
  return names;
}

/// Elements of the set that are not judged, with the reason.
std::string others_of(const Row& row) {
  std::string words;
  for (size_t i = row.set.judged; i < row.set.elements.size(); ++i) {
    const auto& entry = row.set.elements[i];
    words += (words.empty() ? "" : ", ") + place_of(row.study, entry.element) +
             (entry.why_not.empty() ? "" : " (" + entry.why_not + ")");
  }
  return words;
}

std::string open_elements(const SettingRow& row) {
  std::string places;
  for (size_t a = 0; a < row.set.judged; ++a) {
    if ((row.setting & bit_of(a)) == 0) continue;
    places += (places.empty() ? "" : ",") + place_of(row.study, row.set.elements[a].element);
  }
  return places.empty() ? "none" : places;
}

std::optional<double> fewest_counts(const Row& row) {
  if (row.set.measured.cells.empty()) return std::nullopt;
  double fewest = std::numeric_limits<double>::infinity();
  for (const Setting setting : used_settings(row.set.judged)) {
    fewest = std::min(fewest, row.set.measured.cells[setting].counts);
  }
  return fewest;
}

Column<Row> number(ColumnText text, double Redundancy::*which) {
  return {text, [which](const Row& row) { return row.set.result.*which; }};
}

Columns<Row> redundancy_columns() {
  using namespace column;
  return {
      "redundancy.tsv", "a row for each set; where types differ, then one for each type",
      with_set<Row>({
          {kJudgedElements, [](const Row& row) { return row.set.judged; }},
          {kJudgedPeaks, peaks_of_set},
          {kCall, [](const Row& row) { return call_name(row.set.result.call); }},
          {kCallReason, [](const Row& row) { return row.set.result.reason; }},
          {kCallQ, [](const Row& row) { return Probability{row.set.result.q}; }},
          number(kHiddenShare, &Redundancy::hidden),
          number(kHiddenLow, &Redundancy::hidden_low),
          number(kHiddenHigh, &Redundancy::hidden_high),
          number(kHiddenShareLog, &Redundancy::hidden_log),
          number(kJ, &Redundancy::j),
          {kCoreShare, [](const Row& row) { return row.set.core_share; }},
          {kCaptureBound, [](const Row& row) { return row.set.result.bound.most; }},
          number(kKappaBreak, &Redundancy::kappa_break),
          {kJudgedCells, [](const Row& row) { return row.set.cells; }},
          number(kPowerRedundant, &Redundancy::power_redundant),
          number(kPowerCooperative, &Redundancy::power_cooperative),
          number(kDetectableShare, &Redundancy::detectable),
          number(kHiddenError, &Redundancy::hidden_error),
          {kMeasuredCounts, fewest_counts},
          {kRedundancyP, [](const Row& row) { return Probability{row.set.result.p_redundant}; }},
          {kCooperativeP, [](const Row& row) { return Probability{row.set.result.p_cooperative}; }},
          number(kJointChange, &Redundancy::change),
          number(kJointChangeLow, &Redundancy::change_low),
          number(kJointChangeHigh, &Redundancy::change_high),
          {kHiddenFit, [](const Row& row) { return row.set.hidden_fit; }},
          {kHiddenPooled, [](const Row& row) { return row.set.hidden_pooled; }},
          {kHiddenFitAlone, [](const Row& row) { return row.set.hidden_fit_alone; }},
          {kHiddenAsCells, [](const Row& row) { return row.set.hidden_as_cells; }},
          {kChangeAsCells, [](const Row& row) { return row.set.change_as_cells; }},
          {kCaptureUsed, [](const Row& row) { return row.set.capture.capture; }},
          {kCaptureSource, [](const Row& row) { return row.set.capture.source; }},
          {kCellsFrom, [](const Row& row) { return row.set.cells_from; }},
          {kAgreeingFolds, [](const Row& row) { return row.set.folds; }},
          {kFoldsP, [](const Row& row) { return Probability{row.set.p_folds}; }},
          {kRedundancyClusters, [](const Row& row) { return row.set.measured.clusters; }},
          {kNotJudged, others_of},
          {kRedundancyNote, [](const Row& row) { return row.set.note; }},
      })};
}

Columns<SettingRow> settings_columns() {
  return {
      "settings.tsv", "a row for each setting of each set's judged elements",
      with_set<SettingRow>({
          {column::kOpenElements, open_elements},
          {"number_open", "how many",
           [](const SettingRow& row) { return std::popcount(row.setting); }},
          {column::kRateInFit,
           [](const SettingRow& row) { return row.in_fit() ? row.set.fit[row.setting] : kNaN; }},
          {column::kRateMeasured, [](const SettingRow& row) { return row.measured().rate; }},
          {column::kRateLow, [](const SettingRow& row) { return row.measured().low; }},
          {column::kRateHigh, [](const SettingRow& row) { return row.measured().high; }},
          {column::kSettingCells,
           [](const SettingRow& row) {
             return row.set.measured.cells.empty() ? 0 : row.set.measured.cells[row.setting].cells;
           }},
          {column::kSettingCounts,
           [](const SettingRow& row) {
             return row.set.measured.cells.empty() ? 0.0
                                                   : row.set.measured.cells[row.setting].counts;
           }},
      })};
}

Columns<MemberRow> members_columns() {
  return {"members.tsv", "a row for each element of each set",
          with_set<MemberRow>({
              {column::kElement,
               [](const MemberRow& row) { return place_of(row.study, row.member().element); }},
              {column::kElementPeaks,
               [](const MemberRow& row) { return peak_names(row.study, row.member().element); }},
              {column::kElementClass,
               [](const MemberRow& row) { return class_name(row.member().element.kind); }},
              {column::kElementJudged, [](const MemberRow& row) { return row.member().judged; }},
              {column::kWhyNotJudged, [](const MemberRow& row) { return row.member().why_not; }},
              {column::kLossAlone, [](const MemberRow& row) { return row.member().alone; }},
              {column::kLossFromWhole,
               [](const MemberRow& row) { return row.number(&ElementNumbers::loss); }},
              {column::kGainOnNothing,
               [](const MemberRow& row) { return row.number(&ElementNumbers::gain); }},
              {column::kShapley,
               [](const MemberRow& row) { return row.number(&ElementNumbers::shapley); }},
              {"shapley_log", "the same of the change of the log rate",
               [](const MemberRow& row) { return row.number(&ElementNumbers::shapley_log); }},
              {"shapley_fit", "the same in the fit, of all elements of the set",
               [](const MemberRow& row) { return row.member().shapley_fit; }},
          })};
}

Columns<PairRow> interactions_columns() {
  const auto interval = "its 95 % interval over the draws";
  return {
      "interactions.tsv",
      "a row for each pair of judged elements; of three or more, one with the others closed and "
      "one "
      "with them open",
      with_set<PairRow>({
          {"first", "by place", [](const PairRow& row) { return row.place(row.pair.first); }},
          {"second", "by place", [](const PairRow& row) { return row.place(row.pair.second); }},
          {"others", "`closed` or `open`",
           [](const PairRow& row) { return row.pair.others_open ? "open" : "closed"; }},
          {"beyond_adding",
           "r(both) − r(first) − r(second) + r(neither), as a share of the whole set's change: 0 = "
           "they add, below 0 = they stand in for each other",
           [](const PairRow& row) { return row.pair.added; }},
          {"beyond_adding_low", interval, [](const PairRow& row) { return row.pair.added_low; }},
          {"beyond_adding_high", interval, [](const PairRow& row) { return row.pair.added_high; }},
          {"beyond_multiplying", "the same of natural logs of the rates: 0 = they multiply",
           [](const PairRow& row) { return row.pair.factor; }},
          {"beyond_multiplying_low", interval,
           [](const PairRow& row) { return row.pair.factor_low; }},
          {"beyond_multiplying_high", interval,
           [](const PairRow& row) { return row.pair.factor_high; }},
      })};
}

Columns<DeletionRow> deletion_columns() {
  return {"deletion.tsv",
          "a row for each number of elements removed from each set (at most 12), in the fit",
          with_set<DeletionRow>({
              {"removed", "elements, those with the largest Shapley share first",
               [](const DeletionRow& row) { return row.removed; }},
              {"rate_fit",
               "mean rate, counts per 100,000, the other elements of the set open and all other "
               "peaks as observed",
               [](const DeletionRow& row) { return row.set.deletion[row.removed]; }},
              {"rate_any_choice", "the mean of this rate over all choices of as many elements",
               [](const DeletionRow& row) {
                 const auto& by_open = row.set.by_number_open;
                 return by_open[by_open.size() - 1 - row.removed];
               }},
          })};
}

template <typename RowOf, typename Count, typename Make>
Table table_of(const Columns<RowOf>& columns, std::span<const SetRedundancy> sets,
               const Count& count, const Make& make) {
  std::vector<std::pair<const SetRedundancy*, size_t>> items;
  for (const auto& set : sets) {
    for (size_t i = 0; i < count(set); ++i) items.emplace_back(&set, i);
  }
  return columns.table(items, [&](const auto& item) { return make(*item.first, item.second); });
}

}  // namespace

Table redundancy_table(const Study& study, std::span<const SetRedundancy> sets) {
  return redundancy_columns().table(sets, [&](const SetRedundancy& set) {
    return Row{study, set};
  });
}
TableText describe_redundancy() {
  return redundancy_columns().describe();
}

Table settings_table(const Study& study, std::span<const SetRedundancy> sets) {
  return table_of(
      settings_columns(), sets,
      [](const SetRedundancy& set) {
        return set.judged < 2 ? 0 : std::max(set.fit.size(), set.measured.cells.size());
      },
      [&](const SetRedundancy& set, size_t i) {
        return SettingRow{{study, set}, static_cast<Setting>(i)};
      });
}
TableText describe_settings() {
  return settings_columns().describe();
}

Table members_table(const Study& study, std::span<const SetRedundancy> sets) {
  return table_of(
      members_columns(), sets, [](const SetRedundancy& set) { return set.elements.size(); },
      [&](const SetRedundancy& set, size_t i) {
        return MemberRow{{study, set}, i};
      });
}
TableText describe_members() {
  return members_columns().describe();
}

Table interactions_table(const Study& study, std::span<const SetRedundancy> sets) {
  return table_of(
      interactions_columns(), sets,
      [](const SetRedundancy& set) { return set.result.pairs.size(); },
      [&](const SetRedundancy& set, size_t i) {
        return PairRow{{study, set}, set.result.pairs[i]};
      });
}
TableText describe_interactions() {
  return interactions_columns().describe();
}

Table deletion_table(const Study& study, std::span<const SetRedundancy> sets) {
  return table_of(
      deletion_columns(), sets, [](const SetRedundancy& set) { return set.deletion.size(); },
      [&](const SetRedundancy& set, size_t i) {
        return DeletionRow{{study, set}, i};
      });
}
TableText describe_deletion() {
  return deletion_columns().describe();
}

std::vector<Table> redundancy_tables(const Study& study, std::span<const SetRedundancy> sets,
                                     const std::string& contrast_groups) {
  std::vector<Table> tables = {redundancy_table(study, sets), settings_table(study, sets),
                               members_table(study, sets),    interactions_table(study, sets),
                               deletion_table(study, sets),   design_table(study, sets),
                               interplay_table(study, sets)};
  if (!contrast_groups.empty()) {
    tables.push_back(groups_table(study, cell_groups(study, contrast_groups), sets));
  }
  return tables;
}

}  // namespace grids::core
