// Peaks by the training cells with chromatin, genes by those with RNA.
#include <algorithm>

#include "base/at.hpp"
#include "base/error.hpp"
#include "base/indices.hpp"
#include "base/name_list.hpp"
#include "prepare/match_cells.hpp"
#include "prepare/preparation.hpp"

namespace grids::core {
namespace {

constexpr double kFewPositions = 0.5;

template <typename List>
int64_t length_of(const List& list) {
  return static_cast<int64_t>(list.size());
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
      seen, length_of(chosen));
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

}  // namespace

void fill_peaks(const Preparation& run, const std::vector<Interval>& intervals,
                const std::vector<int32_t>& rows) {
  const auto& atac = run.raw.atac;
  const auto& options = run.options;
  Diary& diary = run.diary;
  const auto training = run.study.cells_of(Split::kTrain);
  const auto open_in = count_positive(atac.values, rows_of(training, rows));
  const auto chosen =
      select_peaks(intervals, open_in, length_of(training), options.peaks, options.keep_all);
  int64_t left = length_of(intervals);
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
  run.values.peaks = chosen.columns;
}

void fill_genes(const Preparation& run, const PlacedFeatures& features,
                const std::vector<int32_t>& rows) {
  Study& study = run.study;
  const auto training_rows = rows_of(study.cells_of(Split::kTrain), rows);
  auto chosen = pick_genes(run, features.names, training_rows);
  study.genes = gene_table(features.names, features.places, chosen);
  tell_positions(features.places, study.genes, run.summary, run.diary);
  run.values.genes = std::move(chosen);
  run.summary.rna_normalised = run.kind != RnaKind::kCounts;
  study.scale =
      run.kind == RnaKind::kCounts ? ExpressionScale::kLog1pCp100k : ExpressionScale::kAsGiven;
}

}  // namespace grids::core
