// The U-Net against a plain one, and its gradients.
#include "methods/nets/unet.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "support/slope.hpp"

namespace grids::core {
namespace {

/// Channels × height × width, written out.
struct Picture {
  int64_t channels = 1, height = 1, width = 1;
  std::vector<double> pixels;

  Picture(int64_t c, int64_t h, int64_t w)
      : channels(c), height(h), width(w), pixels(static_cast<size_t>(c * h * w), 0.0) {}
  double& at(int64_t c, int64_t y, int64_t x) {
    return pixels[static_cast<size_t>((c * height + y) * width + x)];
  }
  double read(int64_t c, int64_t y, int64_t x) const {
    if (y < 0 || x < 0 || y >= height || x >= width) return 0;
    return pixels[static_cast<size_t>((c * height + y) * width + x)];
  }
};

class PlainUNet {
 public:
  PlainUNet(bool line, std::span<const float> parameters) : line_(line), next_(parameters) {}

  Picture operator()(const Picture& x) {
    const Picture level_0 = convolve(convolve(x, 1, 3), 1, 3);
    const Picture level_1 = convolve(convolve(pool(level_0), 2, 3), 2, 3);
    const Picture level_2 = convolve(convolve(pool(level_1), 4, 3), 4, 3);
    const Picture raised_1 = convolve(up(level_2), 2, 2);
    const Picture joined_1 = convolve(convolve(join(level_1, raised_1), 2, 3), 2, 3);
    const Picture raised_0 = convolve(up(joined_1), 1, 2);
    return convolve(convolve(convolve(join(level_0, raised_0), 1, 3), 1, 3), 1, 3, false);
  }
  bool all_used() const { return next_.empty(); }

 private:
  double take() {
    const double value = next_.front();
    next_ = next_.subspan(1);
    return value;
  }
  Picture convolve(const Picture& x, int64_t channels, int64_t kernel, bool relu = true) {
    Picture out(channels, x.height, x.width);
    const int64_t from = kernel == 3 ? -1 : 0;
    for (int64_t o = 0; o < channels; ++o) {
      for (int64_t i = 0; i < x.channels; ++i) {
        for (int64_t dy = line_ ? 0 : from; dy < (line_ ? 1 : from + kernel); ++dy) {
          for (int64_t dx = from; dx < from + kernel; ++dx) {
            const double weight = take();
            for (int64_t row = 0; row < x.height; ++row) {
              for (int64_t column = 0; column < x.width; ++column) {
                out.at(o, row, column) += weight * x.read(i, row + dy, column + dx);
              }
            }
          }
        }
      }
    }
    for (int64_t o = 0; o < channels; ++o) {
      const double bias = take();
      for (int64_t row = 0; row < x.height; ++row) {
        for (int64_t column = 0; column < x.width; ++column) {
          double& value = out.at(o, row, column);
          value += bias;
          if (relu) value = std::max(value, 0.0);
        }
      }
    }
    return out;
  }
  Picture pool(const Picture& x) const {
    Picture out(x.channels, line_ ? 1 : x.height / 2, x.width / 2);
    for (int64_t c = 0; c < out.channels; ++c) {
      for (int64_t row = 0; row < out.height; ++row) {
        for (int64_t column = 0; column < out.width; ++column) {
          double largest = -1e30;
          for (int64_t dy = 0; dy < (line_ ? 1 : 2); ++dy) {
            for (int64_t dx = 0; dx < 2; ++dx) {
              largest = std::max(largest, x.read(c, line_ ? 0 : 2 * row + dy, 2 * column + dx));
            }
          }
          out.at(c, row, column) = largest;
        }
      }
    }
    return out;
  }
  Picture up(const Picture& x) const {
    Picture out(x.channels, line_ ? 1 : 2 * x.height, 2 * x.width);
    for (int64_t c = 0; c < out.channels; ++c) {
      for (int64_t row = 0; row < out.height; ++row) {
        for (int64_t column = 0; column < out.width; ++column) {
          out.at(c, row, column) = x.read(c, line_ ? 0 : row / 2, column / 2);
        }
      }
    }
    return out;
  }
  static Picture join(const Picture& a, const Picture& b) {
    Picture out(a.channels + b.channels, a.height, a.width);
    out.pixels = a.pixels;
    out.pixels.insert(out.pixels.end(), b.pixels.begin(), b.pixels.end());
    return out;
  }

