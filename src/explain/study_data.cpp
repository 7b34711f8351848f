#include "explain/study_data.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "base/at.hpp"
#include "base/error.hpp"
#include "math/least_squares.hpp"

namespace grids::core {
namespace {

std::vector<int32_t> seen_cells(const Study& study) {
  auto cells = study.cells_of(Split::kTrain);
  const auto validation = study.cells_of(Split::kValidation);
  cells.insert(cells.end(), validation.begin(), validation.end());
  std::sort(cells.begin(), cells.end());
  return cells;
}

void add_indicators(const Categorical& column, std::span<const int32_t> cells,
                    std::vector<std::vector<double>>& columns) {
  for (int32_t code = 1; code < static_cast<int32_t>(column.names.size()); ++code) {
    auto& indicator = columns.emplace_back();
    for (const int32_t cell : cells) indicator.push_back(column.codes[at(cell)] == code ? 1 : 0);
  }
}

std::vector<double> values_of(const CsrMatrix& matrix, std::span<const int32_t> cells,
                              int32_t gene) {
  std::vector<double> values;
  for (const int32_t cell : cells) {
    const auto genes = matrix.row_indices(cell);
    const auto found = std::lower_bound(genes.begin(), genes.end(), gene);
    const bool seen = found != genes.end() && *found == gene;
    values.push_back(seen ? double{matrix.row_values(cell)[at(found - genes.begin())]} : 0);
  }
  return values;
}

}  // namespace

MeasuredCells measured_cells(const Study& study) {
  const auto cells = seen_cells(study);
  MeasuredCells measured;
  measured.by_feature = transpose_rows(study.open, cells);
  measured.counts = study.has_counts();
  std::vector<double> depth, open;
  for (const int32_t cell : cells) {
    depth.push_back(std::log(std::max(1.0, study.cells.total_rna[at(cell)])));
    open.push_back(std::log1p(study.cells.open_peaks[at(cell)]));
  }
  std::vector<std::vector<double>> columns = {std::vector<double>(cells.size(), 1.0)};
  add_indicators(study.cells.type, cells, columns);
  add_indicators(study.cells.donor, cells, columns);
  add_indicators(study.cells.batch, cells, columns);
  columns.push_back(std::move(open));
  if (measured.counts) {
    measured.log_exposure = std::move(depth);
  } else {
    measured.log_exposure.assign(cells.size(), 0.0);
    columns.push_back(std::move(depth));
  }
  measured.covariates = orthogonal_columns(columns);
  for (int64_t peak = 0; peak < study.peaks.size(); ++peak) {
    measured.group.push_back(study.peaks.chromosome_of(peak));
    measured.width.push_back(study.peaks.end[at(peak)] - study.peaks.start[at(peak)]);
  }
  return measured;
}

TargetData target_data(const Study& study, const MeasuredCells& measured, int32_t gene,
                       int64_t window, double wanted) {
  if (!study.genes.has_position(gene)) {
    throw input_error(
        "the gene has no position, which the method needs; prepare the study with --genes FILE "
        "that has it");
  }
  const auto cells = seen_cells(study);
  TargetData data;
  data.measured = &measured;
  data.normalised = values_of(study.expression, cells, gene);
  data.response = measured.counts ? values_of(study.counts, cells, gene) : data.normalised;
  data.window = window;
  data.wanted = wanted;
  const auto& names = study.peaks.chromosomes;
  const auto found = std::find(names.begin(), names.end(), study.genes.chromosome[at(gene)]);
  data.group = found == names.end() ? -1 : static_cast<int32_t>(found - names.begin());
  for (int64_t peak = 0; peak < study.peaks.size(); ++peak) {
    const bool same = measured.group[at(peak)] == data.group;
    const auto distance = same ? distance_to_tss(study, gene, peak) : std::nullopt;
    data.distance.push_back(distance ? std::abs(*distance) : kElsewhere);
  }
  return data;
}

void require_positions(const Study& study, std::string_view method) {
  for (int64_t gene = 0; gene < study.genes.size(); ++gene) {
    if (study.genes.has_position(gene)) return;
  }
  throw input_error(
      "the method '{}' needs to know where genes lie, and the study has no position of any gene; "
      "prepare it with --genes FILE (a GTF, GFF or BED of genes)",
      method);
}

}  // namespace grids::core
