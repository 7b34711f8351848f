#include "search/loss.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "base/error.hpp"
#include "base/random.hpp"
#include "search/block_sums.hpp"

namespace grids::core {
namespace {

constexpr int64_t kCells = 7;
constexpr int64_t kOutputs = 4;

/// Predictions of which about a third lie below the clamp.
std::vector<float> predictions(uint64_t seed) {
  RandomStream random(seed, Purpose::kBenchmark);
  std::vector<float> values(kCells * kOutputs);
  for (float& value : values) value = static_cast<float>(0.5 + random.normal());
  return values;
}

double positive(double x) {
  return std::max(x, 0.0);
}

double mean_before(const std::vector<float>& before, int64_t j) {
  double sum = 0;
  for (int64_t c = 0; c < kCells; ++c) {
    sum += positive(before[static_cast<size_t>(c * kOutputs + j)]);
  }
  return sum / kCells;
}

/// The formulas of the header, written down once more.
double plain(const LossOptions& o, const std::vector<float>& before,
             const std::vector<double>& after, const std::vector<float>& observed) {
  const double sign = o.direction == Direction::kDown ? 1 : -1;
  const auto f = [&](int64_t c, int64_t j) {
    return positive(after[static_cast<size_t>(c * kOutputs + j)]);
  };
  const auto f0 = [&](int64_t c, int64_t j) {
    return positive(before[static_cast<size_t>(c * kOutputs + j)]);
  };
  const auto y = [&](int64_t c, int64_t j) {
    return double{observed[static_cast<size_t>(c * kOutputs + j)]};
  };
  double value = 0;
  if (o.kind == LossKind::kOutput || o.kind == LossKind::kCrossEntropy) {
    for (int64_t c = 0; c < kCells; ++c) {
      const double* row = after.data() + c * kOutputs;
      double sum = 0;
      for (int64_t j = 0; j < kOutputs; ++j) sum += std::exp(row[j]);
      value += o.kind == LossKind::kOutput ? row[0] : -std::log(std::exp(row[0]) / sum);
    }
    return sign * value / kCells;
  }
  if (o.kind == LossKind::kValue) {
    for (int64_t c = 0; c < kCells; ++c) value += sign * f(c, 0) / kCells;
    return value;
  }
  if (o.kind == LossKind::kRate) {
    std::vector<double> ratio(kOutputs), weight(kOutputs);
    for (int64_t j = 0; j < kOutputs; ++j) {
      double now = 0;
      for (int64_t c = 0; c < kCells; ++c) {
        now += std::exp(f(c, j)) - 1;
        weight[static_cast<size_t>(j)] += std::exp(f0(c, j)) - 1;
      }
      ratio[static_cast<size_t>(j)] = now / weight[static_cast<size_t>(j)];
    }
    const double total = weight[1] + weight[2] + weight[3];
    value = sign * ratio[0] * ratio[0];
    for (size_t j = 1; j < kOutputs; ++j) {
      value += o.beta * weight[j] / total * (ratio[j] - 1) * (ratio[j] - 1);
    }
    return value;
  }
  int64_t counted = 0;
  for (int64_t c = 0; c < kCells; ++c) {
    const bool by_observed = o.reference == LossReference::kObserved;
    if (by_observed && y(c, 0) <= 0) continue;
    ++counted;
    const auto reference = [&](int64_t j) {
      return by_observed ? y(c, j) : std::max(f0(c, j), o.floor_share * mean_before(before, j));
    };
    double others = 0;
    int64_t present = 0;
    for (int64_t j = 1; j < kOutputs; ++j) {
      if (reference(j) <= 0) continue;
      const double start = by_observed ? y(c, j) : f0(c, j);
      others += std::pow((f(c, j) - start) / reference(j), 2);
      ++present;
    }
    value += sign * std::pow(f(c, 0) / reference(0), 2);
    if (present > 0) value += o.beta * others / static_cast<double>(present);
  }
  return value / static_cast<double>(counted);
}

std::vector<LossOptions> all_options() {
  std::vector<LossOptions> all;
  for (const auto direction : {Direction::kDown, Direction::kUp}) {
    for (const double beta : {0.0, 0.7}) {
      all.push_back({LossKind::kRate, direction, beta, LossReference::kPredicted, 0.01});
      all.push_back({LossKind::kEq11, direction, beta, LossReference::kPredicted, 0.2});
      all.push_back({LossKind::kEq11, direction, beta, LossReference::kObserved, 0.01});
    }
    for (const auto kind : {LossKind::kValue, LossKind::kCrossEntropy, LossKind::kOutput}) {
      all.push_back({kind, direction, 0, LossReference::kPredicted, 0.01});
    }
  }
  return all;
}

TEST(Loss, IsTheFormulaOfTheHeader) {
  const auto before = predictions(1);
  const auto after = predictions(2);
  auto observed = predictions(3);
  for (float& value : observed) value = std::max(value, 0.0f);
  for (const auto& options : all_options()) {
    const auto loss = make_loss({kOutputs, before, observed, {}}, options);
    const double expected = plain(options, before, {after.begin(), after.end()}, observed);
    EXPECT_NEAR(loss_value(loss, after), expected, 1e-12 * std::max(1.0, std::abs(expected)))
        << loss_name(options.kind);
  }
}

// Where no prediction is at the clamp or the floor, the cotangent is the gradient.
TEST(Loss, CotangentsAreFiniteDifferences) {
  auto before = predictions(1);
  auto after = predictions(2);
  auto observed = predictions(3);
  for (auto* values : {&before, &after, &observed}) {
    for (float& value : *values) value = std::abs(value) + 0.5f;
  }
  for (const auto& options : all_options()) {
    const auto loss = make_loss({kOutputs, before, observed, {}}, options);
    std::vector<float> cotangent(after.size());
    loss_cotangent(loss, after, loss_sums(loss, after), cotangent);
    for (size_t i = 0; i < after.size(); ++i) {
      const auto moved = [&](double by) {
        std::vector<double> outputs(after.begin(), after.end());
        outputs[i] += by;
        return plain(options, before, outputs, observed);
      };
      const double expected = (moved(1e-5) - moved(-1e-5)) / 2e-5;
      const double actual = reads_all_outputs(options) || i % kOutputs == 0 ? cotangent[i] : 0.0;
      // Central differences of smooth functions of size one: 1e-10; floats: 1e-7.
      EXPECT_NEAR(actual, expected, 1e-6 * std::max(1.0, std::abs(expected))) << i;
    }
  }
}

TEST(Loss, ACellAtTheClampStillSpeaks) {
  const std::vector<float> before = {1.0f, 2.0f, 0.5f};
  const std::vector<float> after = {-0.4f, 1.0f, -2.0f};
  for (const auto kind : {LossKind::kRate, LossKind::kEq11, LossKind::kValue}) {
    const auto loss = make_loss({1, before, {}, {}}, {.kind = kind});
    std::vector<float> cotangent(3);
    loss_cotangent(loss, after, loss_sums(loss, after), cotangent);
    for (const float value : cotangent) EXPECT_GT(value, 0);
  }
  // Eq. 11: 2 · max(F, floor) / ref² over 3 cells; floor = 1 % of the mean, 3.5 / 3.
  const auto loss = make_loss({1, before, {}, {}}, {.kind = LossKind::kEq11});
  std::vector<float> cotangent(3);
  loss_cotangent(loss, after, loss_sums(loss, after), cotangent);
  EXPECT_FLOAT_EQ(cotangent[0], static_cast<float>(2 * (0.035 / 3) / 3));
  EXPECT_FLOAT_EQ(cotangent[1], static_cast<float>(2 * 1.0 / 4 / 3));
}

// Outputs that are no expression may be negative everywhere, and large: neither clamp nor overflow.
TEST(Loss, OfAClassOrAnOutputKnowsNoClamp) {
  const std::vector<float> before = {-3, -1, -900, -700};  // 2 cells of 2 outputs
  const auto entropy = make_loss({2, before, {}, {}}, {.kind = LossKind::kCrossEntropy});
  // log(1 + e²) and 200, the mean of both.
  EXPECT_NEAR(loss_value(entropy, before), (std::log1p(std::exp(2.0)) + 200) / 2, 1e-12);
  std::vector<float> cotangent(4);
  loss_cotangent(entropy, before, loss_sums(entropy, before), cotangent);
  EXPECT_EQ(cotangent[2], -0.5f);
  EXPECT_EQ(cotangent[3], 0.5f);
  const auto output = make_loss({2, before, {}, {}}, {.kind = LossKind::kOutput});
  EXPECT_EQ(loss_value(output, before), -451.5);
}

TEST(Loss, CellsBelowTheFloorAreCounted) {
  const std::vector<float> before = {1.0f, 2.0f, 0.001f, -1.0f};
  const auto loss = make_loss({1, before, {}, {}}, {.kind = LossKind::kEq11});
  EXPECT_EQ(cells_below_floor(loss), 2);
}

TEST(Loss, LeftOutOutputsDoNotMatter) {
  const auto before = predictions(1);
  auto after = predictions(2);
  const std::vector<uint8_t> left_out = {0, 1, 0, 1};
  for (const auto kind : {LossKind::kRate, LossKind::kEq11}) {
    const auto loss = make_loss({kOutputs, before, {}, left_out}, {.kind = kind, .beta = 1});
    const double value = loss_value(loss, after);
    auto moved = after;
    for (int64_t c = 0; c < kCells; ++c) moved[static_cast<size_t>(c * kOutputs + 1)] += 5;
    EXPECT_EQ(loss_value(loss, moved), value);
    moved[2] += 5;
    EXPECT_NE(loss_value(loss, moved), value);
  }
}

TEST(Loss, OnSomeCellsIsTheLossOfThoseCells) {
  const auto before = predictions(1);
  const auto after = predictions(2);
  const std::vector<int32_t> cells = {4, 1, 6};
  std::vector<float> some_before, some_after;
  for (const int32_t cell : cells) {
    for (int64_t j = 0; j < kOutputs; ++j) {
      some_before.push_back(before[static_cast<size_t>(cell * kOutputs + j)]);
      some_after.push_back(after[static_cast<size_t>(cell * kOutputs + j)]);
    }
  }
  for (const auto kind :
       {LossKind::kRate, LossKind::kValue, LossKind::kCrossEntropy, LossKind::kOutput}) {
    const LossOptions options{.kind = kind, .beta = kind == LossKind::kRate ? 1.0 : 0.0};
    const auto part = loss_on(make_loss({kOutputs, before, {}, {}}, options), cells);
    const auto alone = make_loss({kOutputs, some_before, {}, {}}, options);
    EXPECT_EQ(loss_value(part, some_after), loss_value(alone, some_after));
  }
}

TEST(Loss, ATargetThatIsNeverPredictedCannotBeExplained) {
  const std::vector<float> before = {-1.0f, -0.5f};
  for (const auto kind : {LossKind::kRate, LossKind::kEq11, LossKind::kValue}) {
    try {
      make_loss({1, before, {}, {}}, {.kind = kind});
      FAIL() << "no error";
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kInput);
    }
  }
}

TEST(Loss, AllBadOptionsAreToldAtOnce) {
  LossOptions options{.kind = LossKind::kValue, .beta = 1, .floor_share = 0};
  Problems problems;
  check(options, problems);
  EXPECT_EQ(problems.list().size(), 2u);
}

}  // namespace
}  // namespace grids::core
