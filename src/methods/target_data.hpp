/// What was measured in cells, as plain numbers, for methods that look at the data alone and not at
/// a model: which features are open where, a response, covariates, and how far each feature lies
/// from the target. Methods that need it say so (`Explainer::needs_data`); models that come without
/// measured cells cannot be explained by them.
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <string_view>
#include <vector>

#include "math/sparse.hpp"
#include "methods/explainer.hpp"

namespace grids::core {

/// What the targets share.
struct MeasuredCells {
  CsrPattern by_feature;             ///< features × cells: where each is open
  bool counts = false;               ///< responses are counts, else values on a log scale
  std::vector<double> log_exposure;  ///< log total counts of each cell; 0 without counts
  /// Columns that span what a regression holds constant: ones, cell type, donor, batch, log open
  /// features (and log total where there are no counts). Orthogonal, mean square 1, the first is
  /// ones.
  std::vector<std::vector<double>> covariates;
  std::vector<int32_t> group;  ///< of each feature: its chromosome
  std::vector<int64_t> width;  ///< of each feature: base pairs

  size_t cells() const { return log_exposure.size(); }
};

/// The distance of features that lie on another chromosome than the target.
inline constexpr int64_t kElsewhere = std::numeric_limits<int64_t>::max();

class LinkBackgrounds;

struct TargetData {
  const MeasuredCells* measured = nullptr;
  /// What `links` keeps from target to target of the same `measured`; may be null.
  LinkBackgrounds* backgrounds = nullptr;
  std::vector<double> response;    ///< of each cell: counts, or values
  std::vector<double> normalised;  ///< of each cell: log1p of counts per 100,000, or values
  std::vector<int64_t> distance;  ///< of each feature to the target: ≥ 0 base pairs, or kElsewhere
  int32_t group = -1;             ///< of the target: its chromosome
  int64_t window = 0;             ///< methods score features within it
  /// +1 when masking features that go along with the target leads to the goal (closing them for it
  /// to fall, opening them for it to rise), −1 when masking those that go against it does.
  double wanted = 1;
};

/// Throws Error(kUsage) that names the method when there is no data.
const TargetData& require_data(const ExplainerOptions& options, std::string_view method);

/// Regressions and correlations leave out features that are open, or closed, in fewer cells
/// (Signac's min.cells).
inline constexpr int64_t kLeastCells = 10;

/// The allowed features within the window that enough cells have open and closed, ascending.
std::vector<Feature> window_features(const TargetData& data, std::span<const Feature> allowed);

/// How a method judges a feature: lower tiers come first; in a tier larger scores, then larger
/// `second`, then nearer features, then smaller indices.
struct Standing {
  Feature feature = kNoFeature;
  int tier = 0;
  double score = 0;
  double second = 0;
};

/// The first L features by their standing, filled up by the nearest allowed features that have
/// none, inside the window or outside it; evaluated once. Throws Error(kInput) when fewer than L
/// allowed features lie on the target's chromosome.
Explanation explanation_of(Objective& objective, const TargetData& data,
                           std::vector<Standing> standings, int64_t set_size);

}  // namespace grids::core
