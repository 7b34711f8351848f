/// The exact single knock-out: what masking each single peak changes in the prediction of genes,
/// for every peak and every cell that it touches, nothing sampled.
///
/// Numbers are means over all cells of a model (cells of one type, as a rule): the mean prediction
/// with the peak masked, minus the mean prediction. A peak that touches no cell changes nothing,
/// exactly 0. "Exact" is said of the surrogate: all of this is predicted change when masked in it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/context.hpp"
#include "evaluate/changes.hpp"
#include "io/columns.hpp"
#include "model/study_surrogate.hpp"
#include "study/study.hpp"

namespace grids::core {

/// What masking one peak changes, an entry a gene; the spans last for the call only.
struct PeakKnockout {
  int32_t peak = 0;
  int64_t open_cells = 0;  ///< cells of the model in which the peak is open
  /// Of the mean prediction, each cell's clamped at 0, on its scale (log1p of counts per 100,000).
  std::span<const double> change;
  /// Mean over cells of map(after) − map(before) as in evaluate/changes.hpp; empty without maps.
  std::span<const double> change_cp100k;
};

/// Called once for each peak, in order, on the calling thread.
using KnockoutSink = std::function<void(const PeakKnockout& knockout)>;

/// Masks every peak of the model in turn. `maps`: one for each gene, or none. A gene's numbers
/// depend on no other gene beyond rounding, and not on the threads. Throws Error(kInput) when the
/// model has no cells.
void knock_out(const SurrogateModel& model, std::span<const int32_t> genes,
               std::span<const MonotoneMap* const> maps, const KnockoutSink& sink,
               const Context& context, const std::string& task = "knock-out");

/// Which cells of a study, and how they are called in results.
struct KnockoutCells {
  std::string name;                ///< of the cell type
  std::vector<int32_t> cells;      ///< of the study
  std::vector<float> replacement;  ///< what each peak becomes when masked
};

/// knockout.tsv, a row for each type, gene and peak: types and genes in the order given, peaks by
/// change, the strongest decrease first, equal ones in the order of the study. Keeps 8 bytes a gene
/// and peak in memory.
void write_knockout_table(const std::filesystem::path& path, const Study& study,
                          const StudySurrogate& surrogate, std::span<const KnockoutCells> types,
                          std::span<const int32_t> genes, const std::map<int32_t, CountMap>& maps,
                          const Context& context);
TableText describe_knockout();

/// What stands beside the numbers of an AnnData file.
struct KnockoutNames {
  std::span<const std::string> peaks;  ///< of all peaks of the model
  std::span<const std::string> genes;  ///< of all genes of the model
  /// Into `uns`: key and text.
  std::vector<std::pair<std::string, std::string>> notes;
};

/// An AnnData file: X = change, peaks × genes, float32, not compressed; obs (peaks) with
/// open_cells; var (genes) with mean_prediction, what the changes are changes of. Written block by
/// block while the next is computed, and to a temporary name first.
void write_knockout_h5ad(const std::filesystem::path& path, const SurrogateModel& model,
                         std::span<const int32_t> genes, const KnockoutNames& names,
                         const Context& context);

}  // namespace grids::core
