/// What was measured in a study, for methods that look at the data alone (target_data.hpp).
#pragma once

#include "methods/target_data.hpp"
#include "study/study.hpp"

namespace grids::core {

/// The training and validation cells of all types: what the surrogate and its cis path have seen.
/// Published analyses link peaks to genes over all cells, because cells of one type differ too
/// little in most genes; regressions hold the type constant. Test cells are left out.
MeasuredCells measured_cells(const Study& study);

/// A gene in the cells of `measured_cells`; borrows `measured`. `wanted` as in TargetData. Throws
/// Error(kInput) when the gene has no position.
TargetData target_data(const Study& study, const MeasuredCells& measured, int32_t gene,
                       int64_t window, double wanted);

/// Throws Error(kInput) that names the remedy when no gene of the study has a position.
void require_positions(const Study& study, std::string_view method);

}  // namespace grids::core
