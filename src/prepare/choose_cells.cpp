#include "prepare/choose_cells.hpp"

#include <algorithm>
#include <set>

#include "base/error.hpp"
#include "base/name_list.hpp"
#include "prepare/canonical_order.hpp"
#include "prepare/units.hpp"

namespace grids::core {
namespace {

void tell_spelling(const MatchedCells& matched, Diary& diary) {
  if (matched.without_suffix == matched.size()) {
    diary.warn(
        "RNA and ATAC share no barcode as it is written; they were matched without "
        "their trailing number (AAAC-1 = AAAC)");
  } else if (matched.without_suffix > 0) {
    diary.warn(
        "{} of the {} cells are in both only without the trailing number of their barcode "
        "(AAAC-1 = AAAC-2), and were matched so",
        matched.without_suffix, matched.size());
  }
  if (matched.doubtful > 0) {
    diary.warn(
        "{} cells of the RNA have a barcode that the ATAC has with another trailing number, but "
        "not clearly for the same cell: dropped",
        matched.doubtful);
  }
}

/// The patterns of --exclude-labels; a word that is a label of the file is one, commas and all.
std::vector<std::string> excluded_labels(const CellLabels& labels, const PrepareOptions& options) {
  if (options.keep_all) return {};
  const std::set<std::string, std::less<>> known(labels.of_cell.begin(), labels.of_cell.end());
  return split_names(options.exclude_labels,
                     [&](std::string_view name) { return known.contains(name); });
}

/// Labels that commands give a meaning of their own become other names.
void call_types(const std::string& source, std::vector<std::string>& labels, Diary& diary) {
  for (const char* word : {kAllTypes, kEachType}) {
    if (std::find(labels.begin(), labels.end(), word) == labels.end()) continue;
    const auto name = type_called(word);
    if (std::find(labels.begin(), labels.end(), name) != labels.end()) {
      throw input_error("{}: the labels '{}' and '{}' would be one type; rename one of them",
                        source, word, name);
    }
    diary.note("the cells labelled '{}' are of the type '{}': '{}' alone stands for {}", word, name,
               word, word == kAllTypes ? "all types together" : "each type in turn");
    std::replace(labels.begin(), labels.end(), std::string(word), name);
  }
}

}  // namespace

ChosenCells match_modalities(const PackedMultiome& raw, const PlacedFeatures& features,
                             const PrepareOptions& options, ThreadPool& pool, Diary& diary) {
  ChosenCells cells;
  cells.matched = match_cells(raw.rna, raw.atac);
  const auto& matched = cells.matched;
  auto overlap = judge_overlap({raw.rna.source, raw.rna.obs.index},
                               {raw.atac.source, raw.atac.obs.index}, matched.size());
  if (overlap.verdict == Overlap::Verdict::kHardlyAny) overlap.message += kUnpairedRemedy;
  tell_overlap(overlap, options.force, diary);
  order_cells(raw, features.names, features.peaks, cells.matched, pool);
  diary.step("cells", "RNA and ATAC of the same barcode",
             matched.size() + matched.only_rna + matched.only_atac, matched.size());
  if (matched.only_rna + matched.only_atac > 0) {
    diary.note("{} cells have RNA only, {} ATAC only: dropped", matched.only_rna,
               matched.only_atac);
  }
  tell_spelling(matched, diary);
  return cells;
}

ChosenCells choose_alone(const PackedMultiome& raw, bool rna, const PlacedFeatures& features,
                         ThreadPool& pool) {
  ChosenCells cells;
  cells.matched = cells_alone(rna ? raw.rna : raw.atac, rna);
  order_cells(raw, features.names, features.peaks, cells.matched, pool);
  return cells;
}

void label_cells(const PackedMultiome& raw, const NamesOfCells& names,
                 const PrepareOptions& options, ChosenCells& cells, PrepareSummary& summary,
                 Diary& diary) {
  cells.donors = read_units(raw, cells.matched, names.donors, "donor", options.force, diary);
  cells.batches = read_units(raw, cells.matched, names.batches, "batch", options.force, diary);
  if (names.labels.empty()) return;
  auto labels = labels_from(raw, cells.matched, names.labels);
  tell_overlap(labels.overlap, options.force, diary);
  for (const auto& note : labels.notes) diary.warn("{}", note);
  if (options.keep_all) {
    for (auto& name : labels.of_cell) {
      if (name.empty()) name = "unlabelled";
    }
  }
  auto selection = select_labels(labels, excluded_labels(labels, options));
  summary.label_source += (summary.label_source.empty() ? "" : "; ") + labels.source;
  for (auto& entry : selection.table) {
    entry.of = diary.half();
    summary.labels.push_back(entry);
  }
  const int64_t before = cells.matched.size();
  cells.types = std::move(labels.of_cell);
  call_types(labels.source, cells.types, diary);
  cells.keep(selection.kept);
  diary.step("cells", "labelled with a cell type (--exclude-labels)", before, cells.matched.size());
  for (const auto& entry : selection.table) {
    if (!entry.excluded) continue;
    diary.note("excluded {} cells {}", entry.cells,
               entry.label.empty() ? "without a label" : fmt::format("labelled '{}'", entry.label));
  }
}

CellQuality keep_good_cells(const PackedMultiome& raw, RnaKind kind, const PrepareOptions& options,
                            ChosenCells& cells, Diary& diary) {
  auto quality =
      measure_quality(raw.rna, cells.matched.rna_row, raw.atac, cells.matched.atac_row, kind);
  if (options.keep_all) return quality;
  const auto passed = passing_cells(quality, options.quality);
  for (const auto& step : passed.steps) {
    diary.step(
        "cells",
        fmt::format("{} at {} {} ({})", step.quantity,
                    step.flag.starts_with("--min") ? "least" : "most", step.threshold, step.flag),
        step.before, step.after);
  }
  cells.keep(passed.kept);
  const auto pick = [&](std::vector<double>& values) {
    if (values.empty()) return;  // of the other modality
    for (size_t k = 0; k < passed.kept.size(); ++k) {
      values[k] = values[static_cast<size_t>(passed.kept[k])];
    }
    values.resize(passed.kept.size());
  };
  pick(quality.rna_counts);
  pick(quality.genes);
  pick(quality.mito_share);
  pick(quality.peaks);
  return quality;
}

}  // namespace grids::core
