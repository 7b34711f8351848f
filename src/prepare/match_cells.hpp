/// Which rows of the two modalities are the same cell: barcodes are matched by name, never by
/// order.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "io/raw_multiome.hpp"

namespace grids::core {

struct MatchedCells {
  std::vector<std::string> barcodes;  ///< as the RNA spells them; from `match_cells`, in its order
  std::vector<int32_t> rna_row;
  std::vector<int32_t> atac_row;
  int64_t only_rna = 0;   ///< cells without chromatin, dropped
  int64_t only_atac = 0;  ///< cells without RNA, dropped
  /// No barcode was the same as it stands, but all were clear without a trailing "-1" or the like.
  bool ignored_suffix = false;

  int64_t size() const { return static_cast<int64_t>(barcodes.size()); }
};

/// Throws Error(kInput) for a barcode that occurs twice in a modality, and, with three examples of
/// either side, when no barcode is common.
MatchedCells match_cells(const RawModality& rna, const RawModality& atac);

struct FoundBarcodes {
  std::vector<int32_t> row;  ///< of each barcode in the index; -1 when it is not there
  int64_t found = 0;
  bool ignored_suffix = false;
};

/// Looks `barcodes` up in `index`; where not one is there as it stands, without the trailing number
/// ("AAAC-1" = "AAAC"), provided that this leaves the names on both sides different.
FoundBarcodes find_barcodes(std::span<const std::string> barcodes,
                            std::span<const std::string> index);

/// "a, b, c" or "none": the first few of some names, for messages.
std::string examples(std::span<const std::string> names, size_t count = 3);

}  // namespace grids::core
