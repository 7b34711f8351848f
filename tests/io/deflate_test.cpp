// Streams of planes of bytes are what zlib makes of the same bytes back, whatever the planes, and
// not larger than one stream of all by more than what is worth not unpacking.
#include "io/deflate.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <zlib.h>

#include <algorithm>
#include <utility>

#include "base/error.hpp"
#include "base/random.hpp"

namespace grids::core {
namespace {

using Bytes = std::vector<uint8_t>;

/// By zlib; nothing for what is no stream of that many bytes.
Bytes inflated(const Bytes& stream, size_t size) {
  Bytes out(size);
  uLongf found = size;
  const int status = uncompress(out.data(), &found, stream.data(), stream.size());
  return status == Z_OK && found == size ? out : Bytes();
}

/// Planes as they occur: what nothing makes smaller, one byte, runs, few different bytes, words
/// that repeat, and numbers of times that make the longest codes.
Bytes plane_of(int kind, size_t size, RandomStream& random) {
  Bytes plane(size);
  const auto below = [&](uint32_t n) { return static_cast<uint8_t>(random.below(n)); };
  if (kind == 0) std::generate(plane.begin(), plane.end(), [&] { return below(256); });
  if (kind == 1) std::fill(plane.begin(), plane.end(), below(256));
  if (kind == 2) {
    for (size_t i = 0; i < size;) {
      const auto end = std::min(size, i + 1 + random.below(random.below(20) == 0 ? 1000 : 14));
      std::fill(plane.begin() + static_cast<std::ptrdiff_t>(i),
                plane.begin() + static_cast<std::ptrdiff_t>(end), below(256));
      i = end;
    }
  }
  if (kind == 3) std::generate(plane.begin(), plane.end(), [&] { return below(5); });
  if (kind == 4) {
    for (size_t i = 0; i < size; ++i) plane[i] = i < 700 ? below(256) : plane[i - 700];
  }
  if (kind == 5) {  // Fibonacci's numbers: each is as frequent as all before together
    size_t many = 1, before = 1;
    size_t i = 0;
    for (uint8_t byte = 0; i < size; ++byte) {
      for (size_t k = 0; k < many && i < size; ++k) plane[i++] = byte;
      before = std::exchange(many, many + before);
    }
    random.shuffle(std::span(plane));
  }
  return plane;
}

RC_GTEST_PROP(Deflate, PlanesComeBackFromZlib, ()) {
  const auto size = *rc::gen::element<size_t>(1, 2, 3, 5, 258, 259, 8191, 8192, 8193, 65535, 65536,
                                              65537, 131072, 140000);
  const auto kinds = *rc::gen::container<std::vector<int>>(*rc::gen::element<size_t>(1, 2, 4, 8),
                                                           rc::gen::inRange(0, 6));
  RandomStream random(*rc::gen::arbitrary<uint32_t>(), Purpose::kSimulate);
  Bytes bytes;
  for (const int kind : kinds) {
    const auto plane = plane_of(kind, size, random);
    bytes.insert(bytes.end(), plane.begin(), plane.end());
  }
  const auto stream = deflate_planes(bytes, kinds.size());
  RC_ASSERT(stream.size() < bytes.size());
  RC_ASSERT(deflate_planes(bytes, kinds.size()) == stream);  // whatever was made before
  if (!stream.empty()) RC_ASSERT(inflated(stream, bytes.size()) == bytes);
  const auto plain = deflate_bytes(bytes);
  RC_ASSERT(plain.size() < bytes.size());
  if (!plain.empty()) RC_ASSERT(inflated(plain, bytes.size()) == bytes);
}

/// Bytes of a plane of this kind between two others.
std::pair<size_t, size_t> sizes(int kind) {
  RandomStream random(1, Purpose::kSimulate);
  const size_t size = 65536;
  Bytes bytes;
  for (const int one : {0, kind, 1, 1}) {
    const auto plane = plane_of(one, size, random);
    bytes.insert(bytes.end(), plane.begin(), plane.end());
  }
  const auto stream = deflate_planes(bytes, 4);
  EXPECT_EQ(inflated(stream, bytes.size()), bytes);
  return {stream.size(), deflate_bytes(bytes).size()};
}

TEST(Deflate, WhatCanBeSmallerIs) {
  for (int kind = 0; kind < 6; ++kind) {
    const auto [found, plain] = sizes(kind);
    // The share of a plane that is not worth unpacking, and codes.
    EXPECT_LE(found, plain + 65536 * 3 / 100 + 500) << kind;
  }
}

TEST(Deflate, WhatNothingMakesSmallerIsNoStream) {
  RandomStream random(1, Purpose::kSimulate);
  const auto noise = plane_of(0, 40000, random);
  EXPECT_TRUE(deflate_planes(noise, 4).empty());
  EXPECT_TRUE(deflate_bytes(noise).empty());
}

TEST(Deflate, AStreamIsUnpackedToItsSizeOnly) {
  RandomStream random(1, Purpose::kSimulate);
  const auto bytes = plane_of(2, 50000, random);
  const auto stream = deflate_bytes(bytes);
  Bytes out(bytes.size());
  ASSERT_TRUE(inflate_exactly(stream, out));
  EXPECT_EQ(out, bytes);
  Bytes shorter(bytes.size() - 1), longer(bytes.size() + 1);
  EXPECT_FALSE(inflate_exactly(stream, shorter));
  EXPECT_FALSE(inflate_exactly(stream, longer));
}

TEST(Deflate, ADamagedStreamIsNone) {
  RandomStream random(1, Purpose::kSimulate);
  const auto bytes = plane_of(2, 5000, random);
  const auto stream = deflate_bytes(bytes);
  Bytes out(bytes.size());
  for (size_t size = 0; size < stream.size(); ++size) {
    EXPECT_FALSE(inflate_exactly(std::span(stream).first(size), out)) << size;
  }
  size_t unused = 0;  // bits behind the last code mean nothing
  for (size_t i = 0; i < stream.size(); ++i) {
    auto damaged = stream;
    damaged[i] ^= 0x10;
    if (!inflate_exactly(damaged, out)) continue;
    EXPECT_EQ(out, bytes) << i;
    ++unused;
  }
  EXPECT_LE(unused, 1);
}

TEST(Deflate, PlanesAreOfEqualSize) {
  EXPECT_THROW(deflate_planes(Bytes(10), 4), Error);
  EXPECT_THROW(deflate_planes(Bytes(10), 0), Error);
  EXPECT_THROW(deflate_planes({}, 4), Error);
}

}  // namespace
}  // namespace grids::core
