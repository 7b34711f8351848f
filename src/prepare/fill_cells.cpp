// The table of a study's cells: types, donors, batches and the split.
#include <algorithm>

#include "base/at.hpp"
#include "base/error.hpp"
#include "base/indices.hpp"
#include "prepare/choose_cells.hpp"
#include "prepare/match_cells.hpp"
#include "prepare/preparation.hpp"
#include "prepare/split_units.hpp"
#include "prepare/units.hpp"

namespace grids::core {
namespace {

/// Below these, numbers are printed but hardly to be trusted.
constexpr int64_t kFewCells = 200;
constexpr int64_t kFewTestCells = 50;

template <typename List>
int64_t size_of(const List& list) {
  return static_cast<int64_t>(list.size());
}

std::vector<Split> split_of(const CellTable& cells, const SplitOptions& options, uint64_t seed) {
  switch (options.by) {
    case SplitBy::kDonor:
      return split_units(cells.type, cells.donor, "donor", options, seed);
    case SplitBy::kBatch:
      return split_units(cells.type, cells.batch, "batch", options, seed);
    case SplitBy::kCell:
      break;
  }
  return split_cells(cells.size(), cells.type, cells.donor, options, seed);
}

void tell_clusters(const Preparation& run, const Categorical& types) {
  run.summary.label_source = "graph clusters";
  for (size_t t = 0; t < types.names.size(); ++t) {
    const auto size = std::count(types.codes.begin(), types.codes.end(), static_cast<int32_t>(t));
    run.summary.labels.push_back({types.names[t], size, false, run.diary.half()});
  }
  std::string columns;
  const Frame& obs = run.raw.rna.obs.rows() > 0 ? run.raw.rna.obs : run.raw.atac.obs;
  for (const auto& column : obs.columns) {
    if (column.is_text()) columns += (columns.empty() ? "" : ", ") + column.name;
  }
  run.diary.warn(
      "no labels were given: the training cells were grouped into {} graph clusters of their open "
      "chromatin (Leiden, resolution {}), and each other cell joined the cluster of most of its "
      "neighbours among them, by open chromatin too; so no test cell's RNA says what its type is. "
      "They are not cell types until someone looks at them{}",
      types.names.size(), run.options.clusters.resolution,
      columns.empty() ? "" : fmt::format("; text columns for --labels: {}", columns));
}

}  // namespace

void tell_cells(const Preparation& run) {
  const Study& study = run.study;
  Diary& diary = run.diary;
  std::vector<std::string> whole;
  std::vector<std::string> small;
  int types = 0;
  for (size_t t = 0; t < study.cells.type.names.size(); ++t) {
    const auto& codes = study.cells.type.codes;
    const auto code = static_cast<int32_t>(t);
    const auto size = std::count(codes.begin(), codes.end(), code);
    const auto& name = study.cells.type.names[t];
    if (size == 0) continue;  // it has cells of the other modality alone
    ++types;
    if (size < kFewestCellsToSplit) {
      whole.push_back(fmt::format("{} ({})", name, size));
    } else if (size_of(study.cells_of(Split::kTest, code)) < kFewTestCells) {
      small.push_back(fmt::format("{} ({})", name, size_of(study.cells_of(Split::kTest, code))));
    }
  }
  diary.note("{} training, {} validation and {} test cells{}",
             size_of(study.cells_of(Split::kTrain)), size_of(study.cells_of(Split::kValidation)),
             size_of(study.cells_of(Split::kTest)),
             types > 0 ? fmt::format(" of {} types", types) : std::string());
  if (study.cells.size() < kFewCells) {
    diary.warn("{} cells are too few to trust what is learned from them (fewer than {})",
               study.cells.size(), kFewCells);
  }
  if (!whole.empty()) {
    diary.warn(
        "types with fewer than {} cells cannot be split; all their cells are training cells: {}",
        kFewestCellsToSplit, examples(whole, 8));
  }
  if (!small.empty()) {
    diary.warn("types with fewer than {} test cells, too few for a firm number: {}", kFewTestCells,
               examples(small, 8));
  }
}

std::vector<int32_t> rows_of(const std::vector<int32_t>& cells, const std::vector<int32_t>& rows) {
  std::vector<int32_t> result;
  result.reserve(cells.size());
  for (const int32_t cell : cells) result.push_back(rows[static_cast<size_t>(cell)]);
  return result;
}

Categorical clustered_types(const Preparation& run, const std::vector<Interval>& intervals,
                            const std::vector<int32_t>& rows) {
  const auto& atac = run.raw.atac;
  const auto& options = run.options;
  const auto training = run.study.cells_of(Split::kTrain);
  const auto open_in = count_positive(atac.values, rows_of(training, rows));
  const auto chosen =
      select_peaks(intervals, open_in, size_of(training), options.peaks, options.keep_all);
  const auto open = gather_open(atac.values, rows, chosen.columns, run.context.pool);
  const auto clusters = cluster_cells(open, training, options.clusters, run.context);
  std::vector<std::string> numbers;
  for (const int32_t cluster : clusters.of_cell) numbers.push_back(fmt::format("{}", cluster));
  auto types = categorical_of(numbers);
  for (size_t t = 0; t < types.names.size(); ++t) types.names[t] = fmt::format("cluster {}", t + 1);
  tell_clusters(run, types);
  run.context.check_cancelled();
  return types;
}

void fill_cells(const Preparation& run, const PlacedFeatures& features, ChosenCells& cells,
                CellQuality& quality) {
  Study& study = run.study;
  const auto& matched = cells.matched;
  study.cells.barcodes = matched.barcodes;
  study.cells.place.assign(matched.rna_row.begin(), matched.rna_row.end());
  study.cells.type = categorical_of(cells.types);
  study.cells.donor = categorical_of(cells.donors);
  study.cells.batch = categorical_of(cells.batches);
  study.cells.total_rna = std::move(quality.rna_counts);
  study.cells.open_peaks = std::move(quality.peaks);
  study.cells.split = split_of(study.cells, run.options.split, run.context.seed);
  if (study.cells.type.empty()) {
    study.cells.type = clustered_types(run, features.peaks, matched.atac_row);
  }
  tell_cells(run);
  tell_split_units(study.cells, run.options.split, run.diary);
  tell_batches(study.cells, run.diary);
}

}  // namespace grids::core
