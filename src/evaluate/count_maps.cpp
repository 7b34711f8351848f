#include "evaluate/count_maps.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "base/nan.hpp"

namespace grids::core {

void require_training_cells(std::span<const int32_t> cells) {
  if (!cells.empty()) return;
  throw input_error("the study has no training cells to fit the map from predictions to counts on");
}

CountMap unknown_counts() {
  return {MonotoneMap({0.0}, {kNaN}), false};
}

std::map<int32_t, CountMap> fit_count_maps(const Study& study, const StudySurrogate& surrogate,
                                           std::vector<int32_t> genes, const Context& context) {
  std::sort(genes.begin(), genes.end());
  genes.erase(std::unique(genes.begin(), genes.end()), genes.end());
  std::map<int32_t, CountMap> maps;
  if (genes.empty()) return maps;
  const auto cells = study.cells_of(Split::kTrain);
  require_training_cells(cells);
  if (!study.paired) {
    for (const int32_t gene : genes) maps.emplace(gene, unknown_counts());
    return maps;
  }
  const auto predicted = surrogate.predict(study, cells, genes, context.pool);
  std::vector<float> column(cells.size());
  for (size_t g = 0; g < genes.size(); ++g) {
    for (size_t cell = 0; cell < cells.size(); ++cell) {
      column[cell] = predicted[cell * genes.size() + g];
    }
    maps.emplace(genes[g], fit_count_map(study, genes[g], cells, column));
  }
  return maps;
}

}  // namespace grids::core
