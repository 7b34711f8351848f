/// Some cells under one subset of masked peaks; how it works is said in surrogate_model.hpp.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "math/information.hpp"
#include "model/surrogate_model.hpp"

namespace grids::core {

class SurrogateState : public MaskState {
 public:
  SurrogateState(const SurrogateModel& model, std::span<const Feature> subset,
                 std::span<const int32_t> cells, std::span<const int32_t> outputs);
  /// Without masked peaks and with nothing computed yet: for `add_noise` and `open_gates`.
  SurrogateState(const SurrogateModel& model, std::span<const int32_t> cells,
                 std::span<const int32_t> outputs);

  std::span<const Feature> subset() const override { return subset_; }
  std::span<const float> outputs() const override { return outputs_; }
  void outputs_after(std::span<const Edit> edits, const EditSink& sink) const override;
  void summed_changes(std::span<const Feature> features, const Measure& measure,
                      const ChangeSink& sink) const override;
  void apply(Edit edit) override;
  std::unique_ptr<MaskState> on(std::span<const int32_t> positions) const override;
  void gains(std::span<const float> cotangent, std::span<double> gains) const override;
  void gains_of(std::span<const float> cotangent, std::span<const Feature> features,
                std::span<double> gains) const override;
  void cell_gains(std::span<const float> cotangent, const CellGainSink& sink) const override;

  /// Adds noise to the unmasked peaks of a state with nothing computed yet; only outputs and
  /// `cell_gains` may be asked afterwards. `chromosomes`: the covariance of a sum's noise at
  /// deviation 1.
  void add_noise(const Noise& noise, std::span<const CholeskyFactor> chromosomes);
  /// Likewise, gates: one entry a cell.
  void open_gates(std::span<const CellGates> gates);

 private:
  friend class ChangeSums;  // surrogate_changes.cpp: summed_changes
  friend class EditBatch;   // surrogate_edits.cpp: outputs_after

  /// For each position in the cell list, whether a peak is open there (0 or 1).
  using OpenFlags = std::vector<uint8_t>;

  /// A masked peak and where it is open; points into the state or into a change.
  struct Member {
    Feature feature = kNoFeature;
    const uint8_t* open = nullptr;
  };

  /// The masked peaks of one chromosome, ascending.
  struct ChromosomeMask {
    int64_t chromosome = 0;
    std::vector<Member> members;
  };

  /// An edit, and what the chromosomes that it concerns look like after it: that of the feature
  /// that goes first, that of the one that comes last.
  struct Change {
    Edit edit;
    OpenFlags in_open;
    std::vector<ChromosomeMask> masks;
    CisOutputs::Masked cis;
  };

  /// The fixed parts of the cis path for some rows, one after the other: the state's own, but where
  /// a change concerns them.
  class CisRows {
   public:
    explicit CisRows(const SurrogateState& state) : state_(state), room_(state.cis_) {}

    void add(int64_t position, const CisOutputs::Masked& change);
    void clear();
    std::span<const float* const> rows() const { return rows_; }

   private:
    const SurrogateState& state_;
    CisOutputs::Row room_;
    std::vector<const float*> rows_;
    std::vector<std::vector<float>> changed_;  ///< stride() floats each; kept for reuse
    size_t changed_count_ = 0;
  };

  /// A contribution (latent_stride floats) in the place of the state's own.
  struct Replaced {
    int64_t chromosome = 0;
    const float* contribution = nullptr;
  };

  /// Some of the cells of `whole`, with its subset.
  SurrogateState(const SurrogateState& whole, std::span<const int32_t> positions);

  int64_t cell_count() const { return static_cast<int64_t>(cells_.size()); }
  const AtacEncoder& encoder() const { return model_.encoder(); }
  int64_t slots() const { return std::ssize(kept_); }

  void find_positions();
  /// Keeps rows of these chromosomes (ascending) too, which are as nothing masked leaves them.
  void keep(const std::vector<int64_t>& chromosomes);
  /// The chromosomes to keep rows of, those of `masked` (ascending) and of the slots among them.
  std::vector<int64_t> worth_keeping(std::vector<int64_t> masked) const;
  void choose_slots(std::vector<int64_t> chromosomes);
  void require_possible(Edit edit) const;
  OpenFlags open_flags(Feature feature) const;
  /// The positions whose x differs from the replacement value, ascending.
  std::vector<int32_t> touched(Feature feature, std::span<const uint8_t> open) const;
  std::span<const uint8_t> flags_of_member(Feature feature) const;
  std::vector<Member> members_of(int64_t chromosome) const;
  Change plan(Edit edit) const;

