/// What the steps from cells to a study share. Of this room alone.
#pragma once

#include <span>
#include <vector>

#include "io/peak_name.hpp"
#include "prepare/choose_cells.hpp"
#include "prepare/diary.hpp"
#include "prepare/place_features.hpp"
#include "prepare/prepare.hpp"

namespace grids::core {

/// The parts of a preparation: of a study, or of one half of cells that were not measured together.
struct Preparation {
  const PackedMultiome& raw;
  RnaKind kind;
  const PrepareInputs& inputs;
  const PrepareOptions& options;
  ChosenValues& values;
  Study& study;
  PrepareSummary& summary;
  Diary& diary;
  const Context& context;
};

/// What is known of the files before any cell is looked at.
struct CheckedFiles {
  PlacedFeatures features;
  RnaKind kind = RnaKind::kCounts;
};

/// Orders genes, places features and says how the values are taken. Throws Error(kInput) for files
/// that do not fit together or that cannot be what they are given as.
CheckedFiles check_files(PackedMultiome& raw, const PrepareInputs& inputs,
                         const PrepareOptions& options, PrepareSummary& summary, Diary& diary,
                         const Context& context);

/// Of the cells with chromatin whose split is known and that have no labels: graph clusters.
/// `rows`: of the ATAC, one per cell of the study. Fills the summary's labels and tells.
Categorical clustered_types(const Preparation& run, const std::vector<Interval>& peaks,
                            const std::vector<int32_t>& rows);

/// Who is in which part, and what is too little.
void tell_cells(const Preparation& run);

/// The table of the study's cells, which have both modalities.
void fill_cells(const Preparation& run, const PlacedFeatures& features, ChosenCells& cells,
                CellQuality& quality);

/// Peaks of the study by its training cells. `rows`: of the ATAC, one per cell of the study.
void fill_peaks(const Preparation& run, const std::vector<Interval>& intervals,
                const std::vector<int32_t>& rows);

/// Genes of the study by its training cells, and the scale of their values. `rows`: of the RNA, one
/// per cell of the study.
void fill_genes(const Preparation& run, const PlacedFeatures& features,
                const std::vector<int32_t>& rows);

/// The given entries of a list of rows.
std::vector<int32_t> rows_of(const std::vector<int32_t>& cells, const std::vector<int32_t>& rows);

/// The matrices of a study of these totals of RNA, block by block (`study_rows`); the arguments
/// outlive what is returned.
StudyRows rows_of_values(const ChosenValues& values, const std::vector<double>& totals,
                         ThreadPool& pool);

}  // namespace grids::core
