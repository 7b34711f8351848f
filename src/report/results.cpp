#include "report/results.hpp"

#include <algorithm>
#include <cmath>
#include <tuple>

#include "base/error.hpp"
#include "base/nan.hpp"

namespace grids {
namespace {

constexpr const char* kFiles[] = {
    "prepare.tsv",        "training.tsv",    "accuracy.tsv",  "accuracy_summary.tsv",
    "marker_means.tsv",   "markers.tsv",     "umap.tsv",      "silhouette.tsv",
    "subsets.tsv",        "partners.tsv",    "skipped.tsv",   "marker_expression.tsv",
    "set_summary.tsv",    "random_sets.tsv", "contrasts.tsv", "recovery.tsv",
    "change_by_type.tsv", "off_target.tsv"};

using Key = std::tuple<std::string, std::string, std::string>;  // cell type, gene, L

Key key_of(const Table& table, size_t row) {
  return {table.text(row, "cell_type"), table.text(row, "gene"), table.text(row, "L")};
}

Key key_of(const SetView& set) {
  return {set.cell_type, set.gene, std::to_string(set.set_size)};
}

/// Rows of a set follow each other; rank 1 or another gene, type or method begins the next.
std::vector<SetView> sets_of(const Table& table) {
  std::vector<SetView> sets;
  for (size_t row = 0; row < table.rows(); ++row) {
    const auto rank = static_cast<int64_t>(table.number(row, "rank"));
    const auto& type = table.text(row, "cell_type");
    const auto& gene = table.text(row, "gene");
    const auto& method = table.text(row, "method");
    if (sets.empty() || rank == 1 || sets.back().cell_type != type || sets.back().gene != gene ||
        sets.back().method != method) {
      SetView set;
      set.cell_type = type;
      set.gene = gene;
      set.method = method;
      set.set_size = static_cast<int64_t>(table.number(row, "L"));
      set.average_change = table.number(row, "average_change");
      set.relative_change = table.number(row, "relative_change");
      set.change_cp100k = table.number(row, "change_cp100k");
      set.objective = table.number(row, "objective");
      set.evaluations = table.number(row, "evaluations");
      set.seconds = table.number(row, "seconds");
      set.cells = set.percentile = set.near_share = set.near_chance = kNaN;
      set.others_change = set.most_change = set.minimal_share = kNaN;
      sets.push_back(std::move(set));
    }
    sets.back().peaks.push_back(
        {rank, table.text(row, "peak"), table.text(row, "chrom"), table.number(row, "start"),
         table.number(row, "end"), table.number(row, "distance_to_tss"),
         table.has("in_minimal") && table.text(row, "in_minimal") == "yes",
         table.has("in_transcribed_part") && table.text(row, "in_transcribed_part") == "yes"});
  }
  return sets;
}

void add_random(const Table& table, std::vector<SetView>& sets) {
  std::map<Key, std::vector<double>> random;
  for (size_t row = 0; row < table.rows(); ++row) {
    random[key_of(table, row)].push_back(table.number(row, "relative_change"));
  }
  for (SetView& set : sets) set.random = random[key_of(set)];
}

void add_summary(const Table& table, std::vector<SetView>& sets) {
  for (size_t row = 0; row < table.rows(); ++row) {
    for (SetView& set : sets) {
      if (key_of(set) != key_of(table, row) || set.method != table.text(row, "method")) continue;
      set.cells = table.number(row, "cells");
      set.percentile = table.number(row, "percentile");
      set.near_share = table.number(row, "share_within_250kb");
      set.near_chance = table.number(row, "chance_within_250kb");
      set.from_counts = table.text(row, "counts") == "yes";
      if (table.has("minimal_share")) set.minimal_share = table.number(row, "minimal_share");
      if (table.has("caution")) set.caution = table.text(row, "caution");
    }
  }
}

void add_partners(const Table& table, std::vector<SetView>& sets) {
  for (size_t row = 0; row < table.rows(); ++row) {
    for (SetView& set : sets) {
      if (key_of(set) != key_of(table, row) || set.method != table.text(row, "method")) continue;
      set.partners.push_back({table.text(row, "peak"), table.number(row, "distance_to_tss"),
                              table.number(row, "single_change"),
                              table.number(row, "change_after_minimal"),
                              table.number(row, "set_change")});
    }
  }
}

void add_other_genes(const Table& table, std::vector<SetView>& sets) {
  for (size_t row = 0; row < table.rows(); ++row) {
    for (SetView& set : sets) {
      if (key_of(set) != key_of(table, row) || set.method != table.text(row, "method")) continue;
      set.others_change = table.number(row, "mean_absolute_change");
      set.most_changed = table.text(row, "most_changed");
      set.most_change = table.number(row, "largest_change");
    }
  }
}

/// What to do where a table lacks a column: another version of grids wrote the folder.
std::string remedy_of(const std::optional<Manifest>& manifest) {
  if (!manifest) return "another version of grids wrote it; make it again: grids run";
  return fmt::format("grids {} wrote it; make it again with this one, {}: grids {}",
                     manifest->version, GRIDS_VERSION, manifest->command);
}

}  // namespace

const Table* Results::find(std::string_view file) const {
  const auto found = tables.find(file);
  return found == tables.end() || found->second.rows() == 0 ? nullptr : &found->second;
}

Results read_results(const std::filesystem::path& folder) {
  Results results;
  results.folder = folder;
  if (std::filesystem::exists(folder / "manifest.json")) {
    results.manifest = read_manifest(folder / "manifest.json");
  }
  for (const char* file : kFiles) {
    if (std::filesystem::exists(folder / file)) {
      Table table = read_table(folder / file);
      table.remedy = remedy_of(results.manifest);
      results.tables.emplace(file, std::move(table));
    }
  }
  if (!results.manifest && results.tables.empty()) {
    throw input_error(
        "{}: holds no results of grids (no manifest.json, no subsets.tsv, …); make some with: "
        "grids "
        "run",
        folder.string());
  }
  if (const Table* subsets = results.find("subsets.tsv")) results.sets = sets_of(*subsets);
  if (const Table* random = results.find("random_sets.tsv")) add_random(*random, results.sets);
  if (const Table* summary = results.find("set_summary.tsv")) add_summary(*summary, results.sets);
  if (const Table* partners = results.find("partners.tsv")) {
    add_partners(*partners, results.sets);
  }
  if (const Table* others = results.find("off_target.tsv")) {
    add_other_genes(*others, results.sets);
  }
  return results;
}

std::vector<std::string> distinct(const Table& table, std::string_view column) {
  std::vector<std::string> values;
  for (size_t row = 0; row < table.rows(); ++row) {
    const auto& value = table.text(row, column);
    if (std::find(values.begin(), values.end(), value) == values.end()) values.push_back(value);
  }
  return values;
}

}  // namespace grids
