#include "prepare/gene_places.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <optional>
#include <set>
#include <unordered_map>
#include <unordered_set>

#include "base/error.hpp"
#include "io/peak_name.hpp"
#include "prepare/match_cells.hpp"
#include "prepare/peaks.hpp"

namespace grids::core {
namespace {

constexpr double kHardly = 0.2;

/// One gene of several positions on one chromosome and strand.
GenePosition joined(std::span<const GenePosition> given, const std::vector<size_t>& of_gene) {
  GenePosition gene = given[of_gene.front()];
  std::vector<int64_t> sites;
  for (const size_t p : of_gene) {
    gene.start = std::min(gene.start, given[p].start);
    gene.end = std::max(gene.end, given[p].end);
    sites.insert(sites.end(), given[p].sites.begin(), given[p].sites.end());
    if (given[p].sites.empty()) sites.push_back(given[p].first_site());
  }
  std::sort(sites.begin(), sites.end());
  sites.erase(std::unique(sites.begin(), sites.end()), sites.end());
  gene.sites = std::move(sites);
  return gene;
}

bool beside_each_other(const GenePosition& a, const GenePosition& b) {
  return a.chromosome == b.chromosome && a.strand == b.strand;
}

/// Finds positions by what they are called.
class Positions {
 public:
  explicit Positions(std::span<const GenePosition> given) : given_(given) {
    for (size_t p = 0; p < given.size(); ++p) {
      if (!given[p].name.empty()) by_symbol_[given[p].name].push_back(p);
      const auto id = id_of(given[p]);
      if (!id.empty()) by_id_[without_version(id)].push_back(p);
    }
  }

  struct Found {
    std::vector<size_t> positions;  ///< of one gene; empty: it is not clear which
    bool by_symbol;
    bool same_version;
    bool elsewhere_too;  ///< others of that id lie on another chromosome or strand
  };

  /// `id` may be empty.
  std::optional<Found> find(const std::string& symbol, const std::string& id) const {
    // A file may list ids of any kind where names are expected.
    for (const std::string_view name : {std::string_view(id), std::string_view(symbol)}) {
      const auto entry = name.empty() ? by_id_.end() : by_id_.find(without_version(name));
      if (entry != by_id_.end()) return of_id(best(entry->second, symbol, name), name);
    }
    const auto entry = by_symbol_.find(symbol);
    if (entry == by_symbol_.end()) return std::nullopt;
    return of_symbol(entry->second);
  }

 private:
  using Lookup = std::unordered_map<std::string_view, std::vector<size_t>>;

  static std::string_view id_of(const GenePosition& position) {
    if (position.id.empty() && is_ensembl_gene(position.name)) return position.name;
    return position.id;
  }

  /// An id that is the same to its version, then a symbol that is the same, speak for a candidate.
  std::vector<size_t> best(const std::vector<size_t>& candidates, std::string_view symbol,
                           std::string_view id) const {
    const auto rank = [&](size_t p) {
      return (id_of(given_[p]) == id ? 2 : 0) + (given_[p].name == symbol ? 1 : 0);
    };
    int highest = 0;
    for (const size_t p : candidates) highest = std::max(highest, rank(p));
    std::vector<size_t> chosen;
    for (const size_t p : candidates) {
      if (rank(p) == highest) chosen.push_back(p);
    }
    return chosen;
  }

  Found of_id(const std::vector<size_t>& candidates, std::string_view id) const {
    const GenePosition& first = given_[candidates.front()];
    Found found{{}, false, id_of(first) == id, false};
    for (const size_t p : candidates) {
      if (beside_each_other(given_[p], first)) {
        found.positions.push_back(p);
      } else {
        found.elsewhere_too = true;
      }
    }
    return found;
  }

  Found of_symbol(std::vector<size_t> candidates) const {
    std::sort(candidates.begin(), candidates.end(),
              [&](size_t a, size_t b) { return given_[a].start < given_[b].start; });
    const GenePosition& first = given_[candidates.front()];
    std::string_view id;
    int64_t end = first.end;
    for (const size_t p : candidates) {
      const auto own = without_version(id_of(given_[p]));
      const bool told = is_ensembl_gene(own);
      const bool another = told && !id.empty() && own != id;
      if (another || !beside_each_other(given_[p], first) || given_[p].start > end + kWidestGene) {
        return {{}, true, false, false};
      }
      if (told) id = own;
      end = std::max(end, given_[p].end);
    }
    return {std::move(candidates), true, false, false};
  }

