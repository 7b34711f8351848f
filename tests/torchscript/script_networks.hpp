/// TorchScript files for tests, written with torch::jit::Module::define, and their equations.
#pragma once

#include <torch/script.h>

#include <cmath>
#include <filesystem>
#include <string>
#include <vector>

#include "base/random.hpp"
#include "io/feature_matrix.hpp"

namespace grids::core::testing {

inline at::Tensor random_tensor(std::vector<int64_t> shape, double scale, uint64_t seed) {
  RandomStream random(seed, Purpose::kBenchmark);
  auto tensor = at::empty(shape, at::kFloat);
  auto* values = tensor.data_ptr<float>();
  for (int64_t i = 0; i < tensor.numel(); ++i) {
    values[i] = static_cast<float>(scale * random.normal());
  }
  return tensor;
}

/// A module of these parameters and this TorchScript source, saved.
inline void save_script(const std::filesystem::path& path,
                        const std::vector<std::pair<std::string, at::Tensor>>& parameters,
                        const std::string& source) {
  torch::jit::Module module("network");
  for (const auto& [name, value] : parameters) module.register_parameter(name, value, false);
  module.define(source);
  module.save(path.string());
}

/// tanh layers: features × size → hidden → outputs; over ids with an embedding in front.
struct SmallNetwork {
  static constexpr int64_t kHidden = 6;

  SmallNetwork(int64_t features, int64_t outputs, int64_t vocabulary = 0, uint64_t seed = 1)
      : size(vocabulary > 0 ? 3 : 1),
        embedding(random_tensor({std::max<int64_t>(1, vocabulary), 3}, 1, seed + 10)),
        first(random_tensor({features * size, kHidden}, 0.5, seed + 20)),
        second(random_tensor({kHidden, outputs}, 1, seed + 30)),
        has_ids(vocabulary > 0) {}

  void save(const std::filesystem::path& path) const {
    const std::string embed =
        has_ids ? "def embed(self, ids):\n    return torch.embedding(self.embedding, ids)\n" : "";
    save_script(path, {{"embedding", embedding}, {"first", first}, {"second", second}},
                embed +
                    "def forward(self, x):\n"
                    "    return torch.matmul(torch.tanh(torch.matmul(torch.flatten(x, 1), "
                    "self.first)), self.second)\n");
  }

  /// What forward takes of a row, in double.
  std::vector<double> embedded(const std::vector<float>& row) const {
    std::vector<double> e;
    for (const float x : row) {
      if (!has_ids) e.push_back(x);
      for (int64_t k = 0; has_ids && k < size; ++k) {
        e.push_back(embedding.data_ptr<float>()[static_cast<int64_t>(x) * size + k]);
      }
    }
    return e;
  }

  std::vector<double> outputs(const std::vector<double>& e) const {
    std::vector<double> result(static_cast<size_t>(second.size(1)), 0.0);
    for (int64_t h = 0; h < kHidden; ++h) {
      double sum = 0;
      for (size_t i = 0; i < e.size(); ++i) {
        sum += e[i] * first.data_ptr<float>()[static_cast<int64_t>(i) * kHidden + h];
      }
      for (size_t o = 0; o < result.size(); ++o) {
        result[o] +=
            std::tanh(sum) * second.data_ptr<float>()[static_cast<size_t>(h) * result.size() + o];
      }
    }
    return result;
  }

  int64_t size;  ///< of a feature's embedding
  at::Tensor embedding, first, second;
  bool has_ids;
};

inline FeatureMatrix matrix(int64_t rows, int64_t features, std::vector<float> values) {
  FeatureMatrix result;
  result.source = "rows.npz: x";
  result.rows = rows;
  result.features = features;
  result.values = std::move(values);
  return result;
}

/// About a third of the values are 0, which a mask to 0 leaves as it is.
inline FeatureMatrix random_matrix(int64_t rows, int64_t features, int64_t vocabulary,
                                   uint64_t seed) {
  RandomStream random(seed, Purpose::kBenchmark);
  std::vector<float> values;
  for (int64_t i = 0; i < rows * features; ++i) {
    const auto whole =
        static_cast<float>(random.below(static_cast<uint32_t>(std::max<int64_t>(3, vocabulary))));
    values.push_back(vocabulary > 0 || whole == 0 ? whole : static_cast<float>(random.normal()));
  }
  return matrix(rows, features, std::move(values));
}

}  // namespace grids::core::testing
