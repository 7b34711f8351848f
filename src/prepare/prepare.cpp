#include "prepare/prepare.hpp"

#include <utility>

#include "base/error.hpp"
#include "prepare/canonical_order.hpp"
#include "prepare/choose_cells.hpp"
#include "prepare/diary.hpp"
#include "prepare/keep_columns.hpp"
#include "prepare/modalities_apart.hpp"
#include "prepare/normalise.hpp"
#include "prepare/place_features.hpp"
#include "prepare/preparation.hpp"
#include "prepare/tell_kinds.hpp"
#include "prepare/units.hpp"
#include "prepare/unused_columns.hpp"

namespace grids::core {
namespace {

void require_shape(const PackedModality& modality) {
  if (modality.obs.rows() == modality.values.rows() &&
      modality.var.rows() == modality.values.columns()) {
    return;
  }
  throw input_error("{}: the matrix is {} × {}, but there are names of {} cells and {} features",
                    modality.source, modality.values.rows(), modality.values.columns(),
                    modality.obs.rows(), modality.var.rows());
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

CheckedFiles check_files(PackedMultiome& raw, const PrepareInputs& inputs,
                         const PrepareOptions& options, PrepareSummary& summary, Diary& diary,
                         const Context& context) {
  require_shape(raw.rna);
  require_shape(raw.atac);
  require_columns(raw, options.keep_obs);
  order_genes(raw.rna, context.pool);
  require_apart(raw, options.force, diary);
  CheckedFiles result;
  result.features = place_features(raw, inputs, options, summary, diary);
  result.kind = recognise_rna(raw.rna);
  say_how_rna_is_taken(result.kind, raw.rna, diary);
  require_open_and_closed(raw.atac, diary);
  return result;
}

PreparedCells prepare_cells(PackedMultiome&& raw, const PrepareInputs& inputs,
                            const PrepareOptions& options, const Context& context) {
  validate(options, "options of prepare");
  require_units_of_split(options.split.by, inputs.donors(), inputs.batches());
  PreparedCells result;
  Study& study = result.tables;
  PrepareSummary& summary = result.summary;
  Diary diary(summary, context.reporter);

  const auto [features, kind] = check_files(raw, inputs, options, summary, diary, context);
  const Preparation run{raw, kind, inputs, options, result, study, summary, diary, context};
  ChosenCells cells = match_modalities(raw, features, options, context.pool, diary);
  label_cells(raw, inputs.names(), options, cells, summary, diary);
  context.check_cancelled();
  CellQuality quality = keep_good_cells(raw, kind, options, cells, diary);
  tell_unused_columns(raw, cells.matched, inputs.names(), diary);
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

PrepareResult prepare(PackedMultiome&& raw, const PrepareInputs& inputs,
                      const PrepareOptions& options, const Context& context) {
  return with_matrices(prepare_cells(std::move(raw), inputs, options, context), context.pool);
}

}  // namespace grids::core
