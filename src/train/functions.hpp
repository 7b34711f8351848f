/// The kernels as differentiable functions of torch tensors.
///
/// All tensors are contiguous float32 on the CPU. Batches are referred to, not copied: they must
/// outlive the backward pass. Each result can be differentiated once.
#pragma once

#include <ATen/ATen.h>

#include <functional>
#include <vector>

#include "train/kernels.hpp"
#include "train/tensor_memory.hpp"

namespace grids {

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

/// A BatchNorm's tensors, each with one entry a column.
struct NormTensors {
  at::Tensor weight, bias;
  at::Tensor mean, inverse;  ///< of each column: its mean and 1 / its standard deviation
  bool of_batch = true;      ///< whether those are x's own, so that a gradient goes through them
};

/// BatchNorm of x rows × columns, then a PReLU whose slopes each belong to as many neighbouring
/// columns; without PReLU where `slopes` is undefined.
at::Tensor normalise(const Pass& pass, const at::Tensor& x, const NormTensors& norm,
                     const at::Tensor& slopes);

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

}  // namespace grids
