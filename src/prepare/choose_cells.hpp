/// Which cells a study has: those with RNA and ATAC (or with one of them, where they were not
/// measured together), labelled, of good quality.
#pragma once

#include <span>
#include <string>
#include <utility>
#include <vector>

#include "prepare/diary.hpp"
#include "prepare/match_cells.hpp"
#include "prepare/place_features.hpp"
#include "prepare/prepare.hpp"

namespace grids::core {

/// The cells in use while they are being chosen; all lists run in parallel.
struct ChosenCells {
  MatchedCells matched;
  std::vector<std::string> types;    ///< empty until known
  std::vector<std::string> donors;   ///< empty when there are none
  std::vector<std::string> batches;  ///< likewise

  void keep(std::span<const int32_t> chosen) {
    const auto pick = [&](auto& list) {
      if (list.empty()) return;
      std::remove_reference_t<decltype(list)> kept;
      kept.reserve(chosen.size());
      for (const int32_t i : chosen) kept.push_back(std::move(list[static_cast<size_t>(i)]));
      list = std::move(kept);
    };
    pick(matched.barcodes);
    pick(matched.rna_row);
    pick(matched.atac_row);
    pick(types);
    pick(donors);
    pick(batches);
  }
};

/// The cells of both modalities, in the order of a study. Throws Error(kInput) where hardly any
/// barcode is in both, unless `options.force`.
ChosenCells match_modalities(const PackedMultiome& raw, const PlacedFeatures& features,
                             const PrepareOptions& options, ThreadPool& pool, Diary& diary);

/// All cells of a modality that was measured without the other, in the order of a study. `raw` has
/// only that one.
ChosenCells choose_alone(const PackedMultiome& raw, bool rna, const PlacedFeatures& features,
                         ThreadPool& pool);

/// Reads types, donors and batches, and drops the cells whose label says that they are of no type.
void label_cells(const PackedMultiome& raw, const NamesOfCells& names,
                 const PrepareOptions& options, ChosenCells& cells, PrepareSummary& summary,
                 Diary& diary);

/// Drops the cells that do not pass `options.quality`; what is returned is of those that stay.
CellQuality keep_good_cells(const PackedMultiome& raw, RnaKind kind, const PrepareOptions& options,
                            ChosenCells& cells, Diary& diary);

}  // namespace grids::core
