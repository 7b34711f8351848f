#include "prepare/match_cells.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <string_view>
#include <unordered_map>

#include "base/error.hpp"
#include "base/indices.hpp"

namespace grids::core {
namespace {

void require_unique(const PackedModality& modality) {
  std::unordered_map<std::string_view, int64_t> seen;
  seen.reserve(modality.obs.index.size());
  int64_t repeated = 0;
  std::string first;
  for (const auto& barcode : modality.obs.index) {
    if (++seen[barcode] == 2) {
      if (repeated++ == 0) first = barcode;
    }
  }
  if (repeated == 0) return;
  throw input_error(
      "{}: {} barcodes occur more than once, the first is '{}'; make them unique, for example by "
      "putting the sample's name in front",
      modality.source, repeated, first);
}

}  // namespace

std::string examples(std::span<const std::string> names, size_t count) {
  if (names.empty()) return "none";
  const auto shown = names.first(std::min(count, names.size()));
  return fmt::format("{}{}", fmt::join(shown, ", "), shown.size() < names.size() ? ", …" : "");
}

MatchedCells match_cells(const PackedModality& rna, const PackedModality& atac) {
  require_unique(rna);
  require_unique(atac);
  const auto found = find_barcodes(rna.obs.index, atac.obs.index);
  if (found.found == 0) {
    const auto hint = spelling_hint({rna.source, rna.obs.index}, {atac.source, atac.obs.index});
    throw input_error(
        "no cell is in both modalities: {} has {} barcodes ({}), {} has {} ({}); the two must "
        "spell the same cells alike{}{}{}",
        rna.source, rna.obs.rows(), examples(rna.obs.index), atac.source, atac.obs.rows(),
        examples(atac.obs.index), hint.empty() ? "" : "; ", hint, kUnpairedRemedy);
  }
  MatchedCells result;
  result.without_suffix = found.without_suffix;
  result.doubtful = found.doubtful;
  for (size_t i = 0; i < found.row.size(); ++i) {
    if (found.row[i] < 0) continue;
    result.barcodes.push_back(rna.obs.index[i]);
    result.rna_row.push_back(static_cast<int32_t>(i));
    result.atac_row.push_back(found.row[i]);
  }
  result.only_rna = rna.obs.rows() - result.size();
  result.only_atac = atac.obs.rows() - result.size();
  return result;
}

MatchedCells cells_alone(const PackedModality& modality, bool rna) {
  require_unique(modality);
  MatchedCells result;
  result.barcodes = modality.obs.index;
  (rna ? result.rna_row : result.atac_row) = indices_below(modality.obs.rows());
  return result;
}

}  // namespace grids::core
