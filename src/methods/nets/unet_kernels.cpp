#include "methods/nets/unet_kernels.hpp"

#include <algorithm>
#include <array>

#include "base/simd.hpp"
#include "math/lanes.hpp"

namespace grids::core {
namespace {

static_assert(kPlaneBlock == 2 * kLanes);

/// Pixels that stay in the first-level cache, of all planes of a convolution, from one use to the
/// next.
constexpr int64_t kChunk = 1024;
static_assert(kChunk % kPlaneBlock == 0);

/// What becomes of a sum before it is written.
enum class Finish : uint8_t { kPlain, kRectify, kBehindRectifier };

// Inlined into the functions below, each of which is compiled for several machines.

template <int kOut>
[[gnu::always_inline]] inline void convolve(int64_t begin, int64_t end, const PlaneKernels& kernels,
                                            const float* bias, const float* const* seen,
                                            Finish finish) {
  const float* const* const in = kernels.in.data();
  const size_t inputs = kernels.in.size();
  const Lanes zero = {};
  for (int64_t i = begin; i < end; i += kPlaneBlock) {
    Lanes first[kOut], second[kOut];
    for (int o = 0; o < kOut; ++o) first[o] = second[o] = zero + (bias == nullptr ? 0 : bias[o]);
    const float* taps = kernels.taps;
    for (size_t k = 0; k < inputs; ++k, taps += 3 * int64_t{kOut}) {
      for (int tap = 0; tap < 3; ++tap) {
        const float* from = in[k] + i + tap - 1;
        const Lanes left = lanes_at(from), right = lanes_at(from + kLanes);
        for (int o = 0; o < kOut; ++o) {
          first[o] += taps[3 * o + tap] * left;
          second[o] += taps[3 * o + tap] * right;
        }
      }
    }
    for (int o = 0; o < kOut; ++o) {
      if (finish == Finish::kRectify) {
        first[o] = first[o] > zero ? first[o] : zero;
        second[o] = second[o] > zero ? second[o] : zero;
      } else if (finish == Finish::kBehindRectifier) {
        first[o] = lanes_at(seen[o] + i) > zero ? first[o] : zero;
        second[o] = lanes_at(seen[o] + i + kLanes) > zero ? second[o] : zero;
      }
      lanes_at(kernels.out[static_cast<size_t>(o)] + i) = first[o];
      lanes_at(kernels.out[static_cast<size_t>(o)] + i + kLanes) = second[o];
    }
  }
}

GRIDS_CLONES void convolve_any(int64_t begin, int64_t end, const PlaneKernels& kernels,
                               const float* bias, const float* const* seen, Finish finish) {
  switch (kernels.out.size()) {
    case 1:
      return convolve<1>(begin, end, kernels, bias, seen, finish);
    case 2:
      return convolve<2>(begin, end, kernels, bias, seen, finish);
    default:
      return convolve<4>(begin, end, kernels, bias, seen, finish);
  }
}

/// Σ gradient_o · in left of each pixel, at it and right of it: three sums an output. `sums` is
/// kOut × 3 vectors.
template <int kOut>
[[gnu::always_inline]] inline void tap_products(int64_t begin, int64_t end, const float* in,
                                                const float* const* gradients, Lanes* sums) {
  Lanes own[3 * kOut];
  for (int t = 0; t < 3 * kOut; ++t) own[t] = sums[t];
  for (int64_t i = begin; i < end; i += kLanes) {
    const Lanes left = lanes_at(in + i - 1), centre = lanes_at(in + i),
                right = lanes_at(in + i + 1);
    for (int o = 0; o < kOut; ++o) {
      const Lanes gradient = lanes_at(gradients[o] + i);
      own[3 * o] += gradient * left;
      own[3 * o + 1] += gradient * centre;
      own[3 * o + 2] += gradient * right;
    }
  }
  for (int t = 0; t < 3 * kOut; ++t) sums[t] = own[t];
}

GRIDS_CLONES void tap_products_any(int64_t begin, int64_t end, const float* in,
                                   std::span<const float* const> gradients, Lanes* sums) {
  switch (gradients.size()) {
    case 1:
      return tap_products<1>(begin, end, in, gradients.data(), sums);
    case 2:
      return tap_products<2>(begin, end, in, gradients.data(), sums);
    default:
      return tap_products<4>(begin, end, in, gradients.data(), sums);
  }
}

GRIDS_CLONES void add_lanes(int64_t count, const float* x, Lanes* sum) {
  Lanes even = *sum, odd = {};  // two chains, so that one need not wait for the other
  for (int64_t i = 0; i < count; i += 2 * kLanes) {
    even += lanes_at(x + i);
    odd += lanes_at(x + i + kLanes);
  }
  *sum = even + odd;
}

float total(const Lanes& sum) {
  return sum_of(Lanes(sum));
}

}  // namespace

void convolve_planes(int64_t pixels, const PlaneKernels& kernels, const float* bias,
                     bool rectified) {
  convolve_any(0, pixels, kernels, bias, nullptr, rectified ? Finish::kRectify : Finish::kPlain);
}

void convolve_back(int64_t pixels, std::span<const float* const> in,
                   std::span<const float* const> gradients, const PlaneKernels& kernels,
                   std::span<const float* const> seen, float* taps, float* bias) {
  const size_t inputs = in.size(), outputs = gradients.size();
  std::array<Lanes, 3 * kMostPlanes* kMostOutputs> products = {};
  std::array<Lanes, kMostOutputs> sums = {};
  for (int64_t begin = 0; begin < pixels; begin += kChunk) {
    const int64_t end = std::min(begin + kChunk, pixels);
    for (size_t k = 0; k < inputs; ++k) {
      tap_products_any(begin, end, in[k], gradients, products.data() + 3 * k * outputs);
    }
    for (size_t o = 0; o < outputs; ++o) add_lanes(end - begin, gradients[o] + begin, &sums[o]);
    if (!kernels.out.empty()) {
      convolve_any(begin, end, kernels, nullptr, seen.data(), Finish::kBehindRectifier);
    }
  }
  for (size_t t = 0; t < 3 * inputs * outputs; ++t) taps[t] += total(products[t]);
  for (size_t o = 0; o < outputs; ++o) bias[o] += total(sums[o]);
}

GRIDS_CLONES void pool_row(int64_t width, const float* upper, const float* lower, float* out) {
  for (int64_t x = 0; x < width; ++x) {
    const float above = std::max(upper[2 * x], upper[2 * x + 1]);
    out[x] = std::max(above, std::max(lower[2 * x], lower[2 * x + 1]));
  }
}

GRIDS_CLONES void pool_row_gradient(int64_t width, const float* upper, const float* lower,
                                    const float* out, const float* gradient, float* upper_gradient,
                                    float* lower_gradient) {
  for (int64_t x = 0; x < width; ++x) {
    const bool first = upper[2 * x] == out[x];
    const bool second = upper[2 * x + 1] == out[x];
    upper_gradient[2 * x] += first ? gradient[x] : 0.0f;
    upper_gradient[2 * x + 1] += !first && second ? gradient[x] : 0.0f;
  }
  if (upper == lower) return;  // one of the row's own two was the largest
  for (int64_t x = 0; x < width; ++x) {
    const bool above = upper[2 * x] == out[x] || upper[2 * x + 1] == out[x];
    const bool third = lower[2 * x] == out[x];
    lower_gradient[2 * x] += !above && third ? gradient[x] : 0.0f;
    lower_gradient[2 * x + 1] += !above && !third ? gradient[x] : 0.0f;
  }
}

GRIDS_CLONES void widen_row(int64_t width, const float* in, float* out) {
  for (int64_t x = 0; x < width; ++x) out[2 * x] = out[2 * x + 1] = in[x];
}

GRIDS_CLONES void widen_row_gradient(int64_t width, const float* upper, const float* lower,
                                     float* in) {
  for (int64_t x = 0; x < width; ++x) in[x] = upper[2 * x] + upper[2 * x + 1];
  if (lower == nullptr) return;
  for (int64_t x = 0; x < width; ++x) in[x] += lower[2 * x] + lower[2 * x + 1];
}

}  // namespace grids::core