  bool line_;
  std::span<const float> next_;
};

struct Size {
  int64_t height, width;
};

/// Random weights and biases, so that no ReLU is shut for good.
void shake(UNet& net, uint64_t seed) {
  RandomStream random(seed, Purpose::kWeights, 3);
  for (float& value : net.parameters().values()) value += static_cast<float>(0.3 * random.normal());
}

std::vector<int32_t> random_ones(int64_t size, uint64_t seed) {
  RandomStream random(seed, Purpose::kBenchmark);
  std::vector<int32_t> ones;
  for (int32_t i = 0; i < size; ++i) {
    if (random.uniform() < 0.4) ones.push_back(i);
  }
  return ones;
}

TEST(UNet, IsThePlainOne) {
  // Sizes that are multiples of 4, which the plain one does not fill up.
  for (const Size size : {Size{1, 24}, Size{1, 4}, Size{8, 12}, Size{4, 4}}) {
    for (uint64_t seed = 0; seed < 5; ++seed) {
      RandomStream random(seed, Purpose::kWeights);
      UNet net(size.height, size.width, random);
      shake(net, seed);
      const auto ones = random_ones(net.size(), seed);
      std::vector<float> out(static_cast<size_t>(net.size()));
      UNet::Work work;
      net.forward(ones, work, out);
      Picture picture(1, size.height, size.width);
      for (const int32_t pixel : ones) picture.pixels[static_cast<size_t>(pixel)] = 1;
      PlainUNet plain(size.height == 1, net.parameters().values());
      const Picture expected = plain(picture);
      EXPECT_TRUE(plain.all_used());
      for (size_t i = 0; i < out.size(); ++i) {
        // Some hundred products of size 1 in floats.
        EXPECT_NEAR(out[i], expected.pixels[i], 1e-4 * (1 + std::abs(expected.pixels[i])));
      }
      // Work that was used before changes nothing.
      std::vector<float> again(out.size());
      net.forward(ones, work, again);
      EXPECT_EQ(again, out);
    }
  }
}

TEST(UNet, GradientsAreDerivatives) {
  for (const Size size : {Size{1, 21}, Size{7, 6}}) {
    int64_t checked = 0, smooth = 0;
    for (uint64_t seed = 0; seed < 4; ++seed) {
      RandomStream random(seed, Purpose::kWeights);
      UNet net(size.height, size.width, random);
      shake(net, seed);
      const auto ones = random_ones(net.size(), seed);
      UNet::Work work;
      std::vector<float> out(static_cast<size_t>(net.size()));
      const auto value = [&] {
        net.forward(ones, work, out);
        double sum = 0;
        for (size_t i = 0; i < out.size(); ++i)
          sum += std::sin(static_cast<double>(i)) * double{out[i]};
        return sum;
      };
      value();
      std::vector<float> weights;
      for (size_t i = 0; i < out.size(); ++i) {
        weights.push_back(static_cast<float>(std::sin(static_cast<double>(i))));
      }
      std::vector<float> gradients(net.parameters().size(), 0.0f);
      net.backward(weights, work, gradients);
      for (size_t p = 0; p < gradients.size(); ++p) {
        const double slope = testing::slope_of(net.parameters().values()[p], 1e-3f, value);
        ++checked;
        // Floats of size 10 over a step of 2e-3, and the size of the slope itself.
        if (std::abs(slope - double{gradients[p]}) < 0.02 + 0.02 * std::abs(slope)) ++smooth;
      }
    }
    // Where a ReLU or a maximum turns within the step, both differ rightly.
    EXPECT_GE(static_cast<double>(smooth), 0.9 * static_cast<double>(checked));
  }
}

}  // namespace
}  // namespace grids::core
