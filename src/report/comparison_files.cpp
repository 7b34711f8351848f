#include "report/comparison_files.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <set>
#include <utility>

#include "evaluate/compare_tables.hpp"
#include "io/atomic_file.hpp"
#include "io/folder.hpp"
#include "report/compare_page.hpp"

namespace grids {
namespace {

Table joined(std::initializer_list<Table> tables) {
  Table all(tables.begin()->columns());
  for (const Table& table : tables) {
    for (size_t row = 0; row < table.rows(); ++row) all.add(table.row(row));
  }
  return all;
}

std::string setting_words(const Comparison& comparison, const ComparisonOptions& options) {
  std::set<std::pair<std::string, std::string>> targets;
  for (const auto& set : comparison.sets) targets.insert({set.cell_type, set.gene});
  const auto budget = options.budget > 0
                          ? fmt::format("{} for each target", options.budget)
                          : fmt::format("what {} used without a limit, for each target, L and seed",
                                        kComparisonReference);
  const auto unlimited = options.unlimited.empty()
                             ? std::string()
                             : fmt::format(" Without a limit, at their own settings, also: {}.",
                                           fmt::join(options.unlimited, ", "));
  return fmt::format(
      "{} targets (gene in cell type) × L = {} × {} seed{}; methods: {}. Sets are learned on "
      "training cells and judged on test cells. Equal budget of model evaluations (one cell under "
      "one mask; a gradient counts three a cell): {}.{} Every set: `compare.tsv`.",
      targets.size(), fmt::join(options.sizes, ", "), options.seeds, options.seeds == 1 ? "" : "s",
      fmt::join(options.methods, ", "), budget, unlimited);
}

}  // namespace

std::vector<std::string> write_comparison(const std::filesystem::path& folder,
                                          const Comparison& comparison,
                                          const ComparisonOptions& options) {
  const auto direction = options.each.explain.loss.direction == Direction::kDown
                             ? ChangeDirection::kDown
                             : ChangeDirection::kUp;
  ComparePage page;
  page.setting = setting_words(comparison, options);
  page.held_out = held_out_table(comparison.sets);
  page.own_objective = own_objective_table(comparison.sets, kComparisonReference, direction);
  page.by_type = table_by_type(comparison.sets);
  page.by_method = table_by_method(comparison.sets);
  page.skipped = comparison.skipped;
  std::vector<std::string> names;
  const auto write = [&](const char* name, const Table& table) {
    write_table(folder / name, table);
    names.emplace_back(name);
  };
  make_folder(folder);
  write("compare.tsv", compared_table(comparison.sets));
  write("held_out.tsv", page.held_out);
  write("own_objective.tsv", page.own_objective);
  write("table1.tsv", page.by_type);
  write("table2.tsv", page.by_method);
  write("skipped.tsv", page.skipped);
  if (comparison.truth) {
    const auto& [all, redundant] = *comparison.truth;
    page.recall = joined({recall_table(all, "true function"),
                          recall_table(redundant, "true function, redundant"),
                          recall_table(comparison.sets, "surrogate")});
    write("recall_by_kind.tsv", page.recall);
    write("truth_all.tsv", compared_table(all));
    write("truth_redundant.tsv", compared_table(redundant));
  }
  if (comparison.types) {
    page.has_types = true;
    write("types.tsv", type_matrix_table(*comparison.types));
    replace_file(folder / "types.svg", draw_type_matrix(*comparison.types));
    names.emplace_back("types.svg");
  }
  replace_file(folder / "compare.md", compare_markdown(page));
  names.emplace_back("compare.md");
  return names;
}

}  // namespace grids
