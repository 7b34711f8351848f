#include "simulate/peak_truth.hpp"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <string_view>

#include "base/error.hpp"
#include "simulate/named_values.hpp"
#include "study/shared_columns.hpp"

namespace grids::core {
namespace {

constexpr std::array<const char*, 4> kRoleNames = {"background", "promoter", "cause", "bystander"};
constexpr std::string_view kNone = "none";
constexpr std::string_view kState = "state ";
constexpr std::string_view kPeakBatchEffects = "batch_effects";

/// −1 for "none"; nothing for what names no programme.
std::optional<int32_t> programme_of(const Truth& truth, std::string_view name) {
  if (name == kNone) return -1;
  const auto type = std::find(truth.types.begin(), truth.types.end(), name);
  if (type != truth.types.end()) return static_cast<int32_t>(type - truth.types.begin());
  if (!name.starts_with(kState)) return std::nullopt;
  name.remove_prefix(kState.size());
  int32_t number = 0;
  const auto [end, failure] = std::from_chars(name.begin(), name.end(), number);
  if (failure != std::errc() || end != name.end() || number < 1) return std::nullopt;
  return static_cast<int32_t>(truth.types.size()) + number - 1;
}

/// A row of peaks.tsv.
struct PeakTruthRow {
  const Truth* truth = nullptr;
  std::string name;
  PeakRole role = PeakRole::kBackground;
  int32_t programme = -1;
  double level = 0;
  double type_level = 0;
  std::vector<double> batch_effects;
};

void read_followed(PeakTruthRow& row, const Cell& cell) {
  const auto programme = programme_of(*row.truth, cell.text());
  if (!programme) {
    throw input_error(
        "{}: row {}: column {} holds '{}', expected none, one of {}, or 'state' and a number",
        cell.table.source, cell.row + 1, cell.column, cell.text(),
        fmt::join(row.truth->types, ", "));
  }
  row.programme = *programme;
}

void read_role(PeakTruthRow& row, const Cell& cell) {
  const auto role = std::find(kRoleNames.begin(), kRoleNames.end(), cell.text());
  if (role == kRoleNames.end()) {
    throw input_error("{}: row {}: column {} holds '{}', expected one of {}", cell.table.source,
                      cell.row + 1, cell.column, cell.text(), fmt::join(kRoleNames, ", "));
  }
  row.role = static_cast<PeakRole>(role - kRoleNames.begin());
}

void read_batch_effects(PeakTruthRow& row, const Cell& cell) {
  std::vector<std::string> batches;
  read_named_values(cell, "batch=log factor", batches, row.batch_effects);
  if (batches == row.truth->batches) return;
  throw input_error("{}: row {}: column {} names other batches than the truth of the genes",
                    cell.table.source, cell.row + 1, cell.column);
}

Columns<PeakTruthRow> peak_truth_columns(bool with_batches) {
  using Row = PeakTruthRow;
  std::vector<Column<Row>> columns = {
      {column::kPeak.saying("chromosome:start-end"), &Row::name},
      {"programme", "that the peak follows: a type, `state 1` …, or `none`",
       [](const Row& row) { return programme_name(*row.truth, row.programme); }, read_followed},
      {"level", "log openness per unit of a cell's score", &Row::level},
      {"type_level",
       "the same per unit of the type's mean score; positive = more open in the programme's "
       "types",
       &Row::type_level},
      {"role", "`background`, `promoter`, `cause`, `bystander`",
       [](const Row& row) { return peak_role_name(row.role); }, read_role}};
  if (with_batches) {
    columns.push_back(
        {kPeakBatchEffects,
         "batch=log factor of the popularity; a column only where there are batches",
         [](const Row& row) { return named_values(row.truth->batches, row.batch_effects); },
         read_batch_effects});
  }
  return {"peaks.tsv", "a row for each peak", std::move(columns)};
}

}  // namespace

const char* peak_role_name(PeakRole role) {
  return kRoleNames[static_cast<size_t>(role)];
}

std::string programme_name(const Truth& truth, int32_t programme) {
  if (programme < 0) return std::string(kNone);
  const auto index = static_cast<size_t>(programme);
  if (index < truth.types.size()) return truth.types[index];
  return fmt::format("{}{}", kState, index - truth.types.size() + 1);
}

Table peak_truth_table(const Truth& truth, const PeakTruth& peaks) {
  const size_t batches = truth.batches.size();
  std::vector<PeakTruthRow> rows;
  for (size_t i = 0; i < peaks.names.size(); ++i) {
    rows.push_back({&truth,
                    peaks.names[i],
                    peaks.role[i],
                    peaks.programme[i],
                    peaks.level[i],
                    peaks.type_level[i],
                    {}});
    if (peaks.batch_effects.empty()) continue;
    const auto first = peaks.batch_effects.begin() + static_cast<std::ptrdiff_t>(i * batches);
    rows.back().batch_effects.assign(first, first + static_cast<std::ptrdiff_t>(batches));
  }
  return peak_truth_columns(!peaks.batch_effects.empty()).table(rows);
}

TableText describe_peak_truth() {
  return peak_truth_columns(true).describe();
}

PeakTruth parse_peak_truth(const Truth& truth, const Table& table) {
  PeakTruth peaks;
  PeakTruthRow blank;
  blank.truth = &truth;
  for (auto& row : peak_truth_columns(table.has(kPeakBatchEffects)).read(table, blank)) {
    peaks.names.push_back(std::move(row.name));
    peaks.role.push_back(row.role);
    peaks.programme.push_back(row.programme);
    peaks.level.push_back(row.level);
    peaks.type_level.push_back(row.type_level);
    peaks.batch_effects.insert(peaks.batch_effects.end(), row.batch_effects.begin(),
                               row.batch_effects.end());
  }
  return peaks;
}

}  // namespace grids::core
