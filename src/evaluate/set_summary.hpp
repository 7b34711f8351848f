/// What is said of a found set of peaks: its predicted change on test cells, in its own and in
/// other types, beside random sets, and where its peaks lie. Rows of the result tables.
///
/// Every change is a predicted change when masked in the surrogate.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "evaluate/changes.hpp"
#include "evaluate/contrast.hpp"
#include "evaluate/resampled_weights.hpp"
#include "evaluate/verdict.hpp"
#include "explain/search_domain.hpp"
#include "io/columns.hpp"
#include "methods/explainer.hpp"
#include "search/set_partners.hpp"
#include "study/study.hpp"

namespace grids::core {

/// One explained set: one gene in one type by one method.
struct EvaluatedSet {
  std::optional<int32_t> type;  ///< nothing = the cells of all types together
  int32_t gene = 0;
  std::string method;                ///< "coordinate", "random", …
  std::vector<int32_t> peaks;        ///< by rank, the most important first; L of them
  std::vector<FeatureScore> scores;  ///< of these, or empty
  PredictedChange change;            ///< on the test cells of the type
  ChangeIntervals intervals;         ///< of that change
  double objective = 0;              ///< what the search minimised, on its training cells
  int64_t evaluations = 0;           ///< of the model, as Objective counts them
  uint64_t seed = 0;
  Contrast contrast;     ///< against measured expression of the same test cells
  SetPartners partners;  ///< on the training cells
  std::string caution;   ///< why not to trust it, or empty
  std::string gate;      ///< the gate of the cis path that the gene fails: "A", "B" or none
  SearchDomain domain = SearchDomain::kAll;  ///< that was searched
};

/// subsets.tsv, a row for each peak of each set.
Table subsets_table(const Study& study, std::span<const EvaluatedSet> sets);
TableText describe_subsets();

/// partners.tsv, a row for each partner of each set (set_partners.hpp).
Table partners_table(const Study& study, std::span<const EvaluatedSet> sets);
TableText describe_partners();

/// The set learned for a gene in one type, masked in the test cells of another (the paper's Figure
/// 3).
struct ChangeInType {
  std::optional<int32_t> type;  ///< in which the set was learned
  int32_t gene = 0;
  int32_t tested_in = 0;
  PredictedChange change;
};

/// change_by_type.tsv.
Table change_by_type_table(const Study& study, std::span<const ChangeInType> changes);
TableText describe_change_by_type();

/// Random sets of as many peaks, masked in the same test cells.
struct RandomSets {
  std::optional<int32_t> type;
  int32_t gene = 0;
  int64_t set_size = 0;  ///< L
  std::vector<PredictedChange> changes;
  std::vector<Contrast> contrasts = {};  ///< of the first of them; not more than changes
};

/// random_sets.tsv.
Table random_sets_table(const Study& study, std::span<const RandomSets> sets);
TableText describe_random_sets();

/// contrasts.tsv, predicted against observed log change on test cells, a row for each found set and
/// for each of its contrasted random sets. `random[i]` belongs to `sets[i]`.
Table contrasts_table(const Study& study, std::span<const EvaluatedSet> sets,
                      std::span<const RandomSets> random);
TableText describe_contrasts();

/// Effect-size percentile: the share, in percent, of random sets whose relative change goes less
/// far in the direction than that of the found set, ties counted half. Not a p-value: a set that
/// was searched for goes further than random ones by construction. NaN without random sets.
double effect_size_percentile(double found_relative_change, const RandomSets& random,
                              ChangeDirection direction);

/// How many of a set's peaks lie near the gene's TSS, beside what random peaks would give.
struct Nearness {
  int64_t within = 0;  ///< base pairs
  double share = 0;    ///< of the set's peaks
  double chance =
      0;  ///< of all peaks of the study: the expected share for a random set of any size
};

/// For each distance; NaN when the gene has no position.
std::vector<Nearness> nearness(const Study& study, int64_t gene, std::span<const int32_t> peaks,
                               std::span<const int64_t> distances);

/// What the report says within 250 kb, 1 Mb and 10 Mb.
inline constexpr int64_t kReportedDistances[] = {250'000, 1'000'000, 10'000'000};

/// set_summary.tsv, a row for each set. `random[i]` belongs to `sets[i]`.
Table set_summary_table(const Study& study, std::span<const EvaluatedSet> sets,
                        std::span<const RandomSets> random, ChangeDirection direction);
TableText describe_set_summary();

}  // namespace grids::core
