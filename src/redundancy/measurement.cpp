#include "redundancy/measurement.hpp"

#include "base/at.hpp"

namespace grids::core {

std::vector<double> kept_values(const std::vector<double>& values,
                                const std::vector<int32_t>& kept) {
  std::vector<double> result;
  result.reserve(kept.size());
  for (const int32_t i : kept) result.push_back(values[at(i)]);
  return result;
}

JudgedCells some_of(const Study& study, const JudgedCells& cells,
                    std::span<const int32_t> positions, const RedundancyOptions& options) {
  const size_t width = cells.cells.empty() ? 0 : cells.state.size() / cells.cells.size();
  JudgedCells result;
  for (const int32_t i : positions) {
    result.cells.push_back(cells.cells[at(i)]);
    const auto row = cells.state.begin() + static_cast<std::ptrdiff_t>(at(i) * width);
    result.state.insert(result.state.end(), row, row + static_cast<std::ptrdiff_t>(width));
  }
  result.contrast = contrast_cells(study, result.cells, result.state, options.contrast);
  return result;
}

Measurement::Measurement(const Study& study, int32_t gene, std::span<const Element> elements,
                         const JudgedCells& cells, const std::vector<double>& other)
    : counts(measured_values(study, gene, cells.contrast)),
      other_terms(kept_values(other, cells.contrast.kept)),
      settings(settings_of(study, elements, cells.contrast.cells)),
      data{cells.contrast, counts, other_terms, settings, elements.size()} {}

}  // namespace grids::core
