#include "methods/nets/unet.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/at.hpp"
#include "methods/nets/unet_kernels.hpp"

namespace grids::core {
namespace {

constexpr int kLevels = 3;
constexpr int64_t kPlaneAlignment = 16;  // floats: whole vectors

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
    plane.pixels = (plane.height - 1) * plane.pitch + plane.width;
    plane.first = rounded_up(is_line() ? 1 : plane.pitch + 1, kPlaneAlignment);
    plane.length = 2 * plane.first + rounded_up(plane.pixels, kPlaneBlock);
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

float* UNet::input_plane(const Layer& layer, int64_t channel, std::vector<Planes>& planes) const {
  const Plane& p = plane(layer.in);
  const int64_t first = channels(layer.in);
  if (channel < first) return planes[at(layer.in)].data() + channel * p.length + p.first;
  return planes[at(layer.joined)].data() + (channel - first) * p.length + p.first;
}

int64_t UNet::row_offset(const Layer& layer, int64_t row) const {
  if (is_line()) return 0;
  return (layer.kernel == 3 ? row - 1 : row) * plane(layer.in).pitch;
}

void UNet::clear_border(int tensor, Planes& values) const {
  const Plane& p = plane(tensor);
  for (int64_t channel = 0; channel < channels(tensor); ++channel) {
    float* pixels = values.data() + channel * p.length + p.first;
    for (int64_t row = 0; row + 1 < p.height; ++row) {
      std::fill_n(pixels + row * p.pitch + p.width, p.pitch - p.width, 0.0f);
    }
    std::fill(pixels + p.pixels, pixels + rounded_up(p.pixels, kPlaneBlock), 0.0f);
  }
}

void UNet::convolve_forward(const Layer& layer, Work& work) const {
  const Plane& p = plane(layer.out);
  const int64_t inputs = input_channels(layer), rows = kernel_rows(layer);
  const int64_t outputs = channels(layer.out);
  const float* weight = parameters_.values().data() + layer.weights;
  std::array<const float*, kMostPlanes> in;
  std::array<float*, kMostOutputs> out;
  std::array<float, 3 * kMostPlanes * kMostOutputs> taps{};
  for (int64_t o = 0; o < outputs; ++o) {
    out[at(o)] = work.values[at(layer.out)].data() + o * p.length + p.first;
    for (int64_t k = 0; k < inputs * rows; ++k, weight += layer.kernel) {
      in[at(k)] = input_plane(layer, k / rows, work.values) + row_offset(layer, k % rows);
      std::copy_n(weight, layer.kernel, taps.data() + 3 * (k * outputs + o) + first_tap(layer));
    }
  }
  convolve_planes(p.pixels,
                  {{in.data(), at(inputs * rows)}, {out.data(), at(outputs)}, taps.data()}, weight,
                  layer.relu);
  clear_border(layer.out, work.values[at(layer.out)]);
}

void UNet::convolve_backward(const Layer& layer, Work& work, std::span<float> gradients) const {
  const Plane& p = plane(layer.out);
  const int64_t inputs = input_channels(layer), rows = kernel_rows(layer);
  const int64_t outputs = channels(layer.out);
  const float* weight = parameters_.values().data() + layer.weights;
  std::array<const float*, kMostPlanes> in, from;
  std::array<const float*, kMostOutputs> seen, gradient;
  std::array<float*, kMostOutputs> to;
  std::array<float, 3 * kMostPlanes * kMostOutputs> taps{}, sums{};
  for (int64_t o = 0; o < outputs; ++o) {
    gradient[at(o)] = work.gradients[at(layer.out)].data() + o * p.length + p.first;
    for (int64_t i = 0; i < inputs; ++i) {
      seen[at(i)] = input_plane(layer, i, work.values);
      to[at(i)] = input_plane(layer, i, work.gradients);
      for (int64_t row = 0; row < rows; ++row, weight += layer.kernel) {
        const int64_t k = o * rows + row;
        in[at(i * rows + row)] = seen[at(i)] + row_offset(layer, row);
        from[at(k)] = gradient[at(o)] - row_offset(layer, row);
        // The kernel turned round takes gradients back to where the values came from.
        std::reverse_copy(weight, weight + layer.kernel, taps.data() + 3 * (k * inputs + i));
      }
    }
  }
  const size_t wanted = layer.in == 0 ? 0 : at(inputs);
  float* own = gradients.data() + layer.weights;
  convolve_back(p.pixels, {in.data(), at(inputs * rows)}, {gradient.data(), at(outputs)},
                {{from.data(), at(outputs * rows)}, {to.data(), wanted}, taps.data()},
                {seen.data(), wanted}, sums.data(), own + outputs * inputs * rows * layer.kernel);
  for (int64_t o = 0; o < outputs; ++o) {
    for (int64_t k = 0; k < inputs * rows; ++k) {
      const float* sum = sums.data() + 3 * (k * outputs + o) + first_tap(layer);
      for (int tap = 0; tap < layer.kernel; ++tap) *own++ += sum[tap];
    }
  }
}

void UNet::for_rows(int fine, int coarse, const std::function<void(const RowPair&)>& work) const {
  const Plane& large = plane(fine);
  const Plane& small = plane(coarse);
  for (int64_t channel = 0; channel < channels(fine); ++channel) {
    for (int64_t y = 0; y < small.height; ++y) {
      const int64_t upper = channel * large.length + large.first + 2 * y * large.pitch;
      work({small.width, upper, is_line() ? upper : upper + large.pitch,
            channel * small.length + small.first + y * small.pitch});
    }
  }
}

void UNet::pool_forward(const Layer& layer, Work& work) const {
  const float* in = work.values[at(layer.in)].data();
  float* out = work.values[at(layer.out)].data();
  for_rows(layer.in, layer.out, [&](const RowPair& rows) {
    pool_row(rows.width, in + rows.upper, in + rows.lower, out + rows.coarse);
  });
}

void UNet::pool_backward(const Layer& layer, Work& work) const {
  const float* in = work.values[at(layer.in)].data();
  const float* out = work.values[at(layer.out)].data();
  const float* out_gradient = work.gradients[at(layer.out)].data();
  float* in_gradient = work.gradients[at(layer.in)].data();
  for_rows(layer.in, layer.out, [&](const RowPair& rows) {
    pool_row_gradient(rows.width, in + rows.upper, in + rows.lower, out + rows.coarse,
                      out_gradient + rows.coarse, in_gradient + rows.upper,
                      in_gradient + rows.lower);
  });
}

void UNet::up_forward(const Layer& layer, Work& work) const {
  const float* in = work.values[at(layer.in)].data();
  float* out = work.values[at(layer.out)].data();
  for_rows(layer.out, layer.in, [&](const RowPair& rows) {
    widen_row(rows.width, in + rows.coarse, out + rows.upper);
    if (!is_line()) widen_row(rows.width, in + rows.coarse, out + rows.lower);
  });
}

void UNet::up_backward(const Layer& layer, Work& work) const {
  float* in = work.gradients[at(layer.in)].data();
  const float* out = work.gradients[at(layer.out)].data();
  for_rows(layer.out, layer.in, [&](const RowPair& rows) {
    widen_row_gradient(rows.width, out + rows.upper, is_line() ? nullptr : out + rows.lower,
                       in + rows.coarse);
  });
}

void UNet::make_room(std::vector<Planes>& planes) const {
  planes.resize(tensors_.size());
  for (size_t t = 0; t < tensors_.size(); ++t) {
    planes[t].resize(tensors_[t].channels * plane(static_cast<int>(t)).length);
  }
}

void UNet::forward(std::span<const int32_t> ones, Work& work, std::span<float> out) const {
  make_room(work.values);
  const Plane& p = planes_.front();
  float* in = work.values.front().data();
  std::fill_n(in, p.length, 0.0f);
  for (const int32_t pixel : ones) {
    in[p.first + pixel / width_ * p.pitch + pixel % width_] = 1;
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
  const float* last = work.values[at(layers_.back().out)].data();
  for (int64_t y = 0; y < height_; ++y) {
    std::copy_n(last + p.first + y * p.pitch, width_, out.data() + y * width_);
  }
}

void UNet::backward(std::span<const float> out_gradient, Work& work,
                    std::span<float> gradients) const {
  make_room(work.gradients);
  const Plane& p = planes_.front();
  float* last = work.gradients[at(layers_.back().out)].data();  // 0 beyond its pixels
  for (int64_t y = 0; y < height_; ++y) {
    std::copy_n(out_gradient.data() + y * width_, width_, last + p.first + y * p.pitch);
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

}  // namespace grids::core
