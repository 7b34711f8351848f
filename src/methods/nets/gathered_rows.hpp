/// Rows of kLanes floats of which a cell reads a few: what the small networks of this room have for
/// each feature.
#pragma once

#include <cstdint>
#include <span>

namespace grids::core {

/// out = Σ row_j of these.
void sum_rows(std::span<const int32_t> which, const float* rows, float* out);

/// out = Σ factor_i · row_j, j the i-th of these.
void weighted_rows(std::span<const int32_t> which, const float* rows, const float* factors,
                   float* out);

/// out_i = bias_j + ⟨row_j, x⟩, j the i-th of these.
void row_products(std::span<const int32_t> which, const float* rows, const float* x,
                  const float* bias, float* out);

/// Adds factor_i · x to row_j − first, j the i-th of these, and factor_i to its bias.
void add_outer(std::span<const int32_t> which, const float* factors, const float* x, int32_t first,
               float* rows, float* bias);

/// Adds x to row_j − first, j each of these.
void add_to_rows(std::span<const int32_t> which, const float* x, int32_t first, float* rows);

}  // namespace grids::core
