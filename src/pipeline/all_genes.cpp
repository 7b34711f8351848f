#include "pipeline/all_genes.hpp"

#include <fmt/core.h>

#include <algorithm>

namespace grids::core {
namespace {

std::vector<int32_t> genes_with_terms(const StudySurrogate& surrogate) {
  std::vector<int32_t> genes;
  if (surrogate.cis() == nullptr) return genes;
  for (const auto& gene : surrogate.cis()->genes) {
    if (!gene.terms.empty()) genes.push_back(gene.gene);
  }
  return genes;
}

/// Each once, in the order of the names.
std::vector<std::optional<int32_t>> types_of(const Study& study,
                                             const std::vector<std::string>& names,
                                             Problems& problems) {
  if (names.empty()) return {std::nullopt};
  std::vector<std::optional<int32_t>> types;
  for (const auto& name : names) {
    for (const auto& type : find_types(study, name, problems)) {
      if (std::find(types.begin(), types.end(), type) == types.end()) types.push_back(type);
    }
  }
  return types;
}

}  // namespace

std::vector<ExplainTarget> all_gene_targets(const Study& study, const StudySurrogate& surrogate,
                                            const std::vector<std::string>& types, int64_t set_size,
                                            const std::filesystem::path& surrogate_file) {
  const auto genes = genes_with_terms(surrogate);
  if (genes.empty()) {
    throw input_error("{}: no gene has terms of a cis path; fit it (grids cis)",
                      surrogate_file.string());
  }
  Problems problems;
  const auto found = types_of(study, types, problems);
  if (set_size < 1 || set_size > study.peaks.size()) {
    problems.add("L = {} is not between 1 and {}, the number of peaks", set_size,
                 study.peaks.size());
  }
  problems.raise(ErrorKind::kInput, "targets");
  std::vector<ExplainTarget> targets;
  targets.reserve(genes.size() * found.size());
  for (const int32_t gene : genes) {
    for (const auto& type : found) targets.push_back({type, gene, set_size});
  }
  return targets;
}

}  // namespace grids::core
