#include "base/background.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <numeric>
#include <stdexcept>
#include <vector>

namespace grids::core {
namespace {

TEST(Background, DoesTasksInOrderAndAllOfThem) {
  std::vector<int> done;
  Background background(2);
  std::vector<int> expected(100);
  std::iota(expected.begin(), expected.end(), 0);
  for (const int i : expected) background.push([&done, i] { done.push_back(i); });
  background.finish();
  EXPECT_EQ(done, expected);
  background.push([&done] { done.push_back(100); });  // and goes on afterwards
  background.finish();
  EXPECT_EQ(done.back(), 100);
}

TEST(Background, AnExceptionReachesTheCallerAndEndsTheWork) {
  std::atomic<int> after = 0;
  Background background(3);
  const auto work = [&] {
    background.push([] { throw std::runtime_error("disk full"); });
    for (int i = 0; i < 50; ++i) background.push([&after] { ++after; });
    background.finish();
  };
  EXPECT_THROW(work(), std::runtime_error);
  EXPECT_THROW(background.finish(), std::runtime_error);
  EXPECT_EQ(after, 0);
}

TEST(Background, WhatWaitsIsDroppedAtTheEndWhatRunsIsNot) {
  std::atomic<bool> started = false;
  std::atomic<bool> ended = false;
  {
    Background background(5);
    background.push([&] {
      started = true;
      started.notify_all();
      ended = true;
    });
    started.wait(false);
  }
  EXPECT_TRUE(ended);
}

}  // namespace
}  // namespace grids::core
