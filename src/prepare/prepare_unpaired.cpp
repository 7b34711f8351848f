#include "prepare/prepare_unpaired.hpp"

#include <algorithm>
#include <cmath>
#include <set>
#include <span>
#include <utility>

#include "base/at.hpp"
#include "base/error.hpp"
#include "prepare/choose_cells.hpp"
#include "prepare/diary.hpp"
#include "prepare/half_names.hpp"
#include "prepare/keep_columns.hpp"
#include "prepare/match_cells.hpp"
#include "prepare/preparation.hpp"
#include "prepare/split_units.hpp"
#include "prepare/units.hpp"
#include "prepare/unused_columns.hpp"

namespace grids::core {
namespace {

/// Takes the cells of a modality out of what was read.
HalfCells take_half(PackedMultiome& raw, bool rna) {
  HalfCells half{rna, {}};
  half.raw.obs = raw.obs;
  half.raw.obsm = raw.obsm;
  if (rna) {
    half.raw.rna = std::move(raw.rna);
  } else {
    half.raw.atac = std::move(raw.atac);
  }
  return half;
}

const char* words_of(const HalfCells& half) {
  return half.rna ? kCellsWithRna : kCellsWithChromatin;
}

/// Labels its cells and drops those that are not used; what is returned is of those that stay.
CellQuality choose_half(HalfCells& half, RnaKind kind, const PrepareOptions& options,
                        PrepareSummary& summary, Diary& diary, const Context& context) {
  diary.begin_half(words_of(half));
  label_cells(half.raw, half.names, options, half.cells, summary, diary);
  context.check_cancelled();
  auto quality = keep_good_cells(half.raw, kind, options, half.cells, diary);
  tell_unused_columns(half.raw, half.cells.matched, half.names, diary);
  diary.begin_half("");
  return quality;
}

void fill_half(const HalfCells& half, CellQuality& quality, Study& study) {
  const auto& matched = half.cells.matched;
  const auto& rows = half.rna ? matched.rna_row : matched.atac_row;
  const std::vector<double> none(rows.size(), 0.0);
  study.paired = false;
  study.cells.barcodes = matched.barcodes;
  study.cells.place.assign(rows.begin(), rows.end());
  study.cells.total_rna = half.rna ? std::move(quality.rna_counts) : none;
  study.cells.open_peaks = half.rna ? none : std::move(quality.peaks);
}

/// One list of names for both halves, those of most cells first; a half without values has none.
void share_names(const std::vector<std::string>& atac, const std::vector<std::string>& rna,
                 Categorical& of_atac, Categorical& of_rna) {
  auto all = atac;
  all.insert(all.end(), rna.begin(), rna.end());
  const auto joined = categorical_of(all);
  const auto part = [&](size_t first, size_t count) {
    const auto codes = std::span(joined.codes).subspan(first, count);
    return count == 0 ? Categorical() : Categorical{joined.names, {codes.begin(), codes.end()}};
  };
  of_atac = part(0, atac.size());
  of_rna = part(atac.size(), rna.size());
}

/// "T cells, B cells": the names of which the one has cells and the other none.
std::vector<std::string> names_in_one(const Categorical& has, const Categorical& lacks) {
  const std::set<int32_t> there(has.codes.begin(), has.codes.end());
  const std::set<int32_t> elsewhere(lacks.codes.begin(), lacks.codes.end());
  std::vector<std::string> result;
  for (const int32_t code : there) {
    if (!elsewhere.contains(code)) result.push_back(has.names[at(code)]);
  }
  return result;
}

void tell_names_in_one(const char* what, const Categorical& atac, const Categorical& rna,
                       Diary& diary) {
  if (atac.empty() || rna.empty()) return;
  const auto of_atac = names_in_one(atac, rna);
  const auto of_rna = names_in_one(rna, atac);
  if (of_atac.size() + of_rna.size() > 0) {
    diary.warn("{} with chromatin alone: {}; with RNA alone: {}", what, examples(of_atac, 8),
               examples(of_rna, 8));
  }
}

LabelsIn labels_of(const UnpairedStudy& study) {
  const bool atac = !study.atac.cells.type.empty();
  const bool rna = !study.rna.cells.type.empty();
  if (atac) return rna ? LabelsIn::kBoth : LabelsIn::kAtac;
  return rna ? LabelsIn::kRna : LabelsIn::kNone;
}

/// What names the types of a half where whole donors are held out: each must be in each part.
std::vector<std::string> types_of_half(const CellTable& cells, const char* words) {
  std::vector<std::string> result;
  for (size_t cell = 0; cell < cells.barcodes.size(); ++cell) {
    result.push_back(
        cells.type.empty()
            ? std::string(words)
            : fmt::format("{} ({})", cells.type.names[at(cells.type.codes[cell])], words));
  }
  return result;
}

/// A donor (or batch) of both halves is held out in both.
void split_both_by_units(UnpairedStudy& study, Categorical CellTable::*unit, const char* word,
                         const SplitOptions& options, uint64_t seed) {
  CellTable& atac = study.atac.cells;
  CellTable& rna = study.rna.cells;
  auto types = types_of_half(atac, kCellsWithChromatin);
  const auto of_rna = types_of_half(rna, kCellsWithRna);
  types.insert(types.end(), of_rna.begin(), of_rna.end());
  Categorical units = atac.*unit;
  units.codes.insert(units.codes.end(), (rna.*unit).codes.begin(), (rna.*unit).codes.end());
  const auto split = split_units(categorical_of(types), units, word, options, seed);
  const auto middle = split.begin() + atac.size();
  atac.split.assign(split.begin(), middle);
  rna.split.assign(middle, split.end());
}

void split_both(UnpairedStudy& study, const SplitOptions& options, uint64_t seed) {
  if (options.by == SplitBy::kDonor) {
    split_both_by_units(study, &CellTable::donor, "donor", options, seed);
  } else if (options.by == SplitBy::kBatch) {
    split_both_by_units(study, &CellTable::batch, "batch", options, seed);
  } else {
    for (Study* half : {&study.atac, &study.rna}) {
      half->cells.split =
          split_cells(half->cells.size(), half->cells.type, half->cells.donor, options, seed);
    }
  }
}

bool says_nothing(const CodedColumn& column) {
  if (column.is_text()) {
    const auto& codes = column.text().codes;
    return std::all_of(codes.begin(), codes.end(), [](int32_t code) { return code < 0; });
  }
  return std::all_of(column.numbers().begin(), column.numbers().end(),
                     [](double value) { return std::isnan(value); });
}

/// What was kept is of this half alone: columns of the whole that say nothing of its cells go, and
/// of embeddings of one name the modality's own stays.
void keep_own(bool rna, CellTable& cells) {
  std::erase_if(cells.columns, [](const KeptColumn& column) { return says_nothing(column); });
  for (auto& column : cells.columns) {
    column.in_rna = rna ? column.name : "";
    column.in_atac = rna ? "" : column.name;
  }
  const auto is_own = [&](const KeptEmbedding& embedding) {
    return rna ? embedding.in_rna : embedding.in_atac;
  };
  std::stable_partition(cells.embeddings.begin(), cells.embeddings.end(), is_own);
  std::set<std::string> met;
  std::erase_if(cells.embeddings,
                [&](const KeptEmbedding& embedding) { return !met.insert(embedding.name).second; });
  for (auto& embedding : cells.embeddings) {
    embedding.in_whole = false;
    embedding.in_rna = rna;
    embedding.in_atac = !rna;
  }
}

/// Types, donors and batches of both halves, and their splits.
void name_and_split(const HalfCells& atac, const HalfCells& rna, const PrepareOptions& options,
                    UnpairedStudy& study, Diary& diary, const Context& context) {
  CellTable& of_atac = study.atac.cells;
  CellTable& of_rna = study.rna.cells;
  share_names(atac.cells.types, rna.cells.types, of_atac.type, of_rna.type);
  share_names(atac.cells.donors, rna.cells.donors, of_atac.donor, of_rna.donor);
  share_names(atac.cells.batches, rna.cells.batches, of_atac.batch, of_rna.batch);
  tell_names_in_one("types of cells", of_atac.type, of_rna.type, diary);
  study.labels_in = labels_of(study);
  split_both(study, options.split, context.seed);
}

void tell_half(const Preparation& run) {
  tell_cells(run);
  tell_split_units(run.study.cells, run.options.split, run.diary);
  tell_batches(run.study.cells, run.diary);
}

void tell_labels_in(LabelsIn labels, Diary& diary) {
  if (labels != LabelsIn::kRna) return;
  diary.note(
      "types of cells with chromatin are those of the nearest cells with RNA, once a surrogate is "
      "trained");
}

void tell_and_part_names(UnpairedStudy& study, Diary& diary) {
  const int64_t both = name_apart(study.atac.cells.barcodes, study.rna.cells.barcodes);
  if (both == 0) return;
  diary.note(
      "{} barcodes are in both files, which says nothing of cells that were not measured together: "
      "in the study all have -atac or -rna behind them",
      both);
}

}  // namespace

PreparedUnpaired prepare_unpaired(PackedMultiome&& raw, const PrepareInputs& inputs,
                                  const PrepareOptions& options, const Context& context) {
  validate(options, "options of prepare");
  require_units_of_halves(options.split.by, inputs);
  PreparedUnpaired result;
  UnpairedStudy& study = result.tables;
  PrepareSummary& summary = result.summary;
  Diary diary(summary, context.reporter);

  const auto [features, kind] = check_files(raw, inputs, options, summary, diary, context);
  HalfCells atac = take_half(raw, false);
  HalfCells rna = take_half(raw, true);
  for (auto* half : {&atac, &rna}) {
    half->cells = choose_alone(half->raw, half->rna, features, context.pool);
  }
  find_names(inputs, options, atac, rna, diary);
  auto of_atac = choose_half(atac, kind, options, summary, diary, context);
  auto of_rna = choose_half(rna, kind, options, summary, diary, context);
  fill_half(atac, of_atac, study.atac);
  fill_half(rna, of_rna, study.rna);
  name_and_split(atac, rna, options, study, diary, context);
  summary.labels_in = labels_in_name(study.labels_in);

  const Preparation atac_run{atac.raw,   kind,    inputs, options, result,
                             study.atac, summary, diary,  context};
  const Preparation rna_run{rna.raw,   kind,    inputs, options, result,
                            study.rna, summary, diary,  context};
  for (auto* half : {&atac, &rna}) {
    diary.begin_half(words_of(*half));
    if (!half->rna && study.labels_in == LabelsIn::kNone) {
      study.atac.cells.type =
          clustered_types(atac_run, features.peaks, atac.cells.matched.atac_row);
    }
    tell_half(half->rna ? rna_run : atac_run);
    Study& own = half->rna ? study.rna : study.atac;
    keep_columns(half->raw, half->cells.matched, options.keep_obs, own.cells, context.pool, diary);
    keep_own(half->rna, own.cells);
    diary.begin_half("");
  }
  tell_labels_in(study.labels_in, diary);
  tell_and_part_names(study, diary);

  result.rna_kind = kind;
  result.rna_rows = std::move(rna.cells.matched.rna_row);
  result.atac_rows = std::move(atac.cells.matched.atac_row);
  fill_peaks(atac_run, features.peaks, result.atac_rows);
  study.rna.peaks = study.atac.peaks;
  context.check_cancelled();
  fill_genes(rna_run, features, result.rna_rows);
  study.atac.genes = study.rna.genes;
  study.atac.scale = study.rna.scale;
  result.rna = std::move(rna.raw.rna.values);
  result.atac = std::move(atac.raw.atac.values);
  study.atac.provenance = study.rna.provenance = provenance_json(options, summary);
  return result;
}

StudyRows study_rows(const PreparedUnpaired& cells, ThreadPool& pool) {
  return rows_of_values(cells, cells.tables.rna.cells.total_rna, pool);
}

}  // namespace grids::core
