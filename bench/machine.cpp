#include "machine.hpp"

#include <fstream>
#include <vector>

#include "math/gemm.hpp"
#include "stopwatch.hpp"

namespace grids::core::bench {
namespace {

std::string processor_name() {
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);) {
    const size_t colon = line.find(": ");
    if (line.starts_with("model name") && colon != std::string::npos) return line.substr(colon + 2);
  }
  return "unknown processor";
}

double gemm_rate(ThreadPool& pool) {
  constexpr int64_t kSize = 1536;
  const std::vector<float> a(kSize * kSize, 0.5f), b(kSize * kSize, 0.25f);
  std::vector<float> c(kSize * kSize);
  const auto product = [&] {
    gemm(pool, Transpose::kNo, Transpose::kNo, kSize, kSize, kSize, a.data(), kSize, b.data(),
         kSize, 0, c.data(), kSize);
  };
  product();
  return 2.0 * kSize * kSize * kSize / median(time_each(9, product));
}

double stream_rate(ThreadPool& pool) {
  constexpr int64_t kSize = 1 << 25, kBlock = 1 << 18;
  const std::vector<float> x(kSize, 0.5f);
  std::vector<float> y(kSize, 0.25f);
  const auto pass = [&] {
    pool.for_blocks(kSize, kBlock, [&](int64_t begin, int64_t end, int64_t) {
      const float* in = x.data();
      float* out = y.data();
      for (int64_t i = begin; i < end; ++i) out[i] += 0.25f * in[i];
    });
  };
  pass();
  return 3.0 * sizeof(float) * kSize / median(time_each(9, pass));
}

double linear_weights(const std::vector<int64_t>& widths) {
  double weights = 0;
  for (size_t i = 1; i < widths.size(); ++i) {
    weights += static_cast<double>(widths[i - 1] * widths[i]);
  }
  return weights;
}

}  // namespace

Machine measure_machine(ThreadPool& pool) {
  return {processor_name(), pool.threads(), gemm_rate(pool), stream_rate(pool)};
}

double tail_flops(const SurrogateShape& shape, int64_t genes) {
  const double gates = linear_weights({shape.latent, shape.gate_hidden, shape.experts});
  const auto maps =
      static_cast<double>(shape.map_layers * shape.experts * shape.latent * shape.latent);
  return 2 * (gates + maps +
              linear_weights({shape.latent, shape.rna_hidden_2, shape.rna_hidden_1, genes}));
}

double atac_adam_bytes(const SurrogateShape& shape) {
  // Embedding of two states, head weight and bias; the other layers are a thousandth of these.
  const auto parameters = static_cast<double>(shape.peaks() * (3 * shape.atac_embedding + 1));
  return 8 * sizeof(float) * parameters;
}

double rna_step_flops(const SurrogateShape& shape, int64_t cells) {
  const double weights =
      linear_weights({shape.genes, shape.rna_hidden_1, shape.rna_hidden_2, shape.latent,
                      shape.rna_hidden_2, shape.rna_hidden_1, shape.genes});
  return 3 * 2 * weights * static_cast<double>(cells);
}

}  // namespace grids::core::bench
