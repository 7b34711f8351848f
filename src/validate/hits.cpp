#include "validate/hits.hpp"

#include <algorithm>

#include "base/at.hpp"
#include "io/peak_list.hpp"
#include "study/shared_columns.hpp"
#include "validate/loops.hpp"
#include "validate/place_finder.hpp"
#include "validate/variants.hpp"

namespace grids::core {
namespace {

Columns<PeakHit> hit_columns() {
  using Row = PeakHit;
  const auto of_other = [](auto member) {
    return [member](const Row& row) {
      using Value = std::decay_t<decltype((*row.other).*member)>;
      return row.other ? std::optional<Value>((*row.other).*member) : std::nullopt;
    };
  };
  return {"hits.tsv",
          "a row for each peak of a set and each loop, variant or place that it lies at",
          {{"what", "`loops`, `eqtl` or `bed`: what it lies at", &Row::what},
           {column::kMethod.saying("whose set"), &Row::method},
           {"cell_type", "in whose cells the set was learned", &Row::cell_type},
           {"gene", "of the set", &Row::gene},
           {"peak", "of the set, or one of its partners", &Row::peak},
           {"chrom", "of the variant, the place, or the loop’s anchor at the peak; without `chr`",
            [](const Row& row) { return row.place.chromosome; }},
           {"start", "its first base, from 0", [](const Row& row) { return row.place.start; }},
           {"end", "the base behind its last one", [](const Row& row) { return row.place.end; }},
           {"other_chrom", "of the loop’s anchor at the gene’s start of transcription; else NA",
            of_other(&Interval::chromosome)},
           {"other_start", "its first base", of_other(&Interval::start)},
           {"other_end", "the base behind its last one", of_other(&Interval::end)}}};
}

bool overlaps(const Interval& place, const PairPeak& peak, int64_t slack) {
  // Places without length count as one base.
  const int64_t end = std::max(place.end, place.start + 1);
  return bare_chromosome(place.chromosome) == peak.chromosome && place.start - slack < peak.end &&
         end + slack > peak.start;
}

/// A row for each peak of a set that overlaps one of the places that `of_gene` gives, with what
/// lies at the gene.
template <typename OfGene>
std::vector<PeakHit> hits_of(const Pairs& pairs, const char* what, int64_t slack,
                             const OfGene& of_gene) {
  std::vector<PeakHit> hits;
  for (const auto& set : pairs.sets) {
    const auto& gene = pairs.genes[at(set.gene)];
    const auto places = of_gene(gene);
    for (const auto& member : set.members) {
      const auto& peak = pairs.peaks[at(member.peak)];
      for (const auto& [place, other] : places) {
        if (!overlaps(place, peak, slack)) continue;
        auto shown = place;
        shown.chromosome = bare_chromosome(place.chromosome);
        hits.push_back({what, set.method, set.cell_type, gene.name, peak.name, shown, other});
      }
    }
  }
  return hits;
}

using PlacesOfGene = std::vector<std::pair<Interval, std::optional<Interval>>>;

}  // namespace

TableText describe_hits() {
  return hit_columns().describe();
}

Table hits_table(const std::vector<PeakHit>& hits) {
  return hit_columns().table(hits);
}

std::vector<PeakHit> loop_hits(const Pairs& pairs, const std::filesystem::path& path,
                               int64_t slack) {
  const auto loops = read_loops(path);
  std::vector<Interval> anchors;
  anchors.reserve(2 * loops.size());
  for (const auto& loop : loops) {
    anchors.push_back(loop.first);
    anchors.push_back(loop.second);
  }
  const PlaceFinder finder(anchors);
  return hits_of(pairs, "loops", slack, [&](const PairGene& gene) {
    PlacesOfGene places;
    std::vector<int32_t> here;
    for (const int64_t site : gene.sites) {
      finder.overlapping(gene.chromosome, site - slack, site + slack + 1,
                         [&](int32_t anchor) { here.push_back(anchor); });
    }
    std::sort(here.begin(), here.end());
    here.erase(std::unique(here.begin(), here.end()), here.end());
    // Both anchors of a loop follow one another.
    for (const int32_t anchor : here)
      places.emplace_back(anchors[at(anchor ^ 1)], anchors[at(anchor)]);
    return places;
  });
}

std::vector<PeakHit> eqtl_hits(const Pairs& pairs, const std::filesystem::path& path,
                               double least_pip, int64_t slack) {
  const auto variants = read_variants(path, least_pip);
  return hits_of(pairs, "eqtl", slack, [&](const PairGene& gene) {
    PlacesOfGene places;
    if (const auto* list = variants_of(variants, gene)) {
      for (const auto& place : *list) places.emplace_back(place, std::nullopt);
    }
    return places;
  });
}

std::vector<PeakHit> bed_hits(const Pairs& pairs, const std::filesystem::path& path,
                              int64_t slack) {
  const auto places = peak_intervals(read_peak_list(path), path.string());
  std::vector<Interval> bare;
  bare.reserve(places.size());
  for (const auto& place : places) {
    bare.push_back(
        {bare_chromosome(place.chromosome), place.start, std::max(place.end, place.start + 1)});
  }
  const PlaceFinder finder(bare);
  std::vector<PeakHit> hits;
  for (const auto& set : pairs.sets) {
    for (const auto& member : set.members) {
      const auto& peak = pairs.peaks[at(member.peak)];
      finder.overlapping(peak.chromosome, peak.start - slack, peak.end + slack, [&](int32_t place) {
        hits.push_back({"bed", set.method, set.cell_type, pairs.genes[at(set.gene)].name, peak.name,
                        bare[at(place)], std::nullopt});
      });
    }
  }
  return hits;
}

}  // namespace grids::core
