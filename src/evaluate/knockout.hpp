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
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/context.hpp"
#include "base/described.hpp"
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

/// Genes of the model, and what turns the prediction of each into counts: a map a gene, or none.
struct KnockoutGenes {
  std::span<const int32_t> genes;
  std::span<const MonotoneMap* const> maps = {};
};

/// Masks every peak of the model in turn; `task` is what progress is called. A gene's numbers
/// depend on no other gene beyond rounding, and not on the threads. Throws Error(kInput) when the
/// model has no cells.
void knock_out(const SurrogateModel& model, const KnockoutGenes& genes, const KnockoutSink& sink,
               const Context& context, const std::string& task = "knock-out");

/// Masks peaks of one model, some at a time: the numbers of a peak are those that it has among all.
/// What it is given must outlive it.
class KnockoutOfCells {
 public:
  /// Throws Error(kInput) when the model has no cells.
  KnockoutOfCells(const SurrogateModel& model, const KnockoutGenes& genes);
  ~KnockoutOfCells();
  KnockoutOfCells(const KnockoutOfCells&) = delete;
  KnockoutOfCells& operator=(const KnockoutOfCells&) = delete;

  /// `peaks` in any order, which is that of the calls.
  void mask(std::span<const int32_t> peaks, const KnockoutSink& sink, Progress& progress) const;
  /// Each gene's mean prediction, clamped, before any mask.
  std::vector<double> mean_predictions() const;

 private:
  const SurrogateModel& model_;
  KnockoutGenes genes_;
  std::unique_ptr<MaskState> state_;
};

/// The cells over which predictions are averaged.
enum class CellChoice : uint8_t { kTest, kValidation, kTrain, kAll };
/// --cells.
void describe_cells(OptionSet& set, CellChoice& choice);
/// Those of a type, ascending.
std::vector<int32_t> chosen_cells(const Study& study, CellChoice choice, int32_t type);

/// Which cells of a study, and how they are called in results.
struct KnockoutCells {
  std::string name;                ///< of the cell type
  std::vector<int32_t> cells;      ///< of the study
  std::vector<float> replacement;  ///< what each peak becomes when masked
};

/// What is to be knocked out.
struct KnockoutPlan {
  std::vector<KnockoutCells> types;
  std::vector<int32_t> genes;  ///< of the study
};

/// knockout.tsv, a row for each type, gene and peak: types and genes in the order given, peaks by
/// change, the strongest decrease first, equal ones in the order of the study. `maps` holds one for
/// each gene (count_maps.hpp). Keeps 8 bytes for each gene and peak in memory.
void write_knockout_table(const std::filesystem::path& path, const Study& study,
                          const StudySurrogate& surrogate, const KnockoutPlan& plan,
                          const std::map<int32_t, CountMap>& maps, const Context& context);
TableText describe_knockout();

/// Hands over the peaks of a type, by its place in the plan, in the order of the study.
using KnockoutSource = std::function<void(size_t type, const KnockoutSink& sink)>;
/// The same table of numbers that were computed before; of the plan's types the names are read.
void write_knockout_table(const std::filesystem::path& path, const Study& study,
                          const KnockoutPlan& plan, const KnockoutSource& source,
                          const Context& context);

/// What masking a peak changes of a gene that it lies near.
struct NearKnockout {
  size_t gene = 0;  ///< its place in the plan
  int32_t peak = 0;
  int64_t open_cells = 0;
  float change = 0;
  float change_cp100k = 0;
};
/// The table with only these rows of each of the plan's types, in its order; compressed where the
/// name of the file ends in .gz. `source` gives those of a type, by its place, in any order.
void write_near_knockout(const std::filesystem::path& path, const Study& study,
                         const KnockoutPlan& plan,
                         const std::function<std::vector<NearKnockout>(size_t type)>& source,
                         const Context& context);

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

/// What stands beside the rows of such a file, which were computed before.
struct KnockoutFrames {
  std::vector<double> open_cells;       ///< of each peak
  std::vector<double> mean_prediction;  ///< of each gene
};
/// The same file of rows (peaks in order, an entry a gene) that `rows` hands over.
using KnockoutRows = std::function<void(const std::function<void(std::span<const float>)>& add)>;
void write_knockout_h5ad(const std::filesystem::path& path, std::span<const int32_t> genes,
                         const KnockoutNames& names, const KnockoutFrames& frames,
                         const KnockoutRows& rows);

}  // namespace grids::core
