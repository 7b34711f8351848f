/// From programmes, batches and open causes to counts.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "simulate/simulate_batches.hpp"
#include "simulate/simulate_cells.hpp"
#include "simulate/simulate_layout.hpp"
#include "simulate/simulate_peaks.hpp"

namespace grids::core::simulation {

/// What a gene does before its own regulation.
struct ExpressionPlan {
  std::vector<double> mean_count;     ///< of genes, in a cell of size 1, over all cells
  std::vector<double> type_effect;    ///< genes × types: log rate
  std::vector<uint8_t> acting;        ///< genes × types: 1 where the set acts
  std::vector<int32_t> programme;     ///< of genes
  std::vector<double> state_loading;  ///< of genes
};

/// A set acts in the types where its gene is expressed most: in `acting_min` of them to all, or in
/// one. `mean_count` is as drawn, see `SimulateOptions::closed_counts`.
ExpressionPlan draw_expression(const SimulateOptions& options, const Layout& layout,
                               const CellPlan& plan, uint64_t seed);

/// Turns mean counts with all causes closed into those over all cells.
void count_with_causes(const SimulateOptions& options, const Layout& layout, const CellPlan& plan,
                       const PeakLaw& law, ExpressionPlan& expression);

/// The truth, with base rates that give every gene its mean count under its own regulation.
Truth make_truth(const SimulateOptions& options, const Layout& layout, const CellPlan& plan,
                 const BatchPlan& batches, const ExpressionPlan& expression, const PeakLaw& law,
                 std::span<const std::string> peak_names);

/// What free RNA adds: of each batch its mean profile.
class AmbientProfile {
 public:
  AmbientProfile(const SimulateOptions& options, const ExpressionPlan& expression,
                 const BatchPlan& batches);

  /// Of a cell's counts.
  double share() const { return share_; }
  /// Of the ambient counts of a batch that are a gene's.
  double of(int32_t batch, size_t gene) const {
    return profile_[batch == kNoBatch ? 0 : static_cast<size_t>(batch)][gene];
  }

 private:
  double share_;
  std::vector<std::vector<double>> profile_;  // batch, gene
};

/// All that decides what is in a cell.
struct CellLaws {
  const CellPlan& plan;
  const PeakLaw& peaks;
  const TrueRegulation& regulation;
  const AmbientProfile& ambient;
};

/// Cells as drawn: rows of the first three are cells of the result; the others have the second
/// cells of doublets too.
struct Drawn {
  CsrPattern latent;                 ///< cells × peaks
  CsrPattern observed;               ///< the same at capture 1, and then left empty (no rows)
  CsrMatrix counts;                  ///< cells × genes
  std::vector<uint8_t> open_causes;  ///< cells × genes: causes of the gene that are open
  std::vector<double> total_rate;    ///< of cells: sum of their own true rates over genes
};

Drawn draw_cell_contents(const SimulateOptions& options, const CellLaws& laws, int64_t peaks,
                         const Context& context);

/// Ceilings of all genes (see simulate.hpp).
std::vector<GeneCeiling> measure_ceilings(const CellLaws& laws, const Drawn& drawn,
                                          const Context& context);

}  // namespace grids::core::simulation
