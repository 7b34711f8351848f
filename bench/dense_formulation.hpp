/// The surrogate as the paper writes it down, in plain LibTorch: the yardstick that every fast path
/// is checked against, and the other side of every ratio.
///
/// The embedding gathers the [cells, peaks, d_h] tensor (Eq. 3); the gradient is taken by autograd
/// with respect to it (Eq. 13); candidates are evaluated by building it again for every perturbed
/// copy of the batch, four at a time, as published; training computes the logits of all peaks.
/// Nothing here knows of sums over open peaks, incremental states or folded BatchNorms.
///
/// It is not handicapped: LibTorch gets all cores, and where it is timed its linear layers run
/// through our GEMM, because the reference BLAS that a distribution may bring would flatter the
/// ratios. Where it is the yardstick it shares nothing with the fast paths.
///
/// This header does not include torch.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/thread_pool.hpp"
#include "math/sparse.hpp"
#include "model/surrogate_file.hpp"
#include "search/maskable_model.hpp"

namespace grids::core::bench {

/// Copies of the batch that are evaluated together in a coordinate step.
inline constexpr int64_t kTrialSubsets = 4;

/// What multiplies the matrices of linear layers.
enum class Products : uint8_t {
  kTorch,  ///< LibTorch: independent of our code
  kOurs,   ///< our GEMM: fast whatever BLAS LibTorch was built with
};

/// How the dense formulation is computed.
struct DenseOptions {
  Products products = Products::kTorch;
  /// p of Eq. 12, for each peak, in [0, 1]: the replacement W(x) + 1[j ∈ r] (W(p) − W(x)) is made
  /// in the gathered embedding, as is needed for values between closed and open. Empty: peaks are
  /// removed (p = 0) by closing them in the input, which gathers only once.
  std::vector<float> replacement = {};
};

/// Cells, a target and the weight of the second term; the loss is `rate` of search/loss.hpp.
struct DenseProblem {
  std::vector<int32_t> cells;
  int32_t target = 0;
  double beta = 0;
  std::vector<float> before;  ///< cells × genes, unmasked, before the clamp
};

struct DenseStep {
  std::vector<double> gains;        ///< d_j of Eq. 14 for every peak, summed over the cells
  std::vector<Feature> candidates;  ///< the k lowest among those that are no members, best first
  std::vector<double> values;       ///< of the subset with the candidate in the coordinate's place
};

struct DenseTrainingStep {
  double loss = 0;
  double norm = 0;                          ///< of the whole gradient
  std::map<std::string, Tensor> gradients;  ///< of the ATAC autoencoder, by published name
};

class DenseFormulation {
 public:
  /// `file`, `open` (cells × peaks) and `pool` must outlive it.
  DenseFormulation(const SurrogateFile& file, const CsrPattern& open, const DenseOptions& options,
                   ThreadPool& pool);
  ~DenseFormulation();

  /// Predicted expression of all genes before the clamp, cells × genes, with these peaks masked.
  std::vector<float> predict(std::span<const int32_t> cells, std::span<const Feature> masked) const;

  /// Computes the unmasked predictions.
  DenseProblem problem(std::vector<int32_t> cells, int32_t target, double beta) const;

  std::vector<double> gains(const DenseProblem& problem, std::span<const Feature> subset) const;

  /// The value of the subset with each candidate in the place of one member.
  std::vector<double> values(const DenseProblem& problem, std::span<const Feature> subset,
                             size_t coordinate, std::span<const Feature> candidates) const;

  /// One visit of a member: gains, the `count` best candidates, their values.
  DenseStep coordinate_step(const DenseProblem& problem, std::span<const Feature> subset,
                            size_t coordinate, int64_t count) const;

  /// Loss and gradients of the ATAC autoencoder in training mode, given the sampled closed peaks
  /// (rows as `cells`). Weights stay.
  DenseTrainingStep training_gradients(std::span<const int32_t> cells,
                                       const CsrPattern& closed) const;

  /// A whole training step: draws its own closed peaks, then gradients, clipping at 1 and Adam on
  /// the weights that this object holds. Returns the loss.
  double training_step(std::span<const int32_t> cells, uint64_t seed);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace grids::core::bench
