/// A surrogate as it is used on a study: the folded networks and, where there is one, the cis path.
/// Every stage predicts and masks through this, so that none can forget the cis path.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/thread_pool.hpp"
#include "model/cis_path.hpp"
#include "model/folded_surrogate.hpp"
#include "model/surrogate_model.hpp"
#include "study/study.hpp"

namespace grids::core {

/// What a gene is predicted by.
enum class GenePath : uint8_t {
  kState,        ///< the networks alone: peaks as marks of the cell's state
  kConfirmed,    ///< the cis path, which passed gate B
  kUnconfirmed,  ///< the cis path as it was fitted, because the gene was asked for
};

/// A view: cheap to copy; what it shows must outlive it and the models made from it.
class StudySurrogate {
 public:
  /// Not explicit: a folded surrogate is one without a cis path.
  StudySurrogate(const FoldedSurrogate& folded, const CisPath* cis = nullptr)  // NOLINT
      : folded_(&folded), cis_(cis) {}

  /// The same, in which the fitted cis path of these genes is used whether or not it passed gate B.
  StudySurrogate asked_for(std::span<const int32_t> genes) const;

  /// State, latents and reconstructions are those of the networks alone.
  const FoldedSurrogate& folded() const { return *folded_; }
  const SurrogateShape& shape() const { return folded_->shape(); }
  /// Null without one.
  const CisPath* cis() const { return cis_; }
  GenePath path_of(int32_t gene) const;
  /// The peaks of the gene's terms, ascending; none without a fitted cis path.
  std::vector<int32_t> term_peaks(int32_t gene) const;
  /// Whether gate A was tested for the gene and failed: the model says no more of it than depth,
  /// type, donor and batch do. Without a cis path there are no gates.
  bool fails_gate_a(int32_t gene) const {
    const int64_t place = cis_ == nullptr ? -1 : cis_->find(gene);
    return place >= 0 && cis_->genes[static_cast<size_t>(place)].whole.failed();
  }

  /// Some cells of the study as a maskable model, its cells numbered in that order. `replacement`:
  /// p for each peak. Throws Error(kInternal) when sizes disagree.
  std::unique_ptr<SurrogateModel> model(const Study& study, std::span<const int32_t> cells,
                                        std::vector<float> replacement, ThreadPool& pool) const;

  /// The same cells (of `made`, which must be a model of them) with other replacement values, or
  /// for a surrogate that was asked for other genes: what depends on the cells alone is shared.
  std::unique_ptr<SurrogateModel> model_like(const SurrogateModel& made, const Study& study,
                                             std::span<const int32_t> cells,
                                             std::vector<float> replacement) const;

  /// What predictions of some cells rest on, whichever genes they are of.
  struct CellsToPredict {
    std::vector<int32_t> cells;   ///< of the study
    std::vector<int32_t> closed;  ///< peaks that count as closed, ascending
    std::vector<float> latents;   ///< cells × latent
  };
  CellsToPredict to_predict(const Study& study, std::vector<int32_t> cells, ThreadPool& pool,
                            std::span<const int32_t> closed = {}) const;
  /// `predict` of these cells, for one list of genes after the other.
  std::vector<float> predict(const Study& study, const CellsToPredict& cells,
                             std::span<const int32_t> genes, ThreadPool& pool) const;

  /// Predicted expression of genes of the study, clamped at 0: cells × genes, on the study's scale.
  /// Peaks in `closed` count as closed.
  std::vector<float> predict(const Study& study, std::span<const int32_t> cells,
                             std::span<const int32_t> genes, ThreadPool& pool,
                             std::span<const int32_t> closed = {}) const;
  /// The same of all genes.
  std::vector<float> predict_all(const Study& study, std::span<const int32_t> cells,
                                 ThreadPool& pool, std::span<const int32_t> closed = {}) const;

 private:
  CisContribution contribution(const Study& study, std::span<const int32_t> cells) const;

  const FoldedSurrogate* folded_;
  const CisPath* cis_;
  std::shared_ptr<const std::vector<int32_t>> asked_;  // ascending; may be null
};

}  // namespace grids::core
