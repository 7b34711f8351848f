#include "math/entries.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <cstdlib>

#include "math/sparse.hpp"

namespace grids::core {
namespace {

/// Takes everything, and has transposes made a few entries at a time.
class SmallRoom : public EntryRoom {
 public:
  int64_t smallest() const override { return 1; }
  int64_t window() const override { return 64; }
  std::shared_ptr<void> memory(int64_t bytes) override {
    ++arrays;
    return {std::calloc(1, static_cast<size_t>(bytes)), std::free};
  }
  int arrays = 0;
};

template <typename T>
Entries<T> in_room(const std::shared_ptr<SmallRoom>& room, const Entries<T>& entries) {
  auto result = Entries<T>::zeros(room, entries.size());
  std::copy(entries.begin(), entries.end(), result.begin());
  return result;
}

CsrMatrix any_matrix() {
  CsrMatrix matrix;
  matrix.pattern.rows = *rc::gen::inRange(0, 12);
  matrix.pattern.columns = *rc::gen::inRange(1, 40);
  for (int64_t row = 0; row < matrix.rows(); ++row) {
    for (int32_t column = 0; column < matrix.columns(); ++column) {
      if (!*rc::gen::arbitrary<bool>()) continue;
      matrix.pattern.indices.push_back(column);
      matrix.values.push_back(static_cast<float>(*rc::gen::inRange(1, 99)));
    }
    matrix.pattern.offsets.push_back(matrix.pattern.nonzeros());
  }
  return matrix;
}

void expect_same(const CsrMatrix& a, const CsrMatrix& b) {
  RC_ASSERT(a.rows() == b.rows());
  RC_ASSERT(a.columns() == b.columns());
  RC_ASSERT(a.pattern.offsets == b.pattern.offsets);
  RC_ASSERT(a.pattern.indices == b.pattern.indices);
  RC_ASSERT(a.values == b.values);
}

RC_GTEST_PROP(Entries, WhatIsMadeInARoomIsWhatIsMadeInMemory, ()) {
  const CsrMatrix matrix = any_matrix();
  auto room = std::make_shared<SmallRoom>();
  CsrMatrix there = matrix;
  there.pattern.indices = in_room(room, matrix.pattern.indices);
  there.values = in_room(room, matrix.values);
  expect_same(transpose(there), transpose(matrix));
  const auto rows = *rc::gen::container<std::vector<int32_t>>(
      rc::gen::inRange<int32_t>(0, std::max<int32_t>(1, static_cast<int32_t>(matrix.rows()))));
  if (matrix.rows() == 0) return;
  const int before = room->arrays;
  const auto chosen = select_rows(there, rows);
  expect_same(chosen, select_rows(matrix, rows));
  RC_ASSERT(chosen.pattern.indices.empty() || room->arrays == before + 2);
  expect_same(transpose(chosen), transpose(select_rows(matrix, rows)));
}

TEST(Entries, CopiesShareUntilOneIsWrittenTo) {
  Entries<int32_t> one = {1, 2, 3};
  one.share();
  Entries<int32_t> other = one;
  EXPECT_EQ(std::as_const(one).data(), std::as_const(other).data());
  other[1] = 7;
  EXPECT_EQ(one, (std::vector<int32_t>{1, 2, 3}));
  EXPECT_EQ(other, (std::vector<int32_t>{1, 7, 3}));
}

TEST(Entries, WhoAloneHoldsThemWritesInPlace) {
  auto room = std::make_shared<SmallRoom>();
  auto entries = Entries<float>::zeros(room, 3);
  const float* place = std::as_const(entries).data();
  entries[2] = 4;
  EXPECT_EQ(std::as_const(entries).data(), place);
  entries.push_back(5);  // of another size they are its own
  EXPECT_EQ(entries, (std::vector<float>{0, 0, 4, 5}));
}

}  // namespace
}  // namespace grids::core
