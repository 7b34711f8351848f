/// Cells with chromatin, whether their RNA was measured too or that of other cells: what all stages
/// work on that mask peaks and look at predictions. This is the one place where they ask what is
/// measured of expression, so that none has to know which of the two a study is.
///
/// A study of paired cells is such cells as it is. Of cells that were not measured together it is
/// the half with chromatin, `Study::paired` false, with what is known of the expression of its
/// types from the cells with RNA.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "study/study.hpp"
#include "study/unpaired_study.hpp"

namespace grids::core {

/// Why a number that rests on measured expression is not there; the note of a contrast.
inline constexpr const char* kNeedsPairs = "needs chromatin and RNA of the same cells";

/// The half with chromatin, with `expression_of_types` of the other. Both halves have types
/// (model/transfer_types.hpp fills them in); throws Error(kInternal) where one has none.
Study chromatin_of(UnpairedStudy study);

/// Cells that tell whether a gene is expressed in a type.
struct ExpressingCells {
  int64_t cells = 0;
  int64_t expressing = 0;
};

/// Among the type's test cells; of cells that were not measured together, those with RNA.
/// `test_cells`: those of the type in this study.
ExpressingCells expressing_cells(const Study& study, std::optional<int32_t> type, int32_t gene,
                                 std::span<const int32_t> test_cells);

/// cells × genes: what was measured in these cells of the type; where they were not measured for
/// RNA, in each of them the mean over the type's training cells with RNA.
std::vector<float> observed_expression(const Study& study, std::optional<int32_t> type,
                                       std::span<const int32_t> cells);

}  // namespace grids::core
