/// What measured counts say of switched peaks: rates at each setting of their elements, in cells
/// that the surrogate has seen; and, in test cells, the held-out contrast of a set. What many
/// questions share (the state of the cells, their covariates) is made when the first is asked.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/context.hpp"
#include "evaluate/state_covariates.hpp"
#include "redundancy/judge_redundancy.hpp"
#include "view/view_target.hpp"

namespace grids::core {

struct ViewedElement {
  std::string name;  ///< "chr1:1000-2500"
  std::vector<int32_t> peaks;
};

struct ViewedSetting {
  Setting open = 0;
  double rate_fit = 0;  ///< counts per 100,000; NaN for a gene without terms
  RateInterval measured;
  int64_t cells = 0;
  double counts = 0;
};

struct ViewedSettings {
  std::vector<ViewedElement> elements;
  std::vector<ViewedSetting> rows;  ///< every setting, from none open to all
  std::string note;                 ///< why nothing was measured, or empty
};

/// Thread-safe. All that it is given must outlive it.
class ViewEstimates {
 public:
  ViewEstimates(const Study& study, const StudySurrogate& surrogate, const Context& context);

  /// Over training and validation cells. Throws Error(kUsage) where the peaks are no element, or
  /// more than kMostJudged.
  ViewedSettings settings(const ViewTarget& target, std::span<const int32_t> peaks);

  /// Test cells that could judge a set of this type.
  int64_t test_cells(const ViewTarget& target) const;
  /// The contrast of the set in the test cells, as `explain` has it of sets that it found; q and
  /// verdict are left out: a set that was looked for by hand has none.
  Contrast judge(const ViewTarget& target, std::span<const int32_t> peaks);

 private:
  enum class Cells : uint8_t { kSeen, kTest };

  std::vector<int32_t> cells_of(Cells which, std::optional<int32_t> type) const;
  const StateCovariates& state();
  std::shared_ptr<const JudgedCells> judged(Cells which, std::optional<int32_t> type);

  const Study& study_;
  const StudySurrogate surrogate_;
  const Context& context_;
  const RedundancyOptions options_;
  std::mutex mutex_;
  std::unique_ptr<const StateCovariates> state_;
  std::map<std::pair<Cells, std::optional<int32_t>>, std::shared_ptr<const JudgedCells>> judged_;
};

}  // namespace grids::core
