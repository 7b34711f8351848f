/// How well each autoencoder gives back what it read, of cells that it has not seen: what is lost
/// here no map between the modalities brings back. It needs no pairs.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/context.hpp"
#include "evaluate/alignment.hpp"
#include "model/folded_surrogate.hpp"
#include "study/study.hpp"

namespace grids::core {

namespace measure {

inline constexpr const char* kReconstructionR = "reconstruction_r";
inline constexpr const char* kReconstructionWithinTypeR = "reconstruction_within_type_r";
inline constexpr const char* kReconstructionAuroc = "reconstruction_auroc";

}  // namespace measure

/// Cells whose peaks are decoded: each is a value for every peak, and a mean over these is right to
/// a thousandth or two.
inline constexpr int64_t kMostDecodedCells = 250;

/// Of the RNA of the cells: r of measured and decoded expression over the cells, and within types
/// (evaluate/agreement.hpp), each the mean over genes. The study has types.
std::vector<AlignmentRow> judge_rna_reconstruction(const Study& study,
                                                   std::span<const int32_t> cells,
                                                   const FoldedSurrogate& surrogate,
                                                   const Context& context);

/// Of the chromatin: the mean over cells (a sample of them) of the area under the curve that the
/// decoded logits have for telling a cell's open peaks from its closed ones, beside that of the
/// share of training cells in which each peak is open. Cells without open peaks are left out.
AlignmentRow judge_atac_reconstruction(const Study& study, std::span<const int32_t> cells,
                                       const FoldedSurrogate& surrogate, const Context& context);

/// How likely a value of the first is above one of the second, ties half: the area under that
/// curve. NaN where one has none.
double area_under_curve(std::vector<float> positive, std::span<const float> negative);

}  // namespace grids::core
