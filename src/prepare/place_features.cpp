#include "prepare/place_features.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <set>
#include <span>
#include <utility>
#include <variant>

#include "base/at.hpp"
#include "base/error.hpp"
#include "prepare/match_cells.hpp"
#include "prepare/peaks.hpp"

namespace grids::core {
namespace {

void place_genes(const PackedMultiome& raw, const GivenPositions& given, bool force,
                 PlacedFeatures& features, Diary& diary) {
  const auto& names = features.names;
  features.places = gene_places(names, raw.rna.var, given);
  const auto& places = features.places;
  if (places.matched == 0) {
    // `grids run` promises these words as its first line: nothing may be told before.
    diary.warn(
        "no gene positions: single elements cannot be seen, nor distances to genes given; "
        "--genes takes a BED or GTF of the genome build of the peaks");
    return;
  }
  if (hardly_matched(places, given)) {
    diary.refuse(describe_mismatch(names, places, given), force);
  }
  if (given.of_gene.empty()) return;
  diary.note("{}: {} of {} genes have a position: {} by symbol, {} by id, {} by id without version",
             places.source, places.matched, places.of_gene.size(), places.by_symbol, places.by_id,
             places.by_id_without_version);
  if (!places.several.empty()) {
    diary.warn(
        "{}: {} genes lie on several chromosomes or strands there, and the first was taken: {}",
        places.source, places.several.size(), examples(places.several, 8));
  }
  if (!places.unclear.empty()) {
    diary.warn(
        "{}: {} genes have no position, because their symbol is that of several genes and no "
        "Ensembl id tells which: {}",
        places.source, places.unclear.size(), examples(places.unclear, 8));
  }
  const auto several_sites =
      std::count_if(places.of_gene.begin(), places.of_gene.end(),
                    [](const GenePosition& gene) { return gene.sites.size() > 1; });
  if (several_sites > 0) {
    diary.note(
        "{}: {} genes have several transcription start sites: their windows are around all of "
        "them, their distances to the nearest",
        places.source, several_sites);
  }
}

template <typename T>
void keep_entries(std::vector<T>& list, std::span<const int32_t> kept) {
  std::vector<T> result;
  result.reserve(kept.size());
  for (const int32_t i : kept) result.push_back(std::move(list[at(i)]));
  list = std::move(result);
}

/// Beyond this share they are no oversight: then places mean something else than grids takes them
/// for, and `checked_peaks` refuses them.
constexpr double kFewPeaks = 0.1;

void drop_peaks_without_length(PackedModality& atac, Diary& diary) {
  const auto empty = peaks_without_length(atac.var);
  const auto all = static_cast<double>(atac.var.rows());
  if (empty.empty() || static_cast<double>(empty.size()) > kFewPeaks * all) return;
  std::vector<std::string> names;
  names.reserve(empty.size());
  for (const int32_t row : empty) names.push_back(atac.var.index[at(row)]);
  diary.warn("{}: {} of {} peaks {} no length, the end being the start: {}; dropped", atac.source,
             empty.size(), atac.var.rows(), empty.size() == 1 ? "has" : "have", examples(names));
  std::vector<int32_t> kept;
  for (int32_t row = 0; row < atac.var.rows(); ++row) {
    if (!std::binary_search(empty.begin(), empty.end(), row)) kept.push_back(row);
  }
  keep_entries(atac.var.index, kept);
  for (auto& column : atac.var.columns) {
    std::visit([&](auto& values) { keep_entries(values, kept); }, column.values);
  }
  atac.values = select_columns(atac.values, kept, nullptr);
}

std::vector<std::string> chromosomes_of(const std::vector<Interval>& peaks) {
  std::set<std::string> names;
  for (const auto& peak : peaks) names.insert(peak.chromosome);
  return {names.begin(), names.end()};
}

void tell_ends(const BeyondEnds& count, const char* what, const std::string& advice,
               const std::string& build, bool force, Diary& diary) {
  if (count.beyond == 0) return;
  const auto message =
      fmt::format("{} of {} {} lie beyond the end of their chromosome in {}: {}; {}", count.beyond,
                  count.checked, what, build, fmt::join(count.examples, ", "), advice);
  if (count.many()) {
    diary.refuse(message, force);
  } else {
    diary.warn("{}", message);
  }
}

/// Of fewer promoters a share says nothing, nor where peaks were chosen and are not all of them;
/// below this share positions are doubted, even if places beside promoters have still fewer peaks:
/// builds differ by little near the ends of chromosomes.
constexpr int64_t kManyPeaks = 20'000;
constexpr int64_t kEnoughPromoters = 50;
constexpr double kFewPromoters = 0.15;

void tell_builds(const BuildCheck& check, const GenePlaces& places, bool force, Diary& diary) {
  tell_ends(check.peaks, "peaks", "give the chromosome sizes of their build (--chrom-sizes)",
            check.build, force, diary);
  tell_ends(check.genes, "genes",
            fmt::format("{}give positions of the build of the peaks ({})",
                        check.build_of_genes.empty()
                            ? ""
                            : fmt::format("they are within those of {}; ", check.build_of_genes),
                        places.source),
            check.build, force, diary);
  if (check.build.empty()) {
    diary.note(
        "the ends of chromosomes were not checked: the peaks keep to those of neither hg38 nor "
        "hg19 (--chrom-sizes)");
  } else if (check.genes.beyond == 0) {
    diary.note("genes and peaks keep to the ends of chromosomes of {}", check.build);
  }
  const auto& promoters = check.promoters;
  const auto facts = fmt::format(
      "{:.1f} % of {} promoters have a peak within 1 kb, places 50 to 200 kb beside them {:.1f} %",
      100 * promoters.share(), promoters.promoters, 100 * promoters.share_beside);
  if (promoters.absent()) {
    diary.warn(
        "{}: promoters do not stand out; are the genes of one genome build and the peaks of "
        "another ({})? Then peaks near a gene are not those near it",
        facts, places.source);
  } else if (check.peaks.checked >= kManyPeaks && promoters.promoters >= kEnoughPromoters &&
             promoters.share() < kFewPromoters) {
    diary.warn(
        "{}: few, where two thirds are usual; are the positions of the genes ({}) of the build of "
        "the peaks?",
        facts, places.source);
  } else {
    diary.note("{}", facts);
  }
}

}  // namespace

PlacedFeatures place_features(PackedMultiome& raw, const PrepareInputs& inputs,
                              const PrepareOptions& options, PrepareSummary& summary,
                              Diary& diary) {
  PlacedFeatures features;
  features.names = gene_names(raw.rna.var);
  place_genes(raw, {inputs.gene_positions, inputs.gene_source}, options.force, features, diary);
  auto& places = features.places;
  if (features.names.repeated > 0) {
    diary.warn("{} gene names occur more than once and were numbered: {}", features.names.repeated,
               examples(features.names.changed, 5));
  }
  drop_peaks_without_length(raw.atac, diary);
  features.peaks = checked_peaks(raw.atac);
  const auto of_peaks = chromosomes_of(features.peaks);
  const int64_t respelt = respell_chromosomes(places, of_peaks);
  if (respelt > 0) {
    diary.note("the chromosomes of {} genes are spelt as those of the peaks ({})", respelt,
               examples(of_peaks));
  }
  require_common_chromosomes(places, of_peaks);
  summary.positions = {places.source, places.matched, places.by_symbol, places.by_id,
                       places.by_id_without_version};
  if (places.matched == 0) return features;
  summary.build = check_builds(features.peaks, places.of_gene, inputs.chromosome_sizes);
  tell_builds(*summary.build, places, options.force, diary);
  return features;
}

}  // namespace grids::core
