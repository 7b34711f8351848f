/// Pictures of what is masked in images: the pixels of the set, and images before and after.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace grids::core {

struct ImageShape {
  int64_t height = 0;
  int64_t width = 0;

  int64_t pixels() const { return height * width; }
};

/// One image; pixel (row, column) is feature row · width + column.
struct ShownImage {
  std::span<const float> pixels;
  std::string caption;
};

/// Images from black (the smallest value of all of them) to white (the largest), in rows of
/// `across` pairs: as they are, and beside each the same with the masked pixels in red. An SVG
/// document.
std::string masked_images_svg(std::span<const ShownImage> images, std::span<const int32_t> masked,
                              ImageShape shape, int64_t across);

/// The mask over the mean of the images.
std::string mask_svg(std::span<const float> mean, std::span<const int32_t> masked,
                     ImageShape shape);

}  // namespace grids::core
