/// Random numbers that depend on what they are for, never on who asked first.
///
/// A stream is keyed by (seed, purpose, step, block) and computed by the counter-based generator
/// Philox4x32-10 (Salmon et al. 2011, Random123). Two streams with different keys are independent;
/// the same key gives the same numbers in any thread, in any order, after any restart.
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <string_view>
#include <utility>

namespace grids::core {

/// What the numbers are for. The values are part of the seed's meaning: never renumber.
enum class Purpose : uint32_t {
  kWeights = 1,            ///< initial weights of the networks
  kBatches = 2,            ///< which cells a training step sees
  kSampledPeaks = 3,       ///< closed peaks in the reconstruction loss
  kSampledGenes = 4,       ///< unexpressed genes in the reconstruction loss
  kDropout = 5,            ///< discriminators
  kSplit = 6,              ///< train, validation, test cells
  kSearch = 7,             ///< initial subsets and batches of the search
  kRandomSets = 8,         ///< random subsets as a baseline
  kSimulate = 9,           ///< simulated cells
  kNeighbours = 10,        ///< approximate nearest neighbours, sketches
  kClusters = 11,          ///< graph clusters of cells
  kLayout = 12,            ///< UMAP; cells that stand for all, drawn from each group
  kBenchmark = 13,         ///< inputs of benchmarks
  kNullWindows = 14,       ///< windows of peaks that should say nothing about a gene
  kNoise = 15,             ///< noise on a model's inputs
  kMethods = 16,           ///< explanation methods: masks, permutations, bootstrap
  kRedundancy = 17,        ///< draws of rates around their estimates; resampled cells
  kResampledWeights = 18,  ///< cells drawn with replacement, to refit weights to
  kPartners = 19,          ///< which cell with RNA a training step takes for one with chromatin
};

/// A stream of random numbers; also a UniformRandomBitGenerator for <random>.
class RandomStream {
 public:
  using result_type = uint32_t;

  RandomStream(uint64_t seed, Purpose purpose, uint64_t step = 0, uint32_t block = 0);

  static constexpr result_type min() { return 0; }
  static constexpr result_type max() { return std::numeric_limits<result_type>::max(); }
  result_type operator()() {
    if (position_ == 4) refill();
    return words_[position_++];
  }

  /// The words that as many calls of operator() would give, several times faster where they are
  /// many.
  void fill(std::span<uint32_t> words);

  /// Uniform in [0, 1), 53 bits.
  double uniform();
  /// Uniform in {0, …, count − 1}, without bias; `count` > 0.
  uint32_t below(uint32_t count);
  /// Standard normal (Box–Muller, both values used).
  double normal();
  /// Fisher–Yates.
  template <typename T>
  void shuffle(std::span<T> values) {
    for (size_t i = values.size(); i > 1; --i) {
      std::swap(values[i - 1], values[below(static_cast<uint32_t>(i))]);
    }
  }

 private:
  void refill();

  uint32_t key_[2];
  uint32_t counter_[4];
  uint32_t words_[4];
  int position_ = 4;
  double spare_ = 0;
  bool has_spare_ = false;
};

/// A number for a name, to key streams by gene or cell type, so that a result does not depend on
/// which other genes were asked for (FNV-1a).
uint32_t stream_key(std::string_view name);

}  // namespace grids::core
