/// Simulated multiome cells with planted regulation, and the truth.
///
/// *Cells* belong to types of unequal size and to donors, have a continuous state within their type
/// (a few normal coordinates), and RNA and ATAC depths that are log-normal and correlated.
///
/// *Programmes* join peaks and genes: one for each type, which marks it, and some that follow the
/// state. A cell's score on a programme is its type's mean + its state's + its donor's part; peaks
/// and genes of the programme follow the score. This is what a model of cell state can learn.
///
/// *Peaks* lie on chromosomes in the proportions of hg38 and are open with the probability
/// 1 − exp(−depth · popularity · exp(programme)), popularities being heavy-tailed and promoters
/// more open. A bystander copies a cause with a chosen probability and else opens on its own; it
/// causes nothing. Causes of a gene open independently of each other given type, state and depth,
/// unless they are to open together: then all copy one of them with a chosen probability.
///
/// *Expression* follows the latent openness of the gene's own causal peaks within the window around
/// its TSS (see truth.hpp for the kinds), its programme and its base rate; counts are negative
/// binomial. ATAC observes a latently open peak with probability 1 − (1 − capture)^√depth: all of
/// them at capture 1 (the default), about capture · √depth below.
///
/// *Confounders*, none by default, make peaks and genes go together without any regulation: batches
/// (crossed with types and donors) that multiply the rates of genes and the popularities of peaks,
/// each by a log-normal factor of its own or a gene and all peaks of its window by a shared one; a
/// stronger state; doublets, which hold the openness and counts of two cells; and ambient RNA.
///
/// The same seed gives the same cells for any number of threads.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/context.hpp"
#include "base/described.hpp"
#include "io/raw_multiome.hpp"
#include "simulate/peak_truth.hpp"
#include "simulate/truth.hpp"

namespace grids::core {

struct SimulateOptions {
  // How much.
  int64_t cells = 3000;
  int64_t peaks = 12000;
  int64_t genes = 800;
  int32_t types = 5;
  int32_t donors = 3;
  /// Largest type ÷ smallest; the sizes between fall geometrically, and are exact.
  double type_size_ratio = 3;

  // The genome.
  /// The first of chr1, chr10, chr11 … chrX, chrY that are used, at most 24. Peaks and genes are
  /// shared among them in the proportions of the published data.
  int32_t chromosomes = 24;
  /// A gene is regulated from within this distance (bp) of its TSS.
  int64_t window = 250'000;
  /// Peaks within the window of a typical gene, approximately: peaks lie in islands dense enough
  /// for it, with deserts between them. Larger values make causes harder to find.
  double peaks_per_window = 100;
  /// Share of genes with a peak over their TSS.
  double promoter_share = 0.9;

  // Depth.
  /// Mean number of latently open peaks of a cell; the popularity of peaks without a role is scaled
  /// to reach it.
  double mean_open_peaks = 1000;
  /// Standard deviations of the log of a cell's ATAC and RNA depth, and their correlation.
  double atac_depth_sd = 0.4;
  double rna_depth_sd = 0.4;
  double depth_correlation = 0.6;
  /// Probability that ATAC observes an open peak in a cell of median depth.
  double capture = 1;

  // Cell state.
  int32_t state_dimensions = 2;
  /// Programmes that follow the state, besides the one of each type.
  int32_t state_programmes = 4;
  /// Standard deviation of a donor's part in a programme's score (that of the state's is 1).
  double donor_shift = 0.15;
  /// Share of peaks without a role that follow a programme.
  double programme_share = 0.6;
  /// Standard deviation of the log popularity of peaks without a role; larger = heavier tail.
  double popularity_spread = 1.2;

  // Expression.
  /// Median over genes of the mean counts in a cell, and the standard deviation of their log.
  double median_count = 0.6;
  double count_spread = 0.7;
  /// Variance of a count beyond Poisson ÷ mean², given the true rate.
  double overdispersion = 0.5;
  /// Log rate per unit of the programme's score: of genes without own regulation (up to; drawn
  /// uniformly), and of the others, which follow the state weakly.
  double state_loading = 0.8;
  double regulated_state_loading = 0.1;

