/// Adam (Kingma & Ba 2015), for the small networks of this room.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace grids::core {

struct AdamOptions {
  double rate = 1e-3;
  double decay_mean = 0.9;
  double decay_square = 0.999;
};

/// Numbers that are learnt, and their moments.
class AdamValues {
 public:
  AdamValues() = default;
  explicit AdamValues(size_t size) : values_(size, 0), mean_(size, 0), square_(size, 0) {}

  size_t size() const { return values_.size(); }
  std::span<float> values() { return values_; }
  std::span<const float> values() const { return values_; }

  /// Moves the values from `begin` on against their gradients; `step` counts from 1. Parts may be
  /// moved by several threads at a time.
  void move(size_t begin, std::span<const float> gradients, int64_t step,
            const AdamOptions& options);

 private:
  std::vector<float> values_;
  std::vector<float> mean_;
  std::vector<float> square_;
};

}  // namespace grids::core
