/// Fitting the cis path (model/cis_path.hpp) to a study.
///
/// For each gene with a position: the state part is a negative binomial regression on intercept,
/// type, donor, batch (and batch within type, shrunk), log open peaks and latents with log total
/// RNA as exposure, frozen but for its intercepts of types; then terms are searched for among the
/// peaks of its window (term_search.hpp) on training and validation cells; the same, on folds of
/// them, decides the gates. Test cells are never seen. Without counts the response is the log
/// value, with normal errors, and log open peaks stands for depth.
///
/// Genes are fitted in parallel; results do not depend on the number of threads, nor on which other
/// genes are fitted, but for q-values and an estimated capture.
#pragma once

#include <span>
#include <vector>

#include "base/context.hpp"
#include "base/described.hpp"
#include "cis/capture.hpp"
#include "io/columns.hpp"
#include "model/cis_path.hpp"
#include "study/study.hpp"

namespace grids::core {

struct CisOptions {
  /// Peaks within this distance (bp) of the TSS are candidates. Larger windows find farther
  /// elements and lose power to more candidates; at most 1 Mb.
  int64_t window = 250'000;
  /// A candidate is open in at least this many training cells, and closed in as many.
  int64_t least_open = 10;
  /// Terms of a gene, and peaks of a term, at most.
  int32_t most_terms = 8;
  int32_t most_peaks = 3;
  /// Pairs (and larger terms) are sought; without, terms are single peaks.
  bool pairs = true;
  /// Log likelihood that the first term must gain beyond the log of the number of candidates of
  /// its size: larger values leave more genes without terms.
  double first_term_cost = 1;
  /// The same for each further term. Below 0: where one element was found, others are likelier.
  double next_term_cost = -1;
  /// Precision of the normal prior of weights (natural log) while terms are chosen, and of weak
  /// ones: larger values shrink them.
  double weight_ridge = 5;
  /// The same of the chosen terms' weights once they are chosen: smaller, because what was chosen
  /// is there, and predictions and contrasts are to have its size.
  double kept_ridge = 1;
  /// Log likelihood that a term satisfied by any of its peaks must gain besides, for each peak
  /// beyond the first: a peak that merely goes along with a cause, where ATAC misses the cause,
  /// looks like a substitute of it.
  double any_cost = 0;
  /// Single peaks whose posterior probability is at least this are kept besides the selected terms,
  /// shrunk by it; 1: none.
  double least_inclusion = 0.002;
  /// Terms may add on the scale of the rate as well as multiply, whichever fits better.
  bool adding = true;
  /// Weights may deviate by type; how far is estimated for each gene.
  bool type_deviations = true;
  /// Probability that ATAC observes an open peak in a cell of median depth. Below 1, terms are
  /// *chosen* by their expected factors, a closed peak being open with some probability
  /// (expected_terms.hpp); they are then fitted to observed openness, because that is what masks
  /// change and predictions are given. 0: estimated from the fitted cells (capture.hpp).
  double capture = 1;
  /// Precision of the normal prior of the state's coefficients but the intercept, for columns
  /// scaled to variance 1: larger values hold back types and latents that say little about the
  /// gene.
  double state_ridge = 50;
  /// Gates: training and validation cells are cut into this many folds; each is predicted by models
  /// fitted to the others, and the final fit uses all of them. Gate A reads the validation cells
  /// among those predicted only: the encoder has seen the expression of the training cells. 0: one
  /// fit to training cells, judged by validation cells; faster, with less power.
  int32_t gate_folds = 4;
  /// Of the gates, by Benjamini–Hochberg over genes.
  double false_discovery_rate = 0.1;
  /// Genes to fit (of the study); empty: all with a position and counts in training cells.
  std::vector<int32_t> genes;

  void describe(OptionSet& set);
};

struct CisFit {
  CisPath path;
  CaptureEstimate capture;
  /// Genes that were asked for but have no position, no window peaks or no counts.
  std::vector<int32_t> skipped;
};

/// `latents`: cells × width, row-major, for all cells of the study (width may be 0).
/// Throws Error(kInput) when no gene has a position or there are no training cells.
CisFit fit_cis(const Study& study, std::span<const float> latents, const CisOptions& options,
               const Context& context);

/// First fits of all genes that are asked for, from which `fit_cis` estimates how much ATAC misses
/// where `capture` is 0; none of those that it skips. A gene's depends on no other gene. Throws
/// what that throws.
std::vector<FirstFit> first_cis_fits(const Study& study, std::span<const float> latents,
                                     const CisOptions& options, const Context& context);

/// The estimate that `fit_cis` makes of all of its first fits, ascending by gene.
CaptureEstimate estimate_cis_capture(const Study& study, std::span<const float> latents,
                                     const CisOptions& options, std::span<const FirstFit> fits,
                                     const Context& context);

/// q-values of both gates over the genes of the path, and who passes: with what `fit_cis` ends,
/// for a path whose genes were fitted in parts.
void judge_gates(CisPath& path, double false_discovery_rate);

/// Notes on the path what is known of capture: 1 that nobody asked about is no knowledge.
void note_capture(CisPath& path, const CaptureEstimate& capture);

/// `cis.tsv`: a row a term, and one for each gene without terms.
Table cis_table(const Study& study, const CisFit& fit);
TableText describe_cis();

}  // namespace grids::core
