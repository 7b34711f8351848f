/// A study of two cell types over the small random surrogate, for tests.
#pragma once

#include <fmt/core.h>

#include "model/folded_surrogate.hpp"
#include "study/study.hpp"
#include "support/random_surrogate.hpp"

namespace grids::core::testing {

/// 400 cells of type "B" (many) and "A few" (the first `few` cells); genes g0…, of which g1 is
/// expressed nowhere; genes lie 300 kb apart on chr1.
inline Study small_study(int64_t few = 100, uint64_t seed = 1) {
  const auto shape = small_shape();
  Study study;
  constexpr int64_t kCells = 400;
  RandomStream random(seed, Purpose::kSplit);
  study.cells.type.names = {"A few", "B"};
  for (int64_t cell = 0; cell < kCells; ++cell) {
    study.cells.barcodes.push_back(fmt::format("cell{}", cell));
    study.cells.type.codes.push_back(cell < few ? 0 : 1);
    const double u = random.uniform();
    study.cells.split.push_back(u < 0.5   ? Split::kTrain
                                : u < 0.6 ? Split::kValidation
                                          : Split::kTest);
  }
  study.open = random_open(kCells, shape.peaks(), 0.2, seed);
  study.cells.total_rna.assign(kCells, 1000);
  for (int64_t cell = 0; cell < kCells; ++cell) {
    study.cells.open_peaks.push_back(static_cast<double>(study.open.row(cell).size()));
  }
  study.peaks.chromosome_offsets = {0};
  for (int64_t c = 0; c < shape.chromosomes(); ++c) {
    study.peaks.chromosomes.push_back(fmt::format("chr{}", c + 1));
    for (int64_t i = 0; i < shape.chromosome_peaks[static_cast<size_t>(c)]; ++i) {
      study.peaks.start.push_back(1000 * i);
      study.peaks.end.push_back(1000 * i + 500);
      study.peaks.names.push_back(
          fmt::format("{}:{}-{}", study.peaks.chromosomes.back(), 1000 * i, 1000 * i + 500));
    }
    study.peaks.chromosome_offsets.push_back(study.peaks.size());
  }
  for (int64_t gene = 0; gene < shape.genes; ++gene) {
    study.genes.names.push_back(fmt::format("g{}", gene));
    study.genes.ids.push_back(fmt::format("ENSG{}", gene));
    study.genes.chromosome.emplace_back("chr1");
    study.genes.start.push_back(300'000 * gene);
    study.genes.end.push_back(300'000 * gene + 1000);
    study.genes.strand.push_back(Strand::kPlus);
  }
  auto& expression = study.expression;
  expression.pattern.rows = kCells;
  expression.pattern.columns = shape.genes;
  for (int64_t cell = 0; cell < kCells; ++cell) {
    for (int32_t gene = 0; gene < shape.genes; ++gene) {
      if (gene == 1 || random.uniform() < 0.4) continue;
      expression.pattern.indices.push_back(gene);
      expression.values.push_back(static_cast<float>(0.1 + random.uniform()));
    }
    expression.pattern.offsets.push_back(expression.pattern.nonzeros());
  }
  return study;
}

}  // namespace grids::core::testing
