#include "validate/variants.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "io/peak_list.hpp"
#include "validate/matched_pairs.hpp"
#include "validate/pair_columns.hpp"
#include "validate/place_finder.hpp"
#include "validate/same_build.hpp"

namespace grids::core {
namespace {

/// The columns of a table of variants.
struct VariantColumns {
  PairColumn chrom, position, start, end, gene, gene_id, pip;

  explicit VariantColumns(const Table& table)
      : chrom(table, {"chrom", "chr", "chromosome", "#chrom", "#chr"}),
        position(table, {"pos", "position", "bp"}),
        start(table, {"start", "chromstart"}),
        end(table, {"end", "chromend"}),
        gene(table, {"gene", "gene_name", "gene_symbol", "symbol"}),
        gene_id(table, {"gene_id", "phenotype_id", "molecular_trait_id"}),
        pip(table, {"pip"}) {
    const auto need = [&](bool there, const char* which) {
      if (there) return;
      throw input_error(
          "{}: no column {}; it needs chrom, start (from 0) or pos (from 1), gene or gene_id, and "
          "pip. Places without gene and pip may be given as --bed",
          table.source, which);
    };
    need(chrom.there(), "chrom");
    need(start.there() || position.there(), "start or pos");
    need(gene.there() || gene_id.there(), "gene or gene_id");
    need(pip.there(), "pip");
  }
};

Interval variant_place(const Table& table, const VariantColumns& columns, size_t row) {
  const auto start = columns.start.whole(row);
  const auto position = columns.position.whole(row);
  Interval place{bare_chromosome(columns.chrom.text(row)), 0, 0};
  if (start) {
    place.start = *start;
  } else if (position && *position > 0) {
    place.start = *position - 1;
  } else {
    throw input_error("{}: line {}: the variant has no position", table.source, row + 2);
  }
  place.end = place.start + 1;
  if (start) place.end = std::max(place.end, columns.end.whole(row).value_or(0));
  return place;
}

/// Under what a gene is looked up: its id without the version, or its symbol.
std::string gene_key(const std::string& name) {
  return name.starts_with("ENS") ? name.substr(0, name.find('.')) : name;
}

std::vector<Interval> all_places(const GeneVariants& variants) {
  std::vector<Interval> places;
  for (const auto& [gene, list] : variants) places.insert(places.end(), list.begin(), list.end());
  return places;
}

/// The peaks that overlap any of the places.
std::vector<int32_t> peaks_at(const PlaceFinder& peaks, const std::vector<Interval>& places,
                              int64_t slack) {
  std::vector<int32_t> found;
  for (const auto& place : places) {
    const int64_t end = std::max(place.end, place.start + 1);
    peaks.overlapping(bare_chromosome(place.chromosome), place.start - slack, end + slack,
                      [&](int32_t peak) { found.push_back(peak); });
  }
  std::sort(found.begin(), found.end());
  found.erase(std::unique(found.begin(), found.end()), found.end());
  return found;
}

/// Throws where no gene of the pairs has variants; tells how many have.
void require_common_genes(const Pairs& pairs, const GeneVariants& variants, const std::string& file,
                          double least_pip, const Context& context) {
  const auto known =
      std::count_if(pairs.genes.begin(), pairs.genes.end(),
                    [&](const PairGene& gene) { return variants_of(variants, gene) != nullptr; });
  const int64_t genes = std::ssize(pairs.genes);
  if (known == 0) {
    throw input_error(
        "{}: none of the {} genes of {} ({}, …) has a variant with a PIP of at least {} there; it "
        "has those of {}, …: are names symbols in one and ids in the other? --genes with both "
        "(GTF), "
        "or columns gene and gene_id, tell which is which",
        file, genes, pairs.source, pairs.genes.front().name, least_pip, variants.begin()->first);
  }
  const auto text = fmt::format("{}: {} of the {} genes have a variant with a PIP of at least {}",
                                file, known, genes, least_pip);
  constexpr int64_t kFewOf = 10;
  if (known * kFewOf < genes) {
    context.reporter.warning(text + ": the share says little, read the ratio");
  } else {
    context.reporter.info(text);
  }
}

}  // namespace

const std::vector<Interval>* variants_of(const GeneVariants& variants, const PairGene& gene) {
  for (const auto& name : {gene.name, gene.id}) {
    if (const auto found = variants.find(gene_key(name)); found != variants.end()) {
      return &found->second;
    }
  }
  return nullptr;
}

GeneVariants read_variants(const std::filesystem::path& path, double least_pip) {
  const Table table = read_table(path);
  const VariantColumns columns(table);
  GeneVariants variants;
  for (size_t row = 0; row < table.rows(); ++row) {
    const double pip = columns.pip.number(row);
    if (pip < 0 || pip > 1) {
      throw input_error("{}: line {}: a PIP is between 0 and 1, not {}", path.string(), row + 2,
                        pip);
    }
    if (!(pip >= least_pip)) continue;
    const auto place = variant_place(table, columns, row);
    // Under the id as well where there is one: the pairs may name either.
    for (const auto* name : {&columns.gene.text(row), &columns.gene_id.text(row)}) {
      if (!name->empty()) variants[gene_key(*name)].push_back(place);
    }
  }
  if (variants.empty()) {
    throw input_error("{}: no variant with a PIP of at least {}", path.string(), least_pip);
  }
  return variants;
}

std::vector<ValidationRow> eqtl_rows(const Pairs& pairs, const std::filesystem::path& path,
                                     double least_pip, int64_t slack, const Context& context) {
  const auto variants = read_variants(path, least_pip);
  require_same_build(pairs, all_places(variants), path, PlacesAre::kOftenAtPeaks, context);
  require_common_genes(pairs, variants, path.string(), least_pip, context);
  const PlaceFinder peaks(pairs.peaks);
  PairHits hits{"eqtl", [&](const PairGene& gene) {
                  const auto* list = variants_of(variants, gene);
                  return list == nullptr ? std::vector<int32_t>() : peaks_at(peaks, *list, slack);
                }};
  hits.knows = [&](const PairGene& gene) { return variants_of(variants, gene) != nullptr; };
  return matched_rows(pairs, hits, context);
}

std::vector<ValidationRow> bed_rows(const Pairs& pairs, const std::filesystem::path& path,
                                    int64_t slack, const Context& context) {
  const Frame frame = read_peak_list(path);
  if (frame.rows() == 0)
    throw input_error("{}: no places: a BED has chrom, start and end", path.string());
  const auto places = peak_intervals(frame, path.string());
  for (const auto& place : places) {
    if (place.end <= kLongestChromosome) continue;
    throw input_error("{}: a place ends at {}, where no chromosome reaches", path.string(),
                      place.end);
  }
  require_same_build(pairs, places, path, PlacesAre::kAnywhere, context);
  auto found = peaks_at(PlaceFinder(pairs.peaks), places, slack);
  if (found.empty()) {
    throw input_error(
        "{}: none of its {} places overlaps any of the {} peaks: are both of one genome build? "
        "--slack widens the places",
        path.string(), places.size(), pairs.peaks.size());
  }
  context.reporter.info(fmt::format("{}: {} of {} peaks overlap one of its places", path.string(),
                                    found.size(), pairs.peaks.size()));
  PairHits hits{"bed", [&](const PairGene&) { return found; }};
  hits.over = PairHits::Over::kStretches;
  hits.note = "LD not accounted for, where these are variants";
  return matched_rows(pairs, hits, context);
}

}  // namespace grids::core
