/// The cis path (cis_path.hpp) as a part of what a maskable model predicts.
///
/// A gene that passed gate B, or that was asked for and has terms, is predicted by the cis path in
/// the place of the surrogate's decoder:
///
///     F = log(1 + exp(η)),  η = log 100,000 + state part without exposure + C_g(x),
///
/// which is log1p of the expected counts per 100,000; for log values F = η. Type, donor, batch and
/// log open peaks are those of the cell whatever is masked; the ATAC latents are those of the
/// masked row. A peak between closed and open, x in (0, 1), enters terms by their multilinear
/// extension: `kAll` is the product of its x, `kAny` is 1 − Π (1 − x).
///
/// η is held as two parts: the *fixed* one, of the cell and of its peaks near the gene, and the one
/// of the latents, which every masked peak may move.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "math/sparse.hpp"
#include "model/cis_path.hpp"
#include "search/maskable_model.hpp"

namespace grids::core {

/// A cis path and what it needs to know of some cells.
struct CisContribution {
  const CisPath* path = nullptr;  ///< null: the surrogate alone
  std::vector<int32_t> type;      ///< of each cell
  std::vector<int32_t> donor;     ///< of each cell; empty without donors
  std::vector<double> log_open_peaks;
  /// Genes of the study that were asked for: see `on_cis_path`. Ascending.
  std::vector<int32_t> asked = {};
  std::vector<int32_t> batch = {};  ///< of each cell; empty without batches
};

/// The outputs among a list of genes that the cis path predicts. Immutable and thread-safe.
class CisOutputs {
 public:
  /// Room for the openness of the peaks of all terms in one row; one for each thread.
  class Row {
   public:
    explicit Row(const CisOutputs& outputs)
        : x_(outputs.peaks_.size(), 0.0f), unmasked_(outputs.peaks_.size(), 0.0f) {}

   private:
    friend class CisOutputs;
    std::vector<float> x_;
    std::vector<float> unmasked_;  ///< used by `add_gains`
  };

  /// Which outputs a change of a subset concerns, and the masked peaks after it.
  struct Masked {
    struct Peak {
      int32_t slot = 0;  ///< in the list of the terms' peaks
      float value = 0;
    };
    std::vector<int32_t> outputs;  ///< positions below size(), ascending
    std::vector<Peak> peaks;
  };

  /// None.
  CisOutputs() = default;
  /// `contribution` must outlive this; `cells_of_peaks` is peaks × cells.
  CisOutputs(const CisContribution& contribution, std::span<const int32_t> genes,
             const CsrPattern& cells_of_peaks);
  /// The same; `open_of` gives cells × peaks, where the peaks of a list (ascending) are open.
  CisOutputs(const CisContribution& contribution, std::span<const int32_t> genes,
             const std::function<CsrPattern(std::span<const int32_t> peaks)>& open_of);

  int64_t size() const { return static_cast<int64_t>(columns_.size()); }
  bool empty() const { return columns_.empty(); }
  /// No gene of the list is left to the surrogate.
  bool all() const { return !empty() && size() == width_; }
  /// Floats from one row of fixed parts to the next.
  int64_t stride() const { return stride_; }
  /// Positions in the list of genes, ascending.
  std::span<const int32_t> columns() const { return columns_; }

  /// Everything under a subset. `replacement` holds p for each peak.
  Masked masked(std::span<const Feature> subset, std::span<const float> replacement) const;
  /// Of the same, only the outputs of which a term has a peak of the subset.
  Masked concerned(std::span<const Feature> subset, std::span<const float> replacement) const;
  /// What an edit of the subset (ascending, before it) concerns.
  Masked masked(std::span<const Feature> subset, Edit edit,
                std::span<const float> replacement) const;

  /// The fixed parts of the outputs that `masked` names, in one cell: stride() floats.
  void fix(int32_t cell, const Masked& masked, Row& row, float* fixed) const;

  /// Fills the columns of the cis path in `out` (rows × genes of the list) from fixed parts (a
  /// pointer a row) and latents (rows × latents). The bits of a row depend on no other.
  void predict(std::span<const float* const> fixed, const float* latents, float* out) const;

  /// From the cotangents of predicted rows (`out` and `cotangent`, rows × genes): those of η
  /// (rows × stride()), and added to `latent_gradient` (rows × latents) those of the latents.
  void backward(int64_t rows, const float* out, const float* cotangent, float* eta_cotangent,
                float* latent_gradient) const;
  /// Adds ⟨∂(η cotangent · η)/∂x_j, p_j − x_j⟩ of one masked cell, x_j unmasked, to the sum of each
  /// peak of the terms.
  void add_gains(int32_t cell, const Masked& masked, std::span<const float> replacement,
                 const float* eta_cotangent, Row& row, std::span<double> sums) const;
  /// The peaks of the terms, ascending: those of `add_gains`.
  std::span<const Feature> peaks() const { return peaks_; }

 private:
  struct Term {
    TermKind kind;
    int64_t slots_begin, slots_end;  ///< in term_slots_
    int64_t first_weight;            ///< in weights_, one a type; those that add: exp(w) − 1
  };
  struct Gene {
    const CisGene* gene;
    int64_t terms_begin, terms_end;  ///< in terms_
  };

  void add_gene(const CisGene& gene);
  int32_t slot_of(Feature peak) const;  ///< −1: in no term
  void open(int32_t cell, const Masked& masked, Row& row) const;
  void close(int32_t cell, const Masked& masked, Row& row) const;
  double term_value(const Term& term, const std::vector<float>& x) const;
  double weight(const Term& term, int32_t type) const {
    return weights_[static_cast<size_t>(term.first_weight + type)];
  }
  double cis_sum(const Gene& gene, int32_t type, const std::vector<float>& x) const;

  const CisContribution* cells_ = nullptr;
  bool counts_ = true;
  int64_t width_ = 0;  ///< genes of the list
  int64_t latents_ = 0;
  int64_t stride_ = 0;
  std::vector<int32_t> columns_;
  std::vector<Gene> genes_;
  std::vector<Term> terms_;
  std::vector<int32_t> term_slots_;
  std::vector<double> weights_;
  std::vector<Feature> peaks_;       ///< slot → peak
  CsrPattern outputs_of_slots_;      ///< slots × outputs
  CsrPattern open_;                  ///< cells × slots
  std::vector<float> coefficients_;  ///< latents × stride
};

}  // namespace grids::core
