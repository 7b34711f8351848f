#include "cis_bars/results.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "io/atomic_file.hpp"
#include "math/statistics.hpp"

namespace grids::core::bench {
namespace {

double quantile(const std::vector<double>& sorted, double share) {
  const double place = share * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<size_t>(place);
  const size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (place - static_cast<double>(below)) * (sorted[above] - sorted[below]);
}

/// Standard deviation of value − ratio · beside, around 0 for a ratio and around the mean for 1.
double deviation(const std::vector<Observation>& observations, double ratio) {
  double squares = 0;
  for (const auto& o : observations) squares += std::pow(o.value - ratio * o.beside, 2);
  const auto n = static_cast<double>(observations.size());
  return n > 1 ? std::sqrt(squares / (n - 1)) : std::numeric_limits<double>::quiet_NaN();
}

std::string shown(double value) {
  if (std::isnan(value)) return "";
  if (std::abs(value) >= 100 || (value == std::round(value) && value > 1))
    return fmt::format("{:.0f}", value);
  return fmt::format("{:.3f}", value);
}

std::string shown(const Bar& bar) {
  if (bar.low && bar.high) return fmt::format("{:g} – {:g}", *bar.low, *bar.high);
  if (bar.low) return fmt::format("≥ {:g}", *bar.low);
  if (bar.high) return fmt::format("≤ {:g}", *bar.high);
  return "";
}

std::optional<bool> met(const Bar& bar, double value) {
  if (!bar.low && !bar.high) return std::nullopt;
  return (!bar.low || value >= *bar.low) && (!bar.high || value <= *bar.high);
}

}  // namespace

Summary summarise(Statistic statistic, const std::vector<Observation>& observations) {
  Summary result;
  result.count = static_cast<int64_t>(observations.size());
  if (observations.empty()) return result;
  const auto n = static_cast<double>(observations.size());
  std::vector<double> values;
  double sum = 0, beside = 0;
  for (const auto& o : observations) {
    values.push_back(o.value);
    sum += o.value;
    beside += statistic == Statistic::kRatio ? o.beside : 1;
  }
  switch (statistic) {
    case Statistic::kMean:
    case Statistic::kRatio:
      // A mean is a ratio to ones.
      result.value = sum / beside;
      result.error = deviation(observations, result.value) * std::sqrt(n) / std::abs(beside);
      break;
    case Statistic::kMedian:
      std::sort(values.begin(), values.end());
      result.value = quantile(values, 0.5);
      // 1.253: √(π / 2), a median's error over that of a mean; 1.349: quartiles of a normal.
      result.error =
          1.253 * (quantile(values, 0.75) - quantile(values, 0.25)) / 1.349 / std::sqrt(n);
      break;
    case Statistic::kUniformity:
      result.value = test_uniform(values).p;
      break;
  }
  return result;
}

void Results::add(const Measure& measure, Observation observation) {
  if (!std::isfinite(observation.value) || !std::isfinite(observation.beside)) return;
  auto row = std::find_if(rows_.begin(), rows_.end(),
                          [&](const Row& r) { return r.measure.name == measure.name; });
  if (row == rows_.end()) {
    row = rows_.insert(rows_.end(), {measure, {}});
    row->by_seed.resize(seeds_.size());
  }
  row->by_seed[current_].push_back(observation);
}

Summary Results::all_seeds(const Row& row) const {
  std::vector<Observation> all;
  for (const auto& seed : row.by_seed) all.insert(all.end(), seed.begin(), seed.end());
  return summarise(row.measure.statistic, all);
}

std::string Results::table() const {
  std::string text = "| figure | measured | ± | n | bar | |";
  for (const uint64_t seed : seeds_) text += fmt::format(" seed {} |", seed);
  text += "\n| --- | --- | --- | --- | --- | --- |";
  for (size_t s = 0; s < seeds_.size(); ++s) text += " --- |";
  text += "\n";
  for (const auto& row : rows_) {
    const auto all = all_seeds(row);
    const auto verdict = met(row.measure.bar, all.value);
    text += fmt::format("| {} | {} | {} | {} | {} | {} |", row.measure.about, shown(all.value),
                        shown(all.error), all.count, shown(row.measure.bar),
                        verdict ? (*verdict ? "met" : "**missed**") : "");
    for (const auto& seed : row.by_seed) {
      text += fmt::format(" {} |", shown(summarise(row.measure.statistic, seed).value));
    }
    text += "\n";
  }
  return text;
}

void Results::write_json(const std::filesystem::path& path,
                         const std::vector<std::pair<std::string, std::string>>& remarks) const {
  nlohmann::ordered_json json;
  for (const auto& [name, remark] : remarks) json[name] = remark;
  for (const auto& row : rows_) {
    const auto all = all_seeds(row);
    auto& entry = json["figures"][row.measure.name];
    entry["about"] = row.measure.about;
    entry["value"] = all.value;
    if (std::isfinite(all.error)) entry["error"] = all.error;
    entry["count"] = all.count;
    if (row.measure.bar.low) entry["low"] = *row.measure.bar.low;
    if (row.measure.bar.high) entry["high"] = *row.measure.bar.high;
    if (const auto verdict = met(row.measure.bar, all.value)) entry["met"] = *verdict;
    for (const auto& seed : row.by_seed) {
      entry["seeds"].push_back(summarise(row.measure.statistic, seed).value);
    }
  }
  replace_file(path, json.dump(2) + "\n");
}

void Results::require_sane(double limit) const {
  Problems problems;
  for (const auto& row : rows_) {
    const double value = all_seeds(row).value;
    if (!(std::abs(value) <= limit)) problems.add("{} is {}", row.measure.name, value);
  }
  problems.raise(ErrorKind::kInternal, "figures that cannot be");
}

}  // namespace grids::core::bench
