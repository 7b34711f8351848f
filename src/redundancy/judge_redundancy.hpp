/// Do the elements of found sets stand in for one another? Three estimates side by side: *in the
/// fit* (the terms of the cis path at each setting), *measured* (setting_rates.hpp) and *as cells
/// are* (masking in observed cells, which hides redundancy: a cell with one of two stand-ins open
/// loses it all). Only the measured one gives a call (rule.hpp).
///
/// What is judged are the elements (elements.hpp) of a set's minimal sub-set and partners, without
/// the promoter and what lies in the transcribed part; of more than four those with the largest
/// Shapley share in the fit.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/context.hpp"
#include "base/described.hpp"
#include "base/nan.hpp"
#include "evaluate/state_covariates.hpp"
#include "explain/explain_stage.hpp"
#include "redundancy/capture_known.hpp"
#include "redundancy/groups.hpp"
#include "redundancy/interplay.hpp"
#include "redundancy/rule.hpp"
#include "redundancy/setting_rates.hpp"

namespace grids::core {

struct RedundancyOptions {
  /// Elements in the gene's transcribed part are judged, too: fragments of transcripts saturate and
  /// look redundant.
  bool allow_transcribed = false;
  /// Probability that ATAC observes an open peak in a cell of median depth; nothing: as
  /// capture_known.hpp has it.
  std::optional<double> capture;
  /// Rates in the fit below this share of that with no element open are not to be trusted.
  double floor = 0.01;
  /// Types are judged apart where a test that settings act alike in them has a smaller p.
  double type_level = 0.01;
  /// In runs of more judged sets than `many_sets`, calls with a larger q are none.
  int64_t many_sets = 20;
  /// Column of the study's cells whose groups are held against each other (groups.hpp); empty:
  /// none.
  std::string contrast_groups;
  /// These groups; made by RedundancyJudge.
  std::shared_ptr<const CellGroups> groups = nullptr;
  double q_most = 0.1;
  SettingRateOptions rates;
  RuleOptions rule;
  ContrastOptions contrast = {};  ///< described by whoever holds it too

  void describe(OptionSet& set);
};

/// One element of a set, judged or not.
struct SetElement {
  Element element;
  bool judged = true;
  std::string why_not;     ///< "promoter", "transcribed", "beyond the first four"
  double alone = 0;        ///< relative change when it alone is masked, cells as they are
  double shapley_fit = 0;  ///< share of the change in the fit, of all elements
};

/// What is asked: a set of peaks of a gene.
struct RedundancyTarget {
  std::optional<int32_t> type;
  int32_t gene = 0;
  std::vector<int32_t> peaks;  ///< minimal sub-set and partners
  std::string set = "found";
  bool unconfirmed = false;  ///< found on a cis path that failed gate B, because it was asked for
};

RedundancyTarget redundancy_target(const ExplainedTarget& explained);
std::vector<RedundancyTarget> redundancy_targets(const std::vector<ExplainedTarget>& explained);

struct SetRedundancy {
  RedundancyTarget target;
  std::vector<SetElement> elements;  ///< judged ones first, each by place
  size_t judged = 0;                 ///< of these
  double core_share = 0;             ///< of the change in the fit, that the judged ones carry
  int64_t cells = 0;                 ///< measured
  std::string cells_from = "test";   ///< or "folds"
  int64_t folds = 0;                 ///< that found the same elements; 0: none were asked
  double p_folds = kNaN;             ///< twice the median of p_redundant over these; NaN: none
  CaptureKnown capture;
  SettingRates measured;
  Redundancy result;            ///< with a call; numbers NaN where nothing was measured
  std::vector<double> fit;      ///< rates of the judged elements' settings, counts per 100,000
  double fit_dispersion = 0;    ///< of the gene's counts, by the fit
  double hidden_fit = 0;        ///< in the fit; NaN without one
  double hidden_fit_alone = 0;  ///< the same with all other peaks of the gene's terms closed
  double hidden_as_cells = 0;   ///< 1 − Σ changes alone ÷ the joint change, cells as they are
  double change_as_cells = 0;   ///< relative, all judged elements masked in cells as they are
  /// By number of removed elements, the most important first: the rate in the fit, cells with all
  /// elements open. And by number open the mean over all choices.
  std::vector<double> deletion;
  std::vector<double> by_number_open;
  Interplay interplay;        ///< of the judged elements, in test cells
  bool types_differ = false;  ///< rows for each type follow
  /// Of a type among others that differ: its hidden share drawn towards their mean; NaN else.
  double hidden_pooled = kNaN;
  std::vector<SetInGroup> groups;  ///< with `RedundancyOptions::groups`, one each
  std::string note;

