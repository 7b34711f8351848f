#include "simulate/peak_truth.hpp"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <string_view>

#include "base/error.hpp"
#include "study/shared_columns.hpp"

namespace grids::core {
namespace {

constexpr std::array<const char*, 4> kRoleNames = {"background", "promoter", "cause", "bystander"};
constexpr std::string_view kNone = "none";
constexpr std::string_view kState = "state ";

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

Columns<PeakTruthRow> peak_truth_columns() {
  using Row = PeakTruthRow;
  return {
      "peaks.tsv",
      "a row for each peak",
      {{column::kPeak.saying("chromosome:start-end"), &Row::name},
       {"programme", "that the peak follows: a type, `state 1` …, or `none`",
        [](const Row& row) { return programme_name(*row.truth, row.programme); }, read_followed},
       {"level", "log openness per unit of a cell's score", &Row::level},
       {"type_level",
        "the same per unit of the type's mean score; positive = more open in the programme's "
        "types",
        &Row::type_level},
       {"role", "`background`, `promoter`, `cause`, `bystander`",
        [](const Row& row) { return peak_role_name(row.role); }, read_role}}};
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
  std::vector<PeakTruthRow> rows;
  for (size_t i = 0; i < peaks.names.size(); ++i) {
    rows.push_back({&truth, peaks.names[i], peaks.role[i], peaks.programme[i], peaks.level[i],
                    peaks.type_level[i]});
  }
  return peak_truth_columns().table(rows);
}

TableText describe_peak_truth() {
  return peak_truth_columns().describe();
}

PeakTruth parse_peak_truth(const Truth& truth, const Table& table) {
  PeakTruth peaks;
  PeakTruthRow blank;
  blank.truth = &truth;
  for (auto& row : peak_truth_columns().read(table, blank)) {
    peaks.names.push_back(std::move(row.name));
    peaks.role.push_back(row.role);
    peaks.programme.push_back(row.programme);
    peaks.level.push_back(row.level);
    peaks.type_level.push_back(row.type_level);
  }
  return peaks;
}

}  // namespace grids::core
