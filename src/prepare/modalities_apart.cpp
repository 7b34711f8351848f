#include "prepare/modalities_apart.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <string>
#include <unordered_set>

#include "io/peak_name.hpp"

namespace grids::core {
namespace {

/// Whether it is so of most of the names.
template <typename Holds>
bool most(const std::vector<std::string>& names, const Holds& holds) {
  const auto count = std::count_if(names.begin(), names.end(), holds);
  return !names.empty() && 2 * count > std::ssize(names);
}

}  // namespace

void require_apart(const PackedMultiome& raw, bool force, Diary& diary) {
  const auto& genes = raw.rna.var.index;
  const auto& peaks = raw.atac.var.index;
  if (most(genes, [](const std::string& name) { return parse_peak_name(name).has_value(); })) {
    diary.refuse(fmt::format("{}: features of the RNA are named like peaks ('{}'); are RNA and "
                             "ATAC the wrong way round?",
                             raw.rna.source, genes.front()),
                 force);
    return;
  }
  const std::unordered_set<std::string_view> known(genes.begin(), genes.end());
  if (most(peaks, [&](const std::string& name) { return known.contains(name); })) {
    diary.refuse(fmt::format("{}: features of the ATAC are those of the RNA ({}; '{}'); give the "
                             "peaks of the same cells as ATAC",
                             raw.atac.source, raw.rna.source, peaks.front()),
                 force);
  }
}

}  // namespace grids::core
