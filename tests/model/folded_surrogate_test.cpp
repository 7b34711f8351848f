#include "model/folded_surrogate.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "base/at.hpp"
#include "base/error.hpp"
#include "base/indices.hpp"
#include "support/conformance.hpp"
#include "support/dense_reference.hpp"
#include "support/random_surrogate.hpp"

namespace grids::core {
namespace {

using testing::Conformance;
using testing::DenseReference;
using testing::expect_close;
using testing::random_open;
using testing::random_surrogate;
using testing::small_shape;

SurrogateShape published_tail() {
  SurrogateShape shape;  // all layers as published, few peaks and genes
  shape.chromosome_peaks = {60, 80};
  shape.genes = 50;
  return shape;
}

class FoldedConformance : public ::testing::TestWithParam<std::string> {};

TEST_P(FoldedConformance, EveryInferenceOutputIsThePublishedOne) {
  GRIDS_NEEDS(Conformance::file(GetParam(), "model"));
  const Conformance c(GetParam());
  const FoldedSurrogate surrogate(c.model);
  ThreadPool pool(2);
  const auto atac = surrogate.atac_latents(pool, c.open());
  const auto rna = surrogate.rna_latents(pool, c.expression());
  const auto mapped_rna = surrogate.atac_to_rna(pool, atac);
  const auto mapped_atac = surrogate.rna_to_atac(pool, rna);
  expect_close(atac, c.floats("eval.atac_latent"), "atac_latent");
  expect_close(rna, c.floats("eval.rna_latent"), "rna_latent");
  expect_close(mapped_rna, c.floats("eval.atac2rna_latent"), "atac2rna_latent");
  expect_close(mapped_atac, c.floats("eval.rna2atac_latent"), "rna2atac_latent");
  expect_close(surrogate.decode_atac(pool, atac), c.floats("eval.atac_reconstruction_logits"),
               "atac_reconstruction_logits");
  expect_close(surrogate.decode_rna(pool, rna), c.floats("eval.rna_reconstruction"),
               "rna_reconstruction");
  expect_close(surrogate.predict(pool, c.open(), surrogate.output_layer()),
               c.floats("eval.predicted_rna"), "predicted_rna");
  expect_close(surrogate.decode_atac(pool, mapped_atac), c.floats("eval.predicted_atac_logits"),
               "predicted_atac_logits");
  expect_close(surrogate.score_atac(pool, atac), c.floats("eval.atac_discriminator_scores"),
               "atac_discriminator_scores");
  expect_close(surrogate.score_rna(pool, rna), c.floats("eval.rna_discriminator_scores"),
               "rna_discriminator_scores");
}

INSTANTIATE_TEST_SUITE_P(Sizes, FoldedConformance, ::testing::Values("small", "medium"));

TEST(FoldedSurrogate, PredictsWhatTheEquationsSay) {
  auto panels = small_shape();  // two whole panels of genes and a narrower one
  panels.genes = 2 * OutputLayer::kPanel + 5;
  for (const auto& shape : {small_shape(), published_tail(), panels}) {
    const auto file = random_surrogate(shape, 1);
    const auto open = random_open(37, shape.peaks(), 0.2, 2);
    const FoldedSurrogate surrogate(file);
    const DenseReference reference(file);
    ThreadPool pool(1);
    const auto predicted = surrogate.predict(pool, open, surrogate.output_layer());
    for (int64_t cell = 0; cell < open.rows; ++cell) {
      testing::Numbers x(static_cast<size_t>(shape.peaks()), 0.0);
      for (const int32_t peak : open.row(cell)) x[static_cast<size_t>(peak)] = 1;
      const auto expected = reference.predict(x);
      for (size_t gene = 0; gene < expected.size(); ++gene) {
        // Rounding of float sums of a few hundred terms of size one.
        EXPECT_NEAR(predicted[static_cast<size_t>(cell * shape.genes) + gene],
                    std::max(expected[gene], 0.0), 2e-5);
      }
    }
  }
}

TEST(FoldedSurrogate, FewAndManyOutputsAgree) {
  const auto file = random_surrogate(published_tail(), 3);
  const auto open = random_open(40, file.shape.peaks(), 0.1, 4);
  const FoldedSurrogate surrogate(file);
  ThreadPool pool(1);
  const auto all = surrogate.predict(pool, open, surrogate.output_layer());
  const std::vector<int32_t> genes = {49, 3, 17};
  const auto layer = surrogate.output_layer(genes);
  EXPECT_TRUE(layer.by_row);
  const auto few = surrogate.predict(pool, open, layer);
  for (size_t cell = 0; cell < 40; ++cell) {
    for (size_t g = 0; g < genes.size(); ++g) {
      // The same products added in another order.
      EXPECT_NEAR(few[cell * 3 + g], all[cell * 50 + static_cast<size_t>(genes[g])], 1e-5);
    }
  }
  EXPECT_THROW(surrogate.output_layer(std::vector<int32_t>{50}), Error);
}

TEST(FoldedSurrogate, BlocksOfTheTailAtOnceAreThoseOfOneAfterTheOther) {
  auto shape = published_tail();
  shape.genes = 500;
  const FoldedSurrogate surrogate(random_surrogate(shape, 9));
  RandomStream random(10, Purpose::kBenchmark);
  const std::vector<int32_t> one = {1};
  constexpr int64_t kBlocks = 3;
  for (const auto& layer : {surrogate.output_layer(), surrogate.output_layer(one)}) {
    const int64_t in_size = kTailRows * shape.latent, out_size = kTailRows * layer.size();
    std::vector<float> latents(static_cast<size_t>(kBlocks * in_size));
    for (float& value : latents) value = static_cast<float>(random.normal());
    std::vector<float> together(static_cast<size_t>(kBlocks * out_size)), alone(together.size());
    surrogate.tail(layer, latents.data(), together.data(), kBlocks);
    for (int64_t b = 0; b < kBlocks; ++b) {
      surrogate.tail(layer, latents.data() + b * in_size, alone.data() + b * out_size);
    }
    EXPECT_EQ(together, alone);
  }
}

/// All genes of a surrogate in panels, as where packed matrices do not pay.
OutputLayer in_panels(const FoldedSurrogate& surrogate) {
  const int64_t hidden = surrogate.shape().rna_hidden_1;
  OutputLayer layer;
  std::vector<std::vector<float>> rows;  // genes × hidden
  for (const int32_t gene : indices_below(surrogate.shape().genes)) {
    const auto row = surrogate.output_layer({&gene, 1});
    layer.genes.push_back(gene);
    layer.bias.push_back(row.bias.at(0));
    rows.push_back(row.weight);
  }
  for (int64_t first = 0; first < layer.size(); first += OutputLayer::kPanel) {
    const int64_t end = std::min(layer.size(), first + OutputLayer::kPanel);
    for (int64_t h = 0; h < hidden; ++h) {
      for (int64_t gene = first; gene < end; ++gene) {
        layer.weight.push_back(rows[at(gene)][at(h)]);
      }
    }
  }
  return layer;
}

TEST(FoldedSurrogate, PanelsGiveWhatThisMachineTakes) {
  auto shape = published_tail();
  shape.genes = 500;
  const FoldedSurrogate surrogate(random_surrogate(shape, 11));
  const auto panels = in_panels(surrogate);
  const auto own = surrogate.output_layer();
  RandomStream random(12, Purpose::kBenchmark);
  const auto drawn = [&](int64_t count) {
    std::vector<float> values(at(count));
    for (float& value : values) value = static_cast<float>(random.normal());
    return values;
  };
  constexpr int64_t kBlocks = 3;
  const auto latents = drawn(kBlocks * kTailRows * shape.latent);
  std::vector<float> a(at(kBlocks * kTailRows * shape.genes)), b(a.size());
  surrogate.tail(panels, latents.data(), a.data(), kBlocks);
  surrogate.tail(own, latents.data(), b.data(), kBlocks);
  // The same 640 products of about 1, added in another order.
  for (size_t i = 0; i < a.size(); ++i) ASSERT_NEAR(a[i], b[i], 1e-4) << i;

  const auto cotangent = drawn(kTailRows * shape.genes);
  std::vector<float> da(at(kTailRows * shape.latent)), db(da.size());
  surrogate.tail_backward(panels, latents.data(), cotangent.data(), da.data());
  surrogate.tail_backward(own, latents.data(), cotangent.data(), db.data());
  const float largest = *std::max_element(db.begin(), db.end());
  for (size_t i = 0; i < da.size(); ++i) ASSERT_NEAR(da[i], db[i], 1e-4 * largest) << i;
}

// The searches compare predictions of one cell computed in different blocks; that is sound only if
// a row's bits depend on nothing but the row. oneDNN does not promise it: hold it to that here.
TEST(FoldedSurrogate, ARowOfTheTailIgnoresItsPositionAndItsNeighbours) {
  SurrogateShape shape = published_tail();
  shape.genes = 3000;
  for (const auto& s : {small_shape(), published_tail(), shape}) {
    const FoldedSurrogate surrogate(random_surrogate(s, 5));
    RandomStream random(6, Purpose::kBenchmark);
    const auto fill = [&](std::vector<float>& values) {
      for (float& value : values) value = static_cast<float>(random.normal());
    };
    const std::vector<int32_t> one = {1};
    for (const auto& layer : {surrogate.output_layer(), surrogate.output_layer(one)}) {
      const auto latent = static_cast<size_t>(s.latent);
      const auto genes = static_cast<size_t>(layer.size());
      std::vector<float> first(kTailRows * latent), second(first.size());
      std::vector<float> before(kTailRows * genes), after(before.size());
      fill(first);
      surrogate.tail(layer, first.data(), before.data());
      for (size_t shift = 1; shift < kTailRows; shift += 5) {
        fill(second);
        for (size_t row = 0; row < kTailRows; row += 2) {
          std::copy_n(&first[row * latent], latent, &second[(row + shift) % kTailRows * latent]);
        }
        surrogate.tail(layer, second.data(), after.data());
        for (size_t row = 0; row < kTailRows; row += 2) {
          const float* moved = &after[(row + shift) % kTailRows * genes];
          ASSERT_TRUE(std::equal(moved, moved + genes, &before[row * genes])) << row << shift;
        }
      }
    }
  }
}

TEST(FoldedSurrogate, GradientsOfTheTailAreFiniteDifferencesOfTheEquations) {
  const auto file = random_surrogate(small_shape(), 7);
  const FoldedSurrogate surrogate(file);
  const DenseReference reference(file);
  RandomStream random(8, Purpose::kBenchmark);
  const std::vector<int32_t> few = {2, 5};
  for (const auto& layer : {surrogate.output_layer(), surrogate.output_layer(few)}) {
    const auto latent = static_cast<size_t>(file.shape.latent);
    const auto genes = static_cast<size_t>(layer.size());
    std::vector<float> latents(kTailRows * latent), cotangent(kTailRows * genes);
    std::vector<float> gradient(latents.size());
    for (float& value : latents) value = static_cast<float>(random.normal());
    for (float& value : cotangent) value = static_cast<float>(random.normal());
    surrogate.tail_backward(layer, latents.data(), cotangent.data(), gradient.data());
    for (size_t row = 0; row < kTailRows; row += 7) {
      const auto value = [&](size_t moved, double by) {
        testing::Numbers h(&latents[row * latent], &latents[row * latent] + latent);
        h[moved] += by;
        const auto y = reference.decode_rna(reference.map("atac2rna_model", h));
        double sum = 0;
        for (size_t g = 0; g < genes; ++g) {
          sum += cotangent[row * genes + g] * y[static_cast<size_t>(layer.genes[g])];
        }
        return sum;
      };
      for (size_t i = 0; i < latent; ++i) {
        // So small a step in double crosses no kink and rounds to 1e-9.
        const double expected = (value(i, 1e-6) - value(i, -1e-6)) / 2e-6;
        EXPECT_NEAR(gradient[row * latent + i], expected, 1e-4 * std::max(1.0, std::abs(expected)));
      }
    }
  }
}

TEST(FoldedSurrogate, ThreadsDoNotChangeABit) {
  const auto file = random_surrogate(published_tail(), 9);
  const auto open = random_open(101, file.shape.peaks(), 0.1, 10);
  const FoldedSurrogate surrogate(file);
  ThreadPool one(1), three(3);
  EXPECT_EQ(surrogate.predict(one, open, surrogate.output_layer()),
            surrogate.predict(three, open, surrogate.output_layer()));
}

TEST(FoldedSurrogate, PermutedCellsGivePermutedPredictions) {
  const auto file = random_surrogate(published_tail(), 11);
  const auto open = random_open(50, file.shape.peaks(), 0.1, 12);
  const FoldedSurrogate surrogate(file);
  ThreadPool pool(1);
  std::vector<int32_t> order(50);
  std::iota(order.begin(), order.end(), 0);
  RandomStream random(13, Purpose::kSplit);
  random.shuffle(std::span(order));
  const auto genes = static_cast<size_t>(file.shape.genes);
  const auto plain = surrogate.predict(pool, open, surrogate.output_layer());
  const auto moved = surrogate.predict(pool, select_rows(open, order), surrogate.output_layer());
  for (size_t i = 0; i < order.size(); ++i) {
    ASSERT_TRUE(std::equal(&moved[i * genes], &moved[i * genes] + genes,
                           &plain[static_cast<size_t>(order[i]) * genes]));
  }
}

TEST(FoldedSurrogate, ASurrogateThatLacksATensorIsNamed) {
  auto file = random_surrogate(small_shape(), 14);
  file.tensors.erase("atac2rna_model.act.weight");
  try {
    FoldedSurrogate surrogate(file);
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInput);
    EXPECT_STREQ(
        error.what(),
        "the surrogate has no tensor 'atac2rna_model.act.weight'; train again (grids train)");
  }
}

}  // namespace
}  // namespace grids::core
