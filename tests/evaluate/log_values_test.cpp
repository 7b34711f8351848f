#include "evaluate/log_values.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "model/folded_surrogate.hpp"
#include "support/random_cis.hpp"
#include "support/random_surrogate.hpp"

namespace grids::core {
namespace {

constexpr int64_t kCells = 400;
constexpr int32_t kCisGene = 0;

/// Cells of which gene 0 holds few counts: 0 or 1 in 2,000, more often 1 where peak 41 is open.
struct LogValuesWorld {
  LogValuesWorld() : context{1, pool, reporter} {
    const auto shape = testing::small_shape();
    study.open = testing::random_open(kCells, shape.peaks(), 0.4, 5);
    study.genes.names.resize(static_cast<size_t>(shape.genes));
    study.cells.barcodes.resize(kCells);
    study.cells.type.names = {"a"};
    RandomStream random(3, Purpose::kSimulate);
    auto& expression = study.expression;
    expression.pattern.rows = kCells;
    expression.pattern.columns = shape.genes;
    for (int32_t cell = 0; cell < kCells; ++cell) {
      study.cells.type.codes.push_back(0);
      study.cells.open_peaks.push_back(10);
      study.cells.split.push_back(cell % 2 == 0 ? Split::kTrain : Split::kTest);
      if (random.uniform() < (study.open.contains(cell, 41) ? 0.3 : 0.1)) {
        expression.pattern.indices.push_back(kCisGene);
        expression.values.push_back(static_cast<float>(std::log1p(1e5 / 2000)));
      }
      expression.pattern.offsets.push_back(expression.pattern.nonzeros());
    }
    path = testing::random_cis(shape, 1);
    path.types = 1;
    path.donors = 0;
    path.batches = 0;
    CisGene gene;
    gene.gene = kCisGene;
    gene.cis.passed = true;
    gene.state.assign(static_cast<size_t>(path.state_size()), 0.0);
    gene.state[0] = std::log(0.1 / 2000);
    gene.terms.resize(1);
    gene.terms[0].peaks = {41};
    gene.terms[0].weight = std::log(3.0);
    path.genes = {gene};
  }

  double squared_error(std::span<const int32_t> cells, const std::vector<float>& predicted,
                       size_t width) const {
    double sum = 0;
    for (size_t i = 0; i < cells.size(); ++i) {
      const bool expressed = study.expression.pattern.contains(cells[i], kCisGene);
      const double measured = expressed ? std::log1p(1e5 / 2000) : 0;
      sum += std::pow(measured - predicted[i * width], 2);
    }
    return sum;
  }

  ThreadPool pool{2};
  Reporter reporter;
  Context context;
  FoldedSurrogate folded{testing::random_surrogate(testing::small_shape(), 4)};
  Study study;
  CisPath path;
};

const std::vector<int32_t> kGenes = {kCisGene, 5, 7};

TEST(LogValues, GenesOfTheNetworksAreLeftToTheLastBit) {
  LogValuesWorld world;
  const auto cells = world.study.cells_of(Split::kTest);
  const StudySurrogate plain = world.folded;
  const auto without = plain.predict(world.study, cells, kGenes, world.pool);
  EXPECT_EQ(predict_log_values(world.study, plain, cells, kGenes, world.context), without);
  const StudySurrogate with(world.folded, &world.path);
  const auto values = predict_log_values(world.study, with, cells, kGenes, world.context);
  for (size_t i = 0; i < values.size(); ++i) {
    if (i % kGenes.size() != 0) {
      EXPECT_EQ(values[i], without[i]);
    }
  }
}

TEST(LogValues, ATrueModelOfCountsBeatsTheMeanOfMeasuredLogValues) {
  LogValuesWorld world;
  const StudySurrogate surrogate(world.folded, &world.path);
  const auto cells = world.study.cells_of(Split::kTest);
  const auto raw = surrogate.predict(world.study, cells, kGenes, world.pool);
  const auto values = predict_log_values(world.study, surrogate, cells, kGenes, world.context);
  std::vector<float> mean(values.size(), 0.0f);
  const auto training = world.study.cells_of(Split::kTrain);
  double sum = 0;
  for (const int32_t cell : training) {
    sum += world.study.expression.pattern.contains(cell, kCisGene) ? std::log1p(1e5 / 2000) : 0;
  }
  std::fill(mean.begin(), mean.end(),
            static_cast<float>(sum / static_cast<double>(training.size())));
  const auto error = [&](const std::vector<float>& predicted) {
    return world.squared_error(cells, predicted, kGenes.size());
  };
  EXPECT_LT(error(values), error(mean));
  EXPECT_GT(error(raw), error(mean));  // why it is needed
  // Order is kept: where the cis path predicts more, so does the mapped value.
  for (size_t i = 1; i < cells.size(); ++i) {
    const size_t a = i * kGenes.size(), b = a - kGenes.size();
    if (raw[a] > raw[b]) {
      EXPECT_GE(values[a], values[b]);
    }
  }
}

}  // namespace
}  // namespace grids::core
