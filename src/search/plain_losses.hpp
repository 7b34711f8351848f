/// Losses of models whose outputs are what they say, without a clamp (loss.hpp): `cross-entropy` of
/// a class, `output` for any number. The first output is the target.
#pragma once

#include "search/loss.hpp"

namespace grids::core {

/// A mean over cells of a number a cell, or its negative.
class MeanLoss : public Loss {
 public:
  MeanLoss(int64_t cells, int64_t outputs, Direction direction)
      : cells_(cells), outputs_(outputs), sign_(direction == Direction::kDown ? 1.0 : -1.0) {}

  int64_t cells() const override { return cells_; }
  int64_t outputs() const override { return outputs_; }
  double finish(std::span<const double> sums) const override { return weight() * sums[0]; }

 protected:
  /// ∂value/∂(the number of a cell).
  double weight() const { return sign_ / static_cast<double>(cells_); }
  Direction direction() const { return sign_ > 0 ? Direction::kDown : Direction::kUp; }

 private:
  int64_t cells_;
  int64_t outputs_;
  double sign_;
};

class CrossEntropyLoss : public MeanLoss {
 public:
  using MeanLoss::MeanLoss;
  void cell_terms(int64_t cell, std::span<const float> outputs,
                  std::span<double> terms) const override;
  void cotangent(std::span<const float> outputs, std::span<const double> sums,
                 std::span<float> cotangent) const override;
  std::unique_ptr<Loss> on(std::span<const int32_t> cells) const override;
};

class OutputLoss : public MeanLoss {
 public:
  using MeanLoss::MeanLoss;
  void cell_terms(int64_t cell, std::span<const float> outputs,
                  std::span<double> terms) const override;
  void cotangent(std::span<const float> outputs, std::span<const double> sums,
                 std::span<float> cotangent) const override;
  std::unique_ptr<Loss> on(std::span<const int32_t> cells) const override;
};

/// Σ exp(output − largest), and the largest: what softmax divides by, without overflow.
struct SoftmaxScale {
  double largest = 0;
  double sum = 0;
};
SoftmaxScale softmax_scale(std::span<const float> outputs);

}  // namespace grids::core
