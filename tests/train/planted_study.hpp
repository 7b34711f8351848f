/// A small study with planted structure: types with peaks and genes of their own, made in memory.
#pragma once

#include <fmt/core.h>

#include "base/random.hpp"
#include "study/study.hpp"

namespace grids::core {

/// Peaks and genes i with i % types == t are active in cells of type t.
inline Study planted_study(int64_t cells = 240, int64_t peaks = 300, int64_t genes = 40,
                           int32_t types = 3, uint64_t seed = 5) {
  Study study;
  RandomStream random(seed, Purpose::kSimulate);
  for (int32_t t = 0; t < types; ++t) study.cells.type.names.push_back(fmt::format("type{}", t));
  const std::vector<std::string> chromosomes = {"chr1", "chr2", "chr3"};
  study.peaks.chromosomes = chromosomes;
  study.peaks.chromosome_offsets = {0, peaks / 2, peaks / 2 + peaks / 3, peaks};
  for (int64_t j = 0; j < peaks; ++j) {
    study.peaks.names.push_back(fmt::format("peak{}", j));
    study.peaks.start.push_back(1000 * j);
    study.peaks.end.push_back(1000 * j + 500);
  }
  for (int64_t g = 0; g < genes; ++g) {
    study.genes.names.push_back(fmt::format("gene{}", g));
    study.genes.ids.emplace_back();
    study.genes.chromosome.emplace_back();
    study.genes.start.push_back(0);
    study.genes.end.push_back(0);
    study.genes.strand.push_back(Strand::kUnknown);
  }
  study.open.rows = study.expression.pattern.rows = cells;
  study.open.columns = peaks;
  study.expression.pattern.columns = genes;
  for (int64_t i = 0; i < cells; ++i) {
    const auto type = static_cast<int32_t>(i % types);
    study.cells.barcodes.push_back(fmt::format("cell{}", i));
    study.cells.type.codes.push_back(type);
    const int64_t turn = i / types % 10;
    study.cells.split.push_back(turn == 0   ? Split::kValidation
                                : turn <= 2 ? Split::kTest
                                            : Split::kTrain);
    study.cells.total_rna.push_back(1000);
    for (int64_t j = 0; j < peaks; ++j) {
      if (random.uniform() < (j % types == type ? 0.5 : 0.05)) {
        study.open.indices.push_back(static_cast<int32_t>(j));
      }
    }
    study.open.offsets.push_back(study.open.nonzeros());
    study.cells.open_peaks.push_back(static_cast<double>(study.open.row(i).size()));
    for (int64_t g = 0; g < genes; ++g) {
      const bool active = g % types == type;
      if (random.uniform() < (active ? 0.9 : 0.2)) {
        study.expression.pattern.indices.push_back(static_cast<int32_t>(g));
        study.expression.values.push_back(
            static_cast<float>((active ? 3.0 : 1.0) + 0.3 * random.normal()));
      }
    }
    study.expression.pattern.offsets.push_back(study.expression.pattern.nonzeros());
  }
  return study;
}

}  // namespace grids::core
