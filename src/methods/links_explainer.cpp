#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <queue>

#include "base/at.hpp"
#include "base/error.hpp"
#include "math/statistics.hpp"
#include "methods/links.hpp"

namespace grids::core {
namespace {

struct Spread {
  double mean = 0;
  double squares = 0;  ///< summed squared deviations
};

Spread spread_of(std::span<const double> values) {
  Spread spread;
  spread.mean =
      std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
  for (const double v : values) spread.squares += (v - spread.mean) * (v - spread.mean);
  return spread;
}

class LinksExplainer : public Explainer {
 public:
  std::string_view name() const override { return "links"; }
  std::string_view summary() const override {
    return "correlation with expression against matched peaks, as Signac links peaks to genes";
  }
  bool needs_data() const override { return true; }
  Explanation explain(Objective& objective, const ExplainerOptions& options,
                      const Context& context) const override {
    const TargetData& data = require_data(options, name());
    const auto features = window_features(data, objective.allowed);
    std::vector<Standing> standings;
    for (const ScoredLink& link : find_links(data, features, {}, context)) {
      const double towards = data.wanted * link.z;
      standings.push_back({link.feature, link.kept && towards > 0 ? 0 : 1, towards, 0});
    }
    return explanation_of(objective, data, std::move(standings), options.set_size);
  }
};

}  // namespace

/// Features of other groups, laid out for finding those that resemble one.
class LinkBackgrounds::Candidates {
 public:
  Candidates(const MeasuredCells& measured, int32_t group) : measured_(measured) {
    const auto cells = static_cast<int64_t>(measured_.cells());
    for (Feature feature = 0; feature < measured_.by_feature.rows; ++feature) {
      const auto open = static_cast<int64_t>(measured_.by_feature.row(feature).size());
      if (measured_.group[at(feature)] == group) continue;
      if (open < kLeastCells || cells - open < kLeastCells) continue;
      features_.push_back(feature);
    }
    std::stable_sort(features_.begin(), features_.end(), [&](Feature a, Feature b) {
      return measured_.by_feature.row(a).size() < measured_.by_feature.row(b).size();
    });
    for (const Feature feature : features_) {
      openness_.push_back(log_openness(feature));
      width_.push_back(log_width(feature));
    }
    openness_scale_ = scale(openness_);
    width_scale_ = scale(width_);
  }

  size_t size() const { return features_.size(); }

  /// From the feature's own openness outwards, on whichever side is nearer, until openness alone is
  /// farther than the last that is kept: of many thousands some hundreds are looked at.
  std::vector<Feature> closest(Feature feature, int64_t count) const {
    const double openness = log_openness(feature);
    const double width = log_width(feature);
    const size_t kept = std::min(size(), at(count));
    if (kept == 0) return {};
    const auto gap = [&](size_t i) { return (openness_[i] - openness) * openness_scale_; };
    std::priority_queue<std::pair<double, Feature>> nearest;  // the farthest first
    size_t above = static_cast<size_t>(
        std::lower_bound(openness_.begin(), openness_.end(), openness) - openness_.begin());
    size_t below = above;  // one past the next
    while (below > 0 || above < size()) {
      const bool down =
          above == size() || (below > 0 && std::abs(gap(below - 1)) < std::abs(gap(above)));
      const size_t i = down ? --below : above++;
      const double a = gap(i);
      if (nearest.size() == kept && a * a > nearest.top().first) break;
      const double b = (width_[i] - width) * width_scale_;
      nearest.emplace(a * a + b * b, features_[i]);
      if (nearest.size() > kept) nearest.pop();
    }
    std::vector<Feature> result;
    for (; !nearest.empty(); nearest.pop()) result.push_back(nearest.top().second);
    std::sort(result.begin(), result.end());
    return result;
  }

 private:
  double log_openness(Feature feature) const {
    return std::log(static_cast<double>(measured_.by_feature.row(feature).size()));
  }
  double log_width(Feature feature) const {
    return std::log(static_cast<double>(std::max<int64_t>(1, measured_.width[at(feature)])));
  }
  /// 1 / standard deviation, or 0 where nothing varies.
  static double scale(std::span<const double> values) {
    if (values.empty()) return 0;
    const double variance = spread_of(values).squares / static_cast<double>(values.size());
    return variance > 1e-12 ? 1 / std::sqrt(variance) : 0;
  }

