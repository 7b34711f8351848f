/// Columns of the tables about sets of peaks that several of these have or that are read back by
/// name, said once; those of cells, genes and peaks are in study/shared_columns.hpp.
#pragma once

#include "study/shared_columns.hpp"

namespace grids::core::column {

/// Where a set was learned.
inline constexpr ColumnText kLearnedIn =
    kCellType.saying("in whose cells, as the labels spell it; `all`: those of all types together");

inline constexpr ColumnText kRank{"rank", "from 1, the most important first"};
inline constexpr ColumnText kInMinimal{
    "in_minimal",
    "`yes`: of the minimal sub-set, members that alone keep 90 % of the set's change (of the mean "
    "predicted rate of the training cells) and of which none can go; NA where the set changes "
    "nothing"};
inline constexpr ColumnText kAverageChange{
    "average_change", "mean over cells of exp(after) − exp(before); the published definition"};
inline constexpr ColumnText kRelativeChange{
    "relative_change",
    "mean over cells of (exp(after) − exp(before)) ÷ exp(before); −0.1 = 10 % less"};
inline constexpr ColumnText kRateChange{
    "rate_change",
    "change of the mean prediction in counts per 100,000: mean over cells of exp(after) − 1, ÷ the "
    "same before, − 1; −0.1 = 10 % less expression. What the page shows; `relative_change` is that "
    "of "
    "1 + counts, cell by cell, as published"};
inline constexpr ColumnText kChangeCp100k{
    "change_cp100k",
    "mean change in counts per 100,000, through a monotone map from prediction to counts fitted on "
    "training cells; NA for cells that were not measured together, to which none can be fitted"};
inline constexpr ColumnText kObjective{
    "objective",
    "what the search minimised, on its training cells: `rate` (mean predicted rate after ÷ "
    "before)², 1 = nothing changed, 0 = gone; `value` the mean prediction; negated where the "
    "prediction is to rise; plus the second term with `--beta`"};
inline constexpr ColumnText kEvaluations{
    "evaluations",
    "model evaluations: one is one cell under one mask, a gradient counts as three per cell"};
inline constexpr ColumnText kBudgetSpent{"budget_spent",
                                         "whether the method would have gone on, but for the "
                                         "budget"};

/// Of the tables of a comparison.
inline constexpr ColumnText kAllowance{
    "allowance",
    "`equal`: as many model evaluations as all others; `unlimited`: the method's own settings"};

inline constexpr ColumnText kSets{"sets", "of this method, L and allowance"};
inline constexpr ColumnText kRecallObjective{
    "objective",
    "what was searched: `true function`; `true function, redundant`: on cells with every member "
    "open; `surrogate`"};
inline constexpr ColumnText kPlantedMembers{"planted", "members of each set, of the planted ones"};

inline constexpr ColumnText kContrastSlope{"contrast_slope",
                                           "`slope` of the set in `contrasts.tsv`"};
inline constexpr ColumnText kContrastP{"contrast_p", "`p` of the set in `contrasts.tsv`"};
inline constexpr ColumnText kContrastQ{"contrast_q", "`q` of the set in `contrasts.tsv`"};
inline constexpr ColumnText kVerdict{
    "verdict",
    "what measured expression of test cells says of it: `borne_out`, `overstated`, `undecided`, "
    "`not_judged` or `contradicted` (below)"};
inline constexpr ColumnText kContrastNote{"contrast_note", "`note` of the set in `contrasts.tsv`"};

/// Of set_summary.tsv.
inline constexpr ColumnText kTestCells{"cells", "test cells"};
inline constexpr ColumnText kPercentile{
    "percentile",
    "0 … 100: the share of random sets whose `relative_change` goes less far in the asked "
    "direction. An effect size, **not a p-value**: a set that was searched for goes further than "
    "random ones by construction"};
inline constexpr ColumnText kChangeLow{
    "relative_low",
    "90 % interval of `relative_change` of a set on the gene's cis path: how far refits of the "
    "chosen "
    "terms' weights to cells drawn with replacement move it; given the terms and what the set "
    "changes "
    "through the state of the cell, so that neither is in it. NA without chosen terms in the set"};
inline constexpr ColumnText kChangeHigh{"relative_high", kChangeLow.what};
inline constexpr ColumnText kRateChangeLow{"rate_low", "the same of `rate_change`"};
inline constexpr ColumnText kRateChangeHigh{"rate_high", kRateChangeLow.what};
inline constexpr ColumnText kShareNear{"share_within_250kb",
                                       "share of the set's peaks within 250 kb of the TSS, 0 … 1"};
inline constexpr ColumnText kChanceNear{
    "chance_within_250kb", "that share among all peaks of the study: what chance gives"};
inline constexpr ColumnText kDirection{"direction",
                                       "what was asked of the prediction: `down` or `up`"};
inline constexpr ColumnText kFromCounts{
    "counts",
    "`yes`: `change_cp100k` rests on counts; `no`: on expm1 of the values given, or, of cells that "
    "were not measured together, it is not known"};
inline constexpr ColumnText kMinimalShare{"minimal_share",
                                          "the share of the set's change that they keep"};
inline constexpr ColumnText kCaution{
    "caution", "with `--force`: why it would not have been explained; else empty"};

/// Of partners.tsv: changes of the mean predicted rate.
inline constexpr ColumnText kSingleChange{"single_change", "when it alone is masked"};
inline constexpr ColumnText kChangeAfterMinimal{
    "change_after_minimal", "what masking it further changes once the minimal sub-set is masked"};
inline constexpr ColumnText kSetChange{"set_change", "when the whole set is masked"};

/// Of contrasts.tsv.
inline constexpr ColumnText kWhichSet{"set", "`found`, or `random 1` …"};
inline constexpr ColumnText kChangedCells{"changed_cells",
                                          "those in which masking the set changes the prediction"};
inline constexpr ColumnText kPredicted{
    "predicted",
    "mean over the cells of δ, the predicted log change of the rate (of the value, where the RNA "
    "came without counts) when the set is masked"};
inline constexpr ColumnText kObserved{"observed", "slope × `predicted`"};
inline constexpr ColumnText kObservedLow{"observed_low", "its 95 % interval"};
inline constexpr ColumnText kObservedHigh{"observed_high", kObservedLow.what};
inline constexpr ColumnText kSlope{
    "slope",
    "of the measured counts of the test cells on −δ, with total RNA as offset and cell type, "
    "donor, batch, open peaks, the surrogate's ATAC latents and principal components of open peaks "
    "as covariates; 1 = cells differ as predicted, 0 = the prediction says nothing"};
inline constexpr ColumnText kSlopeLow{"slope_low", "its 95 % interval"};
inline constexpr ColumnText kSlopeHigh{"slope_high", kSlopeLow.what};
inline constexpr ColumnText kP{
    "p",
    "one-sided, slope above 0; valid after any search, because neither surrogate nor search has "
    "seen these cells"};
inline constexpr ColumnText kQ{"q",
                               "Benjamini–Hochberg over the found sets of the run; NA for random "
                               "ones"};
inline constexpr ColumnText kPBelowHalf{
    "p_below_half",
    "one-sided, slope below ½: small where these cells would have shown half of the predicted "
    "change, and do not"};
inline constexpr ColumnText kQBelowHalf{"q_below_half",
                                        "of `p_below_half`, as `q` of `p`; NA for random sets"};
inline constexpr ColumnText kDetectable{
    "detectable",
    "the smallest slope that cells like these show at `p` ≤ 0.05, with a probability of 0.8"};
inline constexpr ColumnText kNote{"note", "why there is no number, or what to know"};

/// Of change_by_type.tsv.
inline constexpr ColumnText kTestedIn{"tested_in", "in whose test cells it was masked"};

/// Of off_target.tsv.
inline constexpr ColumnText kOthersChange{
    "mean_absolute_change",
    "mean of the absolute relative change of a gene's mean predicted rate (expm1 of the "
    "prediction), genes weighted by that rate; 0.1 = 10 %"};
inline constexpr ColumnText kMostChanged{
    "most_changed", "the gene with the largest one among those with at least the median rate"};
inline constexpr ColumnText kLargestChange{"largest_change", "its relative change, signed"};

/// Of skipped.tsv.
inline constexpr ColumnText kReason{"reason", "why it was not explained"};
inline constexpr ColumnText kGate{
    "gate",
    "the gate of the cis path that the gene fails (`cis.tsv`). `B`: its set is *unconfirmed*, "
    "searched on terms which say nothing of held-out cells that the state does not; `A`: there are "
    "no terms, and the state predicts held-out cells no better than depth, type, donor and batch "
    "do"};

/// Of set_summary.tsv.
inline constexpr ColumnText kDomain{"domain",
                                    "which peaks were searched: `cis` those around the gene, "
                                    "`distal` the others, `all`: peaks that "
                                    "mark the state of the cell as much as elements of the gene"};

/// Of recovery.tsv.
inline constexpr ColumnText kMembers{"members", "peaks planted"};
inline constexpr ColumnText kMembersFound{"members_found", "of them in the found set"};
inline constexpr ColumnText kRecall{"recall", "the share of the planted peaks that was found"};
inline constexpr ColumnText kMembersWithPartners{
    "members_with_partners",
    "planted peaks in the minimal sub-set, then the partners, then the rest of the set, the first "
    "L of these"};
inline constexpr ColumnText kRecallWithPartners{"recall_with_partners", "the share of these"};
inline constexpr ColumnText kBystandersFound{"bystanders_found",
                                             "peaks that are open with a cause and cause nothing"};
inline constexpr ColumnText kExpectedByChance{
    "expected_by_chance", "members that L random peaks would hold, drawn from all"};
inline constexpr ColumnText kExpectedNearTss{
    "expected_near_tss",
    "members that L random peaks would hold, drawn from those within 250 kb of the TSS"};
inline constexpr ColumnText kNearTssShare{"near_tss_share",
                                          "share of the found peaks within 250 kb of the TSS"};
inline constexpr ColumnText kNearTssChance{"near_tss_chance", "the same of all peaks"};
inline constexpr ColumnText kProgrammeShare{
    "programme_share", "share of the found peaks that follow the cell type's programme"};
inline constexpr ColumnText kProgrammeChance{"programme_chance", "the same of peaks open as often"};
inline constexpr ColumnText kGeneProgrammeShare{
    "gene_programme_share",
    "share that follows the programme that the gene follows, where that is another"};
inline constexpr ColumnText kGeneProgrammeChance{"gene_programme_chance", kProgrammeChance.what};

}  // namespace grids::core::column
