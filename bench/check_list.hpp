/// Checks with a limit each; all are made before a failed one ends the run.
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <span>
#include <string>

#include "base/context.hpp"
#include "base/error.hpp"
#include "model/safetensors.hpp"

namespace grids::core::bench {

/// Of outputs, gains, values, gradients and knock-outs, relative to the largest. Both sides compute
/// in float32 and add up tens of thousands of terms in different orders: about 1e-6 of the largest
/// number is rounding, a wrong or missing term is far above this.
inline constexpr double kTolerance = 1e-5;

class CheckList {
 public:
  explicit CheckList(Reporter& reporter) : reporter_(reporter) {}

  /// Passes when `error` is at most `limit`.
  void expect(const std::string& what, double error, double limit = kTolerance);
  void expect(const std::string& what, bool holds);

  /// Throws Error(kInternal) that lists the checks that failed.
  void raise() const;

 private:
  void tell(const std::string& line, bool passed);

  Reporter& reporter_;
  Problems failures_;
};

/// The largest |value|.
template <typename T>
double largest(std::span<const T> values) {
  double result = 0;
  for (const T value : values) result = std::max(result, std::abs(double{value}));
  return result;
}

/// The largest |a − b|; infinite when a number is not finite.
template <typename T>
double difference(std::span<const T> a, std::span<const T> b) {
  if (a.size() != b.size()) throw internal_error("{} and {} numbers compared", a.size(), b.size());
  double result = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    const double gap = std::abs(double{a[i]} - double{b[i]});
    if (!std::isfinite(gap)) return std::numeric_limits<double>::infinity();
    result = std::max(result, gap);
  }
  return result;
}

/// The largest |a − b| as a share of the largest |b|.
template <typename T>
double relative_difference(std::span<const T> a, std::span<const T> b) {
  return difference(a, b) / largest(b);
}

inline std::span<const float> floats(const Tensor& tensor) {
  return {tensor.f32(), static_cast<size_t>(tensor.size())};
}

}  // namespace grids::core::bench
