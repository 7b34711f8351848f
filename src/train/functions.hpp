/// The kernels as differentiable functions of torch tensors.
///
/// All tensors are contiguous float32 on the CPU. Batches are referred to, not copied: they must
/// outlive the backward pass. Each result can be differentiated once.
#pragma once

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <functional>
#include <vector>

#include "train/kernels.hpp"
#include "train/tensor_memory.hpp"

namespace grids::core {

/// Which statistics BatchNorm normalises by.
enum class Statistics : uint8_t {
  kBatch,         ///< of the batch, and the running ones move towards them (training)
  kBatchUnmoved,  ///< of the batch, the running ones stay
  kRunning,       ///< the running ones (inference)
};

/// How a pass through the networks is made.
struct Pass {
  ThreadPool& pool;
  Statistics statistics = Statistics::kBatch;
  /// Where results and gradients lie, which must outlive the pass and its gradients; null = fresh
  /// memory for each.
  TensorMemory* memory = nullptr;

  /// A float tensor that is not initialised.
  at::Tensor take(at::IntArrayRef sizes) const {
    return memory ? memory->take(sizes) : at::empty(sizes, at::kFloat);
  }
};

/// Gradients of a result's inputs from its own; an undefined tensor where there is none.
using BackwardFunction = std::function<std::vector<at::Tensor>(const at::Tensor& gradient)>;

/// Makes `result`, computed from `inputs` without recording, differentiable. `backward` runs at
/// most once and must not hold `result`.
at::Tensor differentiable(at::Tensor result, const std::vector<at::Tensor>& inputs,
                          BackwardFunction backward);

/// Whether a gradient of any of the tensors will be asked for.
bool wants_gradient(const at::Tensor& tensor);

/// x Wᵀ + b with x rows × in, W out × in, b out; through our own GEMM.
at::Tensor linear(const Pass& pass, const at::Tensor& x, const at::Tensor& weight,
                  const at::Tensor& bias);

/// A linear layer for each chromosome: x rows × (chromosomes · in), W (chromosomes · out) × in,
/// b chromosomes · out → rows × (chromosomes · out).
at::Tensor block_linear(const Pass& pass, int64_t chromosomes, const at::Tensor& x,
                        const at::Tensor& weight, const at::Tensor& bias);

/// Mean and 1 / standard deviation of each column, by which BatchNorm normalises.
struct NormStatistics {
  at::Tensor mean, inverse;
  bool of_batch = true;  ///< whether they are x's own, so that a gradient goes through them
};

/// BatchNorm of x rows × columns, then a PReLU whose slopes each belong to as many neighbouring
/// columns; without PReLU where `slopes` is undefined. The rows are as many equal parts as there
/// are statistics, each normalised by its own.
at::Tensor normalise(const Pass& pass, const at::Tensor& x, const at::Tensor& weight,
                     const at::Tensor& bias, const std::vector<NormStatistics>& parts,
                     const at::Tensor& slopes);

/// A mixture of affine maps (kernels_map.hpp) as tensors, shaped as there.
struct MixtureTensors {
  std::vector<at::Tensor> matrices, offsets;
  at::Tensor gate_0_weight, gate_0_bias, gate_2_weight, gate_2_bias, slope;
};
at::Tensor mixture_map(const Pass& pass, const MixtureTensors& map, const at::Tensor& x);

/// Kernel `chromosome_sums`: embedding peaks × 2 × width → cells × (chromosomes · width).
at::Tensor chromosome_sums(const Pass& pass, const PeakBlocks& blocks, const BlockedRows& open,
                           const at::Tensor& embedding);

/// Kernel `focal_reconstruction`: a scalar from hidden cells × (chromosomes · width), weight
/// peaks × width and bias peaks.
at::Tensor focal_reconstruction(const Pass& pass, const PeakBlocks& blocks, const BlockedRows& open,
                                const BlockedRows& closed, const at::Tensor& hidden,
                                const at::Tensor& weight, const at::Tensor& bias);

/// Kernel `squared_error_at`: a scalar from predicted cells × genes.
at::Tensor squared_error_at(const Pass& pass, const CsrPattern& first, const CsrPattern& second,
                            const at::Tensor& predicted, const at::Tensor& target);

/// Two errors of one tensor, for a decoder that has decoded both latents of the same cells at once.
struct PairedError {
  at::Tensor total;   ///< own + weight · mapped
  double own = 0;     ///< kernel `squared_error_at` of the first half of the rows
  double mapped = 0;  ///< kernel `squared_error` of the second half
};
PairedError paired_error(const Pass& pass, const CsrPattern& first, const CsrPattern& second,
                         const at::Tensor& decoded, const at::Tensor& target, double weight);

}  // namespace grids::core
