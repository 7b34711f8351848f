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

#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <tuple>
#include <vector>

#include "methods/target_data.hpp"

namespace grids::core {

struct LinkOptions {
  int64_t background = 200;  ///< peaks; fewer where other chromosomes have fewer
  double least_score = 0.05;
  double largest_p = 0.05;
};

struct ScoredLink {
  Feature feature = kNoFeature;
  double score = 0;  ///< Pearson's r
  double z = 0;      ///< (r − mean) / sd over the background (sd with n − 1); 0 when sd is 0
  double p = 1;      ///< upper tail of |z|
  bool kept = false;
};

/// The backgrounds of features, each found once however many targets ask for it; shared by threads.
/// Holds `count` features for each that was asked for.
class LinkBackgrounds {
 public:
  explicit LinkBackgrounds(const MeasuredCells& measured);  ///< borrowed
  ~LinkBackgrounds();
  LinkBackgrounds(const LinkBackgrounds&) = delete;
  LinkBackgrounds& operator=(const LinkBackgrounds&) = delete;

  /// How many features of other groups than this have enough cells.
  size_t candidates(int32_t group);
  /// Of these the `count` closest to the feature in (log openness, log width), each divided by its
  /// standard deviation over them; ascending. Fewer where there are fewer.
  const std::vector<Feature>& of(int32_t group, Feature feature, int64_t count);

 private:
  class Candidates;
  const Candidates& candidates_outside(int32_t group);

  const MeasuredCells& measured_;
  std::mutex mutex_;
  std::map<int32_t, std::unique_ptr<const Candidates>> outside_;  // by group
  std::map<std::tuple<int32_t, Feature, int64_t>, const std::vector<Feature>> found_;
};

/// Pearson's r between a 0/1 feature and the values; 0 when either is constant. `mean` and
/// `squares` are the mean of the values and the sum of their squared deviations.
double openness_correlation(std::span<const int32_t> open, std::span<const double> values,
                            double mean, double squares);

/// One link a feature, by `data.backgrounds` where it has any. Throws Error(kInput) when fewer than
/// 2 features lie on other chromosomes.
std::vector<ScoredLink> find_links(const TargetData& data, std::span<const Feature> features,
                                   const LinkOptions& options, const Context& context);

}  // namespace grids::core
