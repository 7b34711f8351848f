/// Studies in which nothing is to be found, to hold what is found in the real one against.
///
/// - *Decoy windows*: each gene gets the place of a gene on another chromosome, whose window has
/// about
///   as many peaks, about as open and about as different between types. Chromatin and expression
///   stay those of the same cells, so that what links them through type, state and batch is there,
///   and what links them through the gene's own elements is not: the rate of calls among decoys is
///   the false one.
/// - *Permuted*: cells swap their open chromatin within part of the split, type, batch and decile
/// of
///   open peaks.
/// - *Neighbours*: cells swap it with one of their nearest neighbours in the surrogate's latents,
/// which
///   leaves the state nearly as it was.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/context.hpp"
#include "study/study.hpp"

namespace grids::core {

struct ControlStudy {
  Study study;
  /// Of the genes that have a decoy, or of the cells whose chromatin is another's.
  double share_moved = 0;
};

/// Why there can be no decoy windows, or nothing: genes of one chromosome have none to go to.
std::string why_no_decoys(const Study& study);

/// `window`: bp to either side of a TSS. Genes without a position, and those for which no gene of
/// another chromosome is left, keep no position: nothing is searched for them. Throws Error(kInput)
/// where there can be none.
ControlStudy decoy_windows(const Study& study, int64_t window, const Context& context);

ControlStudy permuted_chromatin(const Study& study, const Context& context);

/// `latents`: cells × numbers, row-major. `neighbours`: among how many, of the same part of the
/// split and type.
ControlStudy swapped_with_neighbours(const Study& study, std::span<const float> latents,
                                     int64_t neighbours, const Context& context);

/// Some of a study's cells, in the order given.
Study some_cells(const Study& study, std::span<const int32_t> cells);

}  // namespace grids::core
