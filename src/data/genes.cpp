#include "data/genes.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>
#include <set>
#include <unordered_map>
#include <unordered_set>

#include "base/error.hpp"
#include "data/match_cells.hpp"
#include "io/peak_name.hpp"

namespace grids {
namespace {

const std::vector<std::string>* first_text(const Frame& frame,
                                           std::initializer_list<const char*> names) {
  for (const char* name : names) {
    const auto* column = frame.find(name);
    if (column != nullptr && column->is_text()) return &column->text();
  }
  return nullptr;
}

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

std::optional<int64_t> position_at(const FrameColumn& column, size_t row) {
  double value = -1;
  if (column.is_text()) {
    const auto& text = column.text()[row];
    const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || rest != text.data() + text.size()) return std::nullopt;
  } else {
    value = column.numbers()[row];
  }
  if (!(value >= 0 && value < 1e15) || value != std::floor(value)) return std::nullopt;
  return static_cast<int64_t>(value);
}

/// Intervals of the genes by columns of `var`: chrom, start, end, or 10x's interval; a gene that
/// has none (10x leaves some out) has an empty chromosome. Nothing when there are no such columns.
std::optional<std::vector<Interval>> gene_intervals(const Frame& var) {
  const auto* chromosome = first_text(var, {"chrom", "chr", "chromosome", "seqnames", "seqname"});
  const auto* start = var.find("start");
  const auto* end = var.find("end");
  const auto* interval = first_text(var, {"interval"});
  std::vector<Interval> result(var.index.size());
  if (chromosome != nullptr && start != nullptr && end != nullptr) {
    for (size_t j = 0; j < result.size(); ++j) {
      const auto from = position_at(*start, j);
      const auto to = position_at(*end, j);
      if (from && to && *to > *from) result[j] = {(*chromosome)[j], *from, *to};
    }
    return result;
  }
  if (interval == nullptr) return std::nullopt;
  for (size_t j = 0; j < result.size(); ++j) {
    result[j] = parse_peak_name((*interval)[j]).value_or(Interval{});
  }
  return result;
}

using Lookup = std::unordered_map<std::string_view, std::vector<size_t>>;

Strand strand_of(char strand) {
  if (strand == '+') return Strand::kPlus;
  if (strand == '-') return Strand::kMinus;
  return Strand::kUnknown;
}

}  // namespace

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
  const auto* symbols = first_text(var, {"gene_symbols", "gene_symbol", "symbol", "feature_name",
                                         "gene_name", "gene_short_name", "gene_names", "name"});
  const auto* ids =
      first_text(var, {"gene_ids", "gene_id", "id", "ensembl_id", "ensembl", "feature_id"});
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

GenePlaces gene_places(const GeneNames& names, const Frame& var,
                       std::span<const GenePosition> given) {
  GenePlaces result;
  result.of_gene.resize(names.unique.size());
  if (!given.empty()) {
    result.source = "given positions";
    Lookup by_symbol;
    Lookup by_id;
    for (size_t p = 0; p < given.size(); ++p) {
      if (!given[p].name.empty()) by_symbol[given[p].name].push_back(p);
      if (!given[p].id.empty()) by_id[without_version(given[p].id)].push_back(p);
    }
    for (size_t j = 0; j < names.symbols.size(); ++j) {
      const auto id = without_version(names.ids[j]);
      const auto symbol = by_symbol.find(names.symbols[j]);
      size_t chosen = given.size();
      if (symbol != by_symbol.end()) {
        chosen = symbol->second.front();
        for (const size_t p : symbol->second) {
          if (id.empty() || without_version(given[p].id) != id) continue;
          chosen = p;
          break;
        }
      } else if (!id.empty()) {
        const auto found = by_id.find(id);
        if (found != by_id.end()) chosen = found->second.front();
      }
      if (chosen < given.size()) result.of_gene[j] = given[chosen];
    }
  } else if (const auto columns = gene_intervals(var)) {
    result.source = "columns of the file";
    const auto* strand = first_text(var, {"strand", "Strand"});
    for (size_t j = 0; j < columns->size(); ++j) {
      const auto& interval = (*columns)[j];
      if (interval.chromosome.empty()) continue;
      const bool has_strand = strand != nullptr && (*strand)[j].size() == 1;
      result.of_gene[j] = {names.symbols[j], names.ids[j], interval.chromosome,
                           interval.start,   interval.end, has_strand ? (*strand)[j][0] : '.'};
    }
  } else {
    result.source = "none";
  }
  for (size_t j = 0; j < result.of_gene.size(); ++j) {
    if (result.of_gene[j].chromosome.empty()) {
      result.unmatched.push_back(names.unique[j]);
    } else {
      ++result.matched;
    }
  }
  if (!given.empty() && result.matched == 0) {
    std::vector<std::string> theirs;
    for (const auto& position : given.first(std::min<size_t>(3, given.size()))) {
      theirs.push_back(position.id.empty() ? position.name
                                           : fmt::format("{} ({})", position.name, position.id));
    }
    throw input_error(
        "not one of the {} genes ({}) is among the {} gene positions given ({}); are they of "
        "another species, or under other names?",
        names.symbols.size(), examples(names.symbols), given.size(), examples(theirs));
  }
  return result;
}

void require_common_chromosomes(const GenePlaces& genes, std::span<const std::string> chromosomes) {
  std::set<std::string> of_genes;
  for (const auto& position : genes.of_gene) {
    if (!position.chromosome.empty()) of_genes.insert(position.chromosome);
  }
  if (of_genes.empty()) return;
  for (const auto& name : chromosomes) {
    if (of_genes.contains(name)) return;
  }
  const std::vector<std::string> names(of_genes.begin(), of_genes.end());
  const bool genes_chr = names.front().starts_with("chr");
  const bool peaks_chr = !chromosomes.empty() && chromosomes.front().starts_with("chr");
  throw input_error("genes and peaks share no chromosome: genes lie on {} ({}), peaks on {}; {}",
                    examples(names, 5), genes.source, examples(chromosomes, 5),
                    genes_chr != peaks_chr
                        ? "one of them has names with 'chr', the other without: rename one"
                        : "are they of the same genome build?");
}

GeneTable gene_table(const GeneNames& names, const GenePlaces& places,
                     std::span<const int32_t> columns) {
  GeneTable table;
  for (const int32_t column : columns) {
    const auto j = static_cast<size_t>(column);
    const auto& position = places.of_gene[j];
    table.names.push_back(names.unique[j]);
    table.ids.push_back(names.ids[j].empty() ? position.id : names.ids[j]);
    table.chromosome.push_back(position.chromosome);
    table.start.push_back(position.start);
    table.end.push_back(position.end);
    table.strand.push_back(strand_of(position.strand));
  }
  return table;
}

}  // namespace grids
