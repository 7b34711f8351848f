/// The peaks that pairs were chosen from, and which of them a row of a table means.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "study/study.hpp"
#include "validate/pairs.hpp"

namespace grids::core {

/// Peaks that are found by their names or places; sorted only by `finish`.
class PeakIndex {
 public:
  /// Without any: those that are asked for are added.
  PeakIndex() = default;
  /// All peaks of a study, or of a list; no others are added.
  explicit PeakIndex(const Study& study);
  explicit PeakIndex(const std::filesystem::path& list);

  /// The peak of that name or place; nothing where there are only others, or where neither tells a
  /// place.
  std::optional<int32_t> find(const std::string& name, const std::optional<Interval>& place);

  /// Hands the peaks over, sorted; the members' indices follow.
  void finish(Pairs& pairs) &&;

 private:
  void add(PairPeak peak);

  bool whole_ = false;
  std::vector<PairPeak> peaks_;
  std::vector<double> openness_;
  std::unordered_map<std::string, int32_t> by_name_;
  std::unordered_map<std::string, int32_t> by_place_;
};

}  // namespace grids::core
