/// What a viewer asks about: a gene, the cells of a type, some peaks; found by their names.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "explain/targets.hpp"
#include "study/study.hpp"

namespace grids::core {

/// Peaks that one question may name.
inline constexpr size_t kMostViewedPeaks = 128;

struct ViewTarget {
  int32_t gene = 0;
  std::optional<int32_t> type;  ///< nothing: the cells of all types together

  ExplainTarget sized(int64_t set_size) const { return {type, gene, set_size}; }
  bool operator==(const ViewTarget&) const = default;
};

/// Finds what a study has by name. The study must outlive it.
class ViewNames {
 public:
  explicit ViewNames(const Study& study);

  /// Throws Error(kUsage) that says which name the study has not, with those that come closest.
  ViewTarget target(const std::string& gene, const std::string& cell_type) const;
  /// In the order of the names, repeated ones once. `field`: for messages. Throws Error(kUsage) for
  /// a peak that the study has not, or more than kMostViewedPeaks.
  std::vector<int32_t> peaks(std::string_view field, std::span<const std::string> names) const;

 private:
  const Study& study_;
  std::map<std::string_view, int32_t> peaks_;
};

/// Names of peaks.
std::vector<std::string> names_of_peaks(const Study& study, std::span<const int32_t> peaks);

}  // namespace grids::core
