#include "io/scratch_room.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdio>
#include <numeric>
#include <thread>

#include "base/error.hpp"
#include "support/temp_folder.hpp"

namespace grids::core {
namespace {

using test::TempFolder;
using ::testing::HasSubstr;

/// Mapped pages of files in the memory of this process.
int64_t mapped_pages() {
  std::FILE* file = std::fopen("/proc/self/statm", "r");
  long long size = 0, resident = 0, of_files = 0;
  const int read = std::fscanf(file, "%lld %lld %lld", &size, &resident, &of_files);
  std::fclose(file);
  return read == 3 ? of_files : -1;
}

TEST(ScratchRoom, HoldsArraysWithoutANameInTheFolder) {
  const TempFolder folder;
  const auto room = scratch_room(folder.path(), {.smallest = 100, .resident = 1 << 20});
  auto entries = Entries<int32_t>::zeros(room, 1000);
  std::iota(entries.begin(), entries.end(), 0);
  EXPECT_EQ(entries[999], 999);
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST(ScratchRoom, ArraysOutliveTheRoom) {
  const TempFolder folder;
  Entries<float> entries;
  {
    const auto room = scratch_room(folder.path(), {.smallest = 1});
    entries = Entries<float>::zeros(room, 5000);
  }
  entries[4999] = 2;
  EXPECT_EQ(entries.back(), 2);
}

TEST(ScratchRoom, WhatWasReadDoesNotStayInTheProcess) {
  const TempFolder folder;
  const int64_t before = mapped_pages();
  const auto room = scratch_room(folder.path(), {.smallest = 1, .resident = 1 << 20});
  constexpr size_t kCount = size_t{1} << 23;  // 32 MB
  auto entries = Entries<int32_t>::zeros(room, kCount);
  std::iota(entries.begin(), entries.end(), 0);
  constexpr int64_t kPagesOfLimit = (1 << 20) / 4096, kOthers = 1024;  // 4 MB of what else is read
  for (int i = 0; i < 3000 && mapped_pages() - before > kPagesOfLimit + kOthers; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  EXPECT_LE(mapped_pages() - before, kPagesOfLimit + kOthers);
  int64_t sum = 0;
  for (const int32_t entry : entries) sum += entry;
  EXPECT_EQ(sum, static_cast<int64_t>(kCount) * (kCount - 1) / 2);
}

TEST(ScratchRoom, AFolderThatHoldsNoFilesIsNamed) {
  try {
    scratch_room("/proc/nowhere", {});
    FAIL() << "there is such a folder";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInput);
    EXPECT_THAT(error.what(), HasSubstr("/proc/nowhere"));
    EXPECT_THAT(error.what(), HasSubstr("TMPDIR"));
  }
}

TEST(ScratchRoom, MoreThanTheDiskHoldsIsRefusedAtOnce) {
  const TempFolder folder;
  const auto room = scratch_room(folder.path(), {});
  EXPECT_THROW(room->memory(int64_t{1} << 60), Error);
}

}  // namespace
}  // namespace grids::core
