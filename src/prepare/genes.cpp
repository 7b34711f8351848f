#include "prepare/genes.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <set>
#include <unordered_map>
#include <unordered_set>

namespace grids::core {
namespace {

/// AnnData's rule: the second of a name becomes name-1, the next name-2, passing over names in use.
void make_unique(GeneNames& names) {
  std::unordered_set<std::string> used(names.symbols.begin(), names.symbols.end());
  std::unordered_map<std::string, int64_t> seen;
  for (const auto& symbol : names.symbols) {
    auto& times = seen[symbol];
    if (times == 0) {
      ++times;
      names.unique.push_back(symbol);
      continue;
    }
    std::string name;
    do {
      name = fmt::format("{}-{}", symbol, times++);
    } while (!used.insert(name).second);
    ++names.repeated;
    names.changed.push_back(name);
    names.unique.push_back(std::move(name));
  }
}

}  // namespace

const std::vector<std::string>* text_column(const Frame& frame,
                                            std::initializer_list<const char*> names) {
  for (const char* name : names) {
    const auto* column = frame.find(name);
    if (column != nullptr && column->is_text()) return &column->text();
  }
  return nullptr;
}

std::string_view without_version(std::string_view id) {
  if (!is_ensembl_gene(id)) return id;
  return id.substr(0, id.find('.'));
}

bool is_ensembl_gene(std::string_view name) {
  if (!name.starts_with("ENS")) return false;
  name = name.substr(0, name.find('.'));
  const auto g = name.rfind('G');  // ENSG…, ENSMUSG…, ENSGALG…
  if (g == std::string_view::npos) return false;
  const auto number = name.substr(g + 1);
  return number.size() >= 6 && number.find_first_not_of("0123456789") == std::string_view::npos;
}

GeneNames gene_names(const Frame& var) {
  GeneNames result;
  const auto ensembl = static_cast<size_t>(
      std::count_if(var.index.begin(), var.index.end(),
                    [](const std::string& name) { return is_ensembl_gene(name); }));
  const auto* symbols = text_column(var, {"gene_symbols", "gene_symbol", "symbol", "feature_name",
                                          "gene_name", "gene_short_name", "gene_names", "name"});
  const auto* ids =
      text_column(var, {"gene_ids", "gene_id", "id", "ensembl_id", "ensembl", "feature_id"});
  result.symbols = var.index;
  result.ids.assign(var.index.size(), std::string());
  const bool index_holds_ids = ensembl * 2 > var.index.size();
  if (index_holds_ids) {
    result.ids = var.index;
    if (symbols != nullptr) {
      for (size_t j = 0; j < result.symbols.size(); ++j) {
        if (!(*symbols)[j].empty()) result.symbols[j] = (*symbols)[j];
      }
    }
  } else if (ids != nullptr) {
    for (size_t j = 0; j < result.ids.size(); ++j) {
      if (is_ensembl_gene((*ids)[j])) result.ids[j] = (*ids)[j];
    }
  }
  make_unique(result);
  return result;
}

WantedGenes find_genes(const GeneNames& names, std::span<const std::string> wanted) {
  std::unordered_map<std::string_view, int32_t> columns;
  for (const auto* list : {&names.unique, &names.symbols, &names.ids}) {
    for (size_t j = 0; j < list->size(); ++j) columns.emplace((*list)[j], static_cast<int32_t>(j));
  }
  for (size_t j = 0; j < names.ids.size(); ++j) {
    columns.emplace(without_version(names.ids[j]), static_cast<int32_t>(j));
  }
  WantedGenes result;
  std::set<int32_t> found;
  for (const auto& name : wanted) {
    auto entry = columns.find(name);
    if (entry == columns.end()) entry = columns.find(without_version(name));
    if (name.empty() || entry == columns.end()) {
      result.missing.push_back(name);
    } else {
      found.insert(entry->second);
    }
  }
  result.columns.assign(found.begin(), found.end());
  return result;
}

}  // namespace grids::core
