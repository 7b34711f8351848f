#include "model/cis_path.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <functional>
#include <limits>

#include "base/error.hpp"
#include "base/random.hpp"

namespace grids::core {
namespace {

using ::testing::HasSubstr;

/// Two genes over ten peaks, two types, one donor column, one latent.
CisPath example() {
  CisPath path;
  path.peaks = 10;
  path.study_genes = 5;
  path.types = 2;
  path.donors = 2;
  path.latents = 1;
  CisGene product;
  product.gene = 1;
  product.terms = {{TermKind::kAll, {2}, 0.5, {}, 0.25},
                   {TermKind::kAll, {3, 5}, 0.7, {0.1, -0.2}},
                   {TermKind::kAny, {2, 7}, -0.4, {}}};
  product.state = {0.1, 0.2, 0.3, 0.4, 0.5};
  product.dispersion = 0.5;
  product.whole = {0.1, 0.01, 0.02, true};
  product.cis = {0.2, 0.03, 0.04, true};
  product.window_peaks = 9;
  product.likelihood_gain = 12.5;
  CisGene sum = product;
  sum.gene = 4;
  sum.sum = TermSum::kAdd;
  sum.terms[2].weight = -0.1;
  path.genes = {product, sum};
  return path;
}

TEST(CisPath, TermsAreSatisfiedAsTheirKindSays) {
  const auto path = example();
  const auto& gene = path.genes[0];
  const auto part = [&](std::vector<int32_t> open, int32_t type = 0) {
    return cis_part(gene, type, open);
  };
  EXPECT_EQ(part({}), 0);
  EXPECT_EQ(part({3, 4}), 0);
  EXPECT_DOUBLE_EQ(part({3, 5}), 0.8);
  EXPECT_DOUBLE_EQ(part({3, 5}, 1), 0.5);
  EXPECT_DOUBLE_EQ(part({7}), -0.4);
  EXPECT_DOUBLE_EQ(part({2, 7}), 0.1);
  // On the scale of the rate the same terms add.
  const auto& sum = path.genes[1];
  EXPECT_DOUBLE_EQ(cis_part(sum, 0, std::vector<int32_t>{2}),
                   std::log(std::exp(0.5) + std::exp(-0.1) - 1));
  EXPECT_DOUBLE_EQ(cis_part(sum, 1, std::vector<int32_t>{3, 5}), 0.5);  // one term: its weight
}

TEST(CisPath, BatchesAddToTheStateAsAWholeAndWithinTypes) {
  auto path = example();
  path.batches = 3;
  auto& b = path.genes[0].state;
  // Intercept, type, donor, two batches, log open peaks, latent; then batches × types.
  b = {1, 2, 3, 4, 5, 6, 7, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6};
  ASSERT_EQ(path.state_size(), 13);
  EXPECT_EQ(path.first_latent(), 6);
  const std::vector<float> latents = {10};
  const auto sum = [&](int32_t type, int32_t donor, int32_t batch) {
    return cis_state_part(path, path.genes[0], {100, type, donor, 1000, latents, batch});
  };
  EXPECT_DOUBLE_EQ(sum(0, 0, 0), 100 + 1 + 6000 + 70 + 0.1);
  EXPECT_DOUBLE_EQ(sum(1, 0, 0), 100 + 1 + 2 + 6000 + 70 + 0.2);
  EXPECT_DOUBLE_EQ(sum(1, 1, 2), 100 + 1 + 2 + 3 + 5 + 6000 + 70 + 0.6);
}

TEST(CisPath, BatchesAreKeptInFilesThatHaveThem) {
  auto path = example();
  EXPECT_FALSE(to_tensors(path).contains("cis.batches"));  // as files were before there were any
  EXPECT_EQ(cis_from_tensors(to_tensors(path)).batches, 0);
  path.batches = 3;
  for (auto& gene : path.genes) gene.state.resize(static_cast<size_t>(path.state_size()), 0.25);
  EXPECT_EQ(cis_from_tensors(to_tensors(path)), path);
  auto without = to_tensors(path);
  without.erase("cis.batches");
  EXPECT_THROW(cis_from_tensors(without), Error);  // states of another size
}

TEST(CisPath, CaptureAndItsProfileAreKeptWhereTheyAreKnown) {
  auto path = example();
  EXPECT_FALSE(to_tensors(path).contains("cis.capture"));  // as files were before it was written
  EXPECT_EQ(cis_from_tensors(to_tensors(path)).capture, 0);
  path.capture = 0.5;
  EXPECT_EQ(cis_from_tensors(to_tensors(path)), path);
  path.capture_profile = {{1, 0}, {0.7, 12.5}, {0.5, 20}};
  EXPECT_EQ(cis_from_tensors(to_tensors(path)), path);
  auto damaged = to_tensors(path);
  damaged["cis.capture"] = Tensor::of_f64({1}, {1.5});
  EXPECT_THROW(cis_from_tensors(damaged), Error);
}

TEST(CisPath, MasksCloseAndOpenWhateverTheCellShows) {
  const auto path = example();
  const std::vector<int32_t> open = {2, 3}, closed = {2}, opened = {5};
  for (const auto& gene : path.genes) {
    EXPECT_EQ(cis_part(gene, 0, open, {closed, opened}),
              cis_part(gene, 0, std::vector<int32_t>{3, 5}));
    EXPECT_EQ(cis_part(gene, 1, open, {}), cis_part(gene, 1, open));
  }
}

/// C with fractional openness, from the equations of the header.
double continuous(const CisGene& gene, int32_t type, const std::vector<double>& x) {
  double total = 0;
  for (const auto& term : gene.terms) {
    double all = 1, none = 1;
    for (const int32_t peak : term.peaks) {
      all *= x[static_cast<size_t>(peak)];
      none *= 1 - x[static_cast<size_t>(peak)];
    }
    const double value = term.kind == TermKind::kAll ? all : 1 - none;
    const double weight = term.weight_in(type);
    total += value * (gene.sum == TermSum::kAdd ? std::expm1(weight) : weight);
  }
  return gene.sum == TermSum::kAdd ? std::log1p(total) : total;
}

TEST(CisPath, SlopesAreDerivativesOfTheContinuousForm) {
  const auto path = example();
  RandomStream random(1, Purpose::kBenchmark);
  for (int draw = 0; draw < 50; ++draw) {
    std::vector<int32_t> open;
    std::vector<double> x(10);
    for (int32_t peak = 0; peak < 10; ++peak) {
      if (random.uniform() < 0.5) open.push_back(peak);
    }
    for (const int32_t peak : open) x[static_cast<size_t>(peak)] = 1;
    for (const auto& gene : path.genes) {
      for (int32_t type = 0; type < 2; ++type) {
        EXPECT_NEAR(continuous(gene, type, x), cis_part(gene, type, open), 1e-12);
        const auto slopes = cis_slopes(gene, type, open);
        ASSERT_EQ(slopes.size(), 4u);
        for (const auto& [peak, slope] : slopes) {
          auto up = x, down = x;
          up[static_cast<size_t>(peak)] += 1e-5;
          down[static_cast<size_t>(peak)] -= 1e-5;
          // Terms are linear in one peak, log1p is smooth: error of order h² = 1e-10.
          EXPECT_NEAR(slope, (continuous(gene, type, up) - continuous(gene, type, down)) / 2e-5,
                      1e-8);
        }
      }
    }
  }
}

TEST(CisPath, StatePartReadsItsCoefficientsInTheStatedOrder) {
  auto path = example();
  const std::vector<float> latents = {3};
  CisState state{2.0, 0, 0, 10.0, latents};
  EXPECT_DOUBLE_EQ(cis_state_part(path, path.genes[0], state), 2 + 0.1 + 0.4 * 10 + 0.5 * 3);
  state.type = state.donor = 1;
  EXPECT_DOUBLE_EQ(cis_state_part(path, path.genes[0], state),
                   2 + 0.1 + 0.2 + 0.3 + 0.4 * 10 + 0.5 * 3);
  path.response = CisResponse::kLogValues;  // nothing is exposed
  EXPECT_DOUBLE_EQ(cis_state_part(path, path.genes[0], state),
                   0.1 + 0.2 + 0.3 + 0.4 * 10 + 0.5 * 3);
}

TEST(CisPath, FindsItsGenes) {
  const auto path = example();
  EXPECT_EQ(path.find(4), 1);
  EXPECT_EQ(path.find(2), -1);
}

TEST(CisPath, TensorsGiveBackThePath) {
  const auto path = example();
  EXPECT_EQ(cis_from_tensors(to_tensors(path)), path);
  CisPath none = path;
  none.genes.clear();
  EXPECT_EQ(cis_from_tensors(to_tensors(none)), none);
}

TEST(CisPath, UntestedGatesSurviveAsSuch) {
  auto path = example();
  const double nan = std::numeric_limits<double>::quiet_NaN();
  path.genes[0].cis = {0, nan, nan, false};
  const auto back = cis_from_tensors(to_tensors(path));
  EXPECT_TRUE(std::isnan(back.genes[0].cis.p));
  EXPECT_FALSE(back.genes[0].cis.passed);
}

TEST(CisPath, DamagedTensorsAreNamed) {
  using Tensors = std::map<std::string, Tensor>;
  const auto good = to_tensors(example());
  const auto message = [&](const std::function<void(Tensors&)>& damage) -> std::string {
    auto tensors = good;
    damage(tensors);
    try {
      cis_from_tensors(tensors);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kInput);
      return error.what();
    }
    return "accepted";
  };
  for (const auto& [name, tensor] : good) {
    EXPECT_THAT(message([&](Tensors& t) { t.erase(name); }), HasSubstr(name));
    EXPECT_THAT(message([&](Tensors& t) { t[name].type = Tensor::Type::kF32; }), HasSubstr(name));
    EXPECT_THAT(message([&](Tensors& t) { t[name].shape.push_back(1); }), HasSubstr(name));
  }
  const auto set = [](const char* name, size_t place, auto value) {
    return [=](Tensors& t) {
      std::memcpy(t[name].bytes.data() + place * sizeof value, &value, sizeof value);
    };
  };
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_THAT(message(set("cis.term_weights", 2, nan)), HasSubstr("'cis.term_weights' holds nan"));
  EXPECT_THAT(message(set("cis.state", 4, nan)), HasSubstr("'cis.state' holds nan"));
  EXPECT_THAT(message(set("cis.peaks", 1, int64_t{10})), HasSubstr("outside 0 … 9"));
  EXPECT_THAT(message(set("cis.peaks", 1, int64_t{-1})), HasSubstr("outside 0 … 9"));
  EXPECT_THAT(message(set("cis.peaks", 2, int64_t{3})), HasSubstr("does not ascend in term 1"));
  EXPECT_THAT(message(set("cis.genes", 1, int64_t{1})), HasSubstr("'cis.genes' does not ascend"));
  EXPECT_THAT(message(set("cis.genes", 1, int64_t{5})), HasSubstr("'cis.genes' holds 5"));
  EXPECT_THAT(message(set("cis.term_offsets", 1, int64_t{-2})), HasSubstr("'cis.term_offsets'"));
  EXPECT_THAT(message(set("cis.term_offsets", 2, int64_t{7})), HasSubstr("'cis.term_kinds'"));
  EXPECT_THAT(message(set("cis.peak_offsets", 1, int64_t{0})), HasSubstr("has no peaks"));
  EXPECT_THAT(message(set("cis.sums", 0, int64_t{2})), HasSubstr("'cis.sums' holds 2"));
  EXPECT_THAT(message(set("cis.dispersion", 0, -1.0)), HasSubstr("'cis.dispersion' is negative"));
  EXPECT_THAT(message(set("cis.term_inclusions", 0, 1.5)), HasSubstr("'cis.term_inclusions'"));
  EXPECT_THAT(message(set("cis.shape", 3, int64_t{0})), HasSubstr("no cell type"));
}

}  // namespace
}  // namespace grids::core
