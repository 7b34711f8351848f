#include "redundancy/design.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <numeric>

#include "base/at.hpp"
#include "base/nan.hpp"
#include "math/statistics.hpp"
#include "redundancy/redundancy_rows.hpp"

namespace grids::core {
namespace {

constexpr std::string_view kTellAdditive = "tell_from_additive";
constexpr std::string_view kTellMultiplicative = "tell_from_multiplicative";
/// As `Study::expression` has it.
constexpr double kCountsOfRate = 100'000;

/// Shares of a total: those of the other sign count as 0. Equal ones where none is left.
std::vector<double> whole_shares(std::vector<double> shares) {
  double sum = 0;
  for (double& share : shares) {
    share = std::max(0.0, share);
    sum += share;
  }
  for (double& share : shares) {
    share = sum > 0 ? share / sum : 1 / static_cast<double>(shares.size());
  }
  return shares;
}

double share_open(std::span<const double> shares, Setting open) {
  double sum = 0;
  for (size_t a = 0; a < shares.size(); ++a) sum += (open & bit_of(a)) != 0 ? shares[a] : 0;
  return sum;
}

/// What rates say of a set, whatever the truth.
struct Totals {
  double log_change = 0;  ///< log F
  std::vector<double> shares, shares_log;

  /// r(open) ÷ r(∅) under a truth.
  double rate(JointAction truth, Setting open) const {
    switch (truth) {
      case JointAction::kRedundant:
        return open == 0 ? 1 : std::exp(log_change);
      case JointAction::kAdditive:
        return 1 + std::expm1(log_change) * share_open(shares, open);
      case JointAction::kMultiplicative:
        break;
    }
    return std::exp(log_change * share_open(shares_log, open));
  }
};

Totals totals_of(std::span<const double> log_rates, size_t elements) {
  std::vector<double> values;
  for (const double log : log_rates) values.push_back(std::exp(log));
  Totals totals;
  totals.log_change = log_rates[all_open(elements)] - log_rates[0];
  for (const auto& element : element_numbers(values, log_rates, elements)) {
    totals.shares.push_back(element.shapley);
    totals.shares_log.push_back(element.shapley_log);
  }
  totals.shares = whole_shares(std::move(totals.shares));
  totals.shares_log = whole_shares(std::move(totals.shares_log));
  return totals;
}

/// None, each alone, pairs of more than two, all.
std::vector<Setting> knocked_in_arms(size_t elements) {
  const Setting all = all_open(elements);
  std::vector<Setting> arms;
  for (Setting knocked = 0; knocked <= all; ++knocked) {
    if (std::popcount(knocked) <= 2 || knocked == all) arms.push_back(knocked);
  }
  std::stable_sort(arms.begin(), arms.end(),
                   [](Setting a, Setting b) { return std::popcount(a) < std::popcount(b); });
  return arms;
}

/// The joint arm against the single ones, of means or of their logs; and the variance of that with
/// one cell an arm.
struct JointContrast {
  double value = 0;
  double variance = 0;
};

JointContrast joint_contrast(const SetDesign& design, size_t elements, JointAction truth,
                             bool log) {
  JointContrast result;
  for (const auto& arm : design.arms) {
    const int knocked = std::popcount(arm.knocked);
    const bool joint = arm.knocked == all_open(elements);
    if (knocked > 1 && !joint) continue;
    const double weight = knocked == 0 ? static_cast<double>(elements) - 1 : joint ? 1 : -1;
    const double mean = design.mean * arm.fold[at(static_cast<int64_t>(truth))];
    const double spread = 1 / mean + design.dispersion;  // of log counts, a cell
    result.value += weight * (log ? std::log(mean) : mean);
    result.variance += weight * weight * (log ? spread : mean * mean * spread);
  }
  return result;
}

double cells_between(double null_error, double error, double difference, double level,
                     const DesignOptions& options) {
  const double reach =
      normal_upper_quantile(level) * null_error + normal_upper_quantile(1 - options.power) * error;
  return reach * reach / (difference * difference);
}

double cells_to_tell_from(const SetDesign& design, size_t elements, JointAction null,
                          const DesignOptions& options) {
  const bool log = null == JointAction::kMultiplicative;
  const auto expected = joint_contrast(design, elements, null, log);
  const auto redundant = joint_contrast(design, elements, JointAction::kRedundant, log);
  return cells_between(std::sqrt(expected.variance), std::sqrt(redundant.variance),
                       redundant.value - expected.value, options.level, options);
}

}  // namespace

double cells_for_fold(double mean, double fold, double dispersion, const DesignOptions& options) {
  const double both = (mean + mean * fold) / 2;
  return cells_between(std::sqrt(2 / both + 2 * dispersion),
                       std::sqrt(1 / mean + 1 / (mean * fold) + 2 * dispersion), std::log(fold),
                       options.level / 2, options);
}

SetDesign design_experiment(std::span<const double> log_rates, size_t elements, double mean,
                            double dispersion, const DesignOptions& options) {
  const Totals totals = totals_of(log_rates, elements);
  const Setting all = all_open(elements);
  const auto fold = [&](double left) { return 1 + options.efficiency * (left - 1); };
  SetDesign design;
  design.mean = mean;
  design.dispersion = dispersion;
  for (const Setting knocked : knocked_in_arms(elements)) {
    DesignArm arm;
    arm.knocked = knocked;
    const Setting open = all & ~knocked;
    arm.measured = fold(std::exp(log_rates[open] - log_rates[all]));
    for (size_t t = 0; t < kJointActions; ++t) {
      const auto truth = static_cast<JointAction>(t);
      arm.fold[t] = fold(totals.rate(truth, open) / totals.rate(truth, all));
      arm.cells[t] = cells_for_fold(mean, arm.fold[t], dispersion, options);
    }
    design.arms.push_back(arm);
  }
  design.cells_from_additive =
      cells_to_tell_from(design, elements, JointAction::kAdditive, options);
  design.cells_from_multiplicative =
      cells_to_tell_from(design, elements, JointAction::kMultiplicative, options);
  return design;
}

namespace {

/// Of one set, with what its table needs.
struct PlannedSet {
  const SetRedundancy& set;
  bool measured = false;
  SetDesign design;
  std::vector<int32_t> most_open;  ///< a peak of each judged element
};

struct ArmRow : SetRow {
  const PlannedSet& planned;
  const DesignArm& arm;

