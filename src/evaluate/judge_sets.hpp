/// What explained sets do on test cells: in their own type, in every other type, and beside random
/// sets of peaks that are open as often.
///
/// Every change is a predicted change when masked in the surrogate. The contrast (contrast.hpp)
/// holds it against what was measured in the same cells, with their state (state_covariates.hpp) as
/// covariates; where RNA was measured in other cells, nothing is held against it (`kNeedsPairs`).
#pragma once

#include <memory>
#include <vector>

#include "base/context.hpp"
#include "base/described.hpp"
#include "evaluate/set_summary.hpp"
#include "evaluate/state_covariates.hpp"
#include "explain/explain_stage.hpp"
#include "model/study_surrogate.hpp"
#include "study/study.hpp"

namespace grids::core {

struct JudgeSetsOptions {
  /// Random sets drawn for each explained set. More make the percentile finer.
  int64_t random_sets = 100;
  /// A random set holds, for each member of the explained one, a peak drawn from this many that are
  /// open in the most similar number of the type's training cells. Fewer match more closely.
  int64_t similar_peaks = 200;
  /// The first so many random sets are contrasted with measured expression too: what a set gives
  /// that was not searched for.
  int64_t contrasted_random_sets = 20;
  /// Refits of a gene's weights behind the interval of a predicted change (resampled_weights.hpp).
  int64_t resamples = 200;
  ContrastOptions contrast = {};

  void describe(OptionSet& set);
};

/// In the order of the explained targets.
struct JudgedSets {
  std::vector<EvaluatedSet> sets;
  std::vector<RandomSets> random;     ///< one for each set
  std::vector<ChangeInType> by_type;  ///< each set in each type that has test cells
  bool from_counts = true;            ///< see CountMap
};

/// Judges one portion of sets after the other; what they share is computed once. All that it is
/// given must outlive it.
class SetsJudge {
 public:
  /// `surrogate`: asked for all genes whose sets were found on an unconfirmed cis path, of whatever
  /// portion. `perturbation` must be the one that the sets were learned with.
  SetsJudge(const Study& study, const StudySurrogate& surrogate, Perturbation perturbation,
            const JudgeSetsOptions& options, const Context& context);
  ~SetsJudge();
  SetsJudge(const SetsJudge&) = delete;
  SetsJudge& operator=(const SetsJudge&) = delete;

  /// Contrasts without q and verdict, which rest on all sets of a run (`add_verdicts`). A set's
  /// numbers do not depend on the other sets; draws depend on the seed and the names of type and
  /// gene alone.
  JudgedSets judge(const std::vector<ExplainedTarget>& explained);

  /// What it holds the state of cells by; null where no set has been judged, or cells were not
  /// measured together.
  std::shared_ptr<const StateCovariates> state() const;

 private:
  class Parts;
  std::unique_ptr<Parts> parts_;
};

/// q and verdict of each set, among all of them.
void add_verdicts(JudgedSets& judged);

/// All sets of a run at once, with verdicts.
JudgedSets judge_sets(const Study& study, const StudySurrogate& surrogate,
                      const std::vector<ExplainedTarget>& explained, Perturbation perturbation,
                      const JudgeSetsOptions& options, const Context& context);

/// off_target.tsv, what masking a set is predicted to do to all other genes.
Table off_target_table(const Study& study, const std::vector<ExplainedTarget>& explained);
TableText describe_off_target();

/// A row of skipped.tsv.
struct SkippedRow {
  std::string cell_type;
  std::string gene;
  int64_t set_size = 0;  ///< L that was asked for
  std::string reason;
  std::string gate;  ///< "A" where the gene fails that gate of the cis path
};

std::vector<SkippedRow> skipped_rows(const Study& study, const std::vector<SkippedTarget>& skipped);
Columns<SkippedRow> skipped_columns();

}  // namespace grids::core
