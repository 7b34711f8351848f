#include "explain/unet.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/lanes.hpp"
#include "base/simd.hpp"

namespace grids {
namespace {

constexpr int kLevels = 3;

size_t at(int64_t i) {
  return static_cast<size_t>(i);
}

using Taps = std::array<float, 3>;  ///< left of the pixel, the pixel, right of it

GRIDS_CLONES void add_taps(int64_t count, const float* in, Taps taps, float* out) {
  const float left = taps[0], centre = taps[1], right = taps[2];
  for (int64_t i = 0; i < count; ++i) {
    out[i] += left * in[i - 1] + centre * in[i] + right * in[i + 1];
  }
}

/// Σ_i gradient_i · in_{i−1}, in_i and in_{i+1}.
GRIDS_CLONES void tap_products(int64_t count, const float* gradient, const float* in, float* sums) {
  Lanes left = {}, centre = {}, right = {};
  int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    const Lanes g = lanes_at(gradient + i);
    left += g * lanes_at(in + i - 1);
    centre += g * lanes_at(in + i);
    right += g * lanes_at(in + i + 1);
  }
  sums[0] = sum_of(left);
  sums[1] = sum_of(centre);
  sums[2] = sum_of(right);
  for (; i < count; ++i) {
    sums[0] += gradient[i] * in[i - 1];
    sums[1] += gradient[i] * in[i];
    sums[2] += gradient[i] * in[i + 1];
  }
}

GRIDS_CLONES float sum_of_all(int64_t count, const float* x) {
  Lanes sum = {};
  int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes) sum += lanes_at(x + i);
  float total = sum_of(sum);
  for (; i < count; ++i) total += x[i];
  return total;
}

GRIDS_CLONES void rectify(int64_t count, float* x) {
  for (int64_t i = 0; i < count; ++i) x[i] = x[i] > 0 ? x[i] : 0.0f;
}

/// Gradients behind a ReLU: none where its output is 0.
GRIDS_CLONES void rectify_gradient(int64_t count, const float* out, float* gradient) {
  for (int64_t i = 0; i < count; ++i) gradient[i] = out[i] > 0 ? gradient[i] : 0.0f;
}

int64_t rounded_up(int64_t size, int64_t to) {
  return (size + to - 1) / to * to;
}

}  // namespace

UNet::UNet(int64_t height, int64_t width, RandomStream& random) : height_(height), width_(width) {
  for (int level = 0; level < kLevels; ++level) {
    Plane plane;
    plane.height = is_line() ? 1 : rounded_up(height, 4) >> level;
    plane.width = rounded_up(width, 4) >> level;
    plane.pitch = plane.width + 2;
    plane.first = is_line() ? 1 : plane.pitch + 1;
    plane.length = plane.pitch * (is_line() ? 1 : plane.height + 2);
    planes_.push_back(plane);
  }
  const int in = add_tensor(1, 0);
  const int level_0 = convolve(convolve(in, -1, 1, 3), -1, 1, 3);
  const int level_1 = convolve(convolve(pool(level_0), -1, 2, 3), -1, 2, 3);
  const int level_2 = convolve(convolve(pool(level_1), -1, 4, 3), -1, 4, 3);
  const int raised_1 = convolve(up(level_2), -1, 2, 2);
  const int joined_1 = convolve(convolve(level_1, raised_1, 2, 3), -1, 2, 3);
  const int raised_0 = convolve(up(joined_1), -1, 1, 2);
  const int joined_0 = convolve(convolve(level_0, raised_0, 1, 3), -1, 1, 3);
  convolve(joined_0, -1, 1, 3, false);

  size_t count = 0;
  for (Layer& layer : layers_) {
    if (layer.kind != Kind::kConvolution) continue;
    layer.weights = count;
    count +=
        at(channels(layer.out) * (input_channels(layer) * kernel_rows(layer) * layer.kernel + 1));
  }
  parameters_ = AdamValues(count);
  for (const Layer& layer : layers_) {
    if (layer.kind != Kind::kConvolution) continue;
    const int64_t fan_in = input_channels(layer) * kernel_rows(layer) * layer.kernel;
    const double scale = std::sqrt(2.0 / static_cast<double>(fan_in));
    for (int64_t i = 0; i < channels(layer.out) * fan_in; ++i) {
      parameters_.values()[layer.weights + at(i)] = static_cast<float>(scale * random.normal());
    }
  }
}

int UNet::add_tensor(int64_t channels, int level) {
  tensors_.push_back({channels, level});
  return static_cast<int>(tensors_.size()) - 1;
}

int UNet::convolve(int in, int joined, int64_t channels, int kernel, bool relu) {
  const int out = add_tensor(channels, level(in));
  layers_.push_back({Kind::kConvolution, in, joined, out, kernel, relu});
  return out;
}

int UNet::pool(int in) {
  const int out = add_tensor(channels(in), level(in) + 1);
  layers_.push_back({Kind::kPool, in, -1, out});
  return out;
}

