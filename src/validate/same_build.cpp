#include "validate/same_build.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "base/error.hpp"
#include "prepare/builds.hpp"

namespace grids::core {
namespace {

std::vector<Interval> peaks_as_places(const Pairs& pairs) {
  std::vector<Interval> places;
  places.reserve(pairs.peaks.size());
  for (const auto& peak : pairs.peaks) places.push_back({peak.chromosome, peak.start, peak.end});
  return places;
}

/// As genes that begin in the middle of each place, which is what the check asks of promoters.
std::vector<GenePosition> places_as_genes(std::span<const Interval> places) {
  std::vector<GenePosition> genes;
  genes.reserve(places.size());
  for (const auto& place : places) {
    GenePosition gene;
    gene.name = "a place";
    gene.chromosome = bare_chromosome(place.chromosome);
    gene.start = place.start + (place.end - place.start) / 2;
    gene.end = std::max(place.end, gene.start + 1);
    genes.push_back(std::move(gene));
  }
  return genes;
}

/// No more at peaks than beside them: loops of GM12878 are 1.1 times as often at peaks of blood in
/// the other build, and in their own 2 (promoters as peaks) to 3.1 times (peaks of A549). Promoters
/// are asked for more (prepare/builds.hpp).
bool are_beside_peaks(const PromoterPeaks& places) {
  constexpr double kLeastRatio = 1.3, kFewestByChance = 10;
  const bool enough =
      places.share_beside * static_cast<double>(places.promoters) >= kFewestByChance;
  return enough && places.share() < kLeastRatio * places.share_beside;
}

void require_common_chromosome(const Pairs& pairs, std::span<const GenePosition> places,
                               const std::string& file) {
  std::set<std::string> known;
  for (const auto& peak : pairs.peaks) known.insert(peak.chromosome);
  const bool common = std::any_of(places.begin(), places.end(), [&](const GenePosition& place) {
    return known.contains(place.chromosome);
  });
  if (common) return;
  throw input_error(
      "{}: no chromosome in common with the peaks ({} …): check that both are of one "
      "species and spelled alike",
      file, *known.begin());
}

/// Few places beyond the ends make no other build, but no such place is.
void tell_beyond(const BuildCheck& check, const std::string& file, PlacesAre are,
                 const Context& context) {
  if (check.genes.beyond == 0) return;
  const auto text = fmt::format(
      "{}: {} of {} places beyond the ends of chromosomes in {}, which the peaks keep to: {}; mend "
      "or leave out those lines",
      file, check.genes.beyond, check.genes.checked, check.build,
      fmt::join(check.genes.examples, ", "));
  if (are != PlacesAre::kOftenAtPeaks) throw input_error("{}", text);
  context.reporter.warning(text);
}

}  // namespace

void require_same_build(const Pairs& pairs, std::span<const Interval> places,
                        const std::filesystem::path& file, PlacesAre are, const Context& context) {
  if (places.empty()) return;
  const auto genes = places_as_genes(places);
  require_common_chromosome(pairs, genes, file.string());
  const auto check = check_builds(peaks_as_places(pairs), genes, std::nullopt);
  if (check.genes.many()) {
    throw input_error(
        "{}: {} of {} places lie beyond the ends of chromosomes in {}, which the "
        "peaks keep to{}: {}; lift one of them over",
        file.string(), check.genes.beyond, check.genes.checked, check.build,
        check.build_of_genes.empty() ? "" : ", not in " + check.build_of_genes,
        fmt::join(check.genes.examples, ", "));
  }
  tell_beyond(check, file.string(), are, context);
  if (are == PlacesAre::kAnywhere || !pairs.whole || !are_beside_peaks(check.promoters)) return;
  const auto words = fmt::format(
      "{}: {:.1f} % of its places lie at a peak, and {:.1f} % of places beside them: it is of "
      "another genome build than the peaks, or of other cells: lift it over in the first case; in "
      "the second take one of cells like those of the peaks",
      file.string(), 100 * check.promoters.share(), 100 * check.promoters.share_beside);
  if (are == PlacesAre::kMostlyAtPeaks) throw input_error("{}", words);
  context.reporter.warning(words);
}

}  // namespace grids::core
