/// What becomes of chosen terms: they are fitted once more, together with the gene's state, with
/// deviations by type where the evidence prefers them, and stored.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "cis/cis_rows.hpp"
#include "cis/fit_cis.hpp"
#include "cis/state_part.hpp"
#include "cis/term_search.hpp"

namespace grids::core {

struct KeptFrom {
  const CisRows& fitted;
  const StateDesign& design;
  const CisOptions& options;
};

/// `gene.state` is the state that `problem` is beside, frozen while terms were chosen.
void keep_terms(const KeptFrom& from, const GeneProblem& problem, TermSelection found,
                CisGene& gene);

/// Peaks of chosen terms, ascending.
std::vector<int32_t> chosen_peaks(const CisGene& gene);

/// Scales what each chosen term adds by how many of the folds chose its peaks again, as their
/// average would (bagging, Breiman 1996): what was chosen by chance is rarely chosen twice.
/// `votes`: the chosen peaks of each fold.
void average_over_folds(CisGene& gene, std::span<const std::vector<int32_t>> votes);

/// Leaves this share (0 … 1) of what weak terms add.
void shrink_weak_terms(CisGene& gene, double share);

}  // namespace grids::core
