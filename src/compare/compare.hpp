/// The comparison of methods: each learns sets for the same targets on training cells, at the same
/// budget of model evaluations, and is judged on test cells by the stages that judge every other
/// result (explain_stage.hpp, judge_sets.hpp).
///
/// Every change is a predicted change when masked in the surrogate.
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "base/context.hpp"
#include "compare/recovery.hpp"
#include "evaluate/judge_sets.hpp"
#include "explain/explain_stage.hpp"
#include "model/study_surrogate.hpp"
#include "simulate/truth.hpp"
#include "study/study.hpp"

namespace grids::core {

/// What a method was allowed: as many evaluations as all others, or what its own settings ask for.
enum class Allowance : uint8_t { kEqual, kUnlimited };

/// "equal", "unlimited".
const char* allowance_name(Allowance allowance);

/// One method with one seed on some targets.
struct CompareRun {
  std::string method;
  uint64_t seed = 0;
  Allowance allowance = Allowance::kEqual;
  /// Model evaluations of each target, 0 = no limit; empty = none has one.
  std::vector<int64_t> budgets = {};
};

struct CompareOptions {
  /// `method`, `budget` and `budgets` are those of the run.
  ExplainStageOptions explain;
  JudgeSetsOptions judge;
};

/// A row of compare.tsv, and how long it took. NaN where something cannot be computed.
struct ComparedSet {
  static constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

  std::string cell_type;  ///< or "all"
  std::string gene;
  std::string method;
  int64_t set_size = 0;  ///< L that was asked for; a method may find fewer
  uint64_t seed = 0;
  Allowance allowance = Allowance::kEqual;
  int64_t budget = 0;  ///< model evaluations; 0 = no limit
  int64_t evaluations = 0;
  bool budget_spent = false;  ///< the method would have gone on
  /// Of the method, without judging; NaN where it is not known. Not in compare.tsv, which is the
  /// same for the same seed: see timings.hpp.
  double seconds = kNone;
  std::vector<std::string> peaks;
  double average_change = kNone;   ///< published definitions (changes.hpp), on test cells
  double relative_change = kNone;  ///< −0.1 = 10 % less
  double change_cp100k = kNone;
  double objective = kNone;  ///< on training cells, lower is better
  double slope = kNone;      ///< contrast against measured expression of the test cells
  double z = kNone;          ///< normal quantile of p
  double p = kNone;
  double q = kNone;  ///< over the targets of the run
  /// p as it was computed, where other numbers are read back as tables spell them: q of several
  /// shards is made from it.
  double exact_p = kNone;
  std::string note;
  // Where the truth is known.
  std::string kind = "NA";  ///< of planted regulation
  int64_t members = 0;
  int64_t members_found = 0;
  double recall = kNone;
  double recall_with_partners = kNone;
};

struct ComparedRun {
  std::vector<ComparedSet> sets;       ///< in the order of the targets
  std::vector<FoundSet> found;         ///< the same sets as recovery sees them
  std::vector<SkippedTarget> skipped;  ///< in the order of the targets
};

/// Learns and judges. Throws as `explain` does.
ComparedRun compare_run(const Study& study, const StudySurrogate& surrogate,
                        const std::vector<ExplainTarget>& targets, const CompareRun& run,
                        const CompareOptions& options, const Context& context);

/// The budget that each target has when it may use what the method of `sets` used: as many entries
/// as targets. A target without a set gets 1, since nothing is learned for it.
std::vector<int64_t> budgets_of(const Study& study, const std::vector<ExplainTarget>& targets,
                                std::span<const ComparedSet> sets);

/// The set as recovery sees it; peaks are those of the study, by rank.
FoundSet found_set(const ComparedSet& set, std::vector<int32_t> peaks, SetPartners partners);

/// Tells of each set how much of what was planted it holds; `found` are the same sets. A set
/// without peaks is told nothing of.
void add_recovery(std::span<const FoundSet> found, const Study& study, const Truth& truth,
                  std::span<ComparedSet> sets);

/// compare.tsv, and what is written like it.
Columns<ComparedSet> compared_columns(const std::string& file = "compare.tsv");

/// The same with `exact_p`, for sets that are kept to be read back.
Columns<ComparedSet> kept_set_columns();
/// Sets that were kept, also by a version of grids that kept no `exact_p`: it is p there.
std::vector<ComparedSet> read_kept_sets(const Table& table);

}  // namespace grids::core
