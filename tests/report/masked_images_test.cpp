#include "report/masked_images.hpp"

#include <gtest/gtest.h>

namespace grids::core {
namespace {

int64_t count(const std::string& text, const std::string& words) {
  int64_t found = 0;
  for (size_t at = text.find(words); at != std::string::npos; at = text.find(words, at + 1))
    ++found;
  return found;
}

TEST(MaskedImages, EachPixelIsDrawnAtItsPlaceAndTheMaskOnlyInTheSecondOfAPair) {
  // 2 × 3 pixels; the largest value of both images is white, the smallest the black ground.
  const std::vector<float> first = {0, 0, 4, 0, 0, 0};
  const std::vector<float> second = {2, 0, 0, 0, 0, 0};
  const std::vector<ShownImage> images = {{first, "one & only"}, {second, "b"}};
  const std::vector<int32_t> masked = {5};
  const std::string svg = masked_images_svg(images, masked, {2, 3}, 1);
  EXPECT_TRUE(svg.starts_with("<svg xmlns="));
  EXPECT_EQ(count(svg, "fill=\"#ffffff\""), 2);  // before and after
  EXPECT_EQ(count(svg, "fill=\"#808080\""), 2);
  EXPECT_EQ(count(svg, "fill=\"#d55e00\""), 2);  // one pixel of two images
  EXPECT_EQ(count(svg, "one &amp; only"), 1);
  // Pixel 5 is row 1, column 2: 4 down and 8 right of the second picture of the first pair.
  EXPECT_NE(svg.find("x=\"36\" y=\"4\""), std::string::npos);
  const std::string mask = mask_svg(first, masked, {2, 3});
  EXPECT_EQ(count(mask, "fill=\"#d55e00\""), 1);
  EXPECT_NE(mask.find("x=\"8\" y=\"4\""), std::string::npos);
}

}  // namespace
}  // namespace grids::core
