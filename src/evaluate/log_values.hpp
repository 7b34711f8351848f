/// Predictions on the scale of what was measured: the mean of log1p values.
///
/// The networks learn that mean. The cis path predicts the log1p of a mean count, which lies above
/// it wherever counts are few; held against measured log1p values it would look worse than any
/// constant, however well it orders cells. So each gene that the cis path predicts is brought to
/// the measured scale by the monotone function that fits the training cells best.
#pragma once

#include <span>
#include <vector>

#include "base/context.hpp"
#include "model/study_surrogate.hpp"
#include "study/study.hpp"

namespace grids::core {

/// Expected log1p values of genes, clamped at 0: cells × genes. Without a cis path, and for genes
/// that it does not predict, those of the surrogate to the last bit. Throws Error(kInput) when
/// there is a cis path but no training cell.
std::vector<float> predict_log_values(const Study& study, const StudySurrogate& surrogate,
                                      std::span<const int32_t> cells,
                                      std::span<const int32_t> genes, const Context& context);

}  // namespace grids::core
