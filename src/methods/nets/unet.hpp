/// A small U-Net (Ronneberger, Fischer & Brox 2015) over a line or a picture of zeros and ones: the
/// one of CXPlain's authors with two levels and one unit. Level l has 2^l channels:
///
///     level 0   conv3 conv3 ──────────────────────► join conv3 conv3 conv3 → output
///     level 1     pool conv3 conv3 ──► join conv3 conv3 up conv2
///     level 2            pool conv3 conv3 up conv2
///
/// A ReLU follows every convolution but the last; pooling takes the larger of 2 (of 2 × 2 in a
/// picture), joining puts channels one behind the other. A line is a picture of height 1 whose
/// kernels are 3 wide and 1 high. Sizes are filled up with zeros to multiples of 4.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "base/random.hpp"
#include "methods/nets/adam.hpp"

namespace grids::core {

class UNet {
 public:
  /// Height 1 is a line. Draws weights as He et al. 2015; biases are 0.
  UNet(int64_t height, int64_t width, RandomStream& random);

  /// Floats from the start of a cache line on, so that whole vectors do not lie across two.
  class Planes {
   public:
    /// New ones are 0.
    void resize(int64_t floats) { lines_.resize(static_cast<size_t>(floats + 15) / 16); }
    float* data() { return lines_.front().values; }

   private:
    struct alignas(64) Line {
      float values[16] = {};
    };
    std::vector<Line> lines_;
  };

  /// Values and gradients of one pass; may be used again, one for each thread.
  struct Work {
    std::vector<Planes> values;
    std::vector<Planes> gradients;
  };

  int64_t size() const { return height_ * width_; }
  AdamValues& parameters() { return parameters_; }
  const AdamValues& parameters() const { return parameters_; }

  /// `ones`: where the input is 1, row by row; `out` is height × width, and may be longer.
  void forward(std::span<const int32_t> ones, Work& work, std::span<float> out) const;
  /// From the gradient of the outputs that `forward` gave last with this work: adds those of the
  /// parameters. (Pooled pixels add to the gradients that the joining convolution, later in the
  /// net, has written; every other gradient is written once.)
  void backward(std::span<const float> out_gradient, Work& work, std::span<float> gradients) const;

 private:
  enum class Kind : uint8_t { kConvolution, kPool, kUp };

  /// Channels of one level.
  struct Tensor {
    int64_t channels = 0;
    int level = 0;
  };
  struct Layer {
    Kind kind = Kind::kConvolution;
    int in = 0;
    int joined = -1;  ///< channels behind those of `in`
    int out = 0;
    int kernel = 3;      ///< 3: centred; 2: the pixel and those right of and below it
    bool relu = true;    ///< convolutions
    size_t weights = 0;  ///< first parameter: out × in × rows × kernel, then a bias an output
  };
  /// A level's planes, each with a border of zeros.
  struct Plane {
    int64_t height = 0, width = 0;
    int64_t pitch = 0;   ///< from row to row
    int64_t pixels = 0;  ///< from the first to the last, the border between rows included
    int64_t length = 0;  ///< of a plane with its border
    int64_t first = 0;   ///< pixel (0, 0)
  };

  int add_tensor(int64_t channels, int level);
  int convolve(int in, int joined, int64_t channels, int kernel, bool relu = true);
  int pool(int in);
  int up(int in);
  bool is_line() const { return height_ == 1; }
  const Plane& plane(int tensor) const { return planes_[static_cast<size_t>(level(tensor))]; }
  int level(int tensor) const { return tensors_[static_cast<size_t>(tensor)].level; }
  int64_t channels(int tensor) const { return tensors_[static_cast<size_t>(tensor)].channels; }
  int64_t input_channels(const Layer& layer) const;
  int64_t kernel_rows(const Layer& layer) const { return is_line() ? 1 : layer.kernel; }
  /// Of three taps, that which is the kernel's first.
  static int first_tap(const Layer& layer) { return 3 - layer.kernel; }
  /// The first pixel of a convolution's input channel, in values or gradients.
  float* input_plane(const Layer& layer, int64_t channel, std::vector<Planes>& planes) const;
  /// Where a row of the kernel reads, from the pixel that it writes.
  int64_t row_offset(const Layer& layer, int64_t row) const;

  /// Where one row of a coarser tensor and its two of a finer one (the same in a line) begin.
  struct RowPair {
    int64_t width = 0;  ///< of the coarse one
    int64_t upper = 0, lower = 0, coarse = 0;
  };
  void for_rows(int fine, int coarse, const std::function<void(const RowPair&)>& work) const;

  void convolve_forward(const Layer& layer, Work& work) const;
  void convolve_backward(const Layer& layer, Work& work, std::span<float> gradients) const;
  void pool_forward(const Layer& layer, Work& work) const;
  void pool_backward(const Layer& layer, Work& work) const;
  void up_forward(const Layer& layer, Work& work) const;
  void up_backward(const Layer& layer, Work& work) const;
  void make_room(std::vector<Planes>& planes) const;
  void clear_border(int tensor, Planes& values) const;

  int64_t height_;
  int64_t width_;
  std::vector<Plane> planes_;  ///< of each level
  std::vector<Tensor> tensors_;
  std::vector<Layer> layers_;
  AdamValues parameters_;
};

}  // namespace grids::core
