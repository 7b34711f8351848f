#include "compare/compare_tables.hpp"
#include "compare/set_groups.hpp"
#include "evaluate/set_columns.hpp"

namespace grids::core {
namespace {

/// Of one type and L, or of all types of that L.
struct TypeMeans {
  int64_t set_size = 0;
  std::string cell_type;
  std::map<std::string, MeanChange> by_method;

  MeanChange of(const std::string& method) const {
    const auto found = by_method.find(method);
    return found == by_method.end() ? MeanChange{} : found->second;
  }
};

Columns<TypeMeans> type_columns(const std::vector<std::string>& methods) {
  std::vector<Column<TypeMeans>> columns = {
      {column::kAskedSize, &TypeMeans::set_size},
      {column::kCellType.saying("or `mean`: over the types"), &TypeMeans::cell_type}};
  for (const auto& method : methods) {
    columns.push_back({method + " average_change", kMeanChangeText,
                       [method](const TypeMeans& row) { return row.of(method).average; }});
    columns.push_back({method + " relative_percent", kMeanPercentText,
                       [method](const TypeMeans& row) { return row.of(method).relative_percent; }});
  }
  return {"table1.tsv",
          "the layout of the paper's Table 1, at equal allowance: a row for each L and cell type, "
          "two columns for each method",
          std::move(columns)};
}

}  // namespace

Table table_by_type(std::span<const ComparedSet> sets) {
  const auto methods = methods_of(sets);
  std::vector<TypeMeans> rows;
  for (const auto& [group, own] : grouped(sets)) {
    if (group.allowance != Allowance::kEqual) continue;
    std::vector<std::string> types;
    std::map<std::string, std::map<std::string, MeanChange>> means;  // type, method
    for (const auto& [method, of_method] : own) {
      for (const auto& [type, change] : type_means(of_method)) {
        add_once(types, type);
        means[type][method] = change;
      }
    }
    TypeMeans all{group.set_size, "mean", {}};
    for (const auto& method : methods) {
      std::vector<double> average, relative;
      for (const auto& type : types) {  // a method without sets of a type: NaN
        average.push_back(means[type][method].average);
        relative.push_back(means[type][method].relative_percent);
      }
      all.by_method[method] = {mean_known(average), mean_known(relative)};
    }
    for (const auto& type : types) rows.push_back({group.set_size, type, std::move(means[type])});
    rows.push_back(std::move(all));
  }
  return type_columns(methods).table(rows);
}

TableText describe_table_by_type() {
  return type_columns({"METHOD"}).describe();
}

}  // namespace grids::core
