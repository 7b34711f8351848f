#include "data/peak_truth.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <string_view>

#include "base/error.hpp"

namespace grids {
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
  Table table({"peak", "programme", "level", "type_level", "role"});
  for (size_t i = 0; i < peaks.names.size(); ++i) {
    table.add({peaks.names[i], programme_name(truth, peaks.programme[i]),
               format_number(peaks.level[i]), format_number(peaks.type_level[i]),
               peak_role_name(peaks.role[i])});
  }
  return table;
}

PeakTruth parse_peak_truth(const Truth& truth, const Table& table) {
  PeakTruth peaks;
  for (size_t row = 0; row < table.rows(); ++row) {
    const auto programme = programme_of(truth, table.text(row, "programme"));
    if (!programme) {
      throw input_error(
          "{}: row {}: column programme holds '{}', expected none, one of {}, or 'state' and a "
          "number",
          table.source, row + 1, table.text(row, "programme"), fmt::join(truth.types, ", "));
    }
    const auto role = std::find(kRoleNames.begin(), kRoleNames.end(), table.text(row, "role"));
    if (role == kRoleNames.end()) {
      throw input_error("{}: row {}: column role holds '{}', expected one of {}", table.source,
                        row + 1, table.text(row, "role"), fmt::join(kRoleNames, ", "));
    }
    peaks.names.push_back(table.text(row, "peak"));
    peaks.role.push_back(static_cast<PeakRole>(role - kRoleNames.begin()));
    peaks.programme.push_back(*programme);
    peaks.level.push_back(table.number(row, "level"));
    peaks.type_level.push_back(table.number(row, "type_level"));
  }
  return peaks;
}

}  // namespace grids