  void masked_sum(const ChromosomeMask& mask, int64_t position, float* out) const;
  const float* sum_at(int64_t position, int64_t chromosome) const;
  const float* contribution_at(int64_t position, int64_t chromosome) const;
  /// Those of all chromosomes, in their order.
  void gather(int64_t position, std::vector<const float*>& contributions) const;
  /// The latent of a row with the contributions of some chromosomes replaced; `scratch` is room
  /// for the pointers of one row.
  void latent(int64_t position, std::span<const Replaced> replaced,
              std::vector<const float*>& scratch, float* out) const;
  /// Rows that one thread hands to the tail at once, whole blocks of it. Changes no bit.
  int64_t task_rows(int64_t rows) const;
  /// Outputs of whole blocks of rows from their latents; `fixed` has a pointer for each row that is
  /// not padding, none where no output is of the cis path.
  void predict(const float* latents, std::span<const float* const> fixed, int64_t blocks,
               float* out) const;
  /// Computes the sums and contributions of these chromosomes, the fixed parts that `cis` names,
  /// and the outputs, at these positions anew.
  void renew(std::span<const ChromosomeMask> masks, const CisOutputs::Masked& cis,
             std::span<const int32_t> positions);
  /// Whether the row is other than nothing masked leaves it.
  bool renew_row(const ChromosomeMask& mask, int64_t position);
  /// Computes the latent of a row from its contributions.
  void renew_latent(int64_t position, std::vector<const float*>& scratch);
  /// Computes everything behind sums and `moved_` anew.
  void renew_moved();
  struct Gradients {
    std::vector<float> sums;  ///< chromosomes asked for × cells × sum_stride
    std::vector<float> eta;   ///< cells × stride of the cis outputs
  };
  Gradients backward(std::span<const float> cotangent, std::span<const int64_t> chromosomes) const;
  Gradients backward(std::span<const float> cotangent) const;
  /// Positions at which a peak is open, ascending.
  std::vector<int32_t> open_positions(Feature feature) const;
  /// What the sums of chromosomes give of these features' gains; they are on those chromosomes.
  void add_sum_gains(const Gradients& gradients, std::span<const int64_t> chromosomes,
                     std::span<const Feature> features, std::span<double> gains) const;
  /// (p_j − x_j) ⟨gradient of its chromosome's sum, D_j⟩ of the peaks that differ.
  void multiply_differences(std::span<const float> sum_gradients, int64_t position,
                            std::span<const Feature> features, std::span<float> gains) const;
  /// Adds what the cis path's terms gain; `eta_cotangent` is cells × stride of the cis outputs.
  void add_cis_gains(std::span<const float> eta_cotangent, std::span<double> gains) const;

  const SurrogateModel& model_;
  const SurrogateModel::Encoded& unmasked_;
  std::vector<int32_t> cells_;
  std::vector<int32_t> position_of_;  ///< model cells; −1 where a cell is not in the state
  bool ascending_ = true;             ///< cells_ ascend, so positions do as well
  std::shared_ptr<const ModelOutputs> kept_outputs_;
  const OutputLayer& layer_;            ///< of *kept_outputs_
  const CisOutputs& cis_;               ///< of *kept_outputs_
  std::vector<Feature> subset_;         ///< ascending
  std::vector<OpenFlags> subset_open_;  ///< for each member
  /// Few masked peaks lie on few chromosomes: only of these the state keeps rows, a slot each.
  std::vector<int64_t> kept_;              ///< chromosome of each slot, ascending
  std::vector<int32_t> slot_of_;           ///< of each chromosome; −1: its rows are the model's
  std::vector<float> sums_;                ///< cells × slots × sum_stride
  std::vector<float> contributions_;       ///< cells × slots × latent_stride
  std::vector<float> latents_;             ///< cells × latent
  std::vector<float> cis_fixed_;           ///< cells × stride of the cis outputs
  std::vector<float> outputs_;             ///< cells × outputs
  std::vector<CisOutputs::Masked> moved_;  ///< of each cell, with noise or gates; else empty
};

}  // namespace grids::core
