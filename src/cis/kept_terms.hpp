/// What becomes of chosen terms: they are fitted once more, together with the gene's state, with
/// deviations by type where the evidence prefers them, and stored.
#pragma once

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

}  // namespace grids::core
