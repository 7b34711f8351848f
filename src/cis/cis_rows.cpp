#include "cis/cis_rows.hpp"

#include <algorithm>
#include <cmath>

#include "base/at.hpp"
#include "base/error.hpp"

namespace grids::core {
namespace {

/// Columns of 0 and 1 for all codes but the first.
void add_indicators(const std::vector<int32_t>& codes, const std::vector<int32_t>& cells,
                    int32_t count, std::vector<std::vector<double>>& columns) {
  for (int32_t code = 1; code < count; ++code) {
    auto& column = columns.emplace_back();
    for (const int32_t cell : cells) column.push_back(codes[at(cell)] == code ? 1 : 0);
  }
}

}  // namespace

std::vector<double> CisRows::response(int64_t gene) const {
  std::vector<double> values(size());
  const auto rows = responses.row_indices(gene);
  for (size_t i = 0; i < rows.size(); ++i) {
    values[at(rows[i])] = static_cast<double>(responses.row_values(gene)[i]);
  }
  return values;
}

CisPath empty_cis_path(const Study& study, int64_t latents) {
  CisPath path;
  path.response = study.has_counts() ? CisResponse::kCounts : CisResponse::kLogValues;
  path.peaks = study.peaks.size();
  path.study_genes = study.genes.size();
  path.types = static_cast<int32_t>(study.cells.type.names.size());
  path.donors = static_cast<int32_t>(study.cells.donor.names.size());
  path.batches = static_cast<int32_t>(study.cells.batch.names.size());
  path.latents = static_cast<int32_t>(latents);
  return path;
}

CisColumns cis_columns(const Study& study, std::span<const int32_t> genes, int64_t window) {
  CisColumns columns;
  if (genes.empty()) return columns;
  columns.peaks.assign(at(study.peaks.size()), false);
  columns.genes.assign(at(study.genes.size()), false);
  for (const int32_t gene : genes) {
    columns.genes.at(at(gene)) = true;
    for (const int32_t peak : window_peaks(study, gene, window)) columns.peaks[at(peak)] = true;
  }
  return columns;
}

CisRows cis_rows(const Study& study, std::span<const float> latents, const CisPath& shape,
                 std::span<const int32_t> cells, const CisColumns& columns) {
  const auto width = static_cast<size_t>(shape.latents);
  if (latents.size() != width * at(study.cells.size())) {
    throw internal_error("cis path: latents must be cells × width");
  }
  CisRows rows;
  rows.type_begin = {0};
  for (int32_t type = 0; type < shape.types; ++type) {
    for (const int32_t cell : cells) {
      if (study.cells.type.codes[at(cell)] != type) continue;
      rows.cells.push_back(cell);
      rows.type.push_back(type);
    }
    rows.type_begin.push_back(static_cast<int64_t>(rows.cells.size()));
  }
  for (const int32_t cell : rows.cells) {
    rows.log_exposure.push_back(
        study.has_counts() ? std::log(std::max(1.0, study.cells.total_rna[at(cell)])) : 0);
  }
  rows.state.emplace_back(rows.size(), 1.0);
  add_indicators(study.cells.type.codes, rows.cells, shape.types, rows.state);
  for (const auto& [column, count] : {std::pair{&study.cells.donor, shape.donors},
                                      std::pair{&study.cells.batch, shape.batches}}) {
    const size_t begin = rows.state.size();
    add_indicators(column->codes, rows.cells, count, rows.state);
    rows.units.emplace_back(begin, rows.state.size());
  }
  rows.batches_and_types = int64_t{shape.batches} * shape.types;
  for (size_t i = 0; shape.batches > 0 && i < rows.size(); ++i) {
    const int32_t batch = study.cells.batch.codes[at(rows.cells[i])];
    rows.batch_and_type.push_back(batch * shape.types + rows.type[i]);
  }
  auto& open = rows.state.emplace_back();
  for (const int32_t cell : rows.cells) {
    open.push_back(std::log1p(study.cells.open_peaks[at(cell)]));
  }
  for (size_t k = 0; k < width; ++k) {
    auto& column = rows.state.emplace_back();
    for (const int32_t cell : rows.cells) {
      column.push_back(static_cast<double>(latents[at(cell) * width + k]));
    }
  }
  rows.peaks = transpose_rows(study.open, rows.cells, columns.peaks);
  rows.responses = transpose_rows(study.has_counts() ? study.counts : study.expression, rows.cells,
                                  columns.genes);
  return rows;
}

std::vector<int32_t> window_peaks(const Study& study, int64_t gene, int64_t window) {
  std::vector<int32_t> result;
  if (!study.genes.has_position(gene)) return result;
  const auto& names = study.peaks.chromosomes;
  const auto found = std::find(names.begin(), names.end(), study.genes.chromosome[at(gene)]);
  if (found == names.end()) return result;
  const auto chromosome = at(found - names.begin());
  const auto further = study.genes.sites_beside(gene);
  std::vector<int64_t> sites(further.begin(), further.end());
  sites.push_back(study.genes.tss(gene));
  std::sort(sites.begin(), sites.end());
  for (int64_t peak = study.peaks.chromosome_offsets[chromosome];
       peak < study.peaks.chromosome_offsets[chromosome + 1]; ++peak) {
    const int64_t start = study.peaks.start[at(peak)], end = study.peaks.end[at(peak)];
    if (start > sites.back() + window) break;
    const bool near = std::any_of(sites.begin(), sites.end(), [&](int64_t site) {
      return start <= site + window && end > site - window;
    });
    if (near) result.push_back(static_cast<int32_t>(peak));
  }
  return result;
}

}  // namespace grids::core
