#include "cli/table_list.hpp"

#include <algorithm>
#include <map>
#include <optional>

#include "cis/fit_cis.hpp"
#include "compare/compare_tables.hpp"
#include "compare/compare_timings.hpp"
#include "compare/comparison.hpp"
#include "compare/comparison_files.hpp"
#include "compare/recovery.hpp"
#include "evaluate/accuracy.hpp"
#include "evaluate/alignment.hpp"
#include "evaluate/cell_map.hpp"
#include "evaluate/judge_sets.hpp"
#include "evaluate/knockout.hpp"
#include "evaluate/markers.hpp"
#include "evaluate/timings.hpp"
#include "links/evidence.hpp"
#include "links/link.hpp"
#include "links/loci.hpp"
#include "model/training_curves.hpp"
#include "model/transfer_types.hpp"
#include "pipeline/model_results.hpp"
#include "pipeline/openness.hpp"
#include "pipeline/prepare_files.hpp"
#include "pipeline/redundancy_into.hpp"
#include "redundancy/alternatives.hpp"
#include "redundancy/design.hpp"
#include "redundancy/groups.hpp"
#include "redundancy/interplay_sets.hpp"
#include "redundancy/redundancy_summary.hpp"
#include "redundancy/redundancy_tables.hpp"
#include "redundancy/stability.hpp"
#include "simulate/hidden_share.hpp"
#include "simulate/peak_truth.hpp"
#include "simulate/simulate.hpp"
#include "simulate/truth.hpp"
#include "validate/hits.hpp"
#include "validate/judge_combinations.hpp"
#include "validate/judge_motifs.hpp"
#include "validate/validation_row.hpp"
#include "view/saved_sets.hpp"

namespace grids::core {

std::vector<CommandTables> all_tables() {
  return {
      {"simulate",
       {describe_truth(), describe_truth_settings(), describe_peak_truth(), describe_cell_truth(),
        describe_oracle()}},
      {"prepare", {describe_prepare()}},
      {"train", {curve_columns().describe()}},
      {"cis", {describe_cis(), describe_openness()}},
      {"evaluate",
       {describe_accuracy(), describe_accuracy_summary(), alignment_columns().describe(),
        describe_marker_means(), marker_columns().describe(), describe_transferred_types()}},
      {"explain",
       {describe_subsets(),
        describe_partners(),
        describe_set_summary(),
        describe_random_sets(),
        describe_contrasts(),
        describe_change_by_type(),
        describe_off_target(),
        skipped_columns().describe(),
        describe_timings(),
        link_columns().describe(),
        evidence_columns().describe(),
        describe_loci(),
        describe_locus_genes(),
        describe_redundancy(),
        describe_groups(),
        describe_settings(),
        describe_members(),
        describe_interactions(),
        describe_deletion(),
        describe_design(),
        describe_interplay()}},
      {"explain --model", describe_model_results()},
      {"redundancy",
       {describe_shares(), describe_alternatives(), describe_stability(),
        describe_negative_control()}},
      {"knockout", {describe_knockout()}},
      {"compare",
       {compared_columns().describe(), describe_held_out(), describe_own_objective(),
        describe_table_by_type(), describe_table_by_method(), describe_recall(),
        compared_columns(kTruthAll).describe(), compared_columns(kTruthRedundant).describe(),
        describe_type_matrix(), describe_compared_skipped(), compared_timing_columns().describe()}},
      {"view", {describe_saved_sets()}},
      {"validate",
       {validation_columns().describe(), describe_hits(), describe_combinations(),
        describe_motifs()}},
      {"run",
       {describe_umap(), describe_silhouette(), marker_expression_columns().describe(),
        recovery_columns().describe(), recovery_by_kind_columns().describe()}},
  };
}

namespace {

/// Neighbours of which the same is said share a line.
std::string column_lines(const TableText& table) {
  std::vector<TableText::Entry> lines;
  for (const auto& column : table.columns) {
    if (!lines.empty() && lines.back().what == column.what) {
      lines.back().name += fmt::format(", `{}`", column.name);
    } else {
      lines.push_back({fmt::format("`{}`", column.name), column.what});
    }
  }
  std::string text = "| column | what |\n| --- | --- |\n";
  for (const auto& line : lines) text += fmt::format("| {} | {} |\n", line.name, line.what);
  return text;
}

std::string table_lines(const TableText& table) {
  return fmt::format("`{}`, {}:\n\n{}", table.file, table.rows, column_lines(table));
}

/// The same, without repeating the columns of a table of the command that came before.
std::string table_lines(const TableText& table, const std::vector<TableText>& of_command) {
  for (const auto& other : of_command) {
    if (other.file == table.file) break;
    if (other.columns != table.columns) continue;
    return fmt::format("`{}`, {}; columns as of `{}`.\n", table.file, table.rows, other.file);
  }
  return table_lines(table);
}

/// "explain/subsets.tsv" of "<!-- table explain/subsets.tsv -->".
std::optional<std::string_view> table_named(std::string_view line) {
  constexpr std::string_view kBefore = "<!-- table ", kAfter = " -->";
  if (!line.starts_with(kBefore) || !line.ends_with(kAfter)) return std::nullopt;
  return line.substr(kBefore.size(), line.size() - kBefore.size() - kAfter.size());
}

}  // namespace

std::string fill_in_tables(std::string_view page_template) {
  std::map<std::string, std::string, std::less<>> waiting;
  for (const auto& [command, tables] : all_tables()) {
    for (const auto& table : tables) {
      waiting.emplace(fmt::format("{}/{}", command, table.file), table_lines(table, tables));
    }
  }
  std::string page =
      "<!-- Made by scripts/make_docs.sh: edit docs/templates/, or what the program declares. "
      "-->\n";
  Problems problems;
  while (!page_template.empty()) {
    const size_t end = page_template.find('\n');
    const auto line = page_template.substr(0, end);
    page_template.remove_prefix(end == std::string_view::npos ? page_template.size() : end + 1);
    const auto name = table_named(line);
    if (!name) {
      page.append(line) += '\n';
      continue;
    }
    const auto found = waiting.find(*name);
    if (found == waiting.end()) {
      problems.add("there is no table {}, or it was shown before", *name);
      continue;
    }
    page += found->second;
    waiting.erase(found);
  }
  for (const auto& table : waiting) problems.add("it does not show {}", table.first);
  problems.raise(ErrorKind::kInput, "the template");
  return page;
}

std::string tables_page() {
  std::string page = "# Tables\n";
  for (const auto& [command, tables] : all_tables()) {
    page += fmt::format("\n## `grids {}`\n", command);
    for (const auto& table : tables) page += fmt::format("\n{}", table_lines(table));
  }
  return page;
}

}  // namespace grids::core
