/// The truth behind simulated cells: which peaks regulate which gene, how, and in which cell types;
/// and the regulatory function itself, for judging a search without any surrogate.
///
/// A gene's expected counts in a cell of size 1 are
///
///     rate = base(type) · exp(state_loading · score(programme)) · cis(kind, open causes)
///
/// times exp(batch effect) where there are batches. What a doublet or ambient RNA adds is no part
/// of it.
///
/// with cis = 1 in the types where the gene's set does not act. With n peaks in the set, m of them
/// open, and E = −effect, cis is
///
///     single, multiplicative   exp(E m / n)
///     additive                 1 + (exp(E) − 1) m / n
///     either                   exp(E) if m ≥ 1, else 1      (shadow enhancers: any one suffices)
///     together                 exp(E) if m = n, else 1      (required jointly)
///     quorum                   exp(E) if m ≥ 2, else 1      (any two suffice)
///     buffered                 1 + (exp(E) − 1) (h [m ≥ 1] + (1 − h) m / n)
///
/// so that `effect` is always the natural log of (rate with the whole set closed ÷ with all of it
/// open): below 0 where the causes raise the rate, above 0 where they lower it (repressors). A
/// buffered set lies between additive (h = 0) and either (h = 1): h is what no single loss shows.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "io/columns.hpp"

namespace grids::core {

enum class Regulation : uint8_t {
  kNone = 0,
  kSingle,
  kAdditive,
  kMultiplicative,
  kEither,
  kTogether,
  kQuorum,
  kBuffered,
};
inline constexpr int kRegulationKinds = 8;

/// "none", "single", "additive", "multiplicative", "either", "together", "quorum", "buffered".
const char* regulation_name(Regulation kind);
std::optional<Regulation> regulation_of(std::string_view name);

/// The factor `cis` above for `open` of `set_size` peaks; `buffering`: h of a buffered set.
double cis_factor(Regulation kind, int set_size, int open, double effect, double buffering = 0);

struct GeneTruth {
  std::string gene;
  Regulation kind = Regulation::kNone;
  std::vector<std::string> peaks;       ///< the causal set; empty for kNone
  double effect = 0;                    ///< see above; 0 for kNone
  double buffering = 0;                 ///< h above, of kBuffered
  std::vector<std::string> types;       ///< where the set acts; empty for kNone
  std::vector<std::string> bystanders;  ///< open with a cause, cause nothing
  /// For each bystander that cause; empty in older truths.
  std::vector<std::string> bystander_of;
  std::vector<double> base_rate;      ///< one for each of Truth::types
  int32_t programme = 0;              ///< whose score the gene follows
  double state_loading = 0;           ///< log rate per unit of that score
  std::vector<double> batch_effects;  ///< log factor of the rate in each of Truth::batches
  bool batch_window = false;          ///< batches move the peaks of its window with it
};

struct Truth {
  std::vector<std::string> types;    ///< sorted
  std::vector<std::string> batches;  ///< sorted; empty: none
  std::vector<GeneTruth> genes;
};

/// Stands for the batch of a cell where there are none.
inline constexpr int32_t kNoBatch = -1;

/// What nobody can observe about the cells.
struct CellTruth {
  std::vector<std::string> barcodes;
  std::vector<int32_t> type;  ///< index into Truth::types
  std::vector<std::string> donor;
  std::vector<int32_t> batch;      ///< index into Truth::batches; empty: no batches
  std::vector<uint8_t> doublet;    ///< 1: holds a second cell, of which nothing else is told
  std::vector<double> rna_size;    ///< expected counts are rna_size × rate
  std::vector<double> atac_depth;  ///< median 1
  int32_t programmes = 0;
  std::vector<float> scores;  ///< cells × programmes: state and donor, mean about 0 in a type

  int64_t size() const { return static_cast<int64_t>(barcodes.size()); }
  /// kNoBatch without batches.
  int32_t batch_of(int64_t cell) const {
    return batch.empty() ? kNoBatch : batch[static_cast<size_t>(cell)];
  }
  std::span<const float> scores_of(int64_t cell) const {
    const auto width = static_cast<size_t>(programmes);
    return {scores.data() + static_cast<size_t>(cell) * width, width};
  }
};

/// Reads a table that `grids simulate` wrote. Where it lacks a column that one of the functions
/// below needs, their messages say how to make it again.
Table read_simulated_table(const std::filesystem::path& path);

/// `truth.tsv`; what batches do only where there are some. Hidden shares are read of buffered sets
/// alone, for of all others they follow from kind and effect; tables without them are read, too.
Table truth_table(const Truth& truth);
TableText describe_truth();
/// Throws Error(kInput) that names table, row and column.
Truth parse_truth(const Table& table);

/// `cells.tsv`; batch and doublets only where there are some.
Table cell_truth_table(const Truth& truth, const CellTruth& cells);
TableText describe_cell_truth();
/// Types become indices into `truth.types`.
CellTruth parse_cell_truth(const Truth& truth, const Table& table);

/// The true regulatory function on a given list of peaks. Immutable and thread-safe; keeps no
/// reference to what it was made from.
class TrueRegulation {
 public:
  /// `peak_names` gives the indices by which peaks are spoken of below, e.g. those of a study. A
  /// causal peak that is not among them (filtered away) can never be open.
  TrueRegulation(const Truth& truth, std::span<const std::string> peak_names);

  int64_t genes() const { return static_cast<int64_t>(laws_.size()); }
  int32_t types() const { return types_; }

  Regulation kind(int64_t gene) const { return law(gene).kind; }
  /// The causal peaks that are among `peak_names`, ascending.
  std::span<const int32_t> causes(int64_t gene) const { return law(gene).causes; }
  bool acts(int64_t gene, int32_t type) const {
    return law(gene).acts[static_cast<size_t>(type)] != 0;
  }

  /// base(type) · exp(state_loading · score + batch effect): the rate if no cause is open.
  double state_rate(int64_t gene, int32_t type, std::span<const float> scores,
                    int32_t batch = kNoBatch) const;

  /// The factor for a number of open causes, or for a list of open peaks (ascending).
  double cis(int64_t gene, int32_t type, int open_causes) const;
  double cis(int64_t gene, int32_t type, std::span<const int32_t> open) const;

  /// Expected counts of a gene in a cell of size 1 whose open peaks are `open` (ascending).
  double true_rate(int64_t gene, int32_t type, std::span<const float> scores,
                   std::span<const int32_t> open, int32_t batch = kNoBatch) const {
    return state_rate(gene, type, scores, batch) * cis(gene, type, open);
  }

 private:
  struct Law {
    Regulation kind = Regulation::kNone;
    int set_size = 0;  // including peaks that are not in the list
    double effect = 0;
    double buffering = 0;
    double state_loading = 0;
    size_t programme = 0;
    std::vector<int32_t> causes;
    std::vector<uint8_t> acts;      // by type
    std::vector<double> base_rate;  // by type
    std::vector<double> batch_effects;
  };

  const Law& law(int64_t gene) const { return laws_[static_cast<size_t>(gene)]; }

  std::vector<Law> laws_;
  int32_t types_ = 0;
};

}  // namespace grids::core
