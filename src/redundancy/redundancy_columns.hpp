/// Columns of the tables about redundancy that are read back by name, or that several have.
#pragma once

#include "evaluate/set_columns.hpp"

namespace grids::core::column {

inline constexpr ColumnText kRedundancySet{"set", "`found`: the set of `subsets.tsv`"};
inline constexpr ColumnText kJudgedElements{
    "elements",
    "judged: of the minimal sub-set and the partners, without promoter and transcribed part; at "
    "most four"};
inline constexpr ColumnText kJudgedPeaks{
    "peaks", "of these; those of one element with `;`, elements with `,`"};
inline constexpr ColumnText kCall{
    "call",
    "`redundant`, `quorum`, `cooperative`, `independent`, `stand_ins_or_proxies` or `not_called` "
    "(docs/redundancy.md)"};
inline constexpr ColumnText kCallReason{"reason", "why there is no call, or empty"};
inline constexpr ColumnText kCallQ{"q",
                                   "Benjamini–Hochberg over the run's judged sets: of "
                                   "`p_cooperative` for cooperative sets, NA for "
                                   "independent ones, else of `p_redundant`"};
inline constexpr ColumnText kHiddenShare{"hidden_share",
                                         "H, measured: what of the joint change no single "
                                         "knock-out shows. 0 where elements add, 1 where "
                                         "any one suffices, below 0 where they are needed jointly"};
inline constexpr ColumnText kHiddenLow{
    "hidden_low",
    "its 95 % interval (Fieller); NA where the joint change is within three standard errors of 0"};
inline constexpr ColumnText kHiddenHigh{"hidden_high", kHiddenLow.what};
inline constexpr ColumnText kHiddenError{"hidden_error", "standard error of `hidden_share`"};
inline constexpr ColumnText kMeasuredCounts{
    "counts", "of the gene in the setting of those that the call reads which has the fewest"};
inline constexpr ColumnText kHiddenShareLog{"hidden_share_log",
                                            "the same of the log rate: 0 where elements multiply"};
inline constexpr ColumnText kJ{"J",
                               "mean over the elements of loss from the whole − gain on "
                               "nothing; −H for pairs"};
inline constexpr ColumnText kCoreShare{
    "core_share", "the share of the whole set's change in the fit that the judged elements carry"};
inline constexpr ColumnText kCaptureBound{
    "capture_bound",
    "β: the largest hidden share that elements which add show at `capture`, because ATAC misses "
    "open elements"};
inline constexpr ColumnText kKappaBreak{"kappa_break",
                                        "the smallest capture at which the call stands"};
inline constexpr ColumnText kJudgedCells{"cells", "measured"};
inline constexpr ColumnText kPowerRedundant{
    "power_redundant", "chance of the call redundant or quorum if any one element sufficed"};
inline constexpr ColumnText kPowerCooperative{
    "power_cooperative", "chance of the call cooperative if all elements were needed"};
inline constexpr ColumnText kDetectableShare{
    "detectable_share", "the smallest hidden share that is called with a probability of 0.8"};
inline constexpr ColumnText kRedundancyP{
    "p_redundant",
    "one-sided, hidden share above the margin (0.15) or the bound, on both scales: the larger p"};
inline constexpr ColumnText kCooperativeP{
    "p_cooperative", "one-sided, hidden share below minus the margin or the bound, likewise"};
inline constexpr ColumnText kJointChange{"log_change",
                                         "natural log of r(all open) ÷ r(none open), measured"};
inline constexpr ColumnText kJointChangeLow{"log_change_low", "its 90 % interval"};
inline constexpr ColumnText kJointChangeHigh{"log_change_high", kJointChangeLow.what};
inline constexpr ColumnText kHiddenFit{
    "hidden_share_fit",
    "H by the terms of the cis path, conditional on these; no call rests on it"};
inline constexpr ColumnText kHiddenPooled{
    "hidden_share_pooled",
    "of a type where types differ: `hidden_share` drawn towards the mean of the types; else NA"};
inline constexpr ColumnText kHiddenFitAlone{
    "hidden_share_fit_alone",
    "the same with all other peaks around the gene closed: larger than `hidden_share_fit` where a "
    "further stand-in is among them"};
inline constexpr ColumnText kHiddenAsCells{
    "hidden_share_as_cells",
    "1 − Σ predicted changes of masking each alone ÷ that of masking all, in cells as they are"};
inline constexpr ColumnText kChangeAsCells{
    "change_as_cells",
    "predicted relative change when all judged elements are masked in cells as "
    "they are"};
inline constexpr ColumnText kCaptureUsed{"capture", "κ that `capture_bound` is computed with"};
inline constexpr ColumnText kCaptureSource{"capture_source", "where that is from"};
inline constexpr ColumnText kCellsFrom{
    "cells_from",
    "`test`: the test cells; `folds`: cells held out by the folds that found the same set"};
inline constexpr ColumnText kAgreeingFolds{
    "folds", "with `--cross-fit`: those that found the same elements; else 0"};
inline constexpr ColumnText kFoldsP{
    "p_folds", "twice the median over these of `p_redundant` in each one's own held-out cells"};
inline constexpr ColumnText kRedundancyClusters{
    "clusters", "donors (without any, batches) that errors are clustered by; 0: cells independent"};
inline constexpr ColumnText kNotJudged{"not_judged", "elements of the set beside those judged"};
inline constexpr ColumnText kRedundancyNote{"note", "what to know"};

/// Of members.tsv.
inline constexpr ColumnText kElement{"element", "its place, from its first peak to its last"};
inline constexpr ColumnText kElementClass{
    "class",
    "`promoter`: within 1 kb of a start of transcription of the gene; `intronic`: in its "
    "transcribed part; else `distal`"};
inline constexpr ColumnText kElementJudged{"judged", "whether it is one of those judged"};
inline constexpr ColumnText kLossAlone{
    "loss_alone", "predicted relative change when it alone is masked in cells as they are"};
inline constexpr ColumnText kLossFromWhole{"loss_from_whole",
                                           "m, measured: the share of the joint change that is "
                                           "lost when it alone is closed and the others "
                                           "are open; NA where nothing was measured"};
inline constexpr ColumnText kGainOnNothing{
    "gain_on_nothing",
    "g, measured: the share of the joint change that it gives alone; NA likewise"};

inline constexpr ColumnText kElementPeaks{"peaks", "of the element, with `;`"};
inline constexpr ColumnText kWhyNotJudged{"why_not", "why it is not judged, or empty"};
inline constexpr ColumnText kShapley{
    "shapley", "its Shapley share of the joint change, measured; NA where nothing was"};

/// Of settings.tsv.
inline constexpr ColumnText kOpenElements{
    "open", "elements that are open, by place, with commas; the other judged ones closed"};
inline constexpr ColumnText kRateInFit{
    "rate_fit",
    "mean rate over the cells in the fit, counts per 100,000, all other peaks as observed"};
inline constexpr ColumnText kRateMeasured{
    "rate", "the same as measured: by the regression over settings, at the cells' covariates"};
inline constexpr ColumnText kRateLow{
    "rate_low", "its 95 % interval beside the rate with none open, which has none"};
inline constexpr ColumnText kRateHigh{"rate_high", kRateLow.what};
inline constexpr ColumnText kSettingCells{"cells", "seen in this setting"};
inline constexpr ColumnText kSettingCounts{"counts", "of the gene in these"};

/// Of redundancy_summary.tsv.
inline constexpr ColumnText kCountsRange{
    "counts", "of the gene in the scarcest setting of the set; `all`: any"};
inline constexpr ColumnText kJudgedSets{
    "sets", "judged, with a total change of three standard errors or more"};
inline constexpr ColumnText kMeanShare{"mean_hidden_share",
                                       "by random effects (DerSimonian & Laird 1986)"};
inline constexpr ColumnText kMeanShareLow{"mean_low", "its 95 % interval"};
inline constexpr ColumnText kMeanShareHigh{"mean_high", kMeanShareLow.what};
inline constexpr ColumnText kShareSpread{
    "spread", "standard deviation of the true hidden share between sets"};
inline constexpr ColumnText kShareLowerDecile{
    "lower_decile", "of hidden shares drawn towards the mean by their errors"};
inline constexpr ColumnText kShareMedian{"median", "likewise"};
inline constexpr ColumnText kShareUpperDecile{"upper_decile", "likewise"};
inline constexpr ColumnText kPoweredShare{
    "powered", "share of sets with `power_redundant` and `power_cooperative` at least 0.8"};

}  // namespace grids::core::column
