/// A small study in which cells have a state besides their type, that moves chromatin near genes
/// and the expression of these genes alike.
#pragma once

#include <algorithm>
#include <cmath>

#include "train/planted_study.hpp"

namespace grids::core {

struct StatedStudy {
  Study study;
  std::vector<double> state;  ///< cells × 2
};

/// Each gene has a peak at its start and one 200 kb from any gene, which says nothing.
inline StatedStudy stated_study(int64_t cells = 600, int64_t genes = 150, uint64_t seed = 3) {
  constexpr int32_t kTypes = 3;
  RandomStream random(seed, Purpose::kSimulate);
  StatedStudy made;
  Study& study = made.study;
  for (int32_t t = 0; t < kTypes; ++t) study.cells.type.names.push_back(fmt::format("type{}", t));
  study.peaks.chromosomes = {"chr1"};
  study.peaks.chromosome_offsets = {0, 2 * genes};
  std::vector<double> loads;  // genes × (2 states, types)
  for (int64_t g = 0; g < genes; ++g) {
    const int64_t start = 1'000'000 * (g + 1);
    study.genes.names.push_back(fmt::format("gene{}", g));
    study.genes.ids.emplace_back();
    study.genes.chromosome.emplace_back("chr1");
    study.genes.start.push_back(start);
    study.genes.end.push_back(start + 10'000);
    study.genes.strand.push_back(Strand::kPlus);
    for (const int64_t at : {start - 100, start + 200'000}) {
      study.peaks.names.push_back(fmt::format("peak{}", study.peaks.names.size()));
      study.peaks.start.push_back(at);
      study.peaks.end.push_back(at + 500);
    }
    for (int32_t k = 0; k < 2 + kTypes; ++k) loads.push_back(random.normal());
  }
  study.open.rows = study.expression.pattern.rows = cells;
  study.open.columns = 2 * genes;
  study.expression.pattern.columns = genes;
  for (int64_t i = 0; i < cells; ++i) {
    const auto type = static_cast<int32_t>(i % kTypes);
    const int64_t turn = i / kTypes % 10;
    study.cells.barcodes.push_back(fmt::format("cell{}", i));
    study.cells.type.codes.push_back(type);
    study.cells.split.push_back(turn == 0   ? Split::kValidation
                                : turn <= 2 ? Split::kTest
                                            : Split::kTrain);
    study.cells.total_rna.push_back(1000);
    const double first = random.normal(), second = random.normal();
    made.state.insert(made.state.end(), {first, second});
    for (int64_t g = 0; g < genes; ++g) {
      const double* load = &loads[static_cast<size_t>(g * (2 + kTypes))];
      const double score = load[0] * first + load[1] * second + load[2 + type];
      if (random.uniform() < 1 / (1 + std::exp(-score))) {
        study.open.indices.push_back(static_cast<int32_t>(2 * g));
      }
      if (random.uniform() < 0.3) study.open.indices.push_back(static_cast<int32_t>(2 * g + 1));
      const double value = 2 + 0.5 * score + 0.5 * random.normal();
      if (value > 0.01) {
        study.expression.pattern.indices.push_back(static_cast<int32_t>(g));
        study.expression.values.push_back(static_cast<float>(value));
      }
    }
    study.open.offsets.push_back(study.open.nonzeros());
    study.expression.pattern.offsets.push_back(study.expression.pattern.nonzeros());
    study.cells.open_peaks.push_back(static_cast<double>(study.open.row(i).size()));
  }
  study.scale = ExpressionScale::kAsGiven;
  return made;
}

}  // namespace grids::core
