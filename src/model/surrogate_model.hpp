/// The surrogate as a maskable model: features are peaks, outputs are genes.
///
/// A masked peak takes its replacement value p in every cell: 0 (closed; the paper's removal),
/// 1 (open), or a value between, for which the two embeddings are interpolated. It *touches* only
/// the cells in which x ≠ p, and in those only the sum of its own chromosome:
///
/// 1. A state keeps, for its cells, the chromosome sums and what each adds to the latent.
/// 2. A touched sum is never updated but computed anew, as the unmasked sum plus the differences of
///    the chromosome's masked peaks in ascending order; so the state is the same to the last bit
///    whatever its history.
/// 3. What an edit would change is computed for the rows (edit, cell) that it touches, all edits in
///    one batch; swaps that drop the same peak share the rows in which only that peak is touched.
/// 4. Gains are one backward pass to the chromosome sums and one sparse product.
/// 5. Genes of the cis path (cis_outputs.hpp) take their outputs from it: the tail's are replaced.
///    An edit touches the same cells through both; the part of the gene's own peaks is computed
///    anew where the edited peak is one of them, and is the state's elsewhere.
#pragma once

#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "base/thread_pool.hpp"
#include "math/information.hpp"
#include "math/sparse.hpp"
#include "model/cis_outputs.hpp"
#include "model/folded_surrogate.hpp"
#include "search/maskable_model.hpp"

namespace grids::core {

/// The same replacement value for every peak: 0 = closed, 1 = open.
std::vector<float> replace_by(int64_t peaks, float value);

/// Each peak's mean over the cells (rows) of `open`.
std::vector<float> replace_by_mean(const CsrPattern& open);

/// The cells with these peaks closed.
CsrPattern close_peaks(const CsrPattern& open, std::span<const int32_t> peaks);

/// How a list of outputs is computed.
struct ModelOutputs {
  std::shared_ptr<const OutputLayer> layer;
  CisOutputs cis;
};

class SurrogateModel : public MaskableModel {
 public:
  /// `surrogate` and `pool` must outlive the model; `open` is cells × peaks; `replacement` holds p
  /// for each peak, in [0, 1]; the path of `cis`, if any, must outlive the model as well. Throws
  /// Error(kInternal) when sizes disagree.
  SurrogateModel(const FoldedSurrogate& surrogate, CsrPattern open, std::vector<float> replacement,
                 ThreadPool& pool, CisContribution cis = {});
  /// The cells of another model with replacement values and a cis path of its own, for much less:
  /// what depends on the cells alone is shared. Equal, to the last bit, to a model made anew.
  SurrogateModel(const SurrogateModel& same_cells, std::vector<float> replacement,
                 CisContribution cis);

  ModelShape shape() const override;
  /// `cells` has no duplicates.
  std::unique_ptr<MaskState> begin(std::span<const Feature> subset, std::span<const int32_t> cells,
                                   std::span<const int32_t> outputs) const override;
  std::vector<Feature> differing(int32_t cell) const override;
  /// Computes whole rows, in blocks; nothing is kept of them.
  void predict(std::span<const MaskedCell> rows, std::span<const int32_t> outputs,
               const PredictionSink& sink) const override;
  /// The noise of a chromosome's sum is drawn at once, with the covariance that the noise of all
  /// its peaks gives it; that of the peaks in terms of the cis path is drawn apart from it. With
  /// gates, embeddings interpolate, and terms of the cis path are extended as cis_outputs.hpp says.
  std::unique_ptr<GradientState> begin_relaxed(std::span<const int32_t> cells,
                                               std::span<const int32_t> outputs,
                                               const Relaxation& relaxation) const override;

  const FoldedSurrogate& surrogate() const { return surrogate_; }
  const AtacEncoder& encoder() const { return surrogate_.encoder(); }
  const CsrPattern& open() const { return cells_->open; }
  /// peaks × cells.
  const CsrPattern& cells_of_peaks() const { return cells_->of_peaks; }
  float replacement(Feature peak) const { return replacement_[static_cast<size_t>(peak)]; }
  std::span<const float> replacements() const { return replacement_; }
  /// The unmasked sum of one chromosome in one cell.
  const float* unmasked_sum(int32_t cell, int64_t chromosome) const {
    const auto& e = encoder();
    return cells_->unmasked_sums.data() +
           static_cast<size_t>((cell * e.chromosomes() + chromosome) * e.sum_stride());
  }
  /// What the unmasked sums add to the latents, and these.
  struct Encoded {
    std::vector<float> contributions;  ///< cells × chromosomes × latent_stride
    std::vector<float> latents;        ///< cells × latent
  };
  /// Made when it is first asked for; any thread may.
  const Encoded& encoded() const;
  /// Masks a peak in the sum of its chromosome, for a cell where it is x = 0 or 1; with a gate
  /// below 1, that share of the way. From the unmasked sum on, in ascending order of peaks: then
  /// the sum is the same to the last bit wherever it is made.
  void mask_in_sum(Feature peak, float x, float* sum, float gate = 1) const;
  ThreadPool& pool() const { return pool_; }
  /// Where each cell's open peaks cross from one of the encoder's blocks of peaks to the next.
  const BlockStarts& block_starts() const { return cells_->block_starts; }
  /// The last layer for these outputs. Searches begin states with the same outputs again and
  /// again: a layer lives as long as a state uses it, the latest one until the next is asked for.
  std::shared_ptr<const ModelOutputs> model_outputs(std::span<const int32_t> outputs) const;

 private:
  /// What no mask changes.
  struct Cells {
    CsrPattern open;
    CsrPattern of_peaks;               ///< peaks × cells
    std::vector<float> unmasked_sums;  ///< cells × chromosomes × sum_stride
    BlockStarts block_starts;
    mutable std::once_flag encoded_once;
    mutable Encoded encoded;
  };
  Encoded encode() const;

  /// Layers of the surrogate that are in use by any model which shares the cells.
  struct Layers {
    std::mutex mutex;
    std::vector<std::weak_ptr<const OutputLayer>> known;
  };
  std::shared_ptr<const OutputLayer> layer_of(std::span<const int32_t> outputs) const;

  /// Throws what the constructors throw.
  void check();
  /// Of each chromosome's sum, under noise of deviation 1 on every peak.
  std::span<const CholeskyFactor> noise_covariances() const;

  const FoldedSurrogate& surrogate_;
  std::shared_ptr<const Cells> cells_;
  std::shared_ptr<Layers> shared_layers_;
  std::vector<float> replacement_;
  bool only_closes_ = true;  ///< no peak is replaced by anything but 0: only open peaks gain
  ThreadPool& pool_;
  CisContribution cis_;

  mutable std::mutex layers_mutex_;
  mutable std::vector<std::weak_ptr<const ModelOutputs>> layers_;
  mutable std::shared_ptr<const ModelOutputs> latest_layer_;
  mutable std::once_flag covariances_once_;
  mutable std::vector<CholeskyFactor>
      covariances_;  ///< of each chromosome; made when noise is asked for
};

}  // namespace grids::core
