#include "report/masked_images.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "report/svg.hpp"

namespace grids::core {
namespace {

constexpr double kPixel = 4;     ///< side
constexpr double kGap = 8;       ///< between images
constexpr double kCaption = 18;  ///< height
constexpr std::string_view kMasked = "#d55e00";

struct ValueRange {
  float low = 0;
  float high = 1;
};

/// Of a pixel: where it lies in an image whose corner is at (x, y).
void draw_pixel(Svg& svg, double x, double y, int64_t pixel, ImageShape shape,
                std::string_view colour) {
  const int64_t row = pixel / shape.width;
  const int64_t column = pixel % shape.width;
  svg.rectangle(x + kPixel * static_cast<double>(column), y + kPixel * static_cast<double>(row),
                kPixel, kPixel, colour);
}

std::string grey(float value, ValueRange range) {
  const float share = range.high > range.low ? (value - range.low) / (range.high - range.low) : 0;
  const long level = std::lround(255 * std::clamp(share, 0.0f, 1.0f));
  return fmt::format("#{0:02x}{0:02x}{0:02x}", level);
}

void draw(Svg& svg, double x, double y, std::span<const float> pixels, ImageShape shape,
          ValueRange range) {
  svg.rectangle(x, y, kPixel * static_cast<double>(shape.width),
                kPixel * static_cast<double>(shape.height), "#000000");
  for (int64_t i = 0; i < shape.pixels(); ++i) {
    const std::string colour = grey(pixels[static_cast<size_t>(i)], range);
    if (colour == "#000000") continue;
    draw_pixel(svg, x, y, i, shape, colour);
  }
}

void draw_mask(Svg& svg, double x, double y, std::span<const int32_t> masked, ImageShape shape) {
  for (const int32_t i : masked) draw_pixel(svg, x, y, i, shape, kMasked);
}

/// A file of its own names its language; inside a page the page does.
std::string document(const Svg& svg) {
  std::string text = svg.str();
  return text.insert(std::string_view("<svg").size(), " xmlns=\"http://www.w3.org/2000/svg\"");
}

}  // namespace

std::string masked_images_svg(std::span<const ShownImage> images, std::span<const int32_t> masked,
                              ImageShape shape, int64_t across) {
  const double side = kPixel * static_cast<double>(shape.width);
  const double pair = 2 * side + 3 * kGap;
  const double line = kPixel * static_cast<double>(shape.height) + kCaption + kGap;
  const int64_t count = std::ssize(images);
  const int64_t lines = (count + across - 1) / across;
  Svg svg(pair * static_cast<double>(std::min(across, count)), line * static_cast<double>(lines),
          "Images before and after masking");
  ValueRange range{images.front().pixels.front(), images.front().pixels.front()};
  for (const auto& image : images) {
    const auto [low, high] = std::minmax_element(image.pixels.begin(), image.pixels.end());
    range = {std::min(range.low, *low), std::max(range.high, *high)};
  }
  for (int64_t i = 0; i < count; ++i) {
    const auto& image = images[static_cast<size_t>(i)];
    const double x = pair * static_cast<double>(i % across) + kGap;
    const int64_t above = i / across;
    const double y = line * static_cast<double>(above);
    draw(svg, x, y, image.pixels, shape, range);
    draw(svg, x + side + kGap, y, image.pixels, shape, range);
    draw_mask(svg, x + side + kGap, y, masked, shape);
    svg.text(x, y + line - kGap - 4, image.caption);
  }
  return document(svg);
}

std::string mask_svg(std::span<const float> mean, std::span<const int32_t> masked,
                     ImageShape shape) {
  Svg svg(kPixel * static_cast<double>(shape.width), kPixel * static_cast<double>(shape.height),
          "The masked pixels over the mean image");
  const auto [low, high] = std::minmax_element(mean.begin(), mean.end());
  draw(svg, 0, 0, mean, shape, {*low, *high});
  draw_mask(svg, 0, 0, masked, shape);
  return document(svg);
}

}  // namespace grids::core
