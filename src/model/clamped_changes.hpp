/// What masks change in the decoder's clamped outputs, summed over rows, with the last layer run
/// once for a whole sum instead of once for each row.
///
/// Behind the last hidden layer h an output is F_g = ⟨w_g, h⟩ + b_g, and only the clamp at 0 keeps
/// Σ_rows (max(F′, 0) − max(F, 0)) from being ⟨w_g, Σ_rows (h′ − h)⟩. A row whose hidden layer
/// moves by d = |h′ − h| moves F_g by |w_g| d at most (Cauchy–Schwarz). So, with F known of every
/// cell:
///
/// 1. Each output is *open* (F > 0 in half of the cells or more) or *shut*. For rows whose clamp
///    does what it does in that majority, an open output changes by ⟨w_g, h′ − h⟩, summed before
///    the product, and a shut one by 0.
/// 2. The other rows are corrected one by one, by a scalar product each: those of cells that are
///    on the other side of 0 than the majority, and those with |F_g| ≤ |w_g| d.
/// 3. A row with more corrections than the product for all outputs would cost takes that product.
///
/// Nothing is approximated: in exact arithmetic the sums are those of row after row. In trained
/// surrogates, whose predictions of a type's cells are nearly all above 0, corrections concern a
/// few in 10,000 rows × outputs; docs/performance.md has what was measured.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/thread_pool.hpp"
#include "model/folded_surrogate.hpp"

namespace grids::core {

/// Some cells before a change. Immutable and thread-safe.
class ClampedChanges {
 public:
  /// `outputs` (cells × outputs of the layer, before the clamp) and `latents` (whole blocks of
  /// kTailRows × latent, a row a cell) are those of the cells; `others` are the positions of
  /// outputs which the decoder does not predict: their sums are left as they are. All but the
  /// latents must outlive this, and `layer` has its outputs side by side (not `by_row`).
  ClampedChanges(const FoldedSurrogate& surrogate, const OutputLayer& layer,
                 std::span<const float> outputs, std::span<const float> latents,
                 std::span<const int32_t> others, ThreadPool& pool);

  /// Floats of a sum of hidden differences.
  int64_t hidden() const { return hidden_size_; }

  /// The rows of one sum after the other; one for each thread.
  class Sum {
   public:
    explicit Sum(const ClampedChanges& changes);
    /// Adds the row of cell `position` whose hidden layer has become `hidden`.
    void add(int64_t position, const float* hidden);
    /// Ends a sum: writes hidden() floats, of which `add_products` makes the greater part of it,
    /// and the rest (a double an output; `others` are left alone). The next sum begins at 0. The
    /// bits of a sum depend on its rows alone.
    void finish(float* differences, double* rest);

   private:
    void correct(std::span<const int32_t> chosen, const float* before);
    void add_whole_row(int64_t position, const float* hidden);
    void finish_whole_rows();

    const ClampedChanges& of_;
    std::vector<float> difference_;      ///< of a row; hidden_stride
    std::vector<double> differences_;    ///< of the sum; hidden
    std::vector<double> corrections_;    ///< outputs
    std::vector<float> whole_rows_;      ///< kTailRows × hidden
    std::vector<int64_t> whole_places_;  ///< their cells
    std::vector<float> out_;             ///< kTailRows × outputs
  };

  /// Adds to `count` sums what their hidden differences (count × hidden()) make: `sums` is count ×
  /// outputs. One thread; a sum's bits depend neither on its place nor on its neighbours.
  void add_products(int64_t count, const float* differences, double* sums) const;

 private:
  /// Where the clamp can do otherwise than in the majority of a cell's outputs.
  struct Cell {
    std::vector<int32_t> always;  ///< outputs on the other side of 0
    std::vector<int32_t> near;    ///< of the others, those of the smallest margins, ascending
    std::vector<float> margins;   ///< |F| / |w| of `near`
    /// Rows that move by this or more may pass margins that are not listed.
    float reach = 0;
  };

  void make_weights(std::span<const int32_t> others);
  void choose_open(std::span<const int32_t> others);
  Cell find_cell(int64_t position) const;

  const FoldedSurrogate& surrogate_;
  const OutputLayer& layer_;
  std::span<const float> outputs_;
  int64_t hidden_size_ = 0;
  int64_t hidden_stride_ = 0;     ///< whole lanes
  std::vector<float> hidden_;     ///< cells × hidden
  std::vector<float> weights_;    ///< outputs × hidden_stride
  std::vector<float> norms_;      ///< outputs; 0 for those that the decoder does not predict
  std::vector<uint8_t> decoded_;  ///< outputs
  std::vector<uint8_t> open_;     ///< outputs
  std::vector<Cell> cells_;
};

}  // namespace grids::core
