/// How much ATAC misses, as far as the counts can tell: the capture (openness.hpp) at which the
/// genes with the strongest terms are explained best.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "base/context.hpp"
#include "model/cis_path.hpp"

namespace grids::core {

struct CaptureEstimate {
  double capture = 1;  ///< what terms are chosen with; 1: observed openness
  bool estimated = false;
  int64_t genes = 0;  ///< that were asked
  std::vector<CapturePoint> profile;

  bool operator==(const CaptureEstimate&) const = default;
};

/// CisOptions::capture as users write it: off, auto, or a number. Throws Error(kUsage).
double capture_from(const std::string& latent_openness);

/// Below this gain over capture 1 the counts do not tell that anything is missed. A factor of e¹⁰
/// in likelihood, because depth and state are modelled imperfectly too.
inline constexpr double kLeastCaptureGain = 10;

/// What a fit at capture 1 says of a gene to whom estimates capture.
struct FirstFit {
  int32_t gene = 0;            ///< of the study
  double likelihood_gain = 0;  ///< CisGene::likelihood_gain
  bool chosen = false;         ///< it has terms that were chosen
};

/// Those that gained most among the genes with chosen terms: whom `estimate_capture` asks.
std::vector<int32_t> strongest_genes(std::span<const FirstFit> fits);

/// What the search for terms of a gene (of the study) reaches, and that at a capture.
using GeneObjective = std::function<double(int32_t gene)>;
using CaptureObjective = std::function<GeneObjective(double capture)>;

/// The best of a few captures on the `strongest_genes` of `fits`; capture 1 where too few have
/// terms or no other is better by `kLeastCaptureGain`. A `GeneObjective` is called in parallel.
CaptureEstimate estimate_capture(std::span<const FirstFit> fits, const CaptureObjective& objective,
                                 const Context& context);

}  // namespace grids::core
