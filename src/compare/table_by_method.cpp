#include <fmt/core.h>

#include "compare/compare_tables.hpp"
#include "compare/set_groups.hpp"
#include "evaluate/set_columns.hpp"

namespace grids::core {
namespace {

/// Of one method, in each type with each L.
struct MethodMeans {
  std::string method;
  std::map<std::string, MeanChange> places;

  MeanChange at(const std::string& place) const {
    const auto found = places.find(place);
    return found == places.end() ? MeanChange{} : found->second;
  }
};

Columns<MethodMeans> method_columns(const std::vector<std::string>& places) {
  std::vector<Column<MethodMeans>> columns = {{column::kMethod, &MethodMeans::method}};
  for (const auto& place : places) {
    columns.push_back({place + " average_change", kMeanChangeText,
                       [place](const MethodMeans& row) { return row.at(place).average; }});
    columns.push_back({place + " relative_percent", kMeanPercentText,
                       [place](const MethodMeans& row) { return row.at(place).relative_percent; }});
  }
  return {"table2.tsv",
          "the layout of Table 2: a row for each method, two columns for each cell type and L",
          std::move(columns)};
}

}  // namespace

Table table_by_method(std::span<const ComparedSet> sets) {
  std::map<std::string, std::map<std::string, MeanChange>> means;  // method, "TYPE L=10"
  std::vector<std::string> places;
  for (const auto& [group, own] : grouped(sets)) {
    if (group.allowance != Allowance::kEqual) continue;
    for (const auto& [method, of_method] : own) {
      for (const auto& [type, change] : type_means(of_method)) {
        const auto place = fmt::format("{} L={}", type, group.set_size);
        means[method][place] = change;
        add_once(places, place);
      }
    }
  }
  std::vector<MethodMeans> rows;
  for (const auto& method : methods_of(sets)) {
    if (means.contains(method)) rows.push_back({method, means[method]});
  }
  return method_columns(places).table(rows);
}

TableText describe_table_by_method() {
  return method_columns({"TYPE L=10"}).describe();
}

}  // namespace grids::core
