/// The loops of the U-Net (unet.hpp) over the pixels of planes. A plane is a row of floats that may
/// be read and written up to kPlaneBlock numbers beyond its last pixel.
#pragma once

#include <cstdint>
#include <span>

namespace grids::core {

/// Pixels that a convolution takes at once.
inline constexpr int64_t kPlaneBlock = 32;

/// Of a convolution: a plane is a channel, or a channel and a row of the kernel.
inline constexpr size_t kMostOutputs = 4;
inline constexpr size_t kMostPlanes = 3 * kMostOutputs;

/// Planes, from the pixel that is read or written first, and a 3-wide kernel for each pair:
/// `taps` is inputs × outputs × 3.
struct PlaneKernels {
  std::span<const float* const> in;
  std::span<float* const> out;  ///< 1, 2 or 4
  const float* taps = nullptr;
};

/// out_o = bias_o + Σ_i taps_io · (in_i left of the pixel, at it, right of it); with `rectified`,
/// what is below 0 becomes 0.
void convolve_planes(int64_t pixels, const PlaneKernels& kernels, const float* bias,
                     bool rectified);

/// What a convolution that read `in` and wrote `gradients.size()` (1, 2 or 4) planes passes back.
/// Adds the derivatives of taps and biases, Σ gradient_o · in_i (inputs × outputs × 3) and
/// Σ gradient_o; and with `kernels`, of those that gradients come through, writes the gradients of
/// what it read: 0 where `seen`, a plane of values for each of them, is not above 0, as they are
/// behind a ReLU. No `kernels.out`: these are not wanted. Beyond the last pixel `gradients` are 0.
void convolve_back(int64_t pixels, std::span<const float* const> in,
                   std::span<const float* const> gradients, const PlaneKernels& kernels,
                   std::span<const float* const> seen, float* taps, float* bias);

/// A row of pixels from two rows of twice the width, which are the same in a line: each the largest
/// of its 2 × 2.
void pool_row(int64_t width, const float* upper, const float* lower, float* out);

/// Adds the gradient of each pixel to the first that was the largest.
void pool_row_gradient(int64_t width, const float* upper, const float* lower, const float* out,
                       const float* gradient, float* upper_gradient, float* lower_gradient);

/// Each pixel twice.
void widen_row(int64_t width, const float* in, float* out);
/// in = the sum of its copies in one row (`lower` null) or two.
void widen_row_gradient(int64_t width, const float* upper, const float* lower, float* in);

}  // namespace grids::core
