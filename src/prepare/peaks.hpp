/// Peaks: where they lie, which are used, in which order.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/described.hpp"
#include "io/peak_name.hpp"
#include "io/raw_multiome.hpp"
#include "study/study.hpp"

namespace grids::core {

/// The intervals of all peaks (by columns, else by their names: io/peak_name.hpp). Throws
/// Error(kInput) that names a peak without a place, or one that occurs twice.
std::vector<Interval> checked_peaks(const PackedModality& atac);

/// True for what is not a chromosome of the assembly: chrUn_…, …_random, …_alt, …_fix, …_decoy,
/// GL000194.1, KI270713.1, JH584304.1, NW_…, NT_…, scaffold…, contig…, chrEBV.
bool is_scaffold(std::string_view chromosome);

/// True for chrM, MT and the like.
bool is_mitochondrial_chromosome(std::string_view chromosome);

struct PeakOptions {
  /// A peak is kept when open in at least this share of the training cells …
  double min_peak_share = 0.002;
  /// … and in at least this many of them. Fewer leave nothing to learn from.
  int64_t min_peak_cells = 5;

  void describe(OptionSet& set);
};

struct PeakSelection {
  std::vector<int32_t> columns;        ///< of the file's matrix, in the order of the study
  int64_t scaffold = 0;                ///< removed: on scaffolds
  int64_t mitochondrial = 0;           ///< removed: on mitochondrial chromosomes
  int64_t rare = 0;                    ///< removed: open in too few training cells
  int64_t required_cells = 0;          ///< the number of training cells that a peak needed
  std::vector<std::string> scaffolds;  ///< names of those left out, sorted
};

/// Chooses peaks and orders them by chromosome (as text: chr1, chr10, …, chr2, …, chrX), start,
/// end. `open_in` is the number of training cells in which each peak is open. With `keep_all`
/// nothing is left out. Throws Error(kInput) when no peak is left.
PeakSelection select_peaks(std::span<const Interval> peaks, std::span<const int64_t> open_in,
                           int64_t training_cells, const PeakOptions& options, bool keep_all);

/// The table of the chosen peaks.
PeakTable peak_table(std::span<const Interval> peaks, std::span<const std::string> names,
                     std::span<const int32_t> columns);

}  // namespace grids::core
