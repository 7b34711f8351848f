/// A surrogate whose ATAC latents are principal components, made without training: what stands for
/// the state of a cell where only the cis path is measured.
#pragma once

#include <cstdint>

#include "base/context.hpp"
#include "model/surrogate_file.hpp"
#include "study/study.hpp"

namespace grids::core::bench {

/// The published layers with every nonlinearity of the ATAC encoder taken out (BatchNorms that
/// change nothing, PReLUs of slope 1), so that the latents are the scores of open peaks, weighted
/// by rarity, on the principal axes of the training cells. Everything behind the latents is random.
SurrogateFile linear_encoder(const Study& study, int64_t latents, const Context& context);

}  // namespace grids::core::bench
