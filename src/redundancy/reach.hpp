/// What cells could show before anything is trained: how strong one element must be, and how well
/// two that stand in for each other would be called, by a gene's counts, the number of cells, how
/// often the elements are seen open, and the capture (seen_together.hpp).
///
/// One element: the held-out contrast's score test at slope 0 (evaluate/contrast.hpp). Cells in
/// which the element is seen open have F times the rate of cells in which it is closed, of which
/// some hold it open unseen. With n cells, seen openness p and the weight w of a cell's count in a
/// negative binomial,
///
///     log of the seen ratio  ≥  (z_0.05 + z_0.2) / √(n w p (1 − p))
///
/// is shown with a probability of 0.8. Two elements: the calling rule itself (rule.hpp), at the
/// errors of a saturated regression over four settings that are seen as often as independent
/// openness makes them.
///
/// What is not in it: that the state of a cell explains a part of an element's openness, which
/// takes that part of the cells' worth; elements that open together; donors as clusters. So these
/// are what cells show at best.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/context.hpp"
#include "base/random.hpp"
#include "redundancy/rule.hpp"
#include "redundancy/setting_rates.hpp"
#include "study/study.hpp"

namespace grids::core {

/// A gene and the elements beside it in cells of one kind.
struct ReachCase {
  double cells = 0;
  double counts = 0;      ///< of the gene, mean of a cell
  double dispersion = 0;  ///< variance = mean + dispersion · mean²
  double open = 0;        ///< share of the cells in which an element is seen open
  double capture = 1;     ///< chance that an open element is seen
};

/// The smallest ratio of rates, open to closed, that is shown with a probability of 0.8, one-sided
/// at 0.05; NaN where none is, however strong.
double smallest_fold(const ReachCase& given);

struct PairReach {
  double called = 0;  ///< chance of redundant or quorum if either suffices; NaN: settings too rare
  double hidden_share =
      0;  ///< smallest that is called with a probability of 0.8; NaN where 1 is not
};

/// Of two elements of which either multiplies the gene's rate by `fold`.
PairReach reach_of_pair(const ReachCase& given, double fold, const RuleOptions& rule,
                        const SettingRateOptions& rates, RandomStream& random);

struct ReachOptions {
  /// Of the genes of a study, by their mean counts in the type's cells.
  std::vector<double> quantiles = {0.5, 0.75, 0.9};
  std::vector<double> captures = {1, 0.3};
  double fold = 2;
  /// The typical element is the median of the peaks that are open in this share of a type's cells.
  double least_open = 0.05;
  RuleOptions rule = {.power_replicates = 300};
};

/// A type, a gene and a capture.
struct ReachRow {
  std::string cell_type;  ///< "all" = all types together
  double quantile = 0;
  ReachCase test;      ///< in the type's test cells, which judge a set of `explain`
  double cells = 0;    ///< all of the type, which judge a set of `redundancy --cross-fit`
  double fold = 0;     ///< smallest that test cells show
  PairReach of_test;   ///< by test cells
  PairReach of_cells;  ///< by all cells
};

/// All types together (their rates apart), then each in the order of the study; quantiles,
/// captures. A study with counts.
std::vector<ReachRow> reach_of(const Study& study, const ReachOptions& options,
                               const Context& context);

}  // namespace grids::core
