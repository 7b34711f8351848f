/// Binary concrete samples (Maddison, Mnih & Teh 2017): gates between open and closed that pass
/// gradients on.
#pragma once

#include <cstdint>
#include <span>

namespace grids::core {

/// gate = σ((logit + log(u / (1 − u))) / temperature) with u uniform in (0, 1) from the upper 24
/// bits of a word, and its slope by the logit; both 0 where the gate is below 1e-13. Relative
/// errors below 1e-5; the bits of a gate do not depend on its neighbours. All spans have the same
/// size.
void sample_gates(std::span<const uint32_t> words, std::span<const float> logits, float temperature,
                  std::span<float> gates, std::span<float> slopes);

}  // namespace grids::core
