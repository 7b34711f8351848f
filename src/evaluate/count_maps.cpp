#include "evaluate/count_maps.hpp"

#include <algorithm>

#include "base/error.hpp"

namespace grids::core {

std::map<int32_t, CountMap> fit_count_maps(const Study& study, const StudySurrogate& surrogate,
                                           std::vector<int32_t> genes, const Context& context) {
  std::sort(genes.begin(), genes.end());
  genes.erase(std::unique(genes.begin(), genes.end()), genes.end());
  std::map<int32_t, CountMap> maps;
  if (genes.empty()) return maps;
  const auto cells = study.cells_of(Split::kTrain);
  if (cells.empty()) {
    throw input_error("the study has no training cells, on which predictions become counts");
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
