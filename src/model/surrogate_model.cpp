#include "model/surrogate_model.hpp"

#include <algorithm>
#include <utility>

#include "base/at.hpp"
#include "base/error.hpp"
#include "base/simd.hpp"
#include "math/lanes.hpp"
#include "model/surrogate_state.hpp"

namespace grids::core {
namespace {

void require_fitting(const CisContribution& cis, const CsrPattern& open,
                     const SurrogateShape& shape) {
  const CisPath& path = *cis.path;
  const auto cells = static_cast<size_t>(open.rows);
  if (cis.type.size() != cells || cis.log_open_peaks.size() != cells ||
      (path.donors > 0 && cis.donor.size() != cells) ||
      (path.batches > 0 && cis.batch.size() != cells)) {
    throw internal_error("cis path: covariates of {}, {}, {} and {} cells for {}", cis.type.size(),
                         cis.donor.size(), cis.batch.size(), cis.log_open_peaks.size(), cells);
  }
  if (path.peaks != shape.peaks() || path.study_genes != shape.genes ||
      path.latents != shape.latent) {
    throw internal_error(
        "the cis path has {} peaks, {} genes, {} latents, the surrogate {}, {}, {}", path.peaks,
        path.study_genes, path.latents, shape.peaks(), shape.genes, shape.latent);
  }
}

GRIDS_CLONES void add_scaled(int64_t width, float factor, const float* x, float* out) {
  for (int64_t o = 0; o < width; o += kLanes) lanes_at(out + o) += factor * lanes_at(x + o);
}

}  // namespace

std::vector<float> replace_by(int64_t peaks, float value) {
  return std::vector<float>(static_cast<size_t>(peaks), value);
}

std::vector<float> replace_by_mean(const CsrPattern& open) {
  std::vector<int64_t> counts(static_cast<size_t>(open.columns), 0);
  for (const int32_t peak : open.indices) ++counts[static_cast<size_t>(peak)];
  std::vector<float> means(counts.size());
  for (size_t peak = 0; peak < counts.size(); ++peak) {
    if (open.rows == 0) break;
    means[peak] =
        static_cast<float>(static_cast<double>(counts[peak]) / static_cast<double>(open.rows));
  }
  return means;
}

CsrPattern close_peaks(const CsrPattern& open, std::span<const int32_t> peaks) {
  std::vector<bool> closed(static_cast<size_t>(open.columns), false);
  for (const int32_t peak : peaks) closed.at(static_cast<size_t>(peak)) = true;
  CsrPattern result;
  result.rows = open.rows;
  result.columns = open.columns;
  result.offsets.reserve(open.offsets.size());
  for (int64_t cell = 0; cell < open.rows; ++cell) {
    for (const int32_t peak : open.row(cell)) {
      if (!closed[static_cast<size_t>(peak)]) result.indices.push_back(peak);
    }
    result.offsets.push_back(result.nonzeros());
  }
  return result;
}

SurrogateModel::SurrogateModel(const FoldedSurrogate& surrogate, CsrPattern open,
                               std::vector<float> replacement, ThreadPool& pool,
                               CisContribution cis)
    : surrogate_(surrogate),
      shared_layers_(std::make_shared<Layers>()),
      replacement_(std::move(replacement)),
      pool_(pool),
      cis_(std::move(cis)) {
  auto cells = std::make_shared<Cells>();
  cells->open = std::move(open);
  cells_ = cells;
  check();
  cells->of_peaks = transpose(cells->open);
  cells->unmasked_sums = encoder().chromosome_sums(pool_, cells->open);
  cells->block_starts = encoder().block_starts(cells->open);
}

SurrogateModel::SurrogateModel(const SurrogateModel& same_cells, std::vector<float> replacement,
                               CisContribution cis)
    : surrogate_(same_cells.surrogate_),
      cells_(same_cells.cells_),
      shared_layers_(same_cells.shared_layers_),
      replacement_(std::move(replacement)),
      pool_(same_cells.pool_),
      cis_(std::move(cis)) {
  check();
}

void SurrogateModel::check() {
  const int64_t peaks = encoder().peaks();
  if (open().columns != peaks || std::ssize(replacement_) != peaks) {
    throw internal_error("{} peaks in the cells and {} replacement values for {} peaks",
                         open().columns, replacement_.size(), peaks);
  }
  for (const float value : replacement_) {
    if (!(value >= 0 && value <= 1)) throw internal_error("a peak replaced by {}", value);
    only_closes_ = only_closes_ && value == 0;
  }
  if (cis_.path != nullptr) require_fitting(cis_, open(), surrogate_.shape());
}

const SurrogateModel::Encoded& SurrogateModel::encoded() const {
  std::call_once(cells_->encoded_once, [&] { cells_->encoded = encode(); });
  return cells_->encoded;
}

SurrogateModel::Encoded SurrogateModel::encode() const {
  const int64_t chromosomes = encoder().chromosomes();
  const int64_t stride = encoder().latent_stride();
  Encoded result{std::vector<float>(at(open().rows * chromosomes * stride)),
                 std::vector<float>(at(open().rows * encoder().latent()))};
  pool_.for_blocks(open().rows, kTailRows, [&](int64_t begin, int64_t end, int64_t) {
    std::vector<const float*> rows(at(chromosomes));
    for (int64_t cell = begin; cell < end; ++cell) {
      for (int64_t c = 0; c < chromosomes; ++c) {
        float* row = result.contributions.data() + (cell * chromosomes + c) * stride;
        encoder().contribution(c, unmasked_sum(static_cast<int32_t>(cell), c), row);
        rows[at(c)] = row;
      }
      encoder().latent_of(rows, result.latents.data() + cell * encoder().latent());
    }
  });
  return result;
}

std::shared_ptr<const OutputLayer> SurrogateModel::layer_of(
    std::span<const int32_t> outputs) const {
  const std::lock_guard lock(shared_layers_->mutex);
  auto& known = shared_layers_->known;
  std::erase_if(known, [](const auto& kept) { return kept.expired(); });
  for (const auto& weak : known) {
    auto kept = weak.lock();
    if (kept &&
        std::equal(outputs.begin(), outputs.end(), kept->genes.begin(), kept->genes.end())) {
      return kept;
    }
  }
  auto made = std::make_shared<const OutputLayer>(surrogate_.output_layer(outputs));
  known.push_back(made);
  return made;
}

std::shared_ptr<const ModelOutputs> SurrogateModel::model_outputs(
    std::span<const int32_t> outputs) const {
  const std::lock_guard lock(layers_mutex_);
  std::erase_if(layers_, [](const auto& kept) { return kept.expired(); });
  for (const auto& weak : layers_) {
    auto kept = weak.lock();
    if (kept && std::equal(outputs.begin(), outputs.end(), kept->layer->genes.begin(),
                           kept->layer->genes.end())) {
      return latest_layer_ = std::move(kept);
    }
  }
  latest_layer_ = std::make_shared<const ModelOutputs>(
      ModelOutputs{layer_of(outputs), CisOutputs(cis_, outputs, cells_of_peaks())});
  layers_.push_back(latest_layer_);
  return latest_layer_;
}

ModelShape SurrogateModel::shape() const {
  return {static_cast<int32_t>(open().rows), static_cast<int32_t>(encoder().peaks()),
          static_cast<int32_t>(surrogate_.shape().genes)};
}

std::vector<Feature> SurrogateModel::differing(int32_t cell) const {
  const auto open = this->open().row(cell);
  if (only_closes_) return {open.begin(), open.end()};
  std::vector<Feature> features;
  size_t next = 0;
  for (Feature j = 0; j < encoder().peaks(); ++j) {
    const bool is_open = next < open.size() && open[next] == j;
    if (is_open) ++next;
    if (replacement(j) != (is_open ? 1.0f : 0.0f)) features.push_back(j);
  }
  return features;
}

std::unique_ptr<MaskState> SurrogateModel::begin(std::span<const Feature> subset,
                                                 std::span<const int32_t> cells,
                                                 std::span<const int32_t> outputs) const {
  return std::make_unique<SurrogateState>(*this, subset, cells, outputs);
}

void SurrogateModel::mask_in_sum(Feature peak, float x, float* sum, float gate) const {
  const float change = gate * (replacement(peak) - x);
  if (change != 0) add_scaled(encoder().sum_stride(), change, encoder().difference(peak), sum);
}

}  // namespace grids::core