  std::span<const GenePosition> given_;
  Lookup by_symbol_, by_id_;
};

/// Symbols that several genes of the file have.
std::unordered_set<std::string_view> doubled(const std::vector<std::string>& symbols) {
  std::unordered_set<std::string_view> seen, twice;
  for (const auto& symbol : symbols) {
    if (!seen.insert(symbol).second) twice.insert(symbol);
  }
  return twice;
}

void place_by_name(const GeneNames& names, const GivenPositions& given, GenePlaces& result) {
  result.source = given.source;
  const Positions positions(given.of_gene);
  const auto twice = doubled(names.symbols);
  std::vector<std::optional<Positions::Found>> found;
  std::vector<bool> taken(given.of_gene.size(), false);  // by an id
  for (size_t j = 0; j < names.symbols.size(); ++j) {
    found.push_back(positions.find(names.symbols[j], names.ids[j]));
    if (!found[j] || found[j]->by_symbol) continue;
    for (const size_t p : found[j]->positions) taken[p] = true;
  }
  for (size_t j = 0; j < found.size(); ++j) {
    if (!found[j]) continue;
    const auto& [own, by_symbol, same_version, elsewhere_too] = *found[j];
    const bool another_has_it =
        by_symbol && (twice.contains(names.symbols[j]) ||
                      std::any_of(own.begin(), own.end(), [&](size_t p) { return taken[p]; }));
    if (own.empty() || another_has_it) {
      result.unclear.push_back(names.unique[j]);
      continue;
    }
    result.of_gene[j] = joined(given.of_gene, own);
    ++(by_symbol ? result.by_symbol : same_version ? result.by_id : result.by_id_without_version);
    if (elsewhere_too) result.several.push_back(names.unique[j]);
  }
}

void place_by_columns(const GeneNames& names, const Frame& var,
                      const std::vector<Interval>& intervals, GenePlaces& result) {
  result.source = "columns of the file";
  const auto* strand = text_column(var, {"strand", "Strand"});
  for (size_t j = 0; j < intervals.size(); ++j) {
    const auto& interval = intervals[j];
    if (interval.chromosome.empty()) continue;
    const bool has_strand = strand != nullptr && (*strand)[j].size() == 1;
    result.of_gene[j] = {names.symbols[j], names.ids[j], interval.chromosome,
                         interval.start,   interval.end, has_strand ? (*strand)[j][0] : '.'};
  }
}

std::string upper(std::string_view text) {
  std::string result(text);
  for (char& c : result) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return result;
}

/// Genes that would have a position if letter case did not count.
int64_t matched_in_any_case(const GeneNames& names, const GivenPositions& given) {
  std::unordered_set<std::string> known;
  for (const auto& position : given.of_gene) known.insert(upper(position.name));
  return std::count_if(names.symbols.begin(), names.symbols.end(),
                       [&](const std::string& name) { return known.contains(upper(name)); });
}

Strand strand_of(char strand) {
  if (strand == '+') return Strand::kPlus;
  if (strand == '-') return Strand::kMinus;
  return Strand::kUnknown;
}

enum class Spelling { kAsIs, kWithChr, kWithoutChr };

std::string spelt(const std::string& name, Spelling spelling) {
  const bool has_chr = name.starts_with("chr");
  if (spelling == Spelling::kWithChr && !has_chr && !is_scaffold(name)) {
    return name == "MT" ? "chrM" : "chr" + name;
  }
  if (spelling == Spelling::kWithoutChr && has_chr && !is_scaffold(name)) {
    return name == "chrM" ? "MT" : name.substr(3);
  }
  return name;
}

}  // namespace

double GenePlaces::share() const {
  return of_gene.empty() ? 0 : static_cast<double>(matched) / static_cast<double>(of_gene.size());
}

GenePlaces gene_places(const GeneNames& names, const Frame& var, const GivenPositions& given) {
  GenePlaces result;
  result.of_gene.resize(names.unique.size());
  if (!given.of_gene.empty()) {
    place_by_name(names, given, result);
  } else if (const auto columns = column_intervals(var)) {
    place_by_columns(names, var, *columns, result);
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
  if (!given.of_gene.empty() && result.matched == 0) {
    throw input_error("{}", describe_mismatch(names, result, given));
  }
  return result;
}

bool hardly_matched(const GenePlaces& places, const GivenPositions& given) {
  if (given.of_gene.empty()) return false;
  const auto possible = std::min(places.of_gene.size(), given.of_gene.size());
  return static_cast<double>(places.matched) < kHardly * static_cast<double>(possible);
}

std::string describe_mismatch(const GeneNames& names, const GenePlaces& places,
                              const GivenPositions& given) {
  std::vector<std::string> theirs;
  for (const auto& position : given.of_gene.first(std::min<size_t>(3, given.of_gene.size()))) {
    theirs.push_back(position.id.empty() ? position.name
                                         : fmt::format("{} ({})", position.name, position.id));
  }
  std::vector<std::string> ours;
  for (size_t j = 0; j < names.symbols.size() && ours.size() < 3; ++j) {
    const bool unplaced = places.of_gene[j].chromosome.empty();
    if (!unplaced) continue;
    const bool has_id = !names.ids[j].empty() && names.ids[j] != names.symbols[j];
    ours.push_back(has_id ? fmt::format("{} ({})", names.symbols[j], names.ids[j])
                          : names.symbols[j]);
  }
  const int64_t any_case = matched_in_any_case(names, given);
  return fmt::format(
      "{} of the {} genes have a position in {}, which has {}: the cells' genes are called {}{}, "
      "those of the positions {}{}; {}give a BED or GTF of the same species, with the same symbols "
      "or with Ensembl ids",
      places.matched == 0 ? "not one" : fmt::format("only {}", places.matched),
      names.symbols.size(), given.source, given.of_gene.size(), fmt::join(ours, ", "),
      names.symbols.size() > ours.size() ? ", …" : "", fmt::join(theirs, ", "),
      given.of_gene.size() > theirs.size() ? ", …" : "",
      any_case > places.matched
          ? fmt::format("{} would match if letter case did not count, as symbols of another "
                        "species do; ",
                        any_case)
          : "");
}

int64_t respell_chromosomes(GenePlaces& genes, std::span<const std::string> of_peaks) {
  const std::set<std::string_view> known(of_peaks.begin(), of_peaks.end());
  const auto fits = [&](Spelling spelling) {
    return std::count_if(genes.of_gene.begin(), genes.of_gene.end(), [&](const GenePosition& gene) {
      return !gene.chromosome.empty() && known.contains(spelt(gene.chromosome, spelling));
    });
  };
  auto best = Spelling::kAsIs;
  for (const auto spelling : {Spelling::kWithChr, Spelling::kWithoutChr}) {
    if (fits(spelling) > fits(best)) best = spelling;
  }
  int64_t changed = 0;
  for (auto& gene : genes.of_gene) {
    if (gene.chromosome.empty()) continue;
    auto name = spelt(gene.chromosome, best);
    changed += name != gene.chromosome ? 1 : 0;
    gene.chromosome = std::move(name);
  }
  return changed;
}

void require_common_chromosomes(const GenePlaces& genes, std::span<const std::string> of_peaks) {
  std::set<std::string> of_genes;
  for (const auto& position : genes.of_gene) {
    if (!position.chromosome.empty()) of_genes.insert(position.chromosome);
  }
  if (of_genes.empty()) return;
  for (const auto& name : of_peaks) {
    if (of_genes.contains(name)) return;
  }
  const std::vector<std::string> names(of_genes.begin(), of_genes.end());
  throw input_error(
      "genes and peaks share no chromosome: genes lie on {} ({}), peaks on {}; give positions "
      "whose chromosomes are named like those of the peaks, and of the same genome build",
      examples(names, 5), genes.source, examples(of_peaks, 5));
}

GeneTable gene_table(const GeneNames& names, const GenePlaces& places,
                     std::span<const int32_t> columns) {
  GeneTable table;
  bool any_further = false;
  for (const int32_t column : columns) {
    const auto j = static_cast<size_t>(column);
    const auto& position = places.of_gene[j];
    table.names.push_back(names.unique[j]);
    table.ids.push_back(names.ids[j].empty() ? position.id : names.ids[j]);
    table.chromosome.push_back(position.chromosome);
    table.start.push_back(position.start);
    table.end.push_back(position.end);
    table.strand.push_back(strand_of(position.strand));
    auto& further = table.further_sites.emplace_back(position.sites);
    std::erase(further, position.first_site());
    any_further = any_further || !further.empty();
  }
  if (!any_further) table.further_sites.clear();
  return table;
}

}  // namespace grids::core
