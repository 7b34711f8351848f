#include "train/batches.hpp"

#include <algorithm>

#include "train/sampler.hpp"

namespace grids::core {
namespace {

/// Where all are above it, as the logarithms of counts are, they are those of the matrix itself,
/// held once.
CsrPattern entries_above(const CsrMatrix& matrix, float threshold) {
  const auto& all = matrix.values;
  if (std::all_of(all.begin(), all.end(), [&](float value) { return value > threshold; })) {
    return matrix.pattern;
  }
  CsrPattern result;
  result.rows = matrix.rows();
  result.columns = matrix.columns();
  for (int64_t row = 0; row < matrix.rows(); ++row) {
    const auto indices = matrix.row_indices(row);
    const auto values = matrix.row_values(row);
    for (size_t k = 0; k < indices.size(); ++k) {
      if (values[k] > threshold) result.indices.push_back(indices[k]);
    }
    result.offsets.push_back(result.nonzeros());
  }
  return result;
}

/// Types of the cells of a study; zeros where they are not known.
std::vector<int32_t> known_types(const CellTable& cells, bool known) {
  std::vector<int32_t> types(static_cast<size_t>(cells.size()), 0);
  if (!known || cells.type.empty()) return types;
  for (size_t i = 0; i < types.size(); ++i) types[i] = std::max(0, cells.type.codes[i]);
  return types;
}

at::Tensor types_of(std::span<const int32_t> types, std::span<const int32_t> cells) {
  at::Tensor result = at::empty({static_cast<int64_t>(cells.size())}, at::kLong);
  int64_t* out = result.data_ptr<int64_t>();
  for (size_t i = 0; i < cells.size(); ++i) out[i] = types[static_cast<size_t>(cells[i])];
  return result;
}

}  // namespace

CellOrder::CellOrder(std::vector<int32_t> cells, int64_t batch, uint64_t seed, uint32_t stream)
    : cells_(std::move(cells)),
      batch_(std::min(batch, static_cast<int64_t>(cells_.size()))),
      seed_(seed),
      stream_(stream) {}

std::span<const int32_t> CellOrder::at(int64_t step) {
  const int64_t batches = static_cast<int64_t>(cells_.size()) / batch_;
  const int64_t pass = step / batches;
  if (pass != pass_) {
    shuffled_ = cells_;
    RandomStream random(seed_, Purpose::kBatches, static_cast<uint64_t>(pass), stream_);
    random.shuffle(std::span(shuffled_));
    pass_ = pass;
  }
  return std::span<const int32_t>(shuffled_).subspan(static_cast<size_t>(step % batches * batch_),
                                                     static_cast<size_t>(batch_));
}

BatchMaker::BatchMaker(const TrainingCells& cells, const PeakBlocks& blocks, uint64_t seed,
                       ThreadPool& pool)
    : cells_(cells),
      types_{known_types(cells.atac.cells, cells.atac_labelled && cells.rna_labelled),
             known_types(cells.rna.cells, cells.atac_labelled && cells.rna_labelled)},
      blocks_(blocks),
      seed_(seed),
      pool_(pool),
      expressed_(entries_above(cells.rna.expression, kExpressed)) {}

void BatchMaker::tell_types(const Halves& cells, const Halves& types) {
  for (const auto half : {&Halves::atac, &Halves::rna}) {
    for (size_t i = 0; i < (cells.*half).size(); ++i) {
      (types_.*half)[static_cast<size_t>((cells.*half)[i])] = (types.*half)[i];
    }
  }
}

void BatchMaker::fill(std::span<const int32_t> cells, uint64_t key, AtacBatch& batch) const {
  gather_rows(pool_, cells_.atac.open, cells, batch.open.pattern);
  sample_zeros(pool_, batch.open.pattern, zero_sampling_probability(batch.open.pattern), seed_,
               Purpose::kSampledPeaks, key, batch.closed.pattern);
  find_bounds(pool_, blocks_, batch.open);
  find_bounds(pool_, blocks_, batch.closed);
  batch.type = types_of(types_.atac, cells);
}

void BatchMaker::fill(std::span<const int32_t> cells, uint64_t key, RnaBatch& batch) const {
  const int64_t genes = cells_.rna.expression.columns();
  const auto rows = static_cast<int64_t>(cells.size());
  if (!batch.expression.defined() || batch.expression.size(0) != rows) {
    batch.expression = at::empty({rows, genes}, at::kFloat);
  }
  float* dense = batch.expression.data_ptr<float>();
  pool_.for_blocks(rows, 16, [&](int64_t begin, int64_t end, int64_t) {
    std::fill_n(dense + begin * genes, (end - begin) * genes, 0.0f);
    for (int64_t i = begin; i < end; ++i) {
      const int32_t cell = cells[static_cast<size_t>(i)];
      const auto indices = cells_.rna.expression.row_indices(cell);
      const auto values = cells_.rna.expression.row_values(cell);
      for (size_t k = 0; k < indices.size(); ++k) dense[i * genes + indices[k]] = values[k];
    }
  });
  gather_rows(pool_, expressed_, cells, batch.expressed);
  sample_zeros(pool_, batch.expressed, zero_sampling_probability(batch.expressed), seed_,
               Purpose::kSampledGenes, key, batch.silent);
  batch.type = types_of(types_.rna, cells);
}

}  // namespace grids::core
