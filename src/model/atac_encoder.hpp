/// The surrogate's ATAC encoder, folded for use: from open peaks to the ATAC latent without ever
/// building [cells, peaks, d_h].
///
/// The first layer is a sum, Σ_j E[j, x_j] = Σ_j E[j, 0] + Σ_{j open} D_j with D_j = E[j,1] −
/// E[j,0], one for each chromosome. Behind the chromosome sums (cells × chromosomes × d_h)
/// everything up to the latent is again a sum over chromosomes: BatchNorms run on fixed statistics,
/// and the two linear layers behind the concatenation have nothing between them. So the latent is
///
///     bias + Σ_c contribution_c(sum_c),
///
/// and who changes the sum of one chromosome computes one contribution anew. Rows (one cell, one
/// chromosome) are computed one at a time by the same instructions wherever they stand, so the same
/// sum gives the same contribution to the last bit.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/thread_pool.hpp"
#include "math/sparse.hpp"
#include "model/surrogate_file.hpp"

namespace grids::core {

/// For each cell (row) and block of peaks (AtacEncoder), where the cell's open peaks of that block
/// begin among its open peaks: cells × (blocks + 1), so that no gradient searches for them.
struct BlockStarts {
  int64_t blocks = 0;
  std::vector<int32_t> starts;

  const int32_t* row(int32_t cell) const {
    return starts.data() + static_cast<int64_t>(cell) * (blocks + 1);
  }
};

/// Some cells by their open peaks.
struct OpenCells {
  const CsrPattern& open;           ///< cells × peaks
  const BlockStarts& starts;        ///< of `open`
  std::span<const int32_t> chosen;  ///< rows of `open`
};

class AtacEncoder {
 public:
  AtacEncoder() = default;
  explicit AtacEncoder(const SurrogateFile& file);

  int64_t peaks() const { return static_cast<int64_t>(chromosome_of_.size()); }
  int64_t chromosomes() const { return static_cast<int64_t>(layers_.size()); }
  int64_t latent() const { return latent_; }
  int32_t chromosome_of(int32_t peak) const { return chromosome_of_[static_cast<size_t>(peak)]; }
  /// The peaks of a chromosome are [first_peak(c), first_peak(c + 1)).
  int32_t first_peak(int64_t c) const { return first_peak_[static_cast<size_t>(c)]; }

  /// Floats from one chromosome sum, difference or gradient to the next: d_h rounded up to whole
  /// lanes, the rest zeros.
  int64_t sum_stride() const { return sum_stride_; }
  /// The same for contributions and latents (`latent()` rounded up).
  int64_t latent_stride() const { return latent_stride_; }

  /// D_j, sum_stride() floats.
  const float* difference(int32_t peak) const {
    return differences_.data() + static_cast<size_t>(peak * sum_stride_);
  }

  /// Chromosome sums of cells from their open peaks: cells × chromosomes × sum_stride(). Added up
  /// in double, in ascending order of the peaks.
  std::vector<float> chromosome_sums(ThreadPool& pool, const CsrPattern& open) const;
  /// The same of one cell: chromosomes() × sum_stride().
  void chromosome_sums_of(std::span<const int32_t> open, float* out) const;

  /// Σ_j D_j D_jᵀ over the peaks of one chromosome, sum_stride() × sum_stride().
  std::vector<double> difference_products(int64_t chromosome) const;

  /// What the sum of one chromosome (sum_stride() floats) adds to the latent (latent_stride()).
  void contribution(int64_t chromosome, const float* sum, float* out) const;

  /// bias + the contributions of all chromosomes, in their order: latent() floats from
  /// chromosomes() pointers.
  void latent_of(std::span<const float* const> contributions, float* out) const;

  /// The gradient of one chromosome's sum (sum_stride() floats) given that of the latent
  /// (latent_stride() floats, padded with zeros).
  void contribution_backward(int64_t chromosome, const float* sum, const float* latent_gradient,
                             float* out) const;

  /// For every peak, ⟨fraction_j · Σ_cells G − Σ_{cells open in j} G, D_j⟩ with G the gradients of
  /// the chromosome sums, chromosomes × cells × sum_stride(): what replacing every x_j by
  /// fraction_j would change to first order. One sparse product, split by fixed blocks of peaks.
  void replacement_gains(ThreadPool& pool, const OpenCells& cells, std::span<const float> gradients,
                         std::span<const float> fractions, std::span<double> gains) const;
  /// The same, to the last bit, for some peaks of one chromosome: `open` names for each of them the
  /// cells in which it is open, ascending; `gradients` are those of that chromosome, cells ×
  /// sum_stride(). `fractions` and `gains` have an entry for every peak.
  void replacement_gains_of(std::span<const int32_t> peaks,
                            std::span<const std::vector<int32_t>> open,
                            std::span<const float> gradients, std::span<const float> fractions,
                            std::span<double> gains) const;
  BlockStarts block_starts(const CsrPattern& open) const;

 private:
  /// Peaks of one chromosome whose sums of gradients stay in the second-level cache.
  struct PeakBlock {
    int32_t first = 0;
    int32_t last = 0;
    int64_t chromosome = 0;
  };

  /// BatchNorm → PReLU → Linear + BatchNorm → PReLU → this chromosome's columns of the two linear
  /// layers behind. Widths are rounded up to whole lanes with zeros.
  struct ChromosomeLayers {
    std::vector<float> scale;  ///< sum_stride
    std::vector<float> shift;  ///< sum_stride
    float slope_in = 0;
    std::vector<float> hidden;       ///< sum_stride × hidden_stride
    std::vector<float> hidden_back;  ///< hidden_stride × sum_stride
    std::vector<float> hidden_bias;  ///< hidden_stride
    float slope_hidden = 0;
    std::vector<float> out;       ///< hidden_stride × latent_stride
    std::vector<float> out_back;  ///< latent_stride × hidden_stride
  };

  int64_t sum_size_ = 0;
  int64_t sum_stride_ = 0;
  int64_t hidden_stride_ = 0;
  int64_t latent_ = 0;
  int64_t latent_stride_ = 0;
  std::vector<int32_t> first_peak_;     ///< chromosomes + 1
  std::vector<int32_t> chromosome_of_;  ///< peaks
  std::vector<PeakBlock> blocks_;
  std::vector<float> differences_;  ///< peaks × sum_stride
  std::vector<double> base_sums_;   ///< chromosomes × sum_stride: Σ_j E[j, 0]
  std::vector<ChromosomeLayers> layers_;
  std::vector<float> latent_bias_;  ///< latent_stride
};

}  // namespace grids::core
