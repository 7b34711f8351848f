/// Which rows of the two modalities are the same cell: barcodes are matched by name, never by
/// order.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "io/raw_multiome.hpp"
#include "prepare/barcodes.hpp"

namespace grids::core {

struct MatchedCells {
  std::vector<std::string> barcodes;  ///< as the RNA spells them; from `match_cells`, in its order
  std::vector<int32_t> rna_row;
  std::vector<int32_t> atac_row;
  int64_t only_rna = 0;        ///< cells without chromatin, dropped
  int64_t only_atac = 0;       ///< cells without RNA, dropped
  int64_t without_suffix = 0;  ///< cells that are the same but for a trailing "-1" or the like
  int64_t doubtful = 0;        ///< cells of the RNA that may be so, but not clearly: dropped

  int64_t size() const { return static_cast<int64_t>(barcodes.size()); }
};

/// Throws Error(kInput) for a barcode that occurs twice in a modality, and, with three examples of
/// either side and, where it can be told, how they are spelt, when no barcode is common.
MatchedCells match_cells(const PackedModality& rna, const PackedModality& atac);

/// What may be done where hardly any barcode is in both modalities.
inline constexpr const char* kUnpairedRemedy =
    "; if they are different cells of one tissue: grids prepare --unpaired";

/// All cells of a modality that was measured without the other, in its order: `rna_row` or
/// `atac_row` is empty. Throws Error(kInput) for a barcode that occurs twice.
MatchedCells cells_alone(const PackedModality& modality, bool rna);

/// "a, b, c" or "none": the first few of some names, for messages.
std::string examples(std::span<const std::string> names, size_t count = 3);

}  // namespace grids::core
