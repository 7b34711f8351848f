/// The conformance vectors of the published implementation: small ones are in the repository,
/// medium ones beside it, where they are at hand.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <span>
#include <string>

#include "math/sparse.hpp"
#include "model/safetensors.hpp"
#include "model/surrogate_file.hpp"
#include "support/fixtures.hpp"

namespace grids::core::testing {

struct Conformance {
  explicit Conformance(const std::string& size)
      : model(read_surrogate(file(size, "model"))),
        expected(read_safetensors(file(size, "expected"))) {}

  /// `what`: "model" or "expected".
  static std::filesystem::path file(const std::string& size, const std::string& what) {
    const auto name = std::filesystem::path("conformance") / (size + "." + what + ".safetensors");
    return size == "small" ? test::fixture(name) : test::shared(name);
  }

  const Tensor& at(const std::string& name) const { return expected.tensors.at(name); }
  std::span<const float> floats(const std::string& name) const {
    return {at(name).f32(), static_cast<size_t>(at(name).size())};
  }
  std::span<const int64_t> integers(const std::string& name) const {
    return {at(name).i64(), static_cast<size_t>(at(name).size())};
  }

  CsrPattern open() const {
    const Tensor& atac = at("input.atac");
    CsrPattern pattern;
    pattern.rows = atac.shape[0];
    pattern.columns = atac.shape[1];
    for (int64_t cell = 0; cell < pattern.rows; ++cell) {
      for (int64_t peak = 0; peak < pattern.columns; ++peak) {
        if (atac.u8()[cell * pattern.columns + peak] != 0) {
          pattern.indices.push_back(static_cast<int32_t>(peak));
        }
      }
      pattern.offsets.push_back(pattern.nonzeros());
    }
    return pattern;
  }

  CsrMatrix expression() const {
    const Tensor& rna = at("input.rna");
    CsrMatrix matrix;
    matrix.pattern.rows = rna.shape[0];
    matrix.pattern.columns = rna.shape[1];
    for (int64_t cell = 0; cell < matrix.rows(); ++cell) {
      for (int64_t gene = 0; gene < matrix.columns(); ++gene) {
        const float value = rna.f32()[cell * matrix.columns() + gene];
        if (value == 0) continue;
        matrix.pattern.indices.push_back(static_cast<int32_t>(gene));
        matrix.values.push_back(value);
      }
      matrix.pattern.offsets.push_back(matrix.pattern.nonzeros());
    }
    return matrix;
  }

  SurrogateFile model;
  SafeTensors expected;
};

/// The tolerance of conformance/README: 1e-5 × max(1, the largest |expected|).
inline void expect_close(std::span<const float> actual, std::span<const float> expected,
                         const std::string& what) {
  ASSERT_EQ(actual.size(), expected.size()) << what;
  double largest = 1;
  for (const float value : expected) largest = std::max(largest, std::abs(double{value}));
  double worst = 0;
  for (size_t i = 0; i < actual.size(); ++i) {
    ASSERT_TRUE(std::isfinite(actual[i])) << what;
    worst = std::max(worst, std::abs(double{actual[i]} - expected[i]));
  }
  EXPECT_LE(worst, 1e-5 * largest) << what;
}

}  // namespace grids::core::testing
