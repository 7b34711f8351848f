/// From what readers return to a study: cells matched, labelled, checked and split; peaks and genes
/// chosen on training cells and ordered; RNA normalised.
///
/// Steps, each a free function of its own header: `gene_places.hpp`, `builds.hpp`, `match_cells`,
/// `canonical_order.hpp`, `labels.hpp`, `quality.hpp`, `split.hpp`, without labels `clusters.hpp`,
/// `peaks.hpp`, `genes.hpp`, `variable_genes.hpp`, `normalise.hpp`.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/context.hpp"
#include "base/described.hpp"
#include "io/raw_multiome.hpp"
#include "prepare/builds.hpp"
#include "prepare/clusters.hpp"
#include "prepare/labels.hpp"
#include "prepare/normalise.hpp"
#include "prepare/peaks.hpp"
#include "prepare/quality.hpp"
#include "prepare/split.hpp"
#include "prepare/variable_genes.hpp"
#include "study/study.hpp"
#include "study/study_and.hpp"

namespace grids::core {

/// By what the types, donors and batches of cells are known.
struct NamesOfCells {
  CellNames labels;
  CellNames donors;
  CellNames batches;
};

/// What names the cells of one modality alone, where they were not measured together, in place of
/// what names those of both; as in `PrepareInputs`.
struct InputsOfHalf {
  std::optional<LabelMap> label_map;
  std::string label_column;
  std::optional<LabelMap> donor_map;
  std::string donor_column;
  std::optional<LabelMap> batch_map;
  std::string batch_column;

  NamesOfCells names() const {
    return {{label_map ? &*label_map : nullptr, label_column},
            {donor_map ? &*donor_map : nullptr, donor_column},
            {batch_map ? &*batch_map : nullptr, batch_column}};
  }
};

/// What `prepare` is given besides the matrices. With neither `label_map` nor `label_column`, cells
/// are labelled by graph clusters of their open chromatin; with neither for donors or batches,
/// there are none. A map goes before a column (see `labels_from_column`).
struct PrepareInputs {
  std::optional<LabelMap> label_map;
  std::string label_column;
  std::optional<LabelMap> donor_map;
  std::string donor_column;
  std::optional<LabelMap> batch_map;
  std::string batch_column;
  std::vector<GenePosition> gene_positions;  ///< empty: positions are sought in the RNA's columns
  std::string gene_source = "the positions given";  ///< their file, for messages
  std::optional<GenomeBuild> chromosome_sizes;      ///< else those of hg38 and hg19 are tried
  std::vector<std::string> keep_genes;              ///< always kept: symbols or ids
  InputsOfHalf of_atac;                             ///< of cells that were not measured together
  InputsOfHalf of_rna;                              ///< likewise

  NamesOfCells names() const { return {labels(), donors(), batches()}; }
  CellNames labels() const { return {label_map ? &*label_map : nullptr, label_column}; }
  CellNames donors() const { return {donor_map ? &*donor_map : nullptr, donor_column}; }
  CellNames batches() const { return {batch_map ? &*batch_map : nullptr, batch_column}; }
};

/// Every field is also a flag: `min_peaks` is --min-peaks. Messages name flags so.
struct PrepareOptions {
  /// Filters nothing: no thresholds, no labels excluded, no peak or gene selection; scaffolds count
  /// as chromosomes; cells without a label are of type "unlabelled". Counts are still normalised,
  /// and cells in one modality only are still dropped.
  bool keep_all = false;
  /// Labels that are not cell types, in any letter case; "*" stands for anything. Cells with them,
  /// and cells without a label, are left out.
  std::vector<std::string> exclude_labels = {
      "na",         "n/a",         "nan",         "none",        "null",         "unknown",
      "unassigned", "unlabelled",  "unlabeled",   "undefined",   "undetermined", "ambiguous",
      "*doublet*",  "*multiplet*", "low quality", "low_quality", "low-quality"};
  QualityOptions quality;
  PeakOptions peaks;
  VariableGeneOptions genes;
  SplitOptions split;
  ClusterOptions clusters;
  /// Columns of obs and embeddings of obsm that the study hands on: "all", "none", or names.
  std::vector<std::string> keep_obs = {"all"};
  /// Names in `keep_genes` that are no gene of the file are passed over instead of an error.
  bool skip_missing_genes = false;
  /// Goes on, with a warning, where files seem not to belong together: fewer than a tenth of the
  /// cells are in both modalities or have a label, hardly any gene has a position, or many
  /// positions lie beyond the ends of chromosomes.
  bool force = false;

