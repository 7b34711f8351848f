#include "kernels/inputs.hpp"

#include "train/sampler.hpp"

namespace grids::core::bench {

SurrogateShape paper_shape() {
  SurrogateShape shape;
  shape.chromosome_peaks = {11348, 6169, 6997, 6364,  3554, 4233, 4076, 4178,
                            4966,  3189, 3807, 10272, 3469, 1478, 2488, 8367,
                            6290,  7655, 7203, 6950,  6250, 5547, 2245, 124};
  shape.genes = 3000;
  return shape;
}

std::vector<float> random_floats(int64_t count, uint64_t seed) {
  RandomStream random(seed, Purpose::kBenchmark);
  std::vector<float> values(static_cast<size_t>(count));
  for (float& value : values) value = static_cast<float>(random.normal());
  return values;
}

CsrPattern random_rows(int64_t cells, int64_t peaks, uint64_t seed) {
  ThreadPool pool(1);
  CsrPattern none, drawn;
  none.rows = cells;
  none.columns = peaks;
  none.offsets.assign(static_cast<size_t>(cells) + 1, 0);
  sample_zeros(pool, none, kDensity, seed, Purpose::kBenchmark, 0, drawn);
  return drawn;
}

}  // namespace grids::core::bench
