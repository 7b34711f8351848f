/// What the tests of this room share: small experiments with known contents.
#pragma once

#include <fmt/core.h>

#include <numeric>
#include <string>
#include <variant>
#include <vector>

#include "base/context.hpp"
#include "base/error.hpp"
#include "base/random.hpp"
#include "io/raw_multiome.hpp"
#include "support/fixture.hpp"

namespace grids::core::test {

inline CsrMatrix sparse(const std::vector<std::vector<float>>& rows) {
  CsrMatrix matrix;
  matrix.pattern.rows = static_cast<int64_t>(rows.size());
  matrix.pattern.columns = rows.empty() ? 0 : static_cast<int64_t>(rows[0].size());
  for (const auto& row : rows) {
    for (size_t j = 0; j < row.size(); ++j) {
      if (row[j] == 0) continue;
      matrix.pattern.indices.push_back(static_cast<int32_t>(j));
      matrix.values.push_back(row[j]);
    }
    matrix.pattern.offsets.push_back(matrix.pattern.nonzeros());
  }
  return matrix;
}

inline RawModality modality(std::string source, std::vector<std::string> cells,
                            std::vector<std::string> features,
                            const std::vector<std::vector<float>>& values) {
  RawModality result;
  result.source = std::move(source);
  result.obs.index = std::move(cells);
  result.var.index = std::move(features);
  result.values = sparse(values);
  return result;
}

/// Two types ("A" open and expressed on the left half of features, "B" on the right) of `cells`
/// cells in all, `peaks` peaks on chr1, chr10 and chr2 and `genes` genes G0, G1, …
inline RawMultiome two_types(int cells, int peaks = 60, int genes = 40, uint64_t seed = 3) {
  RandomStream random(seed, Purpose::kBenchmark);
  std::vector<std::string> barcodes;
  std::vector<std::string> types;
  std::vector<std::vector<float>> rna;
  std::vector<std::vector<float>> atac;
  for (int i = 0; i < cells; ++i) {
    barcodes.push_back(fmt::format("CELL{:05}-1", i));
    const bool is_a = i % 2 == 0;
    types.push_back(is_a ? "A" : "B");
    auto& genes_of_cell = rna.emplace_back();
    for (int j = 0; j < genes; ++j) {
      const bool on = (j < genes / 2) == is_a;
      genes_of_cell.push_back(static_cast<float>(random.below(on ? 30 : 4)));
    }
    auto& peaks_of_cell = atac.emplace_back();
    for (int j = 0; j < peaks; ++j) {
      const bool on = (j < peaks / 2) == is_a;
      peaks_of_cell.push_back(random.uniform() < (on ? 0.7 : 0.2) ? 1.0f : 0.0f);
    }
  }
  std::vector<std::string> gene_names;
  for (int j = 0; j < genes; ++j) gene_names.push_back(fmt::format("G{}", j));
  std::vector<std::string> peak_names;
  const char* chromosomes[] = {"chr2", "chr10", "chr1"};
  for (int j = 0; j < peaks; ++j) {
    peak_names.push_back(fmt::format("{}:{}-{}", chromosomes[j % 3], 1000 * j, 1000 * j + 500));
  }
  RawMultiome raw;
  raw.rna = modality("test.h5mu: mod/rna", barcodes, gene_names, rna);
  raw.atac = modality("test.h5mu: mod/atac", barcodes, peak_names, atac);
  raw.rna.obs.columns.push_back({"cell_type", types});
  return raw;
}

inline std::vector<int32_t> shuffled(size_t count, uint64_t seed) {
  std::vector<int32_t> order(count);
  std::iota(order.begin(), order.end(), 0);
  RandomStream random(seed, Purpose::kBenchmark);
  random.shuffle(std::span(order));
  return order;
}

template <typename T>
std::vector<T> reordered(const std::vector<T>& list, const std::vector<int32_t>& order) {
  std::vector<T> result;
  for (const int32_t i : order) result.push_back(list[static_cast<size_t>(i)]);
  return result;
}

/// Cells and features of one modality in another order, by the draws of a seed.
inline void permute(RawModality& part, uint64_t seed) {
  const auto rows = shuffled(part.obs.index.size(), seed);
  const auto columns = shuffled(part.var.index.size(), seed + 1);
  part.obs.index = reordered(part.obs.index, rows);
  for (auto& column : part.obs.columns) {
    std::visit([&](auto& values) { values = reordered(values, rows); }, column.values);
  }
  part.var.index = reordered(part.var.index, columns);
  for (auto& column : part.var.columns) {
    std::visit([&](auto& values) { values = reordered(values, columns); }, column.values);
  }
  part.values = select_columns(select_rows(part.values, rows), columns);
}

/// Half of the cells of a modality: those at even places, or at odd ones.
inline RawModality every_other(const RawModality& whole, bool odd) {
  std::vector<int32_t> rows;
  for (int32_t row = odd ? 1 : 0; row < whole.obs.rows(); row += 2) rows.push_back(row);
  RawModality part = whole;
  part.obs.index = reordered(whole.obs.index, rows);
  for (auto& column : part.obs.columns) {
    std::visit([&](auto& values) { values = reordered(values, rows); }, column.values);
  }
  part.values = select_rows(whole.values, rows);
  return part;
}

/// The same experiment as if its modalities had been measured in different cells: RNA of half of
/// them, chromatin of the others, with the RNA's annotations of each.
inline RawMultiome different_cells(const RawMultiome& whole) {
  RawMultiome result = whole;
  result.rna = every_other(whole.rna, true);
  result.atac.obs.columns = whole.rna.obs.columns;
  result.atac = every_other(result.atac, false);
  return result;
}

/// The message of the Error that `body` throws; empty when it throws none.
template <typename Body>
std::string message_of(Body&& body, ErrorKind kind = ErrorKind::kInput) {
  try {
    body();
  } catch (const Error& error) {
    return error.kind() == kind ? error.what() : fmt::format("wrong kind: {}", error.what());
  }
  return {};
}

}  // namespace grids::core::test
