/// The inner loops of cis_outputs.hpp: rows of η and what becomes of it.
#pragma once

#include <cstdint>

namespace grids::core {

/// η = fixed + latents · coefficients for `count` outputs (whole lanes; coefficients latents ×
/// count), and of it log(1 + exp(η)) where `counts`, else η itself. Errors of a few units in the
/// last place of a float.
void cis_values(int64_t count, const float* fixed, int64_t latent_count, const float* latents,
                const float* coefficients, bool counts, float* out);

/// Σ a · b over whole lanes.
float dot(int64_t count, const float* a, const float* b);

}  // namespace grids::core
