#include "search/block_sums.hpp"

#include <algorithm>

#include "base/at.hpp"
#include "base/indices.hpp"
#include "base/simd.hpp"

namespace grids::core {
namespace {

/// Numbers that are made of rows at once: few enough to stay in cache.
constexpr int64_t kNumbersAtOnce = int64_t{1} << 12;

GRIDS_CLONES void add_wide_rows(int64_t rows, int64_t count, const double* terms, double* sums) {
  for (int64_t row = 0; row < rows; ++row, terms += count) {
    for (int64_t t = 0; t < count; ++t) sums[t] += terms[t];
  }
}

/// Adds rows of `count` terms, one after the other.
void add_rows(int64_t rows, const double* terms, std::span<double> sums) {
  if (sums.size() > 1) return add_wide_rows(rows, std::ssize(sums), terms, sums.data());
  double sum = sums[0];
  for (int64_t row = 0; row < rows; ++row) sum += terms[row];
  sums[0] = sum;
}

int64_t block_count(const Loss& loss) {
  return (loss.cells + kSumCells - 1) / kSumCells;
}

/// One behind the last cell of a block.
int64_t block_end(const Loss& loss, int64_t block) {
  return std::min(loss.cells, (block + 1) * kSumCells);
}

int64_t rows_at_once(const Loss& loss) {
  return std::clamp<int64_t>(kNumbersAtOnce / std::max(loss.outputs, loss.terms), 1, kSumCells);
}

}  // namespace

std::vector<double> loss_sums(const Loss& loss, std::span<const float> outputs) {
  const auto width = at(loss.outputs);
  const auto count = at(loss.terms);
  const int64_t most = rows_at_once(loss);
  const auto cells = indices_below(loss.cells);
  std::vector<double> sums(count, 0.0), own(count), terms(at(most) * count);
  for (int64_t block = 0; block < block_count(loss); ++block) {
    std::fill(own.begin(), own.end(), 0.0);
    const int64_t end = block_end(loss, block);
    for (int64_t cell = block * kSumCells; cell < end; cell += most) {
      const int64_t rows = std::min(most, end - cell);
      loss_terms(loss, std::span(cells).subspan(at(cell), at(rows)),
                 outputs.subspan(at(cell) * width, at(rows) * width),
                 std::span(terms).first(at(rows) * count));
      add_rows(rows, terms.data(), own);
    }
    add_rows(1, own.data(), sums);
  }
  return sums;
}

double loss_value(const Loss& loss, std::span<const float> outputs) {
  return loss_finish(loss, loss_sums(loss, outputs));
}

BlockSums::BlockSums(const Loss& loss, std::span<const float> outputs)
    : loss_(loss),
      terms_(at(loss.cells * loss.terms)),
      blocks_(at(block_count(loss) * loss.terms), 0.0),
      sums_(at(loss.terms), 0.0) {
  loss_terms(loss, indices_below(loss.cells), outputs, terms_);
  for (int64_t block = 0; block < block_count(loss); ++block) {
    const auto own = std::span(blocks_).subspan(at(block * loss.terms), at(loss.terms));
    const int64_t first = block * kSumCells;
    add_rows(block_end(loss, block) - first, terms(first).data(), own);
    add_rows(1, own.data(), sums_);
  }
}

std::span<const double> BlockSums::terms(int64_t cell) const {
  return std::span(terms_).subspan(at(cell * loss_.terms), at(loss_.terms));
}

std::vector<double> BlockSums::sums_after(std::span<const int32_t> cells,
                                          const OutputRows& outputs) const {
  if (cells.empty()) return sums_;
  std::vector<double> sums(sums_.size(), 0.0), own(sums_.size());
  size_t next = 0;
  for (int64_t block = 0; block < block_count(loss_); ++block) {
    const size_t first = next;
    while (next < cells.size() && cells[next] < block_end(loss_, block)) ++next;
    if (next == first) {
      add_rows(1, blocks_.data() + block * loss_.terms, sums);
      continue;
    }
    std::fill(own.begin(), own.end(), 0.0);
    add_changed(block, cells.subspan(first, next - first), outputs, first, own);
    add_rows(1, own.data(), sums);
  }
  return sums;
}

/// Adds up a block in which `cells` have the rows from `first_row` on.
void BlockSums::add_changed(int64_t block, std::span<const int32_t> cells,
                            const OutputRows& outputs, size_t first_row,
                            std::span<double> sums) const {
  const auto most = at(std::min(rows_at_once(loss_), std::ssize(cells)));
  const auto width = at(loss_.outputs);
  std::vector<float> rows(most * width);
  std::vector<double> changed(most * sums.size());
  int64_t unchanged = block * kSumCells;  // the first cell that is not added yet
  for (size_t first = 0; first < cells.size(); first += most) {
    const auto some = cells.subspan(first, std::min(most, cells.size() - first));
    for (size_t i = 0; i < some.size(); ++i) {
      const auto row = outputs[first_row + first + i];
      std::copy(row.begin(), row.end(), rows.data() + i * width);
    }
    loss_terms(loss_, some, std::span(rows).first(some.size() * width),
               std::span(changed).first(some.size() * sums.size()));
    for (size_t i = 0; i < some.size(); ++i) {
      add_rows(some[i] - unchanged, terms_.data() + unchanged * loss_.terms, sums);
      add_rows(1, changed.data() + i * sums.size(), sums);
      unchanged = some[i] + 1;
    }
  }
  add_rows(block_end(loss_, block) - unchanged, terms_.data() + unchanged * loss_.terms, sums);
}

}  // namespace grids::core
