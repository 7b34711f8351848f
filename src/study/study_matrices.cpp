#include "study/study_matrices.hpp"

#include <algorithm>
#include <optional>

#include "base/error.hpp"
#include "io/anndata.hpp"
#include "study/study_check.hpp"

namespace grids::core {

using store::GroupWriter;

namespace {

constexpr const char* kCounts = "layers/counts";
constexpr auto kLogs = SparseRowsWriter::Values::kLogs;

}  // namespace

void raise_unfitting_study(const Problems& problems) {
  problems.raise(ErrorKind::kInternal, "a study that does not fit together");
}

void write_rna(const GroupWriter& group, const Study& study) {
  const auto& places = study.expression.pattern;
  const auto& counted = study.counts.pattern;
  if (study.has_counts() && counted.offsets == places.offsets &&
      std::equal(counted.indices.begin(), counted.indices.end(), places.indices.begin())) {
    write_matrices(group, "X", study.expression, kLogs, kCounts, study.counts.values);
    return;
  }
  write_matrix(group, "X", study.expression, kLogs);
  if (study.has_counts()) write_matrix(group, kCounts, study.counts);
}

/// The RNA block by block.
void write_rna_rows(const GroupWriter& group, const Study& tables, const StudyRows& rows) {
  const int64_t genes = tables.genes.size();
  SparseRowsWriter expression(group, "X", genes, kLogs);
  std::optional<FurtherValuesWriter> counts;
  if (rows.has_counts) counts.emplace(group, kCounts);
  std::vector<float> counted;
  for (int64_t first = 0; first < tables.cells.size(); first += rows.rows_at_once) {
    const auto last = std::min(tables.cells.size(), first + rows.rows_at_once);
    const auto block = rows.expression(first, last, counted);
    raise_unfitting_study(problems_of_rows("mod/rna/X", block, last - first, genes));
    expression.append(block);
    if (!counts) continue;
    raise_unfitting_study(problems_of_counts("mod/rna/layers/counts", counted, block.pattern));
    counts->append(counted);
  }
  expression.finish();
  if (counts) counts->finish(expression);
}

void write_open_rows(const GroupWriter& group, const Study& tables, const StudyRows& rows) {
  const int64_t peaks = tables.peaks.size();
  SparseRowsWriter writer(group, "X", peaks, SparseRowsWriter::Values::kOnes);
  for (int64_t first = 0; first < tables.cells.size(); first += rows.rows_at_once) {
    const auto last = std::min(tables.cells.size(), first + rows.rows_at_once);
    const auto block = rows.open(first, last);
    raise_unfitting_study(problems_of_rows("mod/atac/X", block, last - first, peaks));
    writer.append(block);
  }
  writer.finish();
}

}  // namespace grids::core