  std::vector<Element> judged_elements() const;
  std::vector<Element> all_elements() const;
};

/// All cells of a type, or all: for what reads openness alone.
std::vector<int32_t> cells_alike(const Study& study, std::optional<int32_t> type);

/// Cells that sets are judged by: what all genes share.
struct JudgedCells {
  std::vector<int32_t> cells;  ///< of the study
  ContrastCells contrast;
  std::vector<float> state;  ///< of the cells, see StateCovariates
};
JudgedCells judged_cells(const Study& study, const StateCovariates& state,
                         std::vector<int32_t> cells, const RedundancyOptions& options,
                         const Context& context);

/// The cells of a type, with what predictions of them rest on.
class CellsOfType {
 public:
  CellsOfType(const Study& study, const StudySurrogate& surrogate, std::optional<int32_t> type,
              JudgedCells judged, ThreadPool& pool);

  const JudgedCells& judged() const { return judged_; }
  /// Those of `judged`, and of these the ones of its contrast.
  const StudySurrogate::CellsToPredict& tested() const { return tested_; }
  const StudySurrogate::CellsToPredict& measured() const { return measured_; }
  /// Cells with RNA that the fit has seen. Made when it is first asked for; any thread may.
  const StudySurrogate::CellsToPredict& seen() const;

 private:
  const Study& study_;
  const StudySurrogate& surrogate_;
  std::optional<int32_t> type_;
  ThreadPool& pool_;
  JudgedCells judged_;
  StudySurrogate::CellsToPredict tested_, measured_;
  mutable std::once_flag seen_once_;
  mutable StudySurrogate::CellsToPredict seen_;
};

/// Judges sets on the test cells of their types. What all sets share is computed once, so that many
/// can be judged in portions. Study and surrogate must outlive it.
class RedundancyJudge {
 public:
  /// `state`: what stands for the state of the study's cells, with as many components as the
  /// options say; null: it is made.
  RedundancyJudge(const Study& study, const StudySurrogate& surrogate,
                  const RedundancyOptions& options, const Context& context,
                  std::shared_ptr<const StateCovariates> state = nullptr);

  /// In parallel; in the order of the targets, but where types act differently rows for each type
  /// follow that of all. Draws depend on the seed and on the names of type, gene and peaks alone.
  /// Calls are not yet held together: see `hold_together`.
  std::vector<SetRedundancy> judge(const std::vector<RedundancyTarget>& targets);
  /// One row a target: without those for each type.
  std::vector<SetRedundancy> judge_as_asked(const std::vector<RedundancyTarget>& targets);

  const RedundancyOptions& options() const { return options_; }

 private:
  const CellsOfType& cells_of(std::optional<int32_t> type);
  StudySurrogate asked_for(const std::vector<RedundancyTarget>& targets) const;

  const Study& study_;
  StudySurrogate surrogate_;
  RedundancyOptions options_;
  const Context& context_;
  std::shared_ptr<const StateCovariates> state_;
  std::map<std::optional<int32_t>, std::unique_ptr<CellsOfType>> by_type_;
};

/// What the sets of a run are held together by.
struct CallOfRun {
  RedundancyCall call = RedundancyCall::kNotCalled;
  std::string reason;
  double p_redundant = 0;
  double p_cooperative = 0;
  double q = 0;
};

/// q over all judged sets, for redundant and quorum together and for cooperative; in large runs
/// calls with a large q become none.
void hold_together(std::vector<SetRedundancy>& sets, const RedundancyOptions& options);
void hold_together(std::span<CallOfRun> calls, const RedundancyOptions& options);

// In parts, for those that hold out cells in their own way.

/// What is known of a set before anything is measured: elements, and rates in the fit over `cells`
/// (of the study). A `reason` stands in the result where there is nothing to measure.
SetRedundancy describe_set(const Study& study, const StudySurrogate& surrogate,
                           const RedundancyTarget& target, std::span<const int32_t> cells,
                           const RedundancyOptions& options, ThreadPool& pool);
SetRedundancy describe_set(const Study& study, const StudySurrogate& surrogate,
                           const RedundancyTarget& target,
                           const StudySurrogate::CellsToPredict& cells,
                           const RedundancyOptions& options, ThreadPool& pool);

/// Measures what `describe_set` left without a reason. `other_terms`: one of each of `cells.cells`,
/// see FitOfGene::other_terms.
void measure_set(const Study& study, const CisPath& path, const JudgedCells& cells,
                 const std::vector<double>& other_terms, const RedundancyOptions& options,
                 uint64_t seed, SetRedundancy& set);

/// Where types differ: the row of all of them gets the mean of the hidden shares of the types by
/// random effects, and each type's row its own drawn towards that.
void pool_types(SetRedundancy& all, std::span<SetRedundancy> types);

/// Takes a call back, for that reason; numbers stay.
void withdraw(SetRedundancy& set, std::string reason);

}  // namespace grids::core
