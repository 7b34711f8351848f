/// The loops of training that stock libraries do badly: sums over open peaks, the reconstruction
/// losses, Adam. Plain memory in and out; no torch.
///
/// All are cut into fixed blocks and sum in a fixed order: results do not depend on the threads.
/// Shapes: `width` is the length of a peak's vectors; `cells` are those of the batch.
#pragma once

#include <cstdint>
#include <span>

#include "train/peak_batch.hpp"

namespace grids::core {

/// For each chromosome, Σ_j E[j, x_j] over its peaks (paper, Eq. 3), from the open peaks only:
/// Σ_j E[j, 0] + Σ_{j open} (E[j, 1] − E[j, 0]). `embedding` is peaks × 2 × width, `sums`
/// cells × chromosomes × width.
void chromosome_sums(ThreadPool& pool, const PeakBlocks& blocks, const BlockedRows& open,
                     int64_t width, const float* embedding, float* sums);

/// The gradient of the embedding for a gradient of the sums; every entry is written.
void chromosome_sums_gradient(ThreadPool& pool, const PeakBlocks& blocks, const BlockedRows& open,
                              int64_t width, const float* sums_gradient, float* embedding_gradient);

/// The last layer of the ATAC decoder, for a batch.
struct DecoderHead {
  int64_t width = 0;
  const float* hidden = nullptr;  ///< cells × chromosomes × width
  const float* weight = nullptr;  ///< peaks × width
  const float* bias = nullptr;    ///< peaks
};

/// Where gradients go; null = not wanted. All entries are written.
struct DecoderHeadGradient {
  float* hidden = nullptr;
  float* weight = nullptr;
  float* bias = nullptr;
};

/// Focal binary cross-entropy with gamma 2 of the logits weight_j · hidden + bias_j at the open and
/// the given closed peaks, divided by their number: with t the logit, negated where closed, each
/// term is σ(−t)² · softplus(−t). Computes the gradient in the same pass. 0 when there are no
/// terms.
double focal_reconstruction(ThreadPool& pool, const PeakBlocks& blocks, const BlockedRows& open,
                            const BlockedRows& closed, const DecoderHead& head,
                            const DecoderHeadGradient& gradient);

/// Mean of (predicted − target)² over the entries of both patterns; `predicted` and `target` are
/// dense, shaped as the patterns. The gradient (null = not wanted) is 0 elsewhere.
double squared_error_at(ThreadPool& pool, const CsrPattern& first, const CsrPattern& second,
                        const float* predicted, const float* target, float* gradient);

/// Mean of (predicted − target)² over all entries; the gradient (null = not wanted) is `weight`
/// times its own.
double squared_error(ThreadPool& pool, double weight, std::span<const float> predicted,
                     std::span<const float> target, float* gradient);

/// One step of Adam (Kingma and Ba 2015) for one parameter, in one pass over it.
struct AdamStep {
  double rate = 1e-3;
  double beta1 = 0.9;
  double beta2 = 0.99;
  double epsilon = 1e-8;
  int64_t step = 1;           ///< counts from 1
  double gradient_scale = 1;  ///< the gradient is read as this times what it is (clipping)
};
void adam(ThreadPool& pool, const AdamStep& step, std::span<float> parameter,
          std::span<const float> gradient, std::span<float> mean, std::span<float> square);

/// mean = decay · mean + (1 − decay) · values.
void move_average(ThreadPool& pool, double decay, std::span<const float> values,
                  std::span<float> mean);

/// Σ x².
double squared_norm(ThreadPool& pool, std::span<const float> values);

}  // namespace grids::core
