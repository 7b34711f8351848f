#include "false_positives/scenarios.hpp"

namespace grids::core::bench {
namespace {

/// What `prepare` is told of batches.
constexpr const char* kBatchesGiven = "batch";
constexpr const char* kBatchesNotGiven = "donor";

template <int32_t kBatches>
void plant_batches(SimulateOptions& options) {
  options.batches = kBatches;
}

/// Batches that move nothing but single windows, each together with its gene.
template <int32_t kBatches>
void plant_windows(SimulateOptions& options) {
  options.batches = kBatches;
  options.batch_rna_sd = 0;
  options.batch_atac_sd = 0;
  options.batch_windows = 1;
}

template <int32_t kBatches>
void plant_few_cells(SimulateOptions& options) {
  options.cells = 600;
  options.batches = kBatches;
}

}  // namespace

const std::vector<Scenario>& scenarios() {
  static const std::vector<Scenario> all = {
      {"none", "no confounder", [](SimulateOptions&) {}, kBatchesNotGiven, 0.03, 0.07},
      {"given-4", "4 batches, given", plant_batches<4>, kBatchesGiven, 0.03, 0.08},
      {"given-12", "12 batches, given", plant_batches<12>, kBatchesGiven, 0.03, 0.07},
      {"given-24", "24 batches, given", plant_batches<24>, kBatchesGiven, 0.03, 0.07},
      {"hidden-4", "4 batches, not given", plant_batches<4>, kBatchesNotGiven},
      {"hidden-12", "12 batches, not given", plant_batches<12>, kBatchesNotGiven},
      {"hidden-24", "24 batches, not given", plant_batches<24>, kBatchesNotGiven},
      {"windows-given", "12 batches on single windows, given", plant_windows<12>, kBatchesGiven,
       0.03, 0.07},
      {"windows-hidden", "12 batches on single windows, not given", plant_windows<12>,
       kBatchesNotGiven},
      {"few", "600 cells, no confounder", plant_few_cells<0>, kBatchesNotGiven, 0.03, 0.07},
      {"few-given", "600 cells, 12 batches, given", plant_few_cells<12>, kBatchesGiven, 0.03, 0.07},
      {"few-hidden", "600 cells, 12 batches, not given", plant_few_cells<12>, kBatchesNotGiven},
      {"states", "three strong continuous states",
       [](SimulateOptions& options) {
         options.state_dimensions = 3;
         options.state_strength = 2;
       }},
      {"doublets", "5 % doublets", [](SimulateOptions& options) { options.doublets = 0.05; }},
      {"ambient", "10 % ambient RNA", [](SimulateOptions& options) { options.ambient = 0.1; }},
  };
  return all;
}

}  // namespace grids::core::bench
