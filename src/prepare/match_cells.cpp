#include "prepare/match_cells.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <string_view>
#include <unordered_map>

#include "base/error.hpp"

namespace grids::core {
namespace {

using Rows = std::unordered_map<std::string_view, int32_t>;

/// "AAAC-1" → "AAAC"; a name without a trailing number stays.
std::string_view without_suffix(std::string_view barcode) {
  const auto dash = barcode.rfind('-');
  if (dash == std::string_view::npos || dash == 0 || dash + 1 == barcode.size()) return barcode;
  const auto digits = barcode.substr(dash + 1);
  const bool number =
      std::all_of(digits.begin(), digits.end(), [](char c) { return c >= '0' && c <= '9'; });
  return number ? barcode.substr(0, dash) : barcode;
}

/// The row of each name without its suffix; empty when two names become one.
Rows rows_without_suffix(std::span<const std::string> names) {
  Rows rows;
  rows.reserve(names.size());
  for (size_t i = 0; i < names.size(); ++i) {
    if (!rows.emplace(without_suffix(names[i]), static_cast<int32_t>(i)).second) return {};
  }
  return rows;
}

void require_unique(const RawModality& modality) {
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

FoundBarcodes find_barcodes(std::span<const std::string> barcodes,
                            std::span<const std::string> index) {
  FoundBarcodes result;
  result.row.assign(barcodes.size(), -1);
  const auto look_up = [&](const Rows& rows, auto&& key_of) {
    for (size_t i = 0; i < barcodes.size(); ++i) {
      const auto found = rows.find(key_of(barcodes[i]));
      if (found == rows.end()) continue;
      result.row[i] = found->second;
      ++result.found;
    }
  };
  Rows exact;
  exact.reserve(index.size());
  for (size_t i = 0; i < index.size(); ++i) exact.emplace(index[i], static_cast<int32_t>(i));
  look_up(exact, [](const std::string& name) { return std::string_view(name); });
  if (result.found > 0 || barcodes.empty() || index.empty()) return result;
  if (rows_without_suffix(barcodes).empty()) return result;
  look_up(rows_without_suffix(index), [](const std::string& name) { return without_suffix(name); });
  result.ignored_suffix = result.found > 0;
  return result;
}

MatchedCells match_cells(const RawModality& rna, const RawModality& atac) {
  require_unique(rna);
  require_unique(atac);
  const auto found = find_barcodes(rna.obs.index, atac.obs.index);
  if (found.found == 0) {
    throw input_error(
        "no cell is in both modalities: {} has {} barcodes ({}), {} has {} ({}); the two must "
        "spell "
        "the same cells alike",
        rna.source, rna.obs.rows(), examples(rna.obs.index), atac.source, atac.obs.rows(),
        examples(atac.obs.index));
  }
  MatchedCells result;
  result.ignored_suffix = found.ignored_suffix;
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

}  // namespace grids::core