  double fold(JointAction truth) const { return arm.fold[at(static_cast<int64_t>(truth))]; }
  std::optional<int64_t> cells(JointAction truth) const;
};

/// Whole cells; nothing where no number of them would do.
std::optional<int64_t> whole_cells(double cells) {
  constexpr double kMostCells = 1e12;
  if (!(cells < kMostCells)) return std::nullopt;
  return static_cast<int64_t>(std::ceil(cells));
}

std::optional<int64_t> ArmRow::cells(JointAction truth) const {
  return whole_cells(arm.cells[at(static_cast<int64_t>(truth))]);
}

double mean_depth(const Study& study, std::span<const int32_t> cells) {
  double sum = 0;
  for (const int32_t cell : cells) sum += study.cells.total_rna[at(cell)];
  return sum / static_cast<double>(cells.size());
}

/// The peak of an element that is open in most of these cells; of equals the first.
int32_t most_open_peak(const Study& study, const Element& element, std::span<const int32_t> cells) {
  int32_t best = element.peaks.front();
  int64_t most = -1;
  for (const int32_t peak : element.peaks) {
    const int64_t open = std::count_if(
        cells.begin(), cells.end(), [&](int32_t cell) { return study.open.contains(cell, peak); });
    if (open > most) best = peak;
    most = std::max(most, open);
  }
  return best;
}

bool all_positive(std::span<const double> values) {
  return std::all_of(values.begin(), values.end(),
                     [](double value) { return value > 0 && std::isfinite(value); });
}

/// Nothing where there are no rates to plan with; of a set whose types differ each type has its
/// own.
std::optional<PlannedSet> plan_set(const Study& study, const SetRedundancy& set) {
  if (set.judged < 2 || set.types_differ || !study.has_counts()) return std::nullopt;
  const bool measured = !set.measured.log_rate.empty();
  if (!measured && (set.fit.empty() || !all_positive(set.fit))) return std::nullopt;
  std::vector<double> logs = set.measured.log_rate;
  for (size_t s = 0; !measured && s < set.fit.size(); ++s) {
    logs.push_back(std::log(set.fit[s] / set.fit[0]));
  }
  const double none = measured ? set.measured.rate_none : set.fit[0];
  const double dispersion = measured ? set.measured.dispersion : set.fit_dispersion;
  const auto alike = cells_alike(study, set.target.type);
  if (alike.empty()) return std::nullopt;
  const double mean = none * std::exp(logs.back()) * mean_depth(study, alike) / kCountsOfRate;
  PlannedSet planned{set, measured, design_experiment(logs, set.judged, mean, dispersion), {}};
  for (const auto& element : set.judged_elements()) {
    planned.most_open.push_back(most_open_peak(study, element, alike));
  }
  return planned;
}

/// Places of the elements that an arm takes away, or of a part of each.
template <typename PlaceOf>
std::string places_in(const ArmRow& row, const PlaceOf& place) {
  std::string places;
  for (size_t a = 0; a < row.set.judged; ++a) {
    if ((row.arm.knocked & bit_of(a)) != 0) places += (places.empty() ? "" : ",") + place(a);
  }
  return places;
}

std::string arm_name(const ArmRow& row) {
  const int knocked = std::popcount(row.arm.knocked);
  if (knocked == 0) return "none";
  if (row.arm.knocked == all_open(row.set.judged)) return "all";
  return knocked == 1 ? "one" : "pair";
}

Columns<ArmRow> design_columns() {
  const auto to_see =
      "cells an arm that show this fold beside the control with a power of 0.8, "
      "two-sided at 0.05; NA where it is 1";
  return {
      "design.tsv",
      "a row for each arm of an experiment on each set with two or more judged elements, the set "
      "of which one cell more tells most first",
      with_set<ArmRow>({
          {"arm", "`none` (control), `one`, `pair` or `all` of the elements knocked down",
           arm_name},
          {"knocked_down", "these elements, by place",
           [](const ArmRow& row) {
             return places_in(
                 row, [&](size_t a) { return place_of(row.study, row.set.elements[a].element); });
           }},
          {"most_open", "of each the peak that is open in most cells, where a guide would go",
           [](const ArmRow& row) {
             return places_in(
                 row, [&](size_t a) { return place_of(row.study, {{row.planned.most_open[a]}}); });
           }},
          {"fold_redundant",
           "expected fold of the gene's expression beside the control if any one element suffices, "
           "in cells with all of them open, at a knock-down efficiency of 0.7",
           [](const ArmRow& row) { return row.fold(JointAction::kRedundant); }},
          {"fold_additive", "the same if they add",
           [](const ArmRow& row) { return row.fold(JointAction::kAdditive); }},
          {"fold_multiplicative", "the same if they multiply",
           [](const ArmRow& row) { return row.fold(JointAction::kMultiplicative); }},
          {"fold_by_rates", "the same by the rates of settings.tsv, whatever the truth",
           [](const ArmRow& row) { return row.arm.measured; }},
          {"cells_redundant", to_see,
           [](const ArmRow& row) { return row.cells(JointAction::kRedundant); }},
          {"cells_additive", to_see,
           [](const ArmRow& row) { return row.cells(JointAction::kAdditive); }},
          {"cells_multiplicative", to_see,
           [](const ArmRow& row) { return row.cells(JointAction::kMultiplicative); }},
          {kTellAdditive,
           "of the set: cells an arm (control, each alone, all) that tell redundant from additive "
           "with a power of 0.8, one-sided at 0.05",
           [](const ArmRow& row) { return whole_cells(row.planned.design.cells_from_additive); }},
          {kTellMultiplicative, "the same for redundant from multiplicative",
           [](const ArmRow& row) {
             return whole_cells(row.planned.design.cells_from_multiplicative);
           }},
          {"control_mean", "counts of the gene in a cell with all elements open, at mean depth",
           [](const ArmRow& row) { return row.planned.design.mean; }},
          {"dispersion", "of the gene: variance = mean + dispersion × mean²",
           [](const ArmRow& row) { return row.planned.design.dispersion; }},
          {"rates_from", "`measured`, or `fit` where nothing was measured",
           [](const ArmRow& row) { return row.planned.measured ? "measured" : "fit"; }},
      })};
}

}  // namespace

Table design_table(const Study& study, std::span<const SetRedundancy> sets) {
  std::vector<PlannedSet> planned;
  for (const auto& set : sets) {
    if (auto plan = plan_set(study, set)) planned.push_back(std::move(*plan));
  }
  std::vector<std::pair<size_t, size_t>> items;
  for (size_t i = 0; i < planned.size(); ++i) {
    for (size_t k = 0; k < planned[i].design.arms.size(); ++k) items.emplace_back(i, k);
  }
  return in_design_order(design_columns().table(items, [&](const auto& item) {
    const auto& plan = planned[item.first];
    return ArmRow{{study, plan.set}, plan, plan.design.arms[item.second]};
  }));
}

Table in_design_order(const Table& table) {
  std::vector<size_t> order(table.rows());
  std::iota(order.begin(), order.end(), size_t{0});
  std::vector<double> cells;
  for (size_t row = 0; row < table.rows(); ++row) {
    const double additive = table.number(row, kTellAdditive);
    const double multiplicative = table.number(row, kTellMultiplicative);
    const bool told = !std::isnan(additive) && !std::isnan(multiplicative);
    cells.push_back(told ? std::max(additive, multiplicative)
                         : std::numeric_limits<double>::infinity());
  }
  // Stable, because the arms of a set have the same number; sets of equal numbers keep together.
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return cells[a] < cells[b]; });
  Table result(table.columns());
  result.source = table.source;
  for (const size_t row : order) result.add(table.row(row));
  return result;
}

TableText describe_design() {
  return design_columns().describe();
}

}  // namespace grids::core
