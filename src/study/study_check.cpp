#include "study/study_check.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <unordered_set>

#include "base/at.hpp"
#include "io/anndata.hpp"
#include "study/study_check_at.hpp"

namespace grids::core {
namespace {

constexpr const char* kAgain = "prepare the study again (grids prepare)";

void expect(Problems& problems, std::string_view what, size_t found, int64_t expected) {
  if (static_cast<int64_t>(found) != expected) {
    problems.add("{} has {} entries instead of {}", what, found, expected);
  }
}

// ---- sizes ----

void check_cell_sizes(const CellTable& table, const CellsPlace& place, Problems& problems) {
  const auto cells = table.size();
  if (!place.may_lack_types || !table.type.empty()) {
    expect(problems, place("cell_type"), table.type.codes.size(), cells);
  }
  if (!table.donor.empty()) expect(problems, place("donor"), table.donor.codes.size(), cells);
  if (!table.batch.empty()) expect(problems, place("batch"), table.batch.codes.size(), cells);
  expect(problems, place("split"), table.split.size(), cells);
  expect(problems, place("total_rna"), table.total_rna.size(), cells);
  expect(problems, place("open_peaks"), table.open_peaks.size(), cells);
  if (!table.place.empty()) expect(problems, place("place"), table.place.size(), cells);
}

void check_peak_sizes(const PeakTable& table, Problems& problems) {
  const auto peaks = table.size();
  expect(problems, "mod/atac/var/start", table.start.size(), peaks);
  expect(problems, "mod/atac/var/end", table.end.size(), peaks);
  expect(problems, "chromosome offsets", table.chromosome_offsets.size(),
         std::ssize(table.chromosomes) + 1);
  if (!table.chromosome_offsets.empty() && table.chromosome_offsets.back() != peaks) {
    problems.add("the chromosomes hold {} peaks instead of {}", table.chromosome_offsets.back(),
                 peaks);
  }
}

void check_gene_sizes(const GeneTable& table, Problems& problems) {
  const auto genes = table.size();
  expect(problems, "mod/rna/var/gene_id", table.ids.size(), genes);
  expect(problems, "mod/rna/var/chrom", table.chromosome.size(), genes);
  expect(problems, "mod/rna/var/start", table.start.size(), genes);
  expect(problems, "mod/rna/var/end", table.end.size(), genes);
  expect(problems, "mod/rna/var/strand", table.strand.size(), genes);
  if (!table.further_sites.empty()) {
    expect(problems, "mod/rna/var/further_sites", table.further_sites.size(), genes);
  }
}

void check_shape(std::string_view what, const CsrPattern& pattern, int64_t rows, int64_t columns,
                 Problems& problems) {
  if (pattern.rows != rows || pattern.columns != columns) {
    problems.add("{} is {} × {} instead of {} × {}", what, pattern.rows, pattern.columns, rows,
                 columns);
  } else if (std::ssize(pattern.offsets) != rows + 1 || pattern.offsets.front() != 0 ||
             pattern.offsets.back() != pattern.nonzeros() ||
             !std::is_sorted(pattern.offsets.begin(), pattern.offsets.end())) {
    problems.add("{}: the bounds of its rows do not fit", what);
  }
}

void check_table_sizes(const Study& study, const CellsPlace& place, Problems& problems) {
  check_cell_sizes(study.cells, place, problems);
  check_peak_sizes(study.peaks, problems);
  check_gene_sizes(study.genes, problems);
}

void check_matrix_sizes(const Study& study, Problems& problems) {
  const auto cells = study.cells.size();
  const auto genes = study.genes.size();
  check_shape("mod/atac/X", study.open, cells, study.peaks.size(), problems);
  check_shape("mod/rna/X", study.expression.pattern, cells, genes, problems);
  expect(problems, "mod/rna/X", study.expression.values.size(),
         study.expression.pattern.nonzeros());
  if (!study.has_counts()) return;
  check_shape("mod/rna/layers/counts", study.counts.pattern, cells, genes, problems);
  expect(problems, "mod/rna/layers/counts", study.counts.values.size(),
         study.counts.pattern.nonzeros());
}

// ---- contents, of a study whose sizes fit ----

void check_names(std::string_view what, const std::vector<std::string>& names, Problems& problems) {
  std::unordered_set<std::string_view> met;
  met.reserve(names.size());
  for (const auto& name : names) {
    if (met.insert(name).second) continue;
    problems.add("{}: '{}' appears twice", what, name);
    return;
  }
}

void check_codes(std::string_view what, const Categorical& column, Problems& problems) {
  check_names(what, column.names, problems);
  const auto bad = std::find_if(column.codes.begin(), column.codes.end(), [&](int32_t code) {
    return code < 0 || code >= std::ssize(column.names);
  });
  if (bad == column.codes.end()) return;
  problems.add("{}: cell {} has code {} of {} names", what, bad - column.codes.begin(), *bad,
               column.names.size());
}

void check_totals(std::string_view what, const CellTable& cells, const std::vector<double>& totals,
                  Problems& problems) {
  const auto bad = std::find_if(totals.begin(), totals.end(),
                                [](double total) { return !(total >= 0) || std::isinf(total); });
  if (bad == totals.end()) return;
  problems.add("{}: cell '{}' has {}; totals are finite and not negative; {}", what,
               cells.barcodes[at(bad - totals.begin())], *bad, kAgain);
}

/// Values are divided by a cell's total, and its logarithm is taken.
void check_cells_with_rna(const Study& study, const CellsPlace& place, Problems& problems) {
  for (int64_t cell = 0; cell < study.cells.size(); ++cell) {
    if (study.cells.total_rna[at(cell)] != 0 || study.expression.row_indices(cell).empty())
      continue;
    problems.add("{}: cell '{}' has 0, but genes are seen in it; {}", place("total_rna"),
                 study.cells.barcodes[at(cell)], kAgain);
    return;
  }
}

void check_cells(const CellTable& cells, const CellsPlace& place, Problems& problems) {
  check_names(place.obs, cells.barcodes, problems);
  check_codes(place("cell_type"), cells.type, problems);
  if (!cells.donor.empty()) check_codes(place("donor"), cells.donor, problems);
  if (!cells.batch.empty()) check_codes(place("batch"), cells.batch, problems);
  check_totals(place("total_rna"), cells, cells.total_rna, problems);
  check_totals(place("open_peaks"), cells, cells.open_peaks, problems);
}

void check_peaks(const PeakTable& peaks, Problems& problems) {
  check_names("mod/atac/var", peaks.names, problems);
  check_names("mod/atac/var/chrom", peaks.chromosomes, problems);
  if (!std::is_sorted(peaks.chromosome_offsets.begin(), peaks.chromosome_offsets.end())) {
    problems.add("mod/atac/var/chrom: the chromosomes are not in order; {}", kAgain);
    return;
  }
  for (int64_t peak = 0; peak < peaks.size(); ++peak) {
    const auto i = at(peak);
    if (peaks.start[i] < 0 || peaks.start[i] >= peaks.end[i]) {
      problems.add("mod/atac/var: peak '{}' lies from {} to {}; {}", peaks.names[i], peaks.start[i],
                   peaks.end[i], kAgain);
      return;
    }
    const bool first = peak == 0 || peaks.chromosome_of(peak - 1) != peaks.chromosome_of(peak);
    if (!first && peaks.start[i] < peaks.start[i - 1]) {
      problems.add("mod/atac/var/start: the peaks are not sorted: '{}' begins before '{}'; {}",
                   peaks.names[i], peaks.names[i - 1], kAgain);
      return;
    }
  }
}

void check_genes(const GeneTable& genes, Problems& problems) {
  check_names("mod/rna/var", genes.names, problems);
  for (int64_t gene = 0; gene < genes.size(); ++gene) {
    const auto i = at(gene);
    if (!genes.has_position(gene) || (genes.start[i] >= 0 && genes.start[i] < genes.end[i])) {
      continue;
    }
    problems.add("mod/rna/var: gene '{}' lies from {} to {}; {}", genes.names[i], genes.start[i],
                 genes.end[i], kAgain);
    return;
  }
}

void check_columns(std::string_view what, const CsrPattern& pattern, Problems& problems) {
  for (int64_t row = 0; row < pattern.rows; ++row) {
    const auto columns = pattern.row(row);
    if (columns.empty()) continue;
    bool ascend = true;  // all are looked at: many at once, without a way out
    for (size_t k = 1; k < columns.size(); ++k) ascend &= columns[k - 1] < columns[k];
    if (ascend && columns.front() >= 0 && columns.back() < pattern.columns) continue;
    problems.add("{}: the columns of row {} do not ascend within the matrix", what, row);
    return;
  }
}

/// Whether values are finite and not negative, and counts where they are to be. Looks at all,
/// which is faster than to stop at the first that is not.
bool all_good(std::span<const float> values, bool counts) {
  const float most =
      counts ? std::nextafter(kMostCounted, 0.0f) : std::numeric_limits<float>::max();
  bool good = true;
  for (const float value : values) good &= value >= 0 && value <= most;
  if (!good || !counts) return good;
  for (const float value : values) {
    good &= static_cast<float>(static_cast<int32_t>(value)) == value;
  }
  return good;
}

void check_values(std::string_view what, std::span<const float> values, bool counts,
                  Problems& problems) {
  if (all_good(values, counts)) return;
  for (const float value : values) {
    if (!std::isfinite(value)) {
      problems.add("{}: holds a value that is not finite; {}", what, kAgain);
    } else if (value < 0) {
      problems.add("{}: holds {}; no value is negative; {}", what, value, kAgain);
    } else if (counts && (value != std::floor(value) || value >= kMostCounted)) {
      problems.add("{}: holds {}, which is no count; {}", what, value, kAgain);
    } else {
      continue;
    }
    return;
  }
}

void check_matrix(std::string_view what, const CsrMatrix& matrix, bool counts, Problems& problems) {
  check_columns(what, matrix.pattern, problems);
  check_values(what, matrix.values, counts, problems);
}

void check_tables(const Study& study, const CellsPlace& place, Problems& problems) {
  check_cells(study.cells, place, problems);
  check_peaks(study.peaks, problems);
  check_genes(study.genes, problems);
}

}  // namespace

Problems problems_of_tables_at(const Study& study, const CellsPlace& place) {
  Problems problems;
  check_table_sizes(study, place, problems);
  if (problems.empty()) check_tables(study, place, problems);
  return problems;
}

Problems problems_at(const Study& study, const CellsPlace& place) {
  Problems problems;
  check_table_sizes(study, place, problems);
  check_matrix_sizes(study, problems);
  if (!problems.empty()) return problems;
  check_tables(study, place, problems);
  check_cells_with_rna(study, place, problems);
  check_columns("mod/atac/X", study.open, problems);
  check_matrix("mod/rna/X", study.expression, false, problems);
  if (study.has_counts()) check_matrix("mod/rna/layers/counts", study.counts, true, problems);
  return problems;
}

Problems problems_of_tables(const Study& study) {
  return problems_of_tables_at(study, {});
}

Problems problems_of_rows(std::string_view what, const CsrPattern& block, int64_t rows,
                          int64_t columns) {
  Problems problems;
  check_shape(what, block, rows, columns, problems);
  if (problems.empty()) check_columns(what, block, problems);
  return problems;
}

Problems problems_of_rows(std::string_view what, const CsrMatrix& block, int64_t rows,
                          int64_t columns) {
  Problems problems;
  check_shape(what, block.pattern, rows, columns, problems);
  expect(problems, what, block.values.size(), block.pattern.nonzeros());
  if (problems.empty()) check_matrix(what, block, false, problems);
  return problems;
}

Problems problems_of_counts(std::string_view what, std::span<const float> counts,
                            const CsrPattern& block) {
  Problems problems;
  expect(problems, what, counts.size(), block.nonzeros());
  check_values(what, counts, true, problems);
  return problems;
}

Problems problems_of(const Study& study) {
  return problems_at(study, {});
}

}  // namespace grids::core
