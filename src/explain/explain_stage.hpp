/// The stage `explain`: which peaks, masked together, change a gene's prediction most in a cell
/// type? Learned on the type's training cells; predictions before and after are returned for its
/// test cells, which no search has seen.
///
/// The cells are those with chromatin (study/chromatin.hpp): their RNA may have been measured in
/// others.
///
/// All numbers are predicted changes when masked in the surrogate.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/context.hpp"
#include "explain/search_domain.hpp"
#include "explain/targets.hpp"
#include "methods/explainer.hpp"
#include "model/study_surrogate.hpp"
#include "search/set_partners.hpp"
#include "study/study.hpp"

namespace grids::core {

/// What a masked peak becomes.
enum class Perturbation : uint8_t {
  kClosed,  ///< 0
  kOpen,    ///< 1
  kMean,    ///< its mean over the training cells of the target's type
};

/// --perturbation.
void describe_perturbation(OptionSet& set, Perturbation& perturbation);
/// --method; `with_data`: those that look at measured cells too.
void describe_method(OptionSet& set, std::string& method, bool with_data);
/// --budget.
void describe_budget(OptionSet& set, int64_t& budget);

/// What each peak becomes when it is masked for targets of this type (nothing = all types).
std::vector<float> replacement_values(const Study& study, Perturbation perturbation,
                                      std::optional<int32_t> type);

struct ExplainStageOptions {
  /// A name of the registry (explainer.hpp).
  std::string method = "grids";
  LossOptions loss;
  /// What each method declares as its own (explainer.hpp); size and random stream are the target's.
  MethodOptions methods;
  /// Model evaluations of a target; 0 = no limit.
  int64_t budget = 0;
  /// The budget of each target, in their order, instead of `budget`; may be empty.
  std::vector<int64_t> budgets = {};
  /// Peaks of each target that are not to be masked, in the targets' order; may be empty.
  std::vector<std::vector<int32_t>> excluded = {};
  Perturbation perturbation = Perturbation::kClosed;
  SearchDomain domain = SearchDomain::kAuto;
  /// Targets' genes that were fitted and failed gate B are searched on their fitted cis path, which
  /// the result calls unconfirmed: right for genes that someone asked for, not for those that were
  /// chosen for him.
  bool unconfirmed = true;
  /// What masking does to all other genes is told, too; without, searches for one gene cost what
  /// one gene costs.
  bool off_target = true;
  /// Of the domains (base pairs to either side of the TSS), and of methods that score the peaks
  /// around a gene (`nearest`, `links`, `lasso`, `susie`).
  int64_t domain_window = 250'000;
  /// Types with fewer test cells are not explained: there is too little to judge the result by.
  int64_t min_test_cells = 50;
  /// Nor are genes that fewer of the type's test cells express.
  int64_t min_expressing_cells = 20;
  /// Explains these nevertheless, and genes of which there is only the state and which fail gate A;
  /// the result then carries a caution.
  bool force = false;
  /// Of the minimal sub-set and the partners.
  PartnerOptions partners;
  /// `rate` with beta > 0, and the off-target summary: genes whose start lies this close to the
  /// target's (base pairs) are left out, because sharing an enhancer is no side effect.
  int64_t neighbourhood = 1'000'000;

  void describe(OptionSet& set);
  /// Of these, what is asked and how the methods work: all but which method, and its budget.
  void describe_question(OptionSet& set);
};

/// What happens to the other genes (without the target and its neighbourhood) on the test cells.
/// Changes are relative changes of the mean predicted rate, expm1 of the prediction.
struct OffTarget {
  int64_t genes = 0;          ///< that are predicted above 0 at all
  double mean_change = 0;     ///< mean of |change|, genes weighted by their predicted rate
  int32_t most_changed = -1;  ///< the gene with the largest |change| among those with at least
                              ///< the median rate; −1 if there is none
  double largest_change = 0;  ///< its change, signed
};

struct ExplainedTarget {
  ExplainTarget target;  ///< its set size: the largest that was allowed
  GenePath path = GenePath::kState;
  SearchDomain domain = SearchDomain::kAll;  ///< that was searched; never kAuto
  std::string method;
  Explanation explanation;          ///< peaks, by rank
  SetPartners partners;             ///< on the training cells; see set_partners.hpp
  int64_t train_cells = 0;          ///< learned on
  std::vector<int32_t> test_cells;  ///< of the study
  std::vector<float> before;        ///< the target's prediction on the test cells, clamped at 0
  std::vector<float> after;         ///< the same with the peaks masked
  OffTarget off_target;
  int64_t cells_below_floor = 0;  ///< training cells (objective `eq11`)
  std::string caution;            ///< why not to trust it, or empty
  double seconds = 0;
  double method_seconds = 0;  ///< of these, what the method took to choose the peaks
  uint64_t seed = 0;
};

struct SkippedTarget {
  ExplainTarget target;
  std::string reason;
  bool gate_a = false;   ///< the gene fails gate A of the cis path
  bool doubted = false;  ///< for no other reason than doubts: `force` explains it
};

struct ExplainResult {
  std::vector<ExplainedTarget> explained;  ///< in the order of the targets
  std::vector<SkippedTarget> skipped;      ///< likewise
};

/// What the stage hands to the method for a target.
ExplainerOptions explainer_options(const Study& study, const ExplainTarget& target,
                                   const ExplainStageOptions& options);

/// TargetData::wanted. A mean takes away what a peak says of a cell, as closing it does.
double wanted_sign(const ExplainStageOptions& options);

/// The surrogate as a stage sees it that was asked for these targets: see
/// `ExplainStageOptions::unconfirmed`.
StudySurrogate surrogate_for(const StudySurrogate& surrogate,
                             const std::vector<ExplainTarget>& targets,
                             const ExplainStageOptions& options);

/// Throws Error(kInput) where what is asked needs chromatin and RNA of the same cells: for cells
/// that were not measured together.
void require_without_pairs(const ExplainStageOptions& options);

/// What can be told before any work. Throws Error(kUsage) for options that make no sense and
/// Error(kInput) when study and surrogate differ in peaks or genes, or when the method needs
/// positions of genes and the study has none; and what `require_without_pairs` throws, where it is
/// to be asked.
void require_explainable(const Study& study, const StudySurrogate& surrogate,
                         const ExplainStageOptions& options);

/// Throws Error(kUsage) for options that make no sense and Error(kInput) when study and surrogate
/// differ in peaks or genes. A target that a method cannot explain is skipped. A target's result
/// does not depend on the other targets.
ExplainResult explain(const Study& study, const StudySurrogate& surrogate,
                      const std::vector<ExplainTarget>& targets, const ExplainStageOptions& options,
                      const Context& context);

/// The same for one portion of targets after the other; what they share is computed once. All that
/// it is given must outlive it, but for the options.
class ExplainSearch {
 public:
  /// `surrogate`: asked for all targets, of whatever portion (`surrogate_for`): what is said of the
  /// other genes depends on that. `targets`: how many there will be, of which `done` need not be
  /// sought any more. Throws what `explain` throws.
  ExplainSearch(const Study& study, const StudySurrogate& surrogate, ExplainStageOptions options,
                const Context& context, int64_t targets, int64_t done = 0);
  ~ExplainSearch();
  ExplainSearch(const ExplainSearch&) = delete;
  ExplainSearch& operator=(const ExplainSearch&) = delete;

  /// Budgets and excluded peaks of the options, where there are any, are those of these targets.
  ExplainResult find(const std::vector<ExplainTarget>& targets);
  /// So many of the targets need not be sought: for the progress that is told.
  void pass_over(int64_t targets);

 private:
  class Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace grids::core