  const MeasuredCells& measured_;
  std::vector<Feature> features_;         // the least open first
  std::vector<double> openness_, width_;  // of each
  double openness_scale_ = 0, width_scale_ = 0;
};

LinkBackgrounds::LinkBackgrounds(const MeasuredCells& measured) : measured_(measured) {}
LinkBackgrounds::~LinkBackgrounds() = default;

const LinkBackgrounds::Candidates& LinkBackgrounds::candidates_outside(int32_t group) {
  const std::lock_guard lock(mutex_);
  auto& candidates = outside_[group];
  if (candidates == nullptr) candidates = std::make_unique<const Candidates>(measured_, group);
  return *candidates;
}

size_t LinkBackgrounds::candidates(int32_t group) {
  return candidates_outside(group).size();
}

const std::vector<Feature>& LinkBackgrounds::of(int32_t group, Feature feature, int64_t count) {
  const auto key = std::tuple(group, feature, count);
  {
    const std::lock_guard lock(mutex_);
    const auto known = found_.find(key);
    if (known != found_.end()) return known->second;
  }
  // Two threads may find the same at once; the first keeps it.
  auto closest = candidates_outside(group).closest(feature, count);
  const std::lock_guard lock(mutex_);
  return found_.emplace(key, std::move(closest)).first->second;
}

double openness_correlation(std::span<const int32_t> open, std::span<const double> values,
                            double mean, double squares) {
  const auto n = static_cast<double>(values.size());
  const auto count = static_cast<double>(open.size());
  const double variance = count * (1 - count / n);  // summed squared deviations of the feature
  if (!(variance > 0 && squares > 0)) return 0;
  double sum = 0;
  for (const int32_t cell : open) sum += values[at(cell)] - mean;
  return sum / std::sqrt(variance * squares);
}

std::vector<ScoredLink> find_links(const TargetData& data, std::span<const Feature> features,
                                   const LinkOptions& options, const Context& context) {
  LinkBackgrounds own(*data.measured);
  LinkBackgrounds& backgrounds = data.backgrounds != nullptr ? *data.backgrounds : own;
  const size_t candidates = backgrounds.candidates(data.group);
  if (candidates < 2) {
    throw input_error(
        "links: {} peaks lie on other chromosomes than the gene and are open in {} cells or more; "
        "a correlation is held against those",
        candidates, kLeastCells);
  }
  const auto& open = data.measured->by_feature;
  const Spread spread = spread_of(data.normalised);
  // Neighbours share most of their backgrounds: each peak is correlated once.
  std::vector<const std::vector<Feature>*> background(features.size());
  context.pool.for_each(static_cast<int64_t>(features.size()), [&](int64_t i) {
    background[at(i)] = &backgrounds.of(data.group, features[at(i)], options.background);
  });
  std::vector<Feature> asked(features.begin(), features.end());
  for (const auto* others : background) asked.insert(asked.end(), others->begin(), others->end());
  std::sort(asked.begin(), asked.end());
  asked.erase(std::unique(asked.begin(), asked.end()), asked.end());
  std::vector<double> correlations(at(open.rows));
  context.pool.for_each(static_cast<int64_t>(asked.size()), [&](int64_t i) {
    const Feature feature = asked[at(i)];
    correlations[at(feature)] =
        openness_correlation(open.row(feature), data.normalised, spread.mean, spread.squares);
  });
  std::vector<ScoredLink> links(features.size());
  for (size_t i = 0; i < features.size(); ++i) {
    ScoredLink& link = links[i];
    link.feature = features[i];
    link.score = correlations[at(link.feature)];
    std::vector<double> others;
    others.reserve(background[i]->size());
    for (const Feature other : *background[i]) others.push_back(correlations[at(other)]);
    const Spread chance = spread_of(others);
    const double sd = std::sqrt(chance.squares / (static_cast<double>(others.size()) - 1));
    link.z = sd > 0 ? (link.score - chance.mean) / sd : 0;
    link.p = normal_upper_tail(std::abs(link.z));
    link.kept = std::abs(link.score) > options.least_score && link.p < options.largest_p;
  }
  return links;
}

const Explainer& links_explainer() {
  static const LinksExplainer method;
  return method;
}

}  // namespace grids::core
