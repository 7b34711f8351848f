#include "compare/comparison_files.hpp"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <set>
#include <utility>

#include "compare/compare_page.hpp"
#include "compare/compare_tables.hpp"
#include "compare/compare_timings.hpp"
#include "io/atomic_file.hpp"
#include "io/folder.hpp"

namespace grids::core {
namespace {

constexpr const char* kPage = "compare.md";
constexpr const char* kTypePicture = "types.svg";

/// What was searched.
constexpr const char* kSurrogate = "surrogate";
constexpr const char* kTrueFunction = "true function";
constexpr const char* kRedundant = "true function, redundant";

Table joined(std::initializer_list<Table> tables) {
  Table all(tables.begin()->columns());
  all.source = tables.begin()->source;
  for (const Table& table : tables) {
    for (size_t row = 0; row < table.rows(); ++row) all.add(table.row(row));
  }
  return all;
}

/// Times of all sets, in the order of the tables that they stand in.
Table all_timings(const Comparison& comparison) {
  auto rows = timings_of(comparison.sets, kSurrogate);
  const auto add = [&](const std::vector<ComparedSet>& sets, const char* objective) {
    const auto more = timings_of(sets, objective);
    rows.insert(rows.end(), more.begin(), more.end());
  };
  if (comparison.truth) {
    add(comparison.truth->all, kTrueFunction);
    add(comparison.truth->redundant, kRedundant);
  }
  return compared_timing_columns().table(rows);
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
      "one mask; a gradient counts as three per cell): {}.{} Every set: `compare.tsv`.",
      targets.size(), fmt::join(options.sizes, ", "), options.seeds, options.seeds == 1 ? "" : "s",
      fmt::join(options.methods, ", "), budget, unlimited);
}

}  // namespace

std::vector<std::string> comparison_files(bool truth, bool types) {
  std::vector<std::string> names = {compared_columns().describe().file,
                                    describe_held_out().file,
                                    describe_own_objective().file,
                                    describe_table_by_type().file,
                                    describe_table_by_method().file,
                                    describe_compared_skipped().file,
                                    compared_timing_columns().describe().file,
                                    kPage};
  if (truth) names.insert(names.end(), {describe_recall().file, kTruthAll, kTruthRedundant});
  if (types) names.insert(names.end(), {describe_type_matrix().file, kTypePicture});
  return names;
}

ComparisonTables comparison_tables(const Comparison& comparison, const ComparisonOptions& options) {
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
  ComparisonTables result;
  result.tables = {compared_columns().table(comparison.sets),
                   page.held_out,
                   page.own_objective,
                   page.by_type,
                   page.by_method,
                   page.skipped,
                   all_timings(comparison)};
  if (comparison.truth) {
    const auto& [all, redundant] = *comparison.truth;
    page.recall = joined({recall_table(all, kTrueFunction), recall_table(redundant, kRedundant),
                          recall_table(comparison.sets, kSurrogate)});
    result.tables.push_back(page.recall);
    result.tables.push_back(compared_columns(kTruthAll).table(all));
    result.tables.push_back(compared_columns(kTruthRedundant).table(redundant));
  }
  if (comparison.types) {
    page.has_types = true;
    result.tables.push_back(type_matrix_table(*comparison.types));
    result.type_picture = draw_type_matrix(*comparison.types);
  }
  result.page = compare_markdown(page);
  return result;
}

std::vector<std::string> write_comparison(const std::filesystem::path& folder,
                                          const Comparison& comparison,
                                          const ComparisonOptions& options) {
  const auto made = comparison_tables(comparison, options);
  std::vector<std::string> names;
  make_folder(folder);
  for (const Table& table : made.tables) names.push_back(write_into(folder, table));
  if (!made.type_picture.empty()) {
    replace_file(folder / kTypePicture, made.type_picture);
    names.emplace_back(kTypePicture);
  }
  replace_file(folder / kPage, made.page);
  names.emplace_back(kPage);
  return names;
}

}  // namespace grids::core
