/// One simulation, prepared and fitted as a user's cells would be, beside what only the simulator
/// knows of it.
#pragma once

#include <string>
#include <vector>

#include "base/context.hpp"
#include "cis/fit_cis.hpp"
#include "model/folded_surrogate.hpp"
#include "model/study_surrogate.hpp"
#include "simulate/simulate.hpp"
#include "study/study.hpp"

namespace grids::core::bench {

struct WorldOptions {
  std::string donor_column = "donor";  ///< of the simulated cells' obs, for `prepare`
  int64_t latents = 16;                ///< numbers of a cell
};

struct World {
  SimulatedCells simulated;
  Study study;
  /// The state part is not trained: a linear encoder whose latents are principal components of the
  /// training cells' open peaks. Its decoder is random and never read, see `path`.
  FoldedSurrogate encoder;
  std::vector<float> latents;           ///< cells × numbers
  std::vector<int32_t> simulated_gene;  ///< of each gene of the study
  std::vector<int32_t> simulated_cell;  ///< of each cell of the study
  CisFit fit;
  /// The fitted path with gate B open for every gene, so that figures speak of all genes and not of
  /// those that the gate lets through; what it lets through is a figure of its own.
  CisPath path;

  StudySurrogate surrogate() const { return {encoder, &path}; }
  /// As `grids cis` would leave it.
  StudySurrogate fitted() const { return {encoder, &fit.path}; }
  const GeneTruth& truth(int64_t gene) const {
    return simulated.truth.genes[static_cast<size_t>(simulated_gene[static_cast<size_t>(gene)])];
  }
  bool regulated(int64_t gene) const { return truth(gene).kind != Regulation::kNone; }
  /// Peaks of the study by name, ascending; those that it does not have are left out.
  std::vector<int32_t> peaks(const std::vector<std::string>& names) const;
};

/// Without the fit.
World make_world(const SimulateOptions& simulation, const Context& context,
                 const WorldOptions& options = {});

/// Fills `fit` and `path`.
void fit_world(World& world, const CisOptions& options, const Context& context);

/// Regulated genes of a kind: the five kinds, and "together_pairs".
struct Kind {
  std::string name;   ///< in keys of the JSON
  std::string about;  ///< in the table
  bool (*holds)(const GeneTruth& truth);
};
const std::vector<Kind>& kinds();
/// The five kinds and "all".
std::vector<Kind> kinds_and_all();

}  // namespace grids::core::bench
