#include "prepare/prepare.hpp"

#include <algorithm>
#include <utility>

#include "base/at.hpp"
#include "base/error.hpp"
#include "base/indices.hpp"
#include "base/name_list.hpp"
#include "prepare/canonical_order.hpp"
#include "prepare/choose_cells.hpp"
#include "prepare/diary.hpp"
#include "prepare/keep_columns.hpp"
#include "prepare/match_cells.hpp"
#include "prepare/modalities_apart.hpp"
#include "prepare/normalise.hpp"
#include "prepare/place_features.hpp"
#include "prepare/split_units.hpp"
#include "prepare/tell_kinds.hpp"
#include "prepare/units.hpp"
#include "prepare/unused_columns.hpp"

namespace grids::core {
namespace {

int64_t count_of(const auto& list) {
  return static_cast<int64_t>(list.size());
}

/// Below these, numbers are printed but hardly to be trusted.
constexpr int64_t kFewCells = 200;
constexpr int64_t kFewTestCells = 50;
constexpr double kFewPositions = 0.5;

void require_shape(const PackedModality& modality) {
  if (modality.obs.rows() == modality.values.rows() &&
      modality.var.rows() == modality.values.columns()) {
    return;
  }
  throw input_error("{}: the matrix is {} × {}, but there are names of {} cells and {} features",
                    modality.source, modality.values.rows(), modality.values.columns(),
                    modality.obs.rows(), modality.var.rows());
}

/// What the steps from cells to a study share.
struct Preparation {
  const PackedMultiome& raw;
  RnaKind kind;
  const PrepareInputs& inputs;
  const PrepareOptions& options;
  PreparedCells& cells;
  Study& study;
  PrepareSummary& summary;
  Diary& diary;
  const Context& context;
};

/// Who is in which part, and what is too little.
void tell_cells(const Preparation& run) {
  const Study& study = run.study;
  Diary& diary = run.diary;
  std::vector<std::string> whole;
  std::vector<std::string> small;
  for (size_t t = 0; t < study.cells.type.names.size(); ++t) {
    const auto& codes = study.cells.type.codes;
    const auto code = static_cast<int32_t>(t);
    const auto size = std::count(codes.begin(), codes.end(), code);
    const auto& name = study.cells.type.names[t];
    if (size < kFewestCellsToSplit) {
      whole.push_back(fmt::format("{} ({})", name, size));
    } else if (count_of(study.cells_of(Split::kTest, code)) < kFewTestCells) {
      small.push_back(fmt::format("{} ({})", name, count_of(study.cells_of(Split::kTest, code))));
    }
  }
  diary.note("{} training, {} validation and {} test cells of {} types",
             count_of(study.cells_of(Split::kTrain)), count_of(study.cells_of(Split::kValidation)),
             count_of(study.cells_of(Split::kTest)), study.cells.type.names.size());
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

/// Types of the study's cells, which have a split but no labels. `rows`: of the ATAC, one per cell.
Categorical clustered_types(const Preparation& run, const std::vector<Interval>& intervals,
                            const std::vector<int32_t>& rows) {
  const auto& atac = run.raw.atac;
  const auto& options = run.options;
  const auto training = run.study.cells_of(Split::kTrain);
  const auto open_in = count_positive(atac.values, rows_of(training, rows));
  const auto chosen =
      select_peaks(intervals, open_in, count_of(training), options.peaks, options.keep_all);
  const auto open = gather_open(atac.values, rows, chosen.columns, run.context.pool);
  const auto clusters = cluster_cells(open, training, options.clusters, run.context);
  std::vector<std::string> numbers;
  for (const int32_t cluster : clusters.of_cell) numbers.push_back(fmt::format("{}", cluster));
  auto types = categorical_of(numbers);
  for (size_t t = 0; t < types.names.size(); ++t) types.names[t] = fmt::format("cluster {}", t + 1);
  return types;
}

void tell_clusters(const Preparation& run) {
  const auto& types = run.study.cells.type;
  run.summary.label_source = "graph clusters";
  for (size_t t = 0; t < types.names.size(); ++t) {
    const auto size = std::count(types.codes.begin(), types.codes.end(), static_cast<int32_t>(t));
    run.summary.labels.push_back({types.names[t], size, false});
  }
  std::string columns;
  for (const auto& column : run.raw.rna.obs.columns) {
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
    tell_clusters(run);
    run.context.check_cancelled();
  }
  tell_cells(run);
  tell_split_units(study.cells, run.options.split, run.diary);
  tell_batches(study.cells, run.diary);
}

/// `rows`: of the ATAC, one per cell of the study.
void fill_peaks(const Preparation& run, const std::vector<Interval>& intervals,
                const std::vector<int32_t>& rows) {
  const auto& atac = run.raw.atac;
  const auto& options = run.options;
  Diary& diary = run.diary;
  const auto training = run.study.cells_of(Split::kTrain);
  const auto open_in = count_positive(atac.values, rows_of(training, rows));
  const auto chosen =
      select_peaks(intervals, open_in, count_of(training), options.peaks, options.keep_all);
  int64_t left = count_of(intervals);
  if (!options.keep_all) {
    diary.step("peaks", "on chromosomes, not on scaffolds", left, left - chosen.scaffold);
    left -= chosen.scaffold;
    if (!chosen.scaffolds.empty()) {
      diary.note("taken as scaffolds: {}", examples(chosen.scaffolds, 8));
    }
    diary.step("peaks", "not mitochondrial", left, left - chosen.mitochondrial);
    left -= chosen.mitochondrial;
    diary.step("peaks",
               fmt::format("open in at least {} of {} training cells (--min-peak-cells, "
                           "--min-peak-share)",
                           chosen.required_cells, training.size()),
               left, left - chosen.rare);
  }
  run.study.peaks = peak_table(intervals, atac.var.index, chosen.columns);
  run.cells.peaks = chosen.columns;
}

std::vector<int32_t> pick_genes(const Preparation& run, const GeneNames& names,
                                const std::vector<int32_t>& training_rows) {
  const auto& rna = run.raw.rna;
  const auto& options = run.options;
  Diary& diary = run.diary;
  const auto wanted = find_genes(names, run.inputs.keep_genes);
  if (!wanted.missing.empty()) {
    if (!options.skip_missing_genes) {
      throw input_error(
          "{} genes to keep are not in {}: {}; correct them or pass them over with "
          "--skip-missing-genes",
          wanted.missing.size(), rna.source, examples(wanted.missing, 20));
    }
    diary.warn("{} genes to keep are not in the RNA and were passed over: {}",
               wanted.missing.size(), examples(wanted.missing, 20));
  }
  if (options.keep_all) return indices_below(rna.values.columns());
  const auto variability = measure_variability(rna.values, training_rows, options.genes.loess_span);
  const auto seen = std::count_if(variability.cells.begin(), variability.cells.end(),
                                  [&](int64_t n) { return n >= options.genes.min_gene_cells; });
  diary.step("genes",
             fmt::format("seen in at least {} training cells (--min-gene-cells)",
                         options.genes.min_gene_cells),
             rna.values.columns(), seen);
  auto chosen = choose_genes(variability, wanted.columns, options.genes);
  if (chosen.empty()) {
    throw input_error("{}: no gene is seen in {} of the {} training cells; lower --min-gene-cells",
                      rna.source, options.genes.min_gene_cells, training_rows.size());
  }
  diary.step(
      "genes",
      fmt::format("most variable{}{}", run.kind == RnaKind::kCounts ? "" : ", values as given",
                  wanted.columns.empty()
                      ? ""
                      : fmt::format(", and the {} asked for", wanted.columns.size())),
      seen, count_of(chosen));
  const auto mitochondrial = std::count_if(chosen.begin(), chosen.end(), [&](int32_t j) {
    return is_mitochondrial_gene(names.symbols[static_cast<size_t>(j)]);
  });
  if (mitochondrial > 0) diary.note("{} of the chosen genes are mitochondrial", mitochondrial);
  return chosen;
}

void tell_positions(const GenePlaces& places, const GeneTable& genes, PrepareSummary& summary,
                    Diary& diary) {
  int64_t placed = 0;
  for (int64_t j = 0; j < genes.size(); ++j) placed += genes.has_position(j) ? 1 : 0;
  summary.position_share = static_cast<double>(placed) / static_cast<double>(genes.size());
  if (places.matched == 0) return;  // told at the start
  diary.note("{} of {} chosen genes have a position ({})", placed, genes.size(), places.source);
  if (summary.position_share < kFewPositions) {
    diary.warn("only {} of {} chosen genes have a position ({}), for example not {}", placed,
               genes.size(), places.source, examples(places.unmatched, 5));
  }
}

/// `rows`: of the RNA, one per cell of the study.
void fill_genes(const Preparation& run, const PlacedFeatures& features,
                const std::vector<int32_t>& rows) {
  Study& study = run.study;
  const auto training_rows = rows_of(study.cells_of(Split::kTrain), rows);
  auto chosen = pick_genes(run, features.names, training_rows);
  study.genes = gene_table(features.names, features.places, chosen);
  tell_positions(features.places, study.genes, run.summary, run.diary);
  run.cells.genes = std::move(chosen);
  run.summary.rna_normalised = run.kind != RnaKind::kCounts;
  study.scale =
      run.kind == RnaKind::kCounts ? ExpressionScale::kLog1pCp100k : ExpressionScale::kAsGiven;
}

/// Chosen genes of cells [first, last) as the file has them.
CsrMatrix rna_as_given(const PreparedCells& cells, int64_t first, int64_t last, ThreadPool& pool) {
  const auto rows = std::span(cells.rna_rows).subspan(at(first), at(last - first));
  return gather(cells.rna, rows, cells.genes, pool);
}

void normalise(const PreparedCells& cells, int64_t first, int64_t last, CsrMatrix& rows) {
  if (cells.rna_kind == RnaKind::kLogged) return;
  const auto& totals = cells.tables.cells.total_rna;
  log_normalise(rows, std::span(totals).subspan(at(first), at(last - first)));
}

}  // namespace

void PrepareOptions::describe(OptionSet& set) {
  set.group("Which cells, peaks and genes");
  set.flag("--keep-all", keep_all, "Filter nothing; counts are still normalised");
  set.list("--exclude-labels", exclude_labels, "Labels that are not cell types");
  quality.describe(set);
  peaks.describe(set);
  genes.describe(set);
  set.flag("--skip-missing-genes", skip_missing_genes,
           "Pass over names in --keep-genes that the file does not have");
  set.list("--keep-obs", keep_obs,
           "Columns of obs and embeddings of obsm that the study hands on: all, none, or names");
  set.group("Split and clusters");
  split.describe(set);
  clusters.describe(set);
  set.group("");
  set.flag("--force", force,
           "Go on where RNA, ATAC or labels seem to be of different samples, genes and peaks of "
           "different genome builds, or where hardly any gene has a position");
}

PreparedCells prepare_cells(PackedMultiome&& raw, const PrepareInputs& inputs,
                            const PrepareOptions& options, const Context& context) {
  validate(options, "options of prepare");
  require_units_of_split(options.split.by, inputs.donors(), inputs.batches());
  require_shape(raw.rna);
  require_shape(raw.atac);
  require_columns(raw, options.keep_obs);
  order_genes(raw.rna, context.pool);
  PreparedCells result;
  Study& study = result.tables;
  PrepareSummary& summary = result.summary;
  Diary diary(summary, context.reporter);

  require_apart(raw, options.force, diary);
  const auto features = place_features(raw, inputs, options, summary, diary);
  const RnaKind kind = recognise_rna(raw.rna);
  const Preparation run{raw, kind, inputs, options, result, study, summary, diary, context};
  say_how_rna_is_taken(kind, raw.rna, diary);
  require_open_and_closed(raw.atac, diary);
  ChosenCells cells = match_modalities(raw, features, options, context.pool, diary);
  label_cells(raw, inputs, options, cells, summary, diary);
  context.check_cancelled();
  CellQuality quality = keep_good_cells(raw, kind, options, cells, diary);
  tell_unused_columns(raw, cells.matched, inputs, diary);
  fill_cells(run, features, cells, quality);
  keep_columns(raw, cells.matched, options.keep_obs, study.cells, context.pool, diary);
  result.rna_kind = kind;
  result.rna_rows = std::move(cells.matched.rna_row);
  result.atac_rows = std::move(cells.matched.atac_row);
  fill_peaks(run, features.peaks, result.atac_rows);
  context.check_cancelled();
  fill_genes(run, features, result.rna_rows);
  result.rna = std::move(raw.rna.values);
  result.atac = std::move(raw.atac.values);
  study.provenance = provenance_json(options, summary);
  return result;
}

StudyRows study_rows(const PreparedCells& cells, ThreadPool& pool) {
  // About as many entries as readers take at a time; of the cells alone, so that the same are
  // written by any number of threads.
  constexpr int64_t kEntries = int64_t{1} << 21;
  const auto rows_of = [](const PackedRows& matrix) {
    return kEntries * matrix.rows() / std::max<int64_t>(1, matrix.nonzeros());
  };
  StudyRows rows;
  rows.rows_at_once = std::max<int64_t>(1, std::min(rows_of(cells.atac), rows_of(cells.rna)));
  rows.open = [&](int64_t first, int64_t last) {
    const auto chosen = std::span(cells.atac_rows).subspan(at(first), at(last - first));
    return gather_open(cells.atac, chosen, cells.peaks, pool);
  };
  rows.has_counts = cells.rna_kind == RnaKind::kCounts;
  rows.expression = [&](int64_t first, int64_t last, std::vector<float>& counts) {
    auto block = rna_as_given(cells, first, last, pool);
    if (cells.rna_kind == RnaKind::kCounts) counts.assign(block.values.begin(), block.values.end());
    normalise(cells, first, last, block);
    return block;
  };
  return rows;
}

PrepareResult with_matrices(PreparedCells&& cells, ThreadPool& pool) {
  const int64_t count = cells.tables.cells.size();
  auto expression = rna_as_given(cells, 0, count, pool);
  cells.rna = PackedRows();
  CsrMatrix counts;
  if (cells.rna_kind == RnaKind::kCounts) counts = expression;
  normalise(cells, 0, count, expression);
  auto open = gather_open(cells.atac, cells.atac_rows, cells.peaks, pool);
  PrepareResult result{std::move(cells.tables), std::move(cells.summary)};
  result.study.expression = std::move(expression);
  result.study.counts = std::move(counts);
  result.study.open = std::move(open);
  return result;
}

PrepareResult prepare(PackedMultiome&& raw, const PrepareInputs& inputs,
                      const PrepareOptions& options, const Context& context) {
  return with_matrices(prepare_cells(std::move(raw), inputs, options, context), context.pool);
}

}  // namespace grids::core
