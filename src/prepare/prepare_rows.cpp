// The matrices of a study, made of those of the files.
#include <algorithm>
#include <span>
#include <utility>

#include "base/at.hpp"
#include "prepare/normalise.hpp"
#include "prepare/preparation.hpp"
#include "prepare/prepare.hpp"

namespace grids::core {
namespace {

/// Chosen genes of cells [first, last) as the file has them.
CsrMatrix rna_as_given(const ChosenValues& values, int64_t first, int64_t last, ThreadPool& pool) {
  const auto rows = std::span(values.rna_rows).subspan(at(first), at(last - first));
  return gather(values.rna, rows, values.genes, pool);
}

void normalise(const ChosenValues& values, const std::vector<double>& totals, int64_t first,
               int64_t last, CsrMatrix& rows) {
  if (values.rna_kind == RnaKind::kLogged) return;
  log_normalise(rows, std::span(totals).subspan(at(first), at(last - first)));
}

}  // namespace

StudyRows rows_of_values(const ChosenValues& values, const std::vector<double>& totals,
                         ThreadPool& pool) {
  // About as many entries as readers take at a time; of the cells alone, so that the same are
  // written by any number of threads.
  constexpr int64_t kEntries = int64_t{1} << 21;
  const auto rows_at_once = [](const PackedRows& matrix) {
    return kEntries * matrix.rows() / std::max<int64_t>(1, matrix.nonzeros());
  };
  StudyRows rows;
  rows.rows_at_once =
      std::max<int64_t>(1, std::min(rows_at_once(values.atac), rows_at_once(values.rna)));
  rows.open = [&](int64_t first, int64_t last) {
    const auto chosen = std::span(values.atac_rows).subspan(at(first), at(last - first));
    return gather_open(values.atac, chosen, values.peaks, pool);
  };
  rows.has_counts = values.rna_kind == RnaKind::kCounts;
  rows.expression = [&](int64_t first, int64_t last, std::vector<float>& counts) {
    auto block = rna_as_given(values, first, last, pool);
    if (values.rna_kind == RnaKind::kCounts)
      counts.assign(block.values.begin(), block.values.end());
    normalise(values, totals, first, last, block);
    return block;
  };
  return rows;
}

StudyRows study_rows(const PreparedCells& cells, ThreadPool& pool) {
  return rows_of_values(cells, cells.tables.cells.total_rna, pool);
}

PrepareResult with_matrices(PreparedCells&& cells, ThreadPool& pool) {
  const int64_t count = cells.tables.cells.size();
  auto expression = rna_as_given(cells, 0, count, pool);
  cells.rna = PackedRows();
  CsrMatrix counts;
  if (cells.rna_kind == RnaKind::kCounts) counts = expression;
  normalise(cells, cells.tables.cells.total_rna, 0, count, expression);
  auto open = gather_open(cells.atac, cells.atac_rows, cells.peaks, pool);
  PrepareResult result{std::move(cells.tables), std::move(cells.summary)};
  result.study.expression = std::move(expression);
  result.study.counts = std::move(counts);
  result.study.open = std::move(open);
  return result;
}

}  // namespace grids::core