  void describe(OptionSet& set);
};

/// One thing that was done to cells, peaks or genes.
struct PrepareStep {
  /// "cells", "peaks" or "genes"; of cells that were not measured together "cells with chromatin"
  /// or "cells with RNA".
  std::string of;
  std::string what;  ///< "open peaks at least 10 (--min-peaks)"
  int64_t before = 0;
  int64_t after = 0;
};

/// Where the positions of genes come from. Counts are of all genes of the file.
struct PositionSummary {
  std::string source;  ///< see `GenePlaces`, as for the counts
  int64_t matched = 0;
  int64_t by_symbol = 0;
  int64_t by_id = 0;
  int64_t by_id_without_version = 0;
};

/// What was done, for people and for the report; also, as JSON, the study's `provenance`.
struct PrepareSummary {
  std::vector<PrepareStep> steps;     ///< in order
  std::vector<std::string> warnings;  ///< what to know before trusting the result
  std::vector<std::string> notes;     ///< choices made: how RNA was taken, where labels come from
  std::vector<LabelCount> labels;     ///< all labels, those excluded included
  /// Of cells that were not measured together which have labels: `labels_in_name`; else empty.
  std::string labels_in;
  std::string label_source;     ///< "graph clusters" when there were none
  bool rna_normalised = false;  ///< the RNA came without counts
  PositionSummary positions;
  double position_share = 0;        ///< of the chosen genes that have a position
  std::optional<BuildCheck> build;  ///< where genes have positions
};

/// What to take of the matrices of the files.
struct ChosenValues {
  PackedRows rna;
  PackedRows atac;
  RnaKind rna_kind = RnaKind::kCounts;
  std::vector<int32_t> rna_rows;   ///< of each cell of the study that has RNA
  std::vector<int32_t> atac_rows;  ///< of each that has chromatin
  std::vector<int32_t> genes;      ///< columns of `rna`, in the order of the study
  std::vector<int32_t> peaks;      ///< of `atac`, likewise
};

/// A study whose matrices are not made yet: its tables, and what to take of those of the files.
/// Takes one to two bytes a non-zero of the files, where the study takes four of each open peak and
/// sixteen of each count.
struct PreparedCells : ChosenValues {
  Study tables;  ///< its matrices are empty
  PrepareSummary summary;
};

struct PrepareResult {
  Study study;
  PrepareSummary summary;
};

/// Steps and notes also go to the reporter as information, warnings as warnings, as they arise.
/// Throws Error(kInput) that names the file and what to change, Error(kUsage) for options that make
/// no sense.
PreparedCells prepare_cells(PackedMultiome&& raw, const PrepareInputs& inputs,
                            const PrepareOptions& options, const Context& context);

/// The matrices of the study, made block by block while it is written (`write_study_rows`). Both
/// arguments outlive what is returned.
StudyRows study_rows(const PreparedCells& cells, ThreadPool& pool);

/// The study with its matrices in memory.
PrepareResult with_matrices(PreparedCells&& cells, ThreadPool& pool);

/// `prepare_cells`, with the matrices in memory.
PrepareResult prepare(PackedMultiome&& raw, const PrepareInputs& inputs,
                      const PrepareOptions& options, const Context& context);

/// Options and summary as a JSON object.
std::string provenance_json(const PrepareOptions& options, const PrepareSummary& summary);

}  // namespace grids::core
