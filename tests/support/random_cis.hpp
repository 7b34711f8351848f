/// Cis paths with random numbers, and a plain formula of what they predict, for tests.
#pragma once

#include <cmath>
#include <vector>

#include "base/random.hpp"
#include "model/cis_outputs.hpp"
#include "model/surrogate_file.hpp"
#include "support/dense_reference.hpp"

namespace grids::core::testing {

inline constexpr int32_t kCisTypes = 3;
inline constexpr int32_t kCisDonors = 2;
inline constexpr int32_t kCisBatches = 3;

/// Every third gene, from gene 0 on; all pass gate B but the second. Terms of both kinds that share
/// peaks, sums of both kinds, weights that deviate by type.
inline CisPath random_cis(const SurrogateShape& shape, uint64_t seed,
                          CisResponse response = CisResponse::kCounts) {
  RandomStream random(seed, Purpose::kWeights, 7);
  CisPath path;
  path.response = response;
  path.peaks = shape.peaks();
  path.study_genes = shape.genes;
  path.types = kCisTypes;
  path.donors = kCisDonors;
  path.batches = kCisBatches;
  path.latents = static_cast<int32_t>(shape.latent);
  for (int32_t id = 0; id < shape.genes; id += 3) {
    CisGene gene;
    gene.gene = id;
    gene.sum = response == CisResponse::kCounts && id % 2 == 1 ? TermSum::kAdd : TermSum::kMultiply;
    gene.cis.passed = id != 3 * 1 || shape.genes < 4;
    for (int64_t i = 0; i < path.state_size(); ++i) gene.state.push_back(0.3 * random.normal());
    // Rates around 3 per 100,000; the depth hardly counts.
    gene.state[0] += response == CisResponse::kCounts ? -10.4 : 1;
    for (int k = 0; k < 4; ++k) {
      CisTerm term;
      term.kind = k % 2 == 0 ? TermKind::kAll : TermKind::kAny;
      // Among the first 24 peaks, so that terms and genes share some.
      auto peak = static_cast<int32_t>(random.below(6));
      for (int i = 0; i <= k % 3; ++i, peak += 1 + static_cast<int32_t>(random.below(8))) {
        term.peaks.push_back(peak);
      }
      term.weight = 0.6 * random.normal();
      if (k == 1) {
        for (int32_t type = 0; type < kCisTypes; ++type) {
          term.deviation.push_back(0.3 * random.normal());
        }
      }
      gene.terms.push_back(std::move(term));
    }
    path.genes.push_back(std::move(gene));
  }
  return path;
}

inline CisContribution random_contribution(const CisPath& path, int64_t cells, uint64_t seed) {
  RandomStream random(seed, Purpose::kSimulate, 7);
  CisContribution contribution;
  contribution.path = &path;
  for (int64_t cell = 0; cell < cells; ++cell) {
    contribution.type.push_back(static_cast<int32_t>(random.below(kCisTypes)));
    contribution.donor.push_back(static_cast<int32_t>(random.below(kCisDonors)));
    contribution.batch.push_back(static_cast<int32_t>(random.below(kCisBatches)));
    contribution.log_open_peaks.push_back(std::log1p(5 + random.below(20)));
  }
  return contribution;
}

/// C_g at any openness of the peaks, term by term as cis_path.hpp defines it.
inline double reference_cis_part(const CisGene& gene, int32_t type, const Numbers& x) {
  double sum = 0;
  for (const auto& term : gene.terms) {
    double all = 1, none = 1;
    for (const int32_t peak : term.peaks) {
      all *= x[static_cast<size_t>(peak)];
      none *= 1 - x[static_cast<size_t>(peak)];
    }
    const double satisfied = term.kind == TermKind::kAll ? all : 1 - none;
    const double weight = term.weight_in(type);
    sum += satisfied * (gene.sum == TermSum::kAdd ? std::expm1(weight) : weight);
  }
  return gene.sum == TermSum::kAdd ? std::log1p(std::max(sum, kLeastCisSum)) : sum;
}

/// Predictions of all genes: the surrogate's, and those of the cis path in their place.
inline Numbers reference_with_cis(const DenseReference& reference,
                                  const CisContribution& contribution, int32_t cell,
                                  const Numbers& x) {
  Numbers predicted = reference.predict(x);
  if (contribution.path == nullptr) return predicted;
  const CisPath& path = *contribution.path;
  const auto c = static_cast<size_t>(cell);
  std::vector<float> latents;
  const auto exact = reference.atac_latent(x);
  latents.assign(exact.size(), 0.0f);
  for (const auto& gene : path.genes) {
    if (!gene.cis.passed) continue;
    double eta = cis_state_part(path, gene,
                                {0, contribution.type[c], contribution.donor[c],
                                 contribution.log_open_peaks[c], latents, contribution.batch[c]}) +
                 reference_cis_part(gene, contribution.type[c], x);
    // The latents in double, for finite differences.
    const auto first = static_cast<size_t>(path.first_latent());
    for (size_t l = 0; l < exact.size(); ++l) eta += gene.state[first + l] * exact[l];
    predicted[static_cast<size_t>(gene.gene)] =
        path.response == CisResponse::kCounts ? std::log1p(std::exp(std::log(1e5) + eta)) : eta;
  }
  return predicted;
}

}  // namespace grids::core::testing