int UNet::up(int in) {
  const int out = add_tensor(channels(in), level(in) - 1);
  layers_.push_back({Kind::kUp, in, -1, out});
  return out;
}

int64_t UNet::input_channels(const Layer& layer) const {
  return channels(layer.in) + (layer.joined < 0 ? 0 : channels(layer.joined));
}

float* UNet::input_plane(const Layer& layer, int64_t channel,
                         std::vector<std::vector<float>>& planes) const {
  const int64_t length = plane(layer.in).length;
  const int64_t first = channels(layer.in);
  if (channel < first) return planes[at(layer.in)].data() + channel * length;
  return planes[at(layer.joined)].data() + (channel - first) * length;
}

int64_t UNet::row_offset(const Layer& layer, int64_t row) const {
  if (is_line()) return 0;
  return (layer.kernel == 3 ? row - 1 : row) * plane(layer.in).pitch;
}

void UNet::clear_border(int tensor, std::vector<float>& values) const {
  const Plane& p = plane(tensor);
  for (int64_t channel = 0; channel < channels(tensor); ++channel) {
    float* data = values.data() + channel * p.length;
    std::fill_n(data, p.first, 0.0f);
    for (int64_t row = 0; row < p.height; ++row) {
      float* end = data + p.first + row * p.pitch + p.width;
      end[0] = 0;
      if (row + 1 < p.height) end[1] = 0;
    }
    const int64_t last = p.first + (p.height - 1) * p.pitch + p.width;
    std::fill(data + last, data + p.length, 0.0f);
  }
}

void UNet::convolve_forward(const Layer& layer, Work& work) const {
  const Plane& p = plane(layer.out);
  const int64_t count = p.length - 2 * p.first;  // pixels, and the border between rows
  const float* weight = parameters_.values().data() + layer.weights;
  const int64_t inputs = input_channels(layer), rows = kernel_rows(layer);
  const float* bias = weight + channels(layer.out) * inputs * rows * layer.kernel;
  auto& values = work.values[at(layer.out)];
  for (int64_t o = 0; o < channels(layer.out); ++o) {
    float* out = values.data() + o * p.length + p.first;
    std::fill_n(out, count, bias[o]);
    for (int64_t i = 0; i < inputs; ++i) {
      const float* in = input_plane(layer, i, work.values) + p.first;
      for (int64_t row = 0; row < rows; ++row, weight += layer.kernel) {
        const Taps taps = layer.kernel == 3 ? Taps{weight[0], weight[1], weight[2]}
                                            : Taps{0, weight[0], weight[1]};
        add_taps(count, in + row_offset(layer, row), taps, out);
      }
    }
    if (layer.relu) rectify(count, out);
  }
  clear_border(layer.out, values);
}

void UNet::convolve_backward(const Layer& layer, Work& work, std::span<float> gradients) const {
  const Plane& p = plane(layer.out);
  const int64_t count = p.length - 2 * p.first;
  const float* weight = parameters_.values().data() + layer.weights;
  float* weight_gradient = gradients.data() + layer.weights;
  const int64_t inputs = input_channels(layer), rows = kernel_rows(layer);
  float* bias_gradient = weight_gradient + channels(layer.out) * inputs * rows * layer.kernel;
  for (int64_t o = 0; o < channels(layer.out); ++o) {
    float* out_gradient = work.gradients[at(layer.out)].data() + o * p.length + p.first;
    if (layer.relu) {
      rectify_gradient(count, work.values[at(layer.out)].data() + o * p.length + p.first,
                       out_gradient);
    }
    bias_gradient[o] += sum_of_all(count, out_gradient);
    for (int64_t i = 0; i < inputs; ++i) {
      const float* in = input_plane(layer, i, work.values) + p.first;
      float* in_gradient = input_plane(layer, i, work.gradients) + p.first;
      for (int64_t row = 0; row < rows; ++row) {
        const int64_t offset = row_offset(layer, row);
        float sums[3];
        tap_products(count, out_gradient, in + offset, sums);
        const int skipped = layer.kernel == 3 ? 0 : 1;
        for (int tap = 0; tap < layer.kernel; ++tap) weight_gradient[tap] += sums[tap + skipped];
        // The kernel turned round takes gradients back to where the values came from.
        const Taps taps = layer.kernel == 3 ? Taps{weight[2], weight[1], weight[0]}
                                            : Taps{weight[1], weight[0], 0};
        add_taps(count, out_gradient - offset, taps, in_gradient);
        weight += layer.kernel;
        weight_gradient += layer.kernel;
      }
    }
  }
}

void UNet::pool_forward(const Layer& layer, Work& work) const {
  const Plane& from = plane(layer.in);
  const Plane& to = plane(layer.out);
  for (int64_t channel = 0; channel < channels(layer.in); ++channel) {
    const float* in = work.values[at(layer.in)].data() + channel * from.length + from.first;
    float* out = work.values[at(layer.out)].data() + channel * to.length + to.first;
    for (int64_t y = 0; y < to.height; ++y) {
      for (int64_t x = 0; x < to.width; ++x) {
        const float* corner = in + (is_line() ? 0 : 2 * y * from.pitch) + 2 * x;
        float largest = std::max(corner[0], corner[1]);
        if (!is_line()) {
          largest = std::max(largest, std::max(corner[from.pitch], corner[from.pitch + 1]));
        }
        out[y * to.pitch + x] = largest;
      }
    }
  }
}

