/// Links of peaks to a gene as Signac's LinkPeaks makes them (Stuart et al. 2021, Nat. Methods 18,
/// 1333; after Ma et al. 2020, Cell 183, 1103): the Pearson correlation over cells between
/// openness and normalised expression, held against that of background peaks on other chromosomes
/// that resemble the peak.
///
/// Settings of LinkPeaks: at least 10 cells open, 200 background peaks, a link is kept when
/// |r| > 0.05 and p < 0.05, p one-sided from z as a standard normal. Two departures: Signac draws
/// the background by weights of GC content, accessibility and width; GC content needs the genome's
/// sequence, which a study does not hold, so the match is on accessibility and width, and the 200
/// peaks that are closest in both are taken, which needs no random draw. The window is that of all
/// methods (Signac: 500 kb).
#pragma once

#include <span>
#include <vector>

#include "methods/target_data.hpp"

namespace grids::core {

struct LinkOptions {
  int64_t background = 200;  ///< peaks; fewer where other chromosomes have fewer
  double least_score = 0.05;
  double largest_p = 0.05;
};

struct Link {
  Feature feature = kNoFeature;
  double score = 0;  ///< Pearson's r
  double z = 0;      ///< (r − mean) / sd over the background (sd with n − 1); 0 when sd is 0
  double p = 1;      ///< upper tail of |z|
  bool kept = false;
};

/// Pearson's r between a 0/1 feature and the values; 0 when either is constant. `mean` and
/// `squares` are the mean of the values and the sum of their squared deviations.
double openness_correlation(std::span<const int32_t> open, std::span<const double> values,
                            double mean, double squares);

/// The background of a feature: those of other groups than the target's with enough cells, closest
/// in (log openness, log width), each divided by its standard deviation over them; ascending.
std::vector<Feature> link_background(const TargetData& data, Feature feature, int64_t count);

/// One link a feature. Throws Error(kInput) when fewer than 2 features lie on other chromosomes.
std::vector<Link> find_links(const TargetData& data, std::span<const Feature> features,
                             const LinkOptions& options, const Context& context);

}  // namespace grids::core