  // Regulation.
  /// Shares of the kinds of regulation, in the order of `Regulation` (of those not named 0); scaled
  /// to sum to 1.
  std::array<double, kRegulationKinds> kind_shares = {0.5, 0.1, 0.1, 0.1, 0.1, 0.1};
  /// Strength of one cause, drawn uniformly: the log fold change that opening a `single` peak, any
  /// peak of `either` or all of `together` makes. An additive or multiplicative cause makes
  /// three quarters of it.
  double strength_min = 0.9;
  double strength_max = 1.5;
  /// Marginal probability that a causal peak is open, in the types where it acts.
  double open_min = 0.1;
  double open_max = 0.4;
  /// Share of the sets of several causes that are triples, the others being pairs. Without it sizes
  /// are drawn: 2 to 4 where causes add or multiply, 2 or 3 of the others. A quorum is of three.
  std::optional<double> triples;
  /// Strengths are those of whole sets, whatever their kind and size.
  bool set_strength = false;
  /// Share of the sets of each kind that lower the rate.
  double repressors = 0;
  double repressor_strength = 1;  ///< multiplies the strength of repressors
  double repressor_counts = 1;    ///< multiplies the mean counts of the genes that they repress
  /// Mean counts are those with all causes closed, not those over all cells.
  bool closed_counts = false;
  /// True hidden shares of buffered sets (hidden_share.hpp), which take turns.
  std::vector<double> buffered_shares = {0.5};
  /// Smallest share of the types in which a set acts; the largest is 1.
  double acting_min = 0.5;
  /// Share of the sets that act in one type only, that in which the gene is expressed most.
  double one_type = 0;
  /// Correlation of any two causes of a gene in cells of equal type, state and depth, exact but for
  /// what batches do. Above 0 the causes of a gene are equally often open.
  double cause_correlation = 0;
  int32_t bystanders_per_gene = 1;
  double bystander_share = 1;          ///< share of the sets that have bystanders
  double bystander_correlation = 0.5;  ///< of bystander and cause, likewise

  // Confounders. Without them cells are the same to the bit, whatever the strengths below.
  /// Batches, of which each cell belongs to one at random; 0 = none.
  int32_t batches = 0;
  /// Standard deviations of the log factor of a batch on a gene's rate and on a peak's popularity.
  double batch_rna_sd = 0.4;
  double batch_atac_sd = 0.4;
  /// Share of genes whose rate and window batches move together, by a factor of the same log.
  double batch_windows = 0;
  double batch_window_sd = 0.7;  ///< standard deviation of that log
  /// Multiplies the state's part of scores, and so what the state does to peaks and genes.
  double state_strength = 1;
  /// Share of cells that hold the openness and counts of two: of their own type and of another cell
  /// of any type, of the same donor and batch. Exact but for rounding.
  double doublets = 0;
  /// Expected share of a cell's counts that comes from the mean profile of its batch.
  double ambient = 0;

  void describe(OptionSet& set);
};

/// "tiny" (300 cells × 600 peaks × 60 genes, 3 types, 4 chromosomes), "demo" (3,000 × 12,000 × 800,
/// 5 types), "paper" (10,266 × 127,219 × 3,000, 8 types, 4,811 open peaks a cell) or "redundancy"
/// (3,000 × 8,000 × 240, 2 types; an eighth of the genes each with pairs that add, multiply, stand
/// in for one another, are needed together, are buffered with hidden shares of 0.3 and 0.5, with
/// two of three that suffice, and without; a third of the sets repress). Throws Error(kUsage) that
/// lists the names for any other.
SimulateOptions simulate_preset(std::string_view name);

/// Gives exactly `regulated` of the genes regulation of their own; kinds keep their proportions.
/// Throws Error(kUsage) unless that many genes exist and some kind has a share.
void set_regulated_genes(SimulateOptions& options, int64_t regulated);

/// How well a gene can be predicted at all: correlation (within_type.hpp) of log1p of counts per
/// median total with log1p of the true composition on that scale, within types, after log total RNA
/// and log open peaks. NaN for a gene without counts.
struct GeneCeiling {
  double mean_count = 0;
  double r = 0;              ///< by the true function, which nothing can beat but by chance
  double r_without_cis = 0;  ///< by its state part alone: type, programme, depth
};

struct SimulatedCells {
  /// Raw counts; peaks binary, as observed. `obs` has cell_type, donor and, with batches, batch.
  RawMultiome data;
  std::vector<GenePosition> genes;  ///< in the order of `data.rna.var`
  Truth truth;                      ///< genes in the same order
  CellTruth cells;                  ///< in the order of `data.obs`
  PeakTruth peaks;                  ///< in the order of `data.atac.var`
  /// What expression followed, cells × peaks (of both cells of a doublet); empty (no rows) at
  /// capture 1, where it is `data.atac.values.pattern`.
  CsrPattern latent_open;
  std::vector<GeneCeiling> ceiling;  ///< one a gene

  const CsrPattern& latent() const {
    return latent_open.rows > 0 ? latent_open : data.atac.values.pattern;
  }
};

/// Mean of `GeneCeiling::r` over the genes that have own regulation.
double mean_regulated_ceiling(const SimulatedCells& simulated);

/// Throws Error(kUsage) when the options contradict each other ("more causal peaks than peaks").
SimulatedCells simulate(const SimulateOptions& options, const Context& context);

/// Writes into `folder` (made if missing): `cells.h5mu`, `genes.bed` (chrom, start, end, name,
/// score, strand, Ensembl_ID, gene_type, with a header), `truth.tsv`, `cells.tsv` (truth.hpp),
/// `truth_settings.tsv` (hidden_share.hpp), `peaks.tsv` (peak_truth.hpp) and `oracle.tsv`. Throws
/// Error(kInput) naming the file that cannot be written.
void write_simulation(const std::filesystem::path& folder, const SimulatedCells& simulated);

/// Names of its files.
std::vector<std::string> simulation_files();

/// oracle.tsv, how well the true function itself predicts.
TableText describe_oracle();

}  // namespace grids::core
