#include "math/closer_than_match.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <atomic>
#include <cmath>

#include "base/error.hpp"
#include "base/indices.hpp"
#include "base/random.hpp"
#include "support/fixture.hpp"

namespace grids::core {
namespace {

using test::Fixture;

/// Points on a grid of `step`, so that there are ties; 0: none.
std::vector<float> scattered(uint64_t seed, int64_t values, double step, double shift = 0) {
  RandomStream random(seed, Purpose::kBenchmark);
  std::vector<float> points(static_cast<size_t>(values));
  for (auto& value : points) {
    const double drawn = random.normal();
    value = static_cast<float>((step > 0 ? step * std::round(drawn / step) : drawn) + shift);
  }
  return points;
}

double plain_distance(const std::vector<float>& a, int64_t i, const std::vector<float>& b,
                      int64_t j, int64_t d) {
  double square = 0;
  for (int64_t k = 0; k < d; ++k) {
    const double gap =
        static_cast<double>(a[static_cast<size_t>(i * d + k)]) - b[static_cast<size_t>(j * d + k)];
    square += gap * gap;
  }
  return square;
}

/// By the definition, in double: 1, ½ or 0.
double plainly_closer(const std::vector<float>& a, const std::vector<float>& b, int64_t i,
                      int64_t j, int64_t d) {
  const double own = plain_distance(a, i, b, i, d);
  const double other = plain_distance(a, i, b, j, d);
  return other < own ? 1 : (other == own ? 0.5 : 0);
}

struct Matched {
  std::vector<float> queries, candidates;
  int64_t dimensions = 1;
  std::vector<int32_t> groups;

  int64_t rows() const { return std::ssize(groups); }

  CloserThanMatch compare(const Context& context) const {
    return compare(context, indices_below(rows()),
                   std::vector<double>(static_cast<size_t>(rows()), 1));
  }
  CloserThanMatch compare(const Context& context, const std::vector<int32_t>& asked,
                          const std::vector<double>& stand_for) const {
    return closer_than_match({queries, candidates, dimensions, groups, asked, stand_for}, context);
  }
};

void expect_same(double found, double plain) {
  if (std::isnan(plain)) return RC_ASSERT(std::isnan(found));
  RC_ASSERT(std::abs(found - plain) < 1e-12);  // divisions in another order
}

/// Law: what is found by products of blocks is what the definition says, ties and all, whatever the
/// threads, and wherever the points lie.
RC_GTEST_PROP(CloserThanMatch, IsThatOfItsDefinition, ()) {
  const int64_t n = *rc::gen::inRange(1, 150);
  const int64_t d = *rc::gen::inRange(1, 9);
  const auto seed = *rc::gen::inRange<uint64_t>(1, 1000);
  // On a coarse grid nearly all are ties; far from the origin float products alone would be wrong.
  const double step = *rc::gen::element(0.0, 0.001, 1.0);
  const double shift = *rc::gen::element(0.0, 300.0);
  const int32_t groups = *rc::gen::inRange(1, 5);
  Matched points{
      scattered(seed, n * d, step, shift), scattered(seed + 5000, n * d, step, shift), d, {}};
  for (int64_t i = 0; i < n; ++i) points.groups.push_back(static_cast<int32_t>(i % groups));
  Fixture one(1), three(3);
  const auto found = points.compare(one.context);
  const auto again = points.compare(three.context);
  RC_ASSERT(n == 1 || found.of_all.as_query == again.of_all.as_query);
  RC_ASSERT(n == 1 || found.of_all.as_candidate == again.of_all.as_candidate);
  for (int64_t i = 0; i < n; ++i) {
    double query = 0, candidate = 0, query_in = 0, candidate_in = 0, others = 0, in_group = 0;
    for (int64_t j = 0; j < n; ++j) {
      if (i == j) continue;
      const double mine = plainly_closer(points.queries, points.candidates, i, j, d);
      const double theirs = plainly_closer(points.queries, points.candidates, j, i, d);
      others += 1;
      query += mine;
      candidate += theirs;
      if (points.groups[static_cast<size_t>(i)] != points.groups[static_cast<size_t>(j)]) continue;
      in_group += 1;
      query_in += mine;
      candidate_in += theirs;
    }
    const auto row = static_cast<size_t>(i);
    expect_same(found.of_all.as_query[row], query / others);
    expect_same(found.of_all.as_candidate[row], candidate / others);
    expect_same(found.of_group.as_query[row], query_in / in_group);
    expect_same(found.of_group.as_candidate[row], candidate_in / in_group);
  }
}

TEST(CloserThanMatch, WhatLiesInOnePlaceIsATie) {
  Fixture test;
  const Matched points{std::vector<float>(60, 2.5f), std::vector<float>(60, 2.5f), 3,
                       std::vector<int32_t>(20, 0)};
  for (const double share : points.compare(test.context).of_all.as_query) EXPECT_EQ(share, 0.5);
}

TEST(CloserThanMatch, OfMoreThanABlockTheSame) {
  Fixture test;
  const int64_t n = 2500;  // candidates in two blocks
  Matched points{scattered(1, n * 4, 0), scattered(2, n * 4, 0), 4,
                 std::vector<int32_t>(static_cast<size_t>(n), 0)};
  const auto found = points.compare(test.context);
  for (const int64_t i : {int64_t{0}, int64_t{63}, int64_t{64}, int64_t{2047}, int64_t{2499}}) {
    double query = 0;
    for (int64_t j = 0; j < n; ++j) {
      if (j != i) query += plainly_closer(points.queries, points.candidates, i, j, 4);
    }
    EXPECT_DOUBLE_EQ(found.of_all.as_query[static_cast<size_t>(i)], query / (n - 1));
  }
}

TEST(CloserThanMatch, AskedRowsAreHeldAgainstAllAndWeighWhatTheyStandFor) {
  Fixture test;
  // On a line. Rows 0 and 2 are asked, row 2 stands for three.
  const Matched points{{0, 10, 20, 30}, {3, 1, 26, 22}, 1, {0, 0, 1, 1}};
  const auto found = points.compare(test.context, {0, 2}, {1, 3});
  // To 0: its own at 3; 1 is closer. To 20: its own at 6 away; 22 is closer.
  EXPECT_EQ(found.of_all.as_query, (std::vector<double>{1.0 / 3, 1.0 / 3}));
  EXPECT_EQ(found.of_group.as_query, (std::vector<double>{1, 1}));
  EXPECT_EQ(found.of_all.as_candidate, (std::vector<double>{0, 0}));
  // Of the other rows that are asked, those of row 2 weigh three: candidate 0 seen from 20 is far.
  const Matched turned{{0, 10, 20, 30}, {19, 1, 26, 22}, 1, {0, 0, 0, 0}};
  const auto both = turned.compare(test.context, {0, 1, 2}, {1, 1, 2});
  // Candidate 0 lies closer to 20 than its own (2 of weight), not to 10 (9 and 9: a tie, 1 of
  // weight).
  EXPECT_DOUBLE_EQ(both.of_all.as_candidate[0], (2 + 0.5) / 3);
}

TEST(CloserThanMatch, StopsWhenAsked) {
  Fixture test;
  const std::atomic<bool> cancelled{true};
  const Context context{7, test.pool, test.reporter, &cancelled};
  const Matched points{{0, 1}, {0, 1}, 1, {0, 0}};
  EXPECT_THROW(points.compare(context), Error);
}

}  // namespace
}  // namespace grids::core
