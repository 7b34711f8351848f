/// The kernels as differentiable functions of torch tensors.
///
/// All tensors are contiguous float32 on the CPU. Batches are referred to, not copied: they must
/// outlive the backward pass. Each result can be differentiated once.
#pragma once

#include <ATen/ATen.h>

#include <functional>
#include <vector>

#include "train/kernels.hpp"

namespace grids {

/// Gradients of a result's inputs from its own; an undefined tensor where there is none.
using BackwardFunction = std::function<std::vector<at::Tensor>(const at::Tensor& gradient)>;

/// Makes `result`, computed from `inputs` without recording, differentiable. `backward` runs at
/// most once and must not hold `result`.
at::Tensor differentiable(at::Tensor result, const std::vector<at::Tensor>& inputs,
                          BackwardFunction backward);

/// Whether a gradient of any of the tensors will be asked for.
bool wants_gradient(const at::Tensor& tensor);

/// x Wᵀ + b with x rows × in, W out × in, b out; through our own GEMM.
at::Tensor linear(ThreadPool& pool, const at::Tensor& x, const at::Tensor& weight,
                  const at::Tensor& bias);

/// A linear layer for each chromosome: x rows × (chromosomes · in), W (chromosomes · out) × in,
/// b chromosomes · out → rows × (chromosomes · out).
at::Tensor block_linear(ThreadPool& pool, int64_t chromosomes, const at::Tensor& x,
                        const at::Tensor& weight, const at::Tensor& bias);

/// Kernel `chromosome_sums`: embedding peaks × 2 × width → cells × (chromosomes · width).
at::Tensor chromosome_sums(ThreadPool& pool, const PeakBlocks& blocks, const BlockedRows& open,
                           const at::Tensor& embedding);

/// Kernel `focal_reconstruction`: a scalar from hidden cells × (chromosomes · width), weight
/// peaks × width and bias peaks.
at::Tensor focal_reconstruction(ThreadPool& pool, const PeakBlocks& blocks, const BlockedRows& open,
                                const BlockedRows& closed, const at::Tensor& hidden,
                                const at::Tensor& weight, const at::Tensor& bias);

/// Kernel `squared_error_at`: a scalar from predicted cells × genes.
at::Tensor squared_error_at(ThreadPool& pool, const CsrPattern& first, const CsrPattern& second,
                            const at::Tensor& predicted, const at::Tensor& target);

}  // namespace grids