void UNet::pool_backward(const Layer& layer, Work& work) const {
  const Plane& from = plane(layer.in);
  const Plane& to = plane(layer.out);
  for (int64_t channel = 0; channel < channels(layer.in); ++channel) {
    const int64_t in_base = channel * from.length + from.first;
    const int64_t out_base = channel * to.length + to.first;
    const float* in = work.values[at(layer.in)].data() + in_base;
    float* in_gradient = work.gradients[at(layer.in)].data() + in_base;
    const float* out = work.values[at(layer.out)].data() + out_base;
    const float* out_gradient = work.gradients[at(layer.out)].data() + out_base;
    for (int64_t y = 0; y < to.height; ++y) {
      for (int64_t x = 0; x < to.width; ++x) {
        const int64_t corner = (is_line() ? 0 : 2 * y * from.pitch) + 2 * x;
        const int64_t places[] = {corner, corner + 1, corner + from.pitch, corner + from.pitch + 1};
        const std::span<const int64_t> seen(places, is_line() ? 2 : 4);
        // The first of those that are largest.
        const auto chosen = std::find_if(seen.begin(), seen.end(), [&](int64_t place) {
          return in[place] == out[y * to.pitch + x];
        });
        in_gradient[*chosen] += out_gradient[y * to.pitch + x];
      }
    }
  }
}

void UNet::up_forward(const Layer& layer, Work& work) const {
  const Plane& from = plane(layer.in);
  const Plane& to = plane(layer.out);
  for (int64_t channel = 0; channel < channels(layer.in); ++channel) {
    const float* in = work.values[at(layer.in)].data() + channel * from.length + from.first;
    float* out = work.values[at(layer.out)].data() + channel * to.length + to.first;
    for (int64_t y = 0; y < to.height; ++y) {
      const float* row = in + (is_line() ? 0 : y / 2 * from.pitch);
      for (int64_t x = 0; x < to.width; ++x) out[y * to.pitch + x] = row[x / 2];
    }
  }
}

void UNet::up_backward(const Layer& layer, Work& work) const {
  const Plane& from = plane(layer.in);
  const Plane& to = plane(layer.out);
  for (int64_t channel = 0; channel < channels(layer.in); ++channel) {
    float* in = work.gradients[at(layer.in)].data() + channel * from.length + from.first;
    const float* out = work.gradients[at(layer.out)].data() + channel * to.length + to.first;
    for (int64_t y = 0; y < to.height; ++y) {
      float* row = in + (is_line() ? 0 : y / 2 * from.pitch);
      for (int64_t x = 0; x < to.width; ++x) row[x / 2] += out[y * to.pitch + x];
    }
  }
}

void UNet::forward(std::span<const float> in, Work& work, std::span<float> out) const {
  work.values.resize(tensors_.size());
  for (size_t t = 0; t < tensors_.size(); ++t) {
    const int tensor = static_cast<int>(t);
    work.values[t].resize(at(tensors_[t].channels * plane(tensor).length), 0.0f);
  }
  const Plane& p = planes_.front();
  for (int64_t y = 0; y < height_; ++y) {
    std::copy_n(in.data() + y * width_, width_, work.values[0].data() + p.first + y * p.pitch);
  }
  for (const Layer& layer : layers_) {
    switch (layer.kind) {
      case Kind::kConvolution:
        convolve_forward(layer, work);
        break;
      case Kind::kPool:
        pool_forward(layer, work);
        break;
      case Kind::kUp:
        up_forward(layer, work);
        break;
    }
  }
  const auto& last = work.values[at(layers_.back().out)];
  for (int64_t y = 0; y < height_; ++y) {
    std::copy_n(last.data() + p.first + y * p.pitch, width_, out.data() + y * width_);
  }
}

void UNet::backward(std::span<const float> out_gradient, Work& work,
                    std::span<float> gradients) const {
  work.gradients.resize(tensors_.size());
  for (size_t t = 0; t < tensors_.size(); ++t) {
    work.gradients[t].assign(work.values[t].size(), 0.0f);
  }
  const Plane& p = planes_.front();
  auto& last = work.gradients[at(layers_.back().out)];
  for (int64_t y = 0; y < height_; ++y) {
    std::copy_n(out_gradient.data() + y * width_, width_, last.data() + p.first + y * p.pitch);
  }
  for (auto layer = layers_.rbegin(); layer != layers_.rend(); ++layer) {
    switch (layer->kind) {
      case Kind::kConvolution:
        convolve_backward(*layer, work, gradients);
        break;
      case Kind::kPool:
        pool_backward(*layer, work);
        break;
      case Kind::kUp:
        up_backward(*layer, work);
        break;
    }
  }
}

}  // namespace grids
