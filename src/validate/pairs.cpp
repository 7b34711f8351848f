#include "validate/pairs.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "base/at.hpp"
#include "base/error.hpp"
#include "validate/pair_columns.hpp"
#include "validate/pair_genes.hpp"
#include "validate/pair_peaks.hpp"

namespace grids::core {
namespace {

/// Puts pairs together from the rows of a table.
class PairBuilder {
 public:
  PairBuilder(const Table& table, const PairSources& sources, const Study* study)
      : table_(table), columns_(table, sources.score), places_(sources.genes, study) {
    if (study != nullptr) {
      peaks_ = PeakIndex(*study);
    } else if (!sources.peaks.empty()) {
      peaks_ = PeakIndex(sources.peaks);
    }
    pairs_.source = table.source;
    const bool ranked = columns_.rank.there() || columns_.peaks.there();
    pairs_.score = columns_.score.there() ? columns_.score.name() : ranked ? "1/rank" : "";
  }

  Pairs build() && {
    for (size_t row = 0; row < table_.rows(); ++row) add(row);
    for (auto& gene : pairs_.genes) {
      places_.place(gene);
      std::sort(gene.sites.begin(), gene.sites.end());
    }
    if (!columns_.allowance.there()) name_sizes_as_asked();
    std::move(peaks_).finish(pairs_);
    return std::move(pairs_);
  }

 private:
  void add(size_t row) {
    const std::string& kind = columns_.set.text(row);
    if (!kind.empty() && kind != "found") return;  // an alternative
    PairSet& set = set_of(row);
    if (!columns_.peaks.there()) {
      add_member(set, member(row, columns_.peak.text(row), place(row)));
      note_site(row, pairs_.genes[at(set.gene)]);
      return;
    }
    double rank = 0;
    for (const auto& name : split_list(columns_.peaks.text(row))) {
      PairMember found = member(row, name, parse_peak_name(name));
      if (!columns_.score.there()) found.score = 1 / ++rank;
      add_member(set, found);
    }
  }

  /// links.tsv has the size that came out, which is below the L that was asked where a gene has too
  /// few peaks. Where no gene has sets of several sizes by a method, one L was asked of it: that of
  /// its largest set. compare.tsv (which has `allowance`) tells the L that was asked.
  void name_sizes_as_asked() {
    std::map<std::tuple<std::string, std::string, std::string, int32_t>, int64_t> counts;
    std::map<std::string, std::optional<int64_t>> largest;
    std::set<std::string> of_several;
    for (const auto& set : pairs_.sets) {
      if (++counts[{set.method, set.cell_type, set.seed, set.gene}] > 1) {
        of_several.insert(set.method);
      }
      auto& size = largest[set.method];
      size = std::max(size, set.set_size);
    }
    for (auto& set : pairs_.sets) {
      if (!of_several.contains(set.method)) set.set_size = largest.at(set.method);
    }
  }

  std::string method(size_t row) const {
    std::string method = columns_.method.text(row);
    if (columns_.allowance.text(row) == "unlimited") method += " (unlimited)";
    return method;
  }

  PairSet& set_of(size_t row) {
    const std::string& type = columns_.cell_type.text(row);
    PairSet set;
    set.method = method(row);
    set.set_size = columns_.set_size.whole(row);
    set.cell_type = type.empty() ? kAllTypes : type;
    set.seed = columns_.seed.text(row);
    set.gene = gene_of_row(row);
    set.call = columns_.call.text(row);
    set.hidden_share = columns_.hidden_share.number(row);
    const auto [found, fresh] =
        sets_.try_emplace({set.method, set.set_size, set.cell_type, set.seed, set.gene},
                          static_cast<int32_t>(pairs_.sets.size()));
    if (fresh) pairs_.sets.push_back(std::move(set));
    return pairs_.sets[at(found->second)];
  }

  int32_t gene_of_row(size_t row) {
    const std::string& id = columns_.gene_id.text(row);
    const std::string& symbol = columns_.gene.text(row);
    const std::string& name = symbol.empty() ? id : symbol;
    if (name.empty()) throw input_error("{}: line {} names no gene", table_.source, row + 2);
    const auto [found, fresh] = genes_.try_emplace(name, static_cast<int32_t>(genes_.size()));
    if (fresh) {
      PairGene gene;
      gene.name = name;
      gene.id = id;
      pairs_.genes.push_back(std::move(gene));
    }
    return found->second;
  }

  /// The table's own start of transcription, which lies on the peak's chromosome unless the table
  /// says otherwise.
  void note_site(size_t row, PairGene& gene) const {
    const auto site = columns_.tss.whole(row);
    if (!site) return;
    std::string chromosome = columns_.gene_chrom.text(row);
    const bool elsewhere = columns_.distance.there() && columns_.distance.text(row).empty();
    if (chromosome.empty() && !elsewhere) {
      const auto where = place(row);
      if (where) chromosome = where->chromosome;
    }
    if (chromosome.empty()) return;
    gene.chromosome = bare_chromosome(chromosome);
    const std::string& strand = columns_.strand.text(row);
    if (strand.size() == 1) gene.strand = strand[0];
    if (std::find(gene.sites.begin(), gene.sites.end(), *site) == gene.sites.end()) {
      gene.sites.push_back(*site);
    }
  }

