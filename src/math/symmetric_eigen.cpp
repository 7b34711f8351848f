#include "math/symmetric_eigen.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/at.hpp"

namespace grids::core {
namespace {

/// The rotation that makes entry (p, q) zero (Golub & Van Loan, 8.5).
void rotate(std::vector<double>& a, std::vector<double>& v, int64_t n, int64_t p, int64_t q) {
  const double apq = a[at(p * n + q)];
  const double theta = (a[at(q * n + q)] - a[at(p * n + p)]) / (2 * apq);
  const double t = (theta >= 0 ? 1.0 : -1.0) / (std::abs(theta) + std::hypot(theta, 1.0));
  const double c = 1 / std::hypot(t, 1.0);
  const double s = t * c;
  for (int64_t k = 0; k < n; ++k) {
    const double kp = a[at(k * n + p)];
    const double kq = a[at(k * n + q)];
    a[at(k * n + p)] = c * kp - s * kq;
    a[at(k * n + q)] = s * kp + c * kq;
  }
  for (int64_t k = 0; k < n; ++k) {
    const double pk = a[at(p * n + k)];
    const double qk = a[at(q * n + k)];
    a[at(p * n + k)] = c * pk - s * qk;
    a[at(q * n + k)] = s * pk + c * qk;
    const double vp = v[at(k * n + p)];
    const double vq = v[at(k * n + q)];
    v[at(k * n + p)] = c * vp - s * vq;
    v[at(k * n + q)] = s * vp + c * vq;
  }
}

}  // namespace

SymmetricEigen symmetric_eigen(std::vector<double> matrix, int64_t n) {
  std::vector<double> vectors(at(n * n), 0.0);
  for (int64_t i = 0; i < n; ++i) vectors[at(i * n + i)] = 1;
  double norm = 0;
  for (const double value : matrix) norm += value * value;
  constexpr int kMaxSweeps = 60;  // convergence is quadratic: ten suffice in practice
  for (int sweep = 0; sweep < kMaxSweeps; ++sweep) {
    double off = 0;
    for (int64_t p = 0; p < n; ++p) {
      for (int64_t q = p + 1; q < n; ++q) off += matrix[at(p * n + q)] * matrix[at(p * n + q)];
    }
    if (off <= 1e-30 * norm) break;
    for (int64_t p = 0; p < n; ++p) {
      for (int64_t q = p + 1; q < n; ++q) {
        if (matrix[at(p * n + q)] != 0) rotate(matrix, vectors, n, p, q);
      }
    }
  }
  std::vector<int64_t> order(at(n));
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](int64_t i, int64_t j) {
    return matrix[at(i * n + i)] > matrix[at(j * n + j)];
  });
  SymmetricEigen result;
  result.vectors.resize(at(n * n));
  for (int64_t c = 0; c < n; ++c) {
    const int64_t from = order[at(c)];
    result.values.push_back(matrix[at(from * n + from)]);
    for (int64_t k = 0; k < n; ++k) result.vectors[at(k * n + c)] = vectors[at(k * n + from)];
  }
  return result;
}

}  // namespace grids::core
