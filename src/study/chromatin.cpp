#include "study/chromatin.hpp"

#include <algorithm>
#include <utility>

#include "base/at.hpp"
#include "base/error.hpp"

namespace grids::core {
namespace {

/// Sums of values and of entries of a gene over cells.
struct GeneSums {
  std::vector<double> values;
  std::vector<int64_t> entries;
};

GeneSums sums_over(const CsrMatrix& expression, std::span<const int32_t> cells, int64_t genes) {
  GeneSums sums{std::vector<double>(at(genes), 0.0), std::vector<int64_t>(at(genes), 0)};
  for (const int32_t cell : cells) {
    const auto columns = expression.row_indices(cell);
    const auto values = expression.row_values(cell);
    for (size_t i = 0; i < columns.size(); ++i) {
      sums.values[at(columns[i])] += double{values[i]};
      ++sums.entries[at(columns[i])];
    }
  }
  return sums;
}

TypeExpression expression_of_types(const Study& rna) {
  TypeExpression result;
  result.genes = rna.genes.size();
  std::vector<std::optional<int32_t>> rows;
  rows.reserve(rna.cells.type.names.size() + 1);
  for (int32_t type = 0; type < std::ssize(rna.cells.type.names); ++type) rows.emplace_back(type);
  rows.emplace_back();
  for (const auto type : rows) {
    const auto training = rna.cells_of(Split::kTrain, type);
    const double cells = std::max<double>(1, static_cast<double>(training.size()));
    for (const double sum : sums_over(rna.expression, training, result.genes).values) {
      result.means.push_back(static_cast<float>(sum / cells));
    }
    const auto test = rna.cells_of(Split::kTest, type);
    const auto entries = sums_over(rna.expression, test, result.genes).entries;
    result.test_cells.push_back(std::ssize(test));
    result.expressing.insert(result.expressing.end(), entries.begin(), entries.end());
  }
  return result;
}

}  // namespace

Study chromatin_of(UnpairedStudy study) {
  if (study.atac.cells.type.empty() || study.rna.cells.type.empty()) {
    throw internal_error("cells with chromatin: a half has no types");
  }
  study.atac.expression_of_types = expression_of_types(study.rna);
  return std::move(study.atac);
}

ExpressingCells expressing_cells(const Study& study, std::optional<int32_t> type, int32_t gene,
                                 std::span<const int32_t> test_cells) {
  if (study.paired) {
    const auto expressing = std::count_if(test_cells.begin(), test_cells.end(), [&](int32_t cell) {
      return study.expression.pattern.contains(cell, gene);
    });
    return {std::ssize(test_cells), expressing};
  }
  const auto& known = study.expression_of_types.value();
  const size_t row = known.row_of(type);
  return {known.test_cells[row], known.expressing[row * at(known.genes) + at(gene)]};
}

std::vector<float> observed_expression(const Study& study, std::optional<int32_t> type,
                                       std::span<const int32_t> cells) {
  if (study.paired) return to_dense(select_rows(study.expression, cells));
  const auto& known = study.expression_of_types.value();
  const auto mean =
      std::span(known.means).subspan(known.row_of(type) * at(known.genes), at(known.genes));
  std::vector<float> values;
  values.reserve(cells.size() * mean.size());
  for (size_t i = 0; i < cells.size(); ++i) values.insert(values.end(), mean.begin(), mean.end());
  return values;
}

}  // namespace grids::core
