// The functions that replace stock torch operations, against those operations in double precision:
// values and gradients.
#include "train/functions.hpp"

#include <gtest/gtest.h>

#include "base/random.hpp"
#include "train/kernels_norm.hpp"

namespace grids::core {
namespace {

at::Tensor normals(at::IntArrayRef sizes, uint64_t block) {
  RandomStream random(17, Purpose::kWeights, block);
  at::Tensor tensor = at::empty(sizes, at::kFloat);
  float* values = tensor.data_ptr<float>();
  for (int64_t i = 0; i < tensor.numel(); ++i) values[i] = static_cast<float>(random.normal());
  return tensor;
}

/// The same values as leaves of a graph, in float and in double.
struct Leaves {
  explicit Leaves(std::vector<at::Tensor> given) : fast(std::move(given)) {
    for (auto& tensor : fast) {
      plain.push_back(tensor.to(at::kDouble).requires_grad_());
      tensor.set_requires_grad(true);
    }
  }
  std::vector<at::Tensor> fast, plain;
};

/// Everything is of size 1 to 10, and summed in float over up to 200 terms: rounding stays below
/// 1e-5 of the largest entry.
void expect_near(const at::Tensor& plain, const at::Tensor& fast, const std::string& what) {
  ASSERT_TRUE(fast.defined()) << what;
  const at::Tensor difference = (fast.detach().to(at::kDouble) - plain.detach()).abs();
  EXPECT_LE(difference.max().item<double>(),
            1e-5 * std::max(1.0, plain.detach().abs().max().item<double>()))
      << what;
}

/// Goes backward from both results with the same gradient and compares what reaches the leaves.
void expect_same_gradients(const Leaves& leaves, const at::Tensor& plain, const at::Tensor& fast) {
  expect_near(plain, fast, "value");
  const at::Tensor gradient = normals(fast.sizes(), 99);
  plain.backward(gradient.to(at::kDouble));
  fast.backward(gradient);
  for (size_t i = 0; i < leaves.fast.size(); ++i) {
    expect_near(leaves.plain[i].grad(), leaves.fast[i].grad(), "gradient " + std::to_string(i));
  }
}

class Functions : public ::testing::Test {
 protected:
  ThreadPool pool_{3};
  TensorMemory memory_;
  Pass pass_{pool_, Statistics::kBatch, &memory_};
};

// ------------------------------------------------------------------ BatchNorm and PReLU

constexpr int64_t kRows = 24, kColumns = 150;  // several blocks of columns, the last one short
constexpr double kEpsilon = 1e-5;

/// Of the rows from `begin` on, as BatchNorm computes them.
NormStatistics statistics_of(ThreadPool& pool, const at::Tensor& x, int64_t begin, int64_t rows) {
  NormStatistics statistics{at::empty({kColumns}), at::empty({kColumns})};
  column_moments(pool, rows, kColumns, x.data_ptr<float>() + begin * kColumns,
                 statistics.mean.data_ptr<float>(), statistics.inverse.data_ptr<float>());
  statistics.inverse.add_(kEpsilon).rsqrt_();
  return statistics;
}

at::Tensor plain_norm(const std::vector<at::Tensor>& leaves, const at::Tensor& x) {
  return at::batch_norm(x, leaves[1], leaves[2], {}, {}, /*training=*/true, 0.1, kEpsilon, false);
}

TEST_F(Functions, NormaliseIsBatchNormThenPrelu) {
  for (const int64_t groups : {0, 1, 3}) {  // 0: no PReLU
    std::vector<at::Tensor> tensors = {3 + 2 * normals({kRows, kColumns}, 1),
                                       normals({kColumns}, 2), normals({kColumns}, 3)};
    if (groups > 0) tensors.push_back(normals({groups}, 4));
    const Leaves leaves(tensors);
    at::Tensor plain = plain_norm(leaves.plain, leaves.plain[0]);
    if (groups > 0) {
      plain = at::prelu(plain.view({kRows, groups, kColumns / groups}), leaves.plain[3])
                  .reshape({kRows, kColumns});
    }
    const at::Tensor fast = normalise(pass_, leaves.fast[0], leaves.fast[1], leaves.fast[2],
                                      {statistics_of(pool_, leaves.fast[0], 0, kRows)},
                                      groups > 0 ? leaves.fast[3] : at::Tensor());
    SCOPED_TRACE(groups);
    expect_same_gradients(leaves, plain, fast);
  }
}

TEST_F(Functions, NormaliseByGivenStatisticsPassesNoGradientThroughThem) {
  const Leaves leaves({normals({kRows, kColumns}, 1), normals({kColumns}, 2),
                       normals({kColumns}, 3), normals({1}, 4)});
  const at::Tensor mean = normals({kColumns}, 5), variance = 0.5 + normals({kColumns}, 6).abs();
  const at::Tensor plain = at::prelu(
      at::batch_norm(leaves.plain[0], leaves.plain[1], leaves.plain[2], mean.to(at::kDouble),
                     variance.to(at::kDouble), /*training=*/false, 0.1, kEpsilon, false),
      leaves.plain[3]);
  const at::Tensor fast = normalise(pass_, leaves.fast[0], leaves.fast[1], leaves.fast[2],
                                    {{mean, (variance + kEpsilon).rsqrt(), false}}, leaves.fast[3]);
  expect_same_gradients(leaves, plain, fast);
}

TEST_F(Functions, PartsOfTheRowsAreNormalisedEachByItsOwn) {
  const int64_t half = kRows / 2;
  const Leaves leaves({normals({kRows, kColumns}, 1), normals({kColumns}, 2),
                       normals({kColumns}, 3), normals({1}, 4)});
  const at::Tensor plain =
      at::prelu(at::cat({plain_norm(leaves.plain, leaves.plain[0].slice(0, 0, half)),
                         plain_norm(leaves.plain, leaves.plain[0].slice(0, half, kRows))}),
                leaves.plain[3]);
  const at::Tensor fast = normalise(pass_, leaves.fast[0], leaves.fast[1], leaves.fast[2],
                                    {statistics_of(pool_, leaves.fast[0], 0, half),
                                     statistics_of(pool_, leaves.fast[0], half, half)},
                                    leaves.fast[3]);
  expect_same_gradients(leaves, plain, fast);
}

TEST(Normalise, DoesNotDependOnTheNumberOfThreads) {
  std::vector<at::Tensor> results;
  for (const int threads : {1, 4}) {
    ThreadPool pool(threads);
    const Pass pass{pool};
    const Leaves leaves({normals({kRows, kColumns}, 1), normals({kColumns}, 2),
                         normals({kColumns}, 3), normals({3}, 4)});
    const at::Tensor y = normalise(pass, leaves.fast[0], leaves.fast[1], leaves.fast[2],
                                   {statistics_of(pool, leaves.fast[0], 0, kRows)}, leaves.fast[3]);
    y.backward(normals(y.sizes(), 99));
    std::vector<at::Tensor> all = {y.detach().flatten()};
    for (const auto& leaf : leaves.fast) all.push_back(leaf.grad().flatten());
    results.push_back(at::cat(all));
  }
  EXPECT_TRUE(results[0].equal(results[1]));
}

// ------------------------------------------------------------------ mixtures of affine maps

TEST_F(Functions, MixtureMapIsTheSumOfWeightedAffineMaps) {
  constexpr int64_t kCells = 30, kWidth = 6, kExperts = 4, kHidden = 10, kLayers = 3;
  std::vector<at::Tensor> tensors = {normals({kCells, kWidth}, 1), normals({kHidden, kWidth}, 2),
                                     normals({kHidden}, 3),        normals({kExperts, kHidden}, 4),
                                     normals({kExperts}, 5),       at::full({1}, 0.25f)};
  for (int64_t layer = 0; layer < kLayers; ++layer) {
    tensors.push_back(normals({kExperts, kWidth * kWidth}, 10 + static_cast<uint64_t>(layer)) / 3);
  }
  for (int64_t layer = 0; layer < kLayers; ++layer) {
    tensors.push_back(normals({kExperts, kWidth}, 20 + static_cast<uint64_t>(layer)));
  }
  const Leaves leaves(tensors);

  const auto& p = leaves.plain;
  const at::Tensor gate =
      at::softmax(at::linear(at::relu(at::linear(p[0], p[1], p[2])), p[3], p[4]), 1);
  at::Tensor x = p[0];
  for (size_t layer = 0; layer < kLayers; ++layer) {
    if (layer > 0) x = at::prelu(x, p[5]);
    // A matrix and an offset for each cell, as the formula says.
    const at::Tensor matrix = at::matmul(gate, p[6 + layer]).view({kCells, kWidth, kWidth});
    const at::Tensor offset = at::matmul(gate, p[6 + kLayers + layer]);
    x = at::matmul(matrix, x.unsqueeze(2)).squeeze(2) + offset;
  }

  const auto& f = leaves.fast;
  const MixtureTensors map{{f.begin() + 6, f.begin() + 6 + kLayers},
                           {f.begin() + 6 + kLayers, f.end()},
                           f[1],
                           f[2],
                           f[3],
                           f[4],
                           f[5]};
  expect_same_gradients(leaves, x, mixture_map(pass_, map, f[0]));
}

// ------------------------------------------------------------------ errors

TEST_F(Functions, PairedErrorIsBothErrorsOfTheirHalves) {
  constexpr int64_t kCells = 5, kGenes = 37;
  const CsrPattern first = {kCells, kGenes, {0, 2, 2, 3, 3, 4}, {1, 30, 5, 36}};
  const CsrPattern second = {kCells, kGenes, {0, 1, 2, 2, 3, 3}, {4, 0, 17}};
  const Leaves leaves({normals({2 * kCells, kGenes}, 1)});
  const at::Tensor target = normals({kCells, kGenes}, 2);
  at::Tensor mask = at::zeros({kCells, kGenes}, at::kDouble);
  for (const CsrPattern* pattern : {&first, &second}) {
    for (int64_t i = 0; i < kCells; ++i) {
      for (const int32_t j : pattern->row(i)) mask[i][j] = 1;
    }
  }
  const at::Tensor own_difference = leaves.plain[0].slice(0, 0, kCells) - target.to(at::kDouble);
  const at::Tensor mapped_difference =
      leaves.plain[0].slice(0, kCells, 2 * kCells) - target.to(at::kDouble);
  const at::Tensor own = (own_difference.square() * mask).sum() / 7;
  const at::Tensor mapped = mapped_difference.square().mean();
  const PairedError error = paired_error(pass_, first, second, leaves.fast[0], target, 0.3);
  EXPECT_NEAR(error.own, own.item<double>(), 1e-6);
  EXPECT_NEAR(error.mapped, mapped.item<double>(), 1e-6);
  expect_same_gradients(leaves, own + 0.3 * mapped, error.total);
}

// ------------------------------------------------------------------ memory

TEST(TensorMemory, GivesMemoryAgainOnlyOnceNobodyUsesIt) {
  TensorMemory memory;
  at::Tensor a = memory.take({4, 3});
  const float* first = a.data_ptr<float>();
  at::Tensor view = a.slice(0, 1, 2);
  a.reset();
  at::Tensor b = memory.take({12});
  EXPECT_NE(b.data_ptr<float>(), first);  // the view still reads there
  view.reset();
  at::Tensor c = memory.take({3, 4});  // another shape of the same size
  EXPECT_EQ(c.data_ptr<float>(), first);
  EXPECT_EQ(c.sizes(), at::IntArrayRef({3, 4}));
  EXPECT_TRUE(c.is_contiguous());
  EXPECT_FALSE(c.requires_grad());
  EXPECT_NE(memory.take({5}).data_ptr<float>(), first);
}

TEST(TensorMemory, TensorsOutliveIt) {
  at::Tensor tensor;
  {
    TensorMemory memory;
    tensor = memory.take({1000});
  }
  tensor.fill_(2);
  EXPECT_EQ(tensor.sum().item<float>(), 2000);
}

}  // namespace
}  // namespace grids::core