  std::optional<Interval> place(size_t row) const {
    if (auto named = parse_peak_name(columns_.peak.text(row))) return named;
    const auto start = columns_.start.whole(row);
    const auto end = columns_.end.whole(row);
    const std::string& chromosome = columns_.chrom.text(row);
    if (chromosome.empty() || !start || !end) return std::nullopt;
    if (*end <= *start) {
      throw input_error("{}: line {}: a peak must end after its start, not {}-{}", table_.source,
                        row + 2, *start, *end);
    }
    return Interval{chromosome, *start, *end};
  }

  PairMember member(size_t row, const std::string& name, const std::optional<Interval>& where) {
    const auto peak = peaks_.find(name, where);
    if (!peak) {
      const auto called = name.empty() && where
                              ? fmt::format("{}:{}-{}", where->chromosome, where->start, where->end)
                              : name;
      throw input_error("{}: line {}: the peak '{}' {}", table_.source, row + 2, called,
                        where ? "is not among the peaks that were given (--study, --peaks): give "
                                "those that the pairs were chosen from"
                              : "has no place: call it chr1:10-20, add chrom, start and end, or "
                                "give --study");
    }
    PairMember result{*peak, columns_.score.number(row), false, columns_.element.text(row)};
    const auto rank = columns_.rank.whole(row);
    result.outside = columns_.rank.there() && !rank;
    if (!columns_.score.there() && columns_.rank.there()) {
      result.score = rank && *rank > 0 ? 1 / static_cast<double>(*rank) : 0;
    }
    const std::string& kind = columns_.element_class.text(row);
    const bool asked = columns_.in_minimal.text(row) != "no" || columns_.partner.text(row) == "yes";
    result.judged = asked && (kind.empty() || kind == "distal");
    return result;
  }

  static void add_member(PairSet& set, PairMember member) {
    const auto same = std::find_if(set.members.begin(), set.members.end(),
                                   [&](const auto& other) { return other.peak == member.peak; });
    if (same == set.members.end()) {
      set.members.push_back(std::move(member));
      return;
    }
    same->outside = same->outside && member.outside;
    same->judged = same->judged || member.judged;
    if (!(same->score >= member.score)) same->score = member.score;
  }

  using SetKey = std::tuple<std::string, std::optional<int64_t>, std::string, std::string, int32_t>;

  const Table& table_;
  PairColumns columns_;
  PairPlaces places_;
  PeakIndex peaks_;
  Pairs pairs_;
  std::map<SetKey, int32_t> sets_;
  std::map<std::string, int32_t> genes_;
};

/// Whether a run wrote why it explained nothing.
bool has_reasons(const std::filesystem::path& folder) {
  return std::filesystem::exists(folder / "skipped.tsv");
}

constexpr const char* kNoSets =
    "the run found no sets, so that there is nothing to validate: skipped.tsv beside it has the "
    "reason for each gene (grids run --force explains them all the same)";

}  // namespace

std::filesystem::path links_table(const std::filesystem::path& links) {
  if (!std::filesystem::is_directory(links)) return links;
  for (const char* name : {"links.tsv", "compare.tsv", "subsets.tsv"}) {
    if (std::filesystem::exists(links / name)) return links / name;
  }
  if (has_reasons(links)) throw input_error("{}: {}", links.string(), kNoSets);
  throw input_error(
      "{}: no links.tsv, compare.tsv or subsets.tsv lies there: make them with grids run, explain, "
      "redundancy or compare, or name a table of peaks and genes",
      links.string());
}

Pairs read_pairs(const PairSources& sources, const Study* study) {
  const auto path = links_table(sources.links);
  const Table table = read_table(path);
  if (table.rows() == 0) {
    if (has_reasons(path.parent_path())) {
      throw input_error("{}: {}", table.source, kNoSets);
    }
    throw input_error("{}: no pairs", table.source);
  }
  return PairBuilder(table, sources, study).build();
}

std::optional<int64_t> pair_distance(const PairGene& gene, const PairPeak& peak) {
  if (!gene.placed() || gene.chromosome != peak.chromosome) return std::nullopt;
  int64_t nearest = INT64_MAX;
  for (const int64_t site : gene.sites) {
    int64_t distance = 0;
    if (site < peak.start) distance = peak.start - site;
    if (site >= peak.end) distance = site - peak.end + 1;
    nearest = std::min(nearest, distance);
  }
  return nearest;
}

}  // namespace grids::core
