// The fast loops against the dense formulas that they stand for.
#include "train/kernels.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>

#include "base/random.hpp"
#include "train/sampler.hpp"

namespace grids::core {
namespace {

std::vector<float> normals(size_t count, uint64_t block) {
  RandomStream random(11, Purpose::kWeights, block);
  std::vector<float> values(count);
  for (float& value : values) value = static_cast<float>(random.normal());
  return values;
}

/// A batch of random rows and a disjoint sample of the rest.
struct Rows {
  Rows(ThreadPool& pool, const PeakBlocks& blocks, int64_t cells, double density, uint64_t seed) {
    RandomStream random(seed, Purpose::kSimulate);
    open.pattern.rows = cells;
    open.pattern.columns = blocks.peaks();
    for (int64_t i = 0; i < cells; ++i) {
      for (int64_t j = 0; j < blocks.peaks(); ++j) {
        if (random.uniform() < density) open.pattern.indices.push_back(static_cast<int32_t>(j));
      }
      open.pattern.offsets.push_back(open.pattern.nonzeros());
    }
    sample_zeros(pool, open.pattern, zero_sampling_probability(open.pattern), seed,
                 Purpose::kSampledPeaks, 1, closed.pattern);
    find_bounds(pool, blocks, open);
    find_bounds(pool, blocks, closed);
  }
  BlockedRows open, closed;
};

int64_t chromosome_of(const std::vector<int64_t>& chromosome_peaks, int64_t peak) {
  int64_t c = 0;
  while (peak >= chromosome_peaks[static_cast<size_t>(c)]) {
    peak -= chromosome_peaks[static_cast<size_t>(c)];
    ++c;
  }
  return c;
}

class KernelsOfWidth : public ::testing::TestWithParam<int64_t> {
 protected:
  const std::vector<int64_t> chromosome_peaks_ = {37, 5, 70, 1};
  PeakBlocks blocks_{chromosome_peaks_, 16};
  ThreadPool pool_{3};
  static constexpr int64_t kCells = 20;
  Rows rows_{pool_, blocks_, kCells, 0.1, 3};
  int64_t width_ = GetParam();
  int64_t row_length_ = 4 * width_;
};

TEST_P(KernelsOfWidth, ChromosomeSumsAreThoseOfAllPeaksVectors) {
  const auto embedding = normals(static_cast<size_t>(blocks_.peaks() * 2 * width_), 1);
  std::vector<float> sums(static_cast<size_t>(kCells * row_length_));
  chromosome_sums(pool_, blocks_, rows_.open, width_, embedding.data(), sums.data());
  for (int64_t cell = 0; cell < kCells; ++cell) {
    std::vector<double> dense(static_cast<size_t>(row_length_), 0.0);
    for (int64_t j = 0; j < blocks_.peaks(); ++j) {
      const int64_t state = rows_.open.pattern.contains(cell, static_cast<int32_t>(j));
      for (int64_t i = 0; i < width_; ++i) {
        dense[static_cast<size_t>(chromosome_of(chromosome_peaks_, j) * width_ + i)] +=
            embedding[static_cast<size_t>((2 * j + state) * width_ + i)];
      }
    }
    // Some 70 terms of size 1 in float: rounding of about 1e-6.
    for (int64_t i = 0; i < row_length_; ++i) {
      ASSERT_NEAR(dense[static_cast<size_t>(i)], sums[static_cast<size_t>(cell * row_length_ + i)],
                  2e-5);
    }
  }
}

TEST_P(KernelsOfWidth, SumsGradientGoesToTheStateThatEachCellIsIn) {
  const auto gradient = normals(static_cast<size_t>(kCells * row_length_), 2);
  std::vector<float> actual(static_cast<size_t>(blocks_.peaks() * 2 * width_), NAN);
  chromosome_sums_gradient(pool_, blocks_, rows_.open, width_, gradient.data(), actual.data());
  for (int64_t j = 0; j < blocks_.peaks(); ++j) {
    for (int64_t i = 0; i < width_; ++i) {
      double expected[2] = {};
      for (int64_t cell = 0; cell < kCells; ++cell) {
        const bool open = rows_.open.pattern.contains(cell, static_cast<int32_t>(j));
        expected[open] += gradient[static_cast<size_t>(
            cell * row_length_ + chromosome_of(chromosome_peaks_, j) * width_ + i)];
      }
      for (int64_t state = 0; state < 2; ++state) {
        ASSERT_NEAR(expected[state], actual[static_cast<size_t>((2 * j + state) * width_ + i)],
                    1e-5);  // 20 terms of size 1
      }
    }
  }
}

TEST_P(KernelsOfWidth, SampledFocalLossIsTheDenseOneUnderItsMask) {
  const auto hidden = normals(static_cast<size_t>(kCells * row_length_), 3);
  const auto weight = normals(static_cast<size_t>(blocks_.peaks() * width_), 4);
  const auto bias = normals(static_cast<size_t>(blocks_.peaks()), 5);
  std::vector<float> to_hidden(hidden.size(), NAN), to_weight(weight.size(), NAN),
      to_bias(bias.size(), NAN);
  const double loss = focal_reconstruction(pool_, blocks_, rows_.open, rows_.closed,
                                           {width_, hidden.data(), weight.data(), bias.data()},
                                           {to_hidden.data(), to_weight.data(), to_bias.data()});

  // The dense form: all logits, cross-entropy times (1 − p_true)², averaged under the mask.
  const auto terms =
      static_cast<double>(rows_.open.pattern.nonzeros() + rows_.closed.pattern.nonzeros());
  std::vector<double> d_hidden(hidden.size()), d_weight(weight.size()), d_bias(bias.size());
  double expected = 0;
  for (int64_t cell = 0; cell < kCells; ++cell) {
    for (int64_t j = 0; j < blocks_.peaks(); ++j) {
      const bool open = rows_.open.pattern.contains(cell, static_cast<int32_t>(j));
      if (!open && !rows_.closed.pattern.contains(cell, static_cast<int32_t>(j))) continue;
      const int64_t at = cell * row_length_ + chromosome_of(chromosome_peaks_, j) * width_;
      double z = bias[static_cast<size_t>(j)];
      for (int64_t i = 0; i < width_; ++i) {
        z += static_cast<double>(hidden[static_cast<size_t>(at + i)]) *
             weight[static_cast<size_t>(j * width_ + i)];
      }
      const auto term = [open](double logit) {
        const double p = 1 / (1 + std::exp(-logit));
        const double p_true = open ? p : 1 - p;
        return -(1 - p_true) * (1 - p_true) * std::log(p_true);
      };
      expected += term(z) / terms;
      const double slope = (term(z + 1e-6) - term(z - 1e-6)) / 2e-6 / terms;
      d_bias[static_cast<size_t>(j)] += slope;
      for (int64_t i = 0; i < width_; ++i) {
        d_hidden[static_cast<size_t>(at + i)] +=
            slope * weight[static_cast<size_t>(j * width_ + i)];
        d_weight[static_cast<size_t>(j * width_ + i)] +=
            slope * hidden[static_cast<size_t>(at + i)];
      }
    }
  }
  EXPECT_NEAR(expected, loss, 1e-6 * std::max(1.0, expected));
  // Finite differences with a step of 1e-6 in double are good to 1e-9, float sums to 1e-7.
  const auto expect_near = [](const std::vector<double>& want, const std::vector<float>& got) {
    for (size_t i = 0; i < want.size(); ++i) ASSERT_NEAR(want[i], got[i], 1e-6) << i;
  };
  expect_near(d_hidden, to_hidden);
  expect_near(d_weight, to_weight);
  expect_near(d_bias, to_bias);
}

INSTANTIATE_TEST_SUITE_P(Widths, KernelsOfWidth, ::testing::Values(5, 8, 16));

TEST(FocalReconstruction, StaysFiniteForHugeLogits) {
  ThreadPool pool(1);
  const std::vector<int64_t> peaks = {2};
  const PeakBlocks blocks(peaks);
  BlockedRows open, closed;
  open.pattern = {1, 2, {0, 1}, {0}};
  closed.pattern = {1, 2, {0, 1}, {1}};
  find_bounds(pool, blocks, open);
  find_bounds(pool, blocks, closed);
  const float hidden = 1;
  for (const float size : {0.0f, 1e-3f, 50.0f, 1e4f, -1e4f}) {
    const float weight[] = {size, size}, bias[] = {0, 0};
    float to_hidden = NAN, to_weight[2], to_bias[2];
    const double loss = focal_reconstruction(pool, blocks, open, closed, {1, &hidden, weight, bias},
                                             {&to_hidden, to_weight, to_bias});
    // A wholly wrong answer costs its logit, a right one nothing.
    if (std::abs(size) > 10) {
      EXPECT_NEAR(loss, std::abs(size) / 2, 1e-5 * std::abs(size));
    }
    EXPECT_TRUE(std::isfinite(to_hidden) && std::isfinite(to_weight[0]));
  }
}

TEST(SquaredErrorAt, ReadsOnlyTheGivenEntries) {
  ThreadPool pool(2);
  const CsrPattern first = {2, 3, {0, 1, 1}, {0}};
  const CsrPattern second = {2, 3, {0, 1, 2}, {2, 1}};
  const std::vector<float> predicted = {1, 9, 2, 9, 3, 9}, target = {0, 0, 0, 0, 1, 0};
  std::vector<float> gradient(6, NAN);
  const double loss =
      squared_error_at(pool, first, second, predicted.data(), target.data(), gradient.data());
  EXPECT_DOUBLE_EQ(loss, (1.0 + 4.0 + 4.0) / 3);
  const std::vector<float> expected = {2.0f / 3, 0, 4.0f / 3, 0, 4.0f / 3, 0};
  for (size_t i = 0; i < 6; ++i) EXPECT_FLOAT_EQ(gradient[i], expected[i]);
}

TEST(Adam, FollowsTheTextbook) {
  ThreadPool pool(2);
  const size_t count = 100000;  // several blocks
  auto parameter = normals(count, 1);
  std::vector<double> expected(parameter.begin(), parameter.end());
  std::vector<float> mean(count), square(count);
  std::vector<double> m(count), v(count);
  for (int64_t t = 1; t <= 5; ++t) {
    const auto gradient = normals(count, 10 + static_cast<uint64_t>(t));
    adam(pool, {1e-2, 0.9, 0.99, 1e-8, t, 0.5}, parameter, gradient, mean, square);
    for (size_t i = 0; i < count; ++i) {
      const double g = 0.5 * gradient[i];
      m[i] = 0.9 * m[i] + 0.1 * g;
      v[i] = 0.99 * v[i] + 0.01 * g * g;
      const double m_hat = m[i] / (1 - std::pow(0.9, t)), v_hat = v[i] / (1 - std::pow(0.99, t));
      expected[i] -= 1e-2 * m_hat / (std::sqrt(v_hat) + 1e-8);
    }
  }
  // Five steps of at most 1e-2, each rounded at the size of the parameter (up to 4.5).
  for (size_t i = 0; i < count; ++i) ASSERT_NEAR(expected[i], parameter[i], 5e-6) << i;
}

TEST(Kernels, DoNotDependOnTheNumberOfThreads) {
  const std::vector<int64_t> peaks = {900, 300};
  const PeakBlocks blocks(peaks, 64);
  std::vector<std::vector<float>> results;
  for (const int threads : {1, 4}) {
    ThreadPool pool(threads);
    const Rows rows(pool, blocks, 30, 0.05, 9);
    const auto embedding = normals(1200 * 2 * 16, 1), weight = normals(1200 * 16, 2),
               bias = normals(1200, 3);
    std::vector<float> all(30 * 2 * 16);
    chromosome_sums(pool, blocks, rows.open, 16, embedding.data(), all.data());
    std::vector<float> to_hidden(all.size()), to_weight(weight.size()), to_bias(bias.size());
    const double loss = focal_reconstruction(pool, blocks, rows.open, rows.closed,
                                             {16, all.data(), weight.data(), bias.data()},
                                             {to_hidden.data(), to_weight.data(), to_bias.data()});
    std::vector<float> to_embedding(embedding.size()), to_predicted(embedding.size());
    chromosome_sums_gradient(pool, blocks, rows.open, 16, to_hidden.data(), to_embedding.data());
    all.push_back(
        static_cast<float>(squared_error(pool, 0.5, embedding, to_embedding, to_predicted.data())));
    for (const auto& more : {to_hidden, to_weight, to_bias, to_embedding, to_predicted}) {
      all.insert(all.end(), more.begin(), more.end());
    }
    all.push_back(static_cast<float>(loss));
    all.push_back(static_cast<float>(squared_norm(pool, embedding)));
    results.push_back(all);
  }
  EXPECT_EQ(results[0], results[1]);
}

TEST(SquaredError, IsTheMeanOverAllEntriesWithItsGradientWeighted) {
  ThreadPool pool(2);
  const size_t count = 70000;  // several blocks, the last one no multiple of the lanes
  const auto predicted = normals(count, 1), target = normals(count, 2);
  std::vector<float> gradient(count, NAN);
  const double loss = squared_error(pool, 0.5, predicted, target, gradient.data());
  double expected = 0;
  for (size_t i = 0; i < count; ++i) {
    const double difference = static_cast<double>(predicted[i]) - target[i];
    expected += difference * difference / count;
    // Rounding of a float of size 1e-4.
    ASSERT_NEAR(gradient[i], 0.5 * 2 * difference / count, 1e-10) << i;
  }
  EXPECT_NEAR(loss, expected, 1e-6);  // differences are rounded to float
}

TEST(SquaredNorm, IsTheSumOfSquares) {
  ThreadPool pool(2);
  for (const size_t count : {3, 511, 512, 70001}) {
    const auto values = normals(count, count);
    double expected = 0;
    for (const float x : values) expected += static_cast<double>(x) * x;
    // Groups of 32 squares are summed in float.
    EXPECT_NEAR(squared_norm(pool, values), expected, 1e-6 * expected) << count;
  }
}

RC_GTEST_PROP(BlockedRows, BoundsAreWhereBlocksBegin, (uint64_t seed)) {
  ThreadPool pool(2);
  RandomStream random(seed, Purpose::kSimulate);
  const std::vector<int64_t> peaks = {37, 1, 140, 20};
  const PeakBlocks blocks(peaks, 1 + random.below(60));
  CsrPattern source;
  source.rows = 9;
  source.columns = blocks.peaks();
  const double density = random.uniform();
  for (int64_t i = 0; i < source.rows; ++i) {
    for (int32_t j = 0; j < blocks.peaks(); ++j) {
      if (random.uniform() < density) source.indices.push_back(j);
    }
    source.offsets.push_back(source.nonzeros());
  }
  const std::vector<int32_t> cells = {4, 0, 8, 4};
  BlockedRows rows;
  gather_rows(pool, source, cells, rows.pattern);
  find_bounds(pool, blocks, rows);
  for (int64_t i = 0; i < 4; ++i) {
    const auto wanted = source.row(cells[static_cast<size_t>(i)]);
    const auto row = rows.pattern.row(i);
    RC_ASSERT(std::vector(wanted.begin(), wanted.end()) == std::vector(row.begin(), row.end()));
    size_t seen = 0;
    for (int64_t block = 0; block < blocks.size(); ++block) {
      for (const int32_t j : rows.entries(i, block, blocks.size())) {
        RC_ASSERT(j >= blocks.begin(block));
        RC_ASSERT(j < blocks.end(block));
        ++seen;
      }
    }
    RC_ASSERT(seen == row.size());
  }
}

// ------------------------------------------------------------------ sampling

CsrPattern rows_with(int64_t rows, int64_t columns, int64_t every) {
  CsrPattern pattern;
  pattern.rows = rows;
  pattern.columns = columns;
  for (int64_t i = 0; i < rows; ++i) {
    for (int64_t j = i % every; j < columns; j += every) {
      pattern.indices.push_back(static_cast<int32_t>(j));
    }
    pattern.offsets.push_back(pattern.nonzeros());
  }
  return pattern;
}

TEST(SampleZeros, DrawsEachZeroWithTheProbability) {
  ThreadPool pool(2);
  const CsrPattern nonzeros = rows_with(40, 50, 7);
  const double p = 0.15;
  const int draws = 2000;
  std::vector<double> hits(40 * 50);
  for (int step = 0; step < draws; ++step) {
    CsrPattern zeros;
    sample_zeros(pool, nonzeros, p, 1, Purpose::kSampledPeaks, static_cast<uint64_t>(step), zeros);
    for (int64_t i = 0; i < 40; ++i) {
      for (const int32_t j : zeros.row(i)) ++hits[static_cast<size_t>(i * 50 + j)];
    }
  }
  // Each entry is binomial; the sum of squared standard scores is chi-squared with as many degrees
  // of freedom as there are zeros, about 1714 ± 59: five standard deviations.
  double chi2 = 0, entries = 0;
  for (int64_t i = 0; i < 40; ++i) {
    for (int64_t j = 0; j < 50; ++j) {
      const double hit = hits[static_cast<size_t>(i * 50 + j)];
      if (nonzeros.contains(i, static_cast<int32_t>(j))) {
        EXPECT_EQ(hit, 0);
        continue;
      }
      ++entries;
      chi2 += (hit - draws * p) * (hit - draws * p) / (draws * p * (1 - p));
    }
  }
  EXPECT_NEAR(chi2, entries, 5 * std::sqrt(2 * entries));
}

TEST(SampleZeros, NeighboursAreIndependent) {
  // 100,000 pairs of neighbouring zeros; the share drawn together is p² ± 5 standard errors.
  ThreadPool pool(1);
  CsrPattern none;
  none.rows = 100;
  none.columns = 1001;
  none.offsets.assign(101, 0);
  CsrPattern zeros;
  const double p = 0.2;
  sample_zeros(pool, none, p, 3, Purpose::kSampledPeaks, 0, zeros);
  double together = 0;
  for (int64_t i = 0; i < 100; ++i) {
    const auto row = zeros.row(i);
    for (size_t k = 1; k < row.size(); ++k) together += row[k] == row[k - 1] + 1;
  }
  EXPECT_NEAR(together / 1e5, p * p, 5 * std::sqrt(p * p / 1e5));
}

TEST(SampleZeros, TakesAllZerosAtProbabilityOne) {
  ThreadPool pool(1);
  const CsrPattern nonzeros = rows_with(3, 8, 2);  // half are zeros
  EXPECT_DOUBLE_EQ(zero_sampling_probability(nonzeros), 1.0);
  CsrPattern zeros;
  sample_zeros(pool, nonzeros, 1.0, 1, Purpose::kSampledPeaks, 0, zeros);
  EXPECT_EQ(zeros.nonzeros() + nonzeros.nonzeros(), 24);
}

RC_GTEST_PROP(SampleZeros, RowsAreSortedZerosOnly, (uint64_t seed)) {
  ThreadPool pool(1);
  RandomStream random(seed, Purpose::kSimulate);
  CsrPattern nonzeros;
  nonzeros.rows = 5;
  nonzeros.columns = 30;
  for (int64_t i = 0; i < 5; ++i) {
    for (int32_t j = 0; j < 30; ++j) {
      if (random.uniform() < 0.3) nonzeros.indices.push_back(j);
    }
    nonzeros.offsets.push_back(nonzeros.nonzeros());
  }
  CsrPattern zeros;
  sample_zeros(pool, nonzeros, random.uniform(), seed, Purpose::kSampledGenes, 0, zeros);
  for (int64_t i = 0; i < 5; ++i) {
    const auto row = zeros.row(i);
    for (size_t k = 0; k < row.size(); ++k) {
      RC_ASSERT(row[k] >= 0 && row[k] < 30 && !nonzeros.contains(i, row[k]));
      if (k > 0) RC_ASSERT(row[k] > row[k - 1]);  // RC_ASSERT does not stop at the left of ||
    }
  }
}

}  // namespace
}  // namespace grids::core
