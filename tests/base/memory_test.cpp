#include "base/memory.hpp"

#include <gtest/gtest.h>

namespace grids::core {
namespace {

TEST(Memory, AmountsArePowersOf1024) {
  EXPECT_EQ(parse_bytes("8G"), int64_t{8} << 30);
  EXPECT_EQ(parse_bytes("1.5g"), int64_t{3} << 29);
  EXPECT_EQ(parse_bytes("800 MB"), int64_t{800} << 20);
  EXPECT_EQ(parse_bytes("2TiB"), int64_t{2} << 40);
  EXPECT_EQ(parse_bytes("64k"), int64_t{64} << 10);
  EXPECT_EQ(parse_bytes("500000"), 500000);
  EXPECT_EQ(parse_bytes("12b"), 12);
}

TEST(Memory, WhatIsNoAmountIsNone) {
  for (const char* text : {"", "0", "0G", "-1G", "lots", "G", "8GG", "8 gigs", "nan", "inf",
                           "1e400", "8,5G", "0.1", "9999999999T"}) {
    EXPECT_FALSE(parse_bytes(text)) << text;
  }
}

TEST(Memory, AmountsAreToldInTheSameUnits) {
  EXPECT_EQ(bytes_text(512), "512 bytes");
  EXPECT_EQ(bytes_text(int64_t{3} << 29), "1.5 GB");
  EXPECT_EQ(bytes_text(int64_t{77} << 30), "77 GB");
  EXPECT_EQ(parse_bytes(bytes_text(int64_t{3} << 29)), int64_t{3} << 29);
}

TEST(Memory, TheUsualIsPartOfWhatIsFree) {
  EXPECT_GT(free_memory(), 0);
  EXPECT_GT(usual_memory(), 0);
  EXPECT_LT(usual_memory(), kAnyMemory);
}

}  // namespace
}  // namespace grids::core
