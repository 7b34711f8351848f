/// A small study for the tests of this room: every number can be followed by hand or by a loop.
#pragma once

#include <cmath>

#include "base/context.hpp"
#include "base/random.hpp"
#include "evaluate/gene_predictor.hpp"
#include "study/study.hpp"

namespace grids::core {

/// Predictions, as they are asked for, from a matrix of cells × genes.
inline GenePredictor from_matrix(std::vector<float> values, int64_t genes) {
  return [values = std::move(values), genes](int64_t first, int64_t last) {
    std::vector<float> run;
    for (auto row = values.begin(); row != values.end(); row += genes) {
      run.insert(run.end(), row + first, row + last);
    }
    return run;
  };
}

/// `types` types, cells dealt to them in turn; the first 70 % of each type train, the next 10 %
/// validate, the rest test. Peaks and genes lie on two chromosomes. A hidden state of each cell
/// opens peaks and raises genes, and depth raises everything.
inline Study small_study(int64_t cells, int64_t peaks, int64_t genes, int32_t types,
                         uint64_t seed = 1) {
  Study study;
  for (int32_t type = 0; type < types; ++type) {
    study.cells.type.names.push_back("type " + std::to_string(type));
  }
  study.peaks.chromosomes = {"chr1", "chr2"};
  study.peaks.chromosome_offsets = {0, peaks / 2, peaks};
  for (int64_t j = 0; j < peaks; ++j) {
    const int64_t start = 10'000 * (j < peaks / 2 ? j : j - peaks / 2);
    study.peaks.names.push_back("peak" + std::to_string(j));
    study.peaks.start.push_back(start);
    study.peaks.end.push_back(start + 500);
  }
  for (int64_t g = 0; g < genes; ++g) {
    study.genes.names.push_back("gene" + std::to_string(g));
    study.genes.ids.push_back("ENSG" + std::to_string(g));
    study.genes.chromosome.push_back(g % 2 == 0 ? "chr1" : "chr2");
    study.genes.start.push_back(100'000 + 1000 * g);
    study.genes.end.push_back(100'500 + 1000 * g);
    study.genes.strand.push_back(g % 3 == 0 ? Strand::kMinus : Strand::kPlus);
  }
  study.open.rows = cells;
  study.open.columns = peaks;
  study.expression.pattern.rows = study.counts.pattern.rows = cells;
  study.expression.pattern.columns = study.counts.pattern.columns = genes;

  RandomStream random(seed, Purpose::kBenchmark);
  const int64_t of_type = (cells + types - 1) / types;
  for (int64_t i = 0; i < cells; ++i) {
    const auto type = static_cast<int32_t>(i % types);
    const int64_t rank = i / types;
    study.cells.barcodes.push_back("cell" + std::to_string(i));
    study.cells.type.codes.push_back(type);
    study.cells.split.push_back(10 * rank < 7 * of_type   ? Split::kTrain
                                : 10 * rank < 8 * of_type ? Split::kValidation
                                                          : Split::kTest);
    const double state = random.uniform();
    const double depth = std::exp(0.4 * random.normal());
    double open = 0;
    for (int32_t j = 0; j < peaks; ++j) {
      const double wanted = j % types == type ? 0.5 : 0.15;
      const double by_state = j % 3 == 0 ? 2 * state : 1;
      if (random.uniform() < std::min(0.9, wanted * by_state * std::min(depth, 1.5))) {
        study.open.indices.push_back(j);
        open += 1;
      }
    }
    study.open.offsets.push_back(study.open.nonzeros());
    std::vector<double> count;
    double total = 0;
    for (int32_t g = 0; g < genes; ++g) {
      const double rate = depth * (g % types == type ? 6 : 1) * (g % 3 == 0 ? 2 * state : 1);
      count.push_back(std::floor(rate * (0.5 + random.uniform()) + random.uniform()));
      total += count.back();
    }
    total += 50;  // genes that were not chosen
    for (int32_t g = 0; g < genes; ++g) {
      const double value = count[static_cast<size_t>(g)];
      if (value == 0) continue;
      study.counts.pattern.indices.push_back(g);
      study.counts.values.push_back(static_cast<float>(value));
      study.expression.pattern.indices.push_back(g);
      study.expression.values.push_back(static_cast<float>(std::log1p(1e5 * value / total)));
    }
    study.counts.pattern.offsets.push_back(study.counts.pattern.nonzeros());
    study.expression.pattern.offsets.push_back(study.expression.pattern.nonzeros());
    study.cells.total_rna.push_back(total);
    study.cells.open_peaks.push_back(open);
  }
  return study;
}

/// A context for tests: a pool of its own, silence.
struct TestContext {
  explicit TestContext(int threads = 2) : pool(threads) {}

  ThreadPool pool;
  Reporter reporter;
  Context context{7, pool, reporter};
};

}  // namespace grids::core
