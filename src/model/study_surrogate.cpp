#include "model/study_surrogate.hpp"

#include <algorithm>
#include <cmath>

#include "base/at.hpp"
#include "base/error.hpp"
#include "base/indices.hpp"

namespace grids::core {
namespace {

/// Fills the cis path's columns of predictions (cells × genes of the list), clamped at 0; `latents`
/// is cells × latent.
void fill_cis(const CisOutputs& cis, int64_t cells, std::span<const float> latents,
              ThreadPool& pool, std::vector<float>& predicted) {
  const int64_t genes = std::ssize(predicted) / cells;
  const int64_t latent = std::ssize(latents) / cells;
  const auto nothing_masked = cis.masked({}, {});
  pool.for_blocks(cells, kTailRows, [&](int64_t begin, int64_t end, int64_t) {
    CisOutputs::Row room(cis);
    std::vector<float> fixed(at((end - begin) * cis.stride()), 0.0f);
    std::vector<const float*> rows;
    for (int64_t cell = begin; cell < end; ++cell) {
      float* row = fixed.data() + (cell - begin) * cis.stride();
      cis.fix(static_cast<int32_t>(cell), nothing_masked, room, row);
      rows.push_back(row);
    }
    float* out = predicted.data() + begin * genes;
    cis.predict(rows, latents.data() + begin * latent, out);
    for (int64_t cell = begin; cell < end; ++cell) {
      for (const int32_t column : cis.columns()) {
        float& value = predicted[at(cell * genes + column)];
        value = std::max(value, 0.0f);
      }
    }
  });
}

/// From so many open peaks for each of a list on, the list is looked up among them; else they are
/// gone through.
constexpr size_t kOpenPerSearch = 16;

/// cells × `peaks` (ascending), where they are open.
CsrPattern open_among(const CsrPattern& open, const StudySurrogate::CellsToPredict& cells,
                      std::span<const int32_t> peaks) {
  std::vector<int32_t> place(at(open.columns), -1);
  for (size_t i = 0; i < peaks.size(); ++i) place[at(peaks[i])] = static_cast<int32_t>(i);
  for (const int32_t peak : cells.closed) place[at(peak)] = -1;
  CsrPattern result;
  result.rows = std::ssize(cells.cells);
  result.columns = std::ssize(peaks);
  for (const int32_t cell : cells.cells) {
    const auto row = open.row(cell);
    if (peaks.size() * kOpenPerSearch < row.size()) {
      auto next = row.begin();
      for (const int32_t peak : peaks) {
        next = std::lower_bound(next, row.end(), peak);
        if (next == row.end()) break;
        if (*next == peak && place[at(peak)] >= 0) result.indices.push_back(place[at(peak)]);
      }
    } else {
      for (const int32_t peak : row) {
        if (place[at(peak)] >= 0) result.indices.push_back(place[at(peak)]);
      }
    }
    result.offsets.push_back(result.nonzeros());
  }
  return result;
}

}  // namespace

StudySurrogate StudySurrogate::asked_for(std::span<const int32_t> genes) const {
  std::vector<int32_t> asked(genes.begin(), genes.end());
  std::sort(asked.begin(), asked.end());
  StudySurrogate result = *this;
  result.asked_ = std::make_shared<const std::vector<int32_t>>(std::move(asked));
  return result;
}

GenePath StudySurrogate::path_of(int32_t gene) const {
  const int64_t place = cis_ == nullptr ? -1 : cis_->find(gene);
  if (place < 0) return GenePath::kState;
  const CisGene& fitted = cis_->genes[at(place)];
  if (fitted.cis.passed) return GenePath::kConfirmed;
  const bool asked = asked_ != nullptr && on_cis_path(fitted, *asked_);
  return asked ? GenePath::kUnconfirmed : GenePath::kState;
}

std::vector<int32_t> StudySurrogate::term_peaks(int32_t gene) const {
  std::vector<int32_t> peaks;
  const int64_t place = cis_ == nullptr ? -1 : cis_->find(gene);
  if (place < 0) return peaks;
  for (const auto& term : cis_->genes[at(place)].terms) {
    peaks.insert(peaks.end(), term.peaks.begin(), term.peaks.end());
  }
  std::sort(peaks.begin(), peaks.end());
  peaks.erase(std::unique(peaks.begin(), peaks.end()), peaks.end());
  return peaks;
}

CisContribution StudySurrogate::contribution(const Study& study,
                                             std::span<const int32_t> cells) const {
  CisContribution result;
  if (cis_ == nullptr) return result;
  result.path = cis_;
  if (asked_ != nullptr) result.asked = *asked_;
  for (const int32_t cell : cells) {
    result.type.push_back(study.cells.type.codes[at(cell)]);
    if (cis_->donors > 0) result.donor.push_back(study.cells.donor.codes[at(cell)]);
    if (cis_->batches > 0) result.batch.push_back(study.cells.batch.codes[at(cell)]);
    result.log_open_peaks.push_back(std::log1p(study.cells.open_peaks[at(cell)]));
  }
  return result;
}

std::unique_ptr<SurrogateModel> StudySurrogate::model(const Study& study,
                                                      std::span<const int32_t> cells,
                                                      std::vector<float> replacement,
                                                      ThreadPool& pool) const {
  return std::make_unique<SurrogateModel>(*folded_, select_rows(study.open, cells),
                                          std::move(replacement), pool, contribution(study, cells));
}

std::unique_ptr<SurrogateModel> StudySurrogate::model_like(const SurrogateModel& made,
                                                           const Study& study,
                                                           std::span<const int32_t> cells,
                                                           std::vector<float> replacement) const {
  if (made.shape().cells != std::ssize(cells)) {
    throw internal_error("a model of {} cells for {}", made.shape().cells, cells.size());
  }
  return std::make_unique<SurrogateModel>(made, std::move(replacement), contribution(study, cells));
}

std::vector<float> StudySurrogate::predict(const Study& study, std::span<const int32_t> cells,
                                           std::span<const int32_t> genes, ThreadPool& pool,
                                           std::span<const int32_t> closed) const {
  return predict(study, to_predict(study, {cells.begin(), cells.end()}, pool, closed), genes, pool);
}

StudySurrogate::CellsToPredict StudySurrogate::to_predict(const Study& study,
                                                          std::vector<int32_t> cells,
                                                          ThreadPool& pool,
                                                          std::span<const int32_t> closed) const {
  CsrPattern open = select_rows(study.open, cells);
  if (!closed.empty()) open = close_peaks(open, closed);
  CellsToPredict result{
      std::move(cells), {closed.begin(), closed.end()}, folded_->atac_latents(pool, open)};
  std::sort(result.closed.begin(), result.closed.end());
  return result;
}

std::vector<float> StudySurrogate::predict(const Study& study, const CellsToPredict& cells,
                                           std::span<const int32_t> genes, ThreadPool& pool) const {
  const auto count = std::ssize(cells.cells);
  const auto own = contribution(study, cells.cells);
  const CisOutputs cis(own, genes, [&](std::span<const int32_t> peaks) {
    return open_among(study.open, cells, peaks);
  });
  auto predicted = cis.all() ? std::vector<float>(cells.cells.size() * genes.size())
                             : folded_->predict(pool, cells.latents, folded_->output_layer(genes));
  if (!cis.empty() && count > 0) fill_cis(cis, count, cells.latents, pool, predicted);
  return predicted;
}

std::vector<float> StudySurrogate::predict_all(const Study& study, std::span<const int32_t> cells,
                                               ThreadPool& pool,
                                               std::span<const int32_t> closed) const {
  return predict(study, cells, indices_below(study.genes.size()), pool, closed);
}

}  // namespace grids::core
