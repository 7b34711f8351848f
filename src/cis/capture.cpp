#include "cis/capture.hpp"

#include <algorithm>
#include <charconv>

#include "base/at.hpp"
#include "base/error.hpp"

namespace grids::core {
namespace {

/// Captures that are compared; nearer ones hardly differ in what they make of closed peaks.
constexpr double kCaptures[] = {1, 0.7, 0.5, 0.35, 0.2};
constexpr size_t kAskedGenes = 32;
/// Fewer genes say more about themselves than about ATAC.
constexpr size_t kFewestGenes = 8;

}  // namespace

std::vector<int32_t> strongest_genes(std::span<const FirstFit> fits) {
  std::vector<FirstFit> genes;
  std::copy_if(fits.begin(), fits.end(), std::back_inserter(genes),
               [](const FirstFit& fit) { return fit.chosen; });
  std::stable_sort(genes.begin(), genes.end(), [](const FirstFit& a, const FirstFit& b) {
    return a.likelihood_gain > b.likelihood_gain;
  });
  if (genes.size() > kAskedGenes) genes.resize(kAskedGenes);
  std::vector<int32_t> result;
  result.reserve(genes.size());
  for (const auto& fit : genes) result.push_back(fit.gene);
  return result;
}

double capture_from(const std::string& latent_openness) {
  if (latent_openness == "off") return 1;
  if (latent_openness == "auto") return 0;
  double capture = 0;
  const char* end = latent_openness.data() + latent_openness.size();
  const auto [stop, error] = std::from_chars(latent_openness.data(), end, capture);
  if (error != std::errc() || stop != end || !(capture > 0 && capture <= 1)) {
    throw usage_error(
        "--latent-openness: '{}' is not off, auto, a number above 0 and at most 1, or a folder "
        "that "
        "grids cis --estimate-openness wrote",
        latent_openness);
  }
  return capture;
}

CaptureEstimate estimate_capture(std::span<const FirstFit> fits, const CaptureObjective& objective,
                                 const Context& context) {
  CaptureEstimate result;
  result.estimated = true;
  const auto genes = strongest_genes(fits);
  result.genes = static_cast<int64_t>(genes.size());
  if (genes.size() < kFewestGenes) return result;
  const size_t points = std::size(kCaptures);
  std::vector<double> gained(genes.size() * points);
  Progress progress(context, "capture", static_cast<int64_t>(gained.size()));
  for (size_t p = 0; p < points; ++p) {
    const auto of_gene = objective(kCaptures[p]);
    context.pool.for_each(
        result.genes, [&](int64_t i) { gained[p * genes.size() + at(i)] = of_gene(genes[at(i)]); });
    progress.advance(result.genes);
  }
  double best = kLeastCaptureGain;
  for (size_t p = 0; p < points; ++p) {
    CapturePoint point{kCaptures[p], 0};
    for (size_t i = 0; i < genes.size(); ++i)
      point.gain += gained[p * genes.size() + i] - gained[i];
    if (point.gain >= best) {
      best = point.gain;
      result.capture = point.capture;
    }
    result.profile.push_back(point);
  }
  return result;
}

}  // namespace grids::core
