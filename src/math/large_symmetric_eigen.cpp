#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <span>

#include "base/at.hpp"
#include "base/error.hpp"
#include "base/simd.hpp"
#include "math/symmetric_eigen.hpp"

namespace grids::core {
namespace {

/// Columns of the eigenvectors that are turned together: with all their rows they fit the
/// second-level cache.
constexpr int64_t kColumns = 64;

/// I − scale · v vᵀ, where v is 0 in its first `begin` places.
struct Reflection {
  int64_t begin = 0;
  double scale = 0;
  std::vector<double> v;  ///< from place `begin` on
};

/// Turns row k into c · row k + s · row k+1, and row k+1 into c · row k+1 − s · row k.
struct Rotation {
  int64_t k;
  double c;
  double s;
};

/// T, and the reflections H with Hᵀ A H = T, first applied first.
struct Tridiagonal {
  std::vector<double> diagonal;
  std::vector<double> beside;  ///< one shorter
  std::vector<Reflection> reflections;
};

/// out += Σ_r factor_r · row r of `in`; four rows at a time, so that `out` is read and written
/// less.
GRIDS_CLONES void add_rows(int64_t rows, int64_t count, const double* factors, const double* in,
                           int64_t stride, double* out) {
  int64_t r = 0;
  for (; r + 4 <= rows; r += 4) {
    const double *a = in + r * stride, *b = a + stride, *c = b + stride, *d = c + stride;
    const double fa = factors[r], fb = factors[r + 1], fc = factors[r + 2], fd = factors[r + 3];
    for (int64_t i = 0; i < count; ++i) {
      out[i] += (fa * a[i] + fb * b[i]) + (fc * c[i] + fd * d[i]);
    }
  }
  for (; r < rows; ++r) {
    const double* a = in + r * stride;
    for (int64_t i = 0; i < count; ++i) out[i] += factors[r] * a[i];
  }
}

/// out += factor · in.
GRIDS_CLONES void add_multiple(int64_t count, double factor, const double* in, double* out) {
  for (int64_t i = 0; i < count; ++i) out[i] += factor * in[i];
}

/// out −= a · x + b · y.
GRIDS_CLONES void subtract_two(int64_t count, double a, const double* x, double b, const double* y,
                               double* out) {
  for (int64_t i = 0; i < count; ++i) out[i] -= a * x[i] + b * y[i];
}

GRIDS_CLONES void turn(int64_t count, double c, double s, double* x, double* y) {
  for (int64_t i = 0; i < count; ++i) {
    const double turned = c * x[i] + s * y[i];
    y[i] = c * y[i] - s * x[i];
    x[i] = turned;
  }
}

/// The reflection that leaves of `x` its first number alone, which becomes `left`.
Reflection reflect(std::span<const double> x, int64_t begin, double& left) {
  Reflection result{begin, 0, {x.begin(), x.end()}};
  double rest = 0;
  for (size_t i = 1; i < x.size(); ++i) rest += x[i] * x[i];
  left = x[0];
  if (rest < std::numeric_limits<double>::min()) return result;
  left = -std::copysign(std::sqrt(x[0] * x[0] + rest), x[0]);
  result.v[0] -= left;
  result.scale = 2 / (result.v[0] * result.v[0] + rest);
  return result;
}

/// A ← H A H for the rows and columns from h.begin on.
void reflect_both_sides(const Reflection& h, std::vector<double>& a, int64_t n) {
  const auto count = static_cast<int64_t>(h.v.size());
  double* corner = a.data() + h.begin * n + h.begin;
  std::vector<double> w(at(count), 0.0);
  add_rows(count, count, h.v.data(), corner, n, w.data());
  for (double& value : w) value *= h.scale;
  const double along = std::inner_product(w.begin(), w.end(), h.v.begin(), 0.0);
  add_multiple(count, -h.scale * along / 2, h.v.data(), w.data());
  for (int64_t i = 0; i < count; ++i) {
    subtract_two(count, h.v[at(i)], w.data(), w[at(i)], h.v.data(), corner + i * n);
  }
}

Tridiagonal tridiagonalise(std::vector<double> a, int64_t n) {
  Tridiagonal result;
  for (int64_t k = 0; k < n; ++k) {
    result.diagonal.push_back(a[at(k * n + k)]);
    if (k + 1 == n) break;
    double left = 0;
    auto h = reflect({a.data() + k * n + k + 1, at(n - k - 1)}, k + 1, left);
    result.beside.push_back(left);
    if (h.scale == 0) continue;
    reflect_both_sides(h, a, n);
    result.reflections.push_back(std::move(h));
  }
  return result;
}

/// One implicit QR step with Wilkinson's shift on the rows first … last of T.
void qr_step(Tridiagonal& t, int64_t first, int64_t last, std::vector<Rotation>& rotations) {
  auto& d = t.diagonal;
  auto& e = t.beside;
  const double half = (d[at(last - 1)] - d[at(last)]) / 2;
  const double end = e[at(last - 1)];
  const double shift =
      d[at(last)] - end * end / (half + std::copysign(std::hypot(half, end), half));
  double x = d[at(first)] - shift;
  double z = e[at(first)];
  for (int64_t k = first; k < last; ++k) {
    const double r = std::hypot(x, z);
    const double c = r > 0 ? x / r : 1;
    const double s = r > 0 ? z / r : 0;
    if (k > first) e[at(k - 1)] = r;
    const double a = d[at(k)], b = e[at(k)], g = d[at(k + 1)];
    d[at(k)] = c * c * a + 2 * c * s * b + s * s * g;
    d[at(k + 1)] = s * s * a - 2 * c * s * b + c * c * g;
    e[at(k)] = c * s * (g - a) + (c * c - s * s) * b;
    x = e[at(k)];
    if (k + 1 < last) {
      z = s * e[at(k + 1)];
      e[at(k + 1)] *= c;
    }
    rotations.push_back({k, c, s});
  }
}

/// Makes T diagonal; the rotations, first applied first.
std::vector<Rotation> diagonalise(Tridiagonal& t) {
  const auto n = static_cast<int64_t>(t.diagonal.size());
  double largest = 0;
  for (const double value : t.diagonal) largest = std::max(largest, std::abs(value));
  for (const double value : t.beside) largest = std::max(largest, std::abs(value));
  const double nothing = std::numeric_limits<double>::epsilon() * largest;
  std::vector<Rotation> rotations;
  int64_t steps_left = 60 * n;  // two a value suffice in practice
  for (int64_t last = n - 1; last > 0;) {
    if (std::abs(t.beside[at(last - 1)]) <= nothing) {
      t.beside[at(--last)] = 0;
      continue;
    }
    if (steps_left-- == 0) throw internal_error("eigenvalues of a matrix that is not finite");
    int64_t first = last - 1;
    while (first > 0 && std::abs(t.beside[at(first - 1)]) > nothing) --first;
    qr_step(t, first, last, rotations);
  }
  return rotations;
}

/// Rows: the eigenvectors, before they are sorted. Every column goes through the same steps alone.
std::vector<double> rows_of_vectors(ThreadPool& pool, int64_t n,
                                    const std::vector<Reflection>& reflections,
                                    const std::vector<Rotation>& rotations) {
  std::vector<double> rows(at(n * n), 0.0);
  pool.for_blocks(n, kColumns, [&](int64_t begin, int64_t end, int64_t) {
    const int64_t width = end - begin;
    std::vector<double> slice(at(n * width), 0.0);
    for (int64_t column = begin; column < end; ++column) {
      slice[at(column * width + column - begin)] = 1;
    }
    std::vector<double> along(at(width));
    for (const Reflection& h : reflections) {
      std::fill(along.begin(), along.end(), 0.0);
      double* row = slice.data() + h.begin * width;
      add_rows(std::ssize(h.v), width, h.v.data(), row, width, along.data());
      for (size_t i = 0; i < h.v.size(); ++i, row += width) {
        add_multiple(width, -h.scale * h.v[i], along.data(), row);
      }
    }
    for (const Rotation& rotation : rotations) {
      double* row = slice.data() + rotation.k * width;
      turn(width, rotation.c, rotation.s, row, row + width);
    }
    for (int64_t i = 0; i < n; ++i) {
      std::copy_n(slice.data() + i * width, width, rows.data() + i * n + begin);
    }
  });
  return rows;
}

}  // namespace

SymmetricEigen large_symmetric_eigen(ThreadPool& pool, std::vector<double> matrix, int64_t n) {
  for (const double value : matrix) {
    if (!std::isfinite(value)) throw internal_error("eigenvalues of a matrix that is not finite");
  }
  Tridiagonal t = tridiagonalise(std::move(matrix), n);
  const auto rotations = diagonalise(t);
  const auto rows = rows_of_vectors(pool, n, t.reflections, rotations);
  std::vector<int64_t> order(at(n));
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [&](int64_t i, int64_t j) { return t.diagonal[at(i)] > t.diagonal[at(j)]; });
  SymmetricEigen result;
  result.vectors.resize(at(n * n));
  for (int64_t c = 0; c < n; ++c) {
    const int64_t from = order[at(c)];
    result.values.push_back(t.diagonal[at(from)]);
    for (int64_t k = 0; k < n; ++k) result.vectors[at(k * n + c)] = rows[at(from * n + k)];
  }
  return result;
}

}  // namespace grids::core
