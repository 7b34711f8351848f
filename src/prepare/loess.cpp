#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "prepare/variable_genes.hpp"

namespace grids::core {
namespace {

struct Knot {
  double x;
  double value;
  double slope;
};

/// Sums of w·tᵏ and w·tᵏ·y for the normal equations of a polynomial in t = (x − x0) / width.
struct Moments {
  std::array<double, 5> t{};
  std::array<double, 3> ty{};
};

/// Solves the leading `n` × `n` normal equations; false when they are (nearly) singular.
bool solve(const Moments& sums, size_t n, std::array<double, 3>& out) {
  std::array<std::array<double, 4>, 3> a{};
  for (size_t i = 0; i < n; ++i) {
    for (size_t j = 0; j < n; ++j) a[i][j] = sums.t[i + j];
    a[i][3] = sums.ty[i];
  }
  for (size_t column = 0; column < n; ++column) {
    size_t pivot = column;
    for (size_t row = column + 1; row < n; ++row) {
      if (std::abs(a[row][column]) > std::abs(a[pivot][column])) pivot = row;
    }
    // Entries are sums of weights times powers of |t| ≤ 1: relative to the sum of weights.
    if (std::abs(a[pivot][column]) < 1e-10 * sums.t[0]) return false;
    std::swap(a[pivot], a[column]);
    for (size_t row = column + 1; row < n; ++row) {
      const double factor = a[row][column] / a[column][column];
      for (size_t k = column; k < 4; ++k) a[row][k] -= factor * a[column][k];
    }
  }
  out = {};
  for (size_t row = n; row-- > 0;) {
    double value = a[row][3];
    for (size_t k = row + 1; k < n; ++k) value -= a[row][k] * out[k];
    out[row] = value / a[row][row];
  }
  return true;
}

/// The local fit at x0 from the points [first, last), which are sorted by x.
Knot fit_at(double x0, std::span<const double> x, std::span<const double> y, size_t first,
            size_t last) {
  const double width = std::max(x0 - x[first], x[last - 1] - x0);
  Moments sums;
  for (size_t i = first; i < last; ++i) {
    const double t = width > 0 ? (x[i] - x0) / width : 0.0;
    const double r = std::abs(t);
    const double c = 1 - r * r * r;
    const double w = c * c * c;
    const double t2 = t * t;
    sums.t[0] += w;
    sums.t[1] += w * t;
    sums.t[2] += w * t2;
    sums.t[3] += w * t2 * t;
    sums.t[4] += w * t2 * t2;
    sums.ty[0] += w * y[i];
    sums.ty[1] += w * t * y[i];
    sums.ty[2] += w * t2 * y[i];
  }
  std::array<double, 3> coefficients{};
  for (size_t size = 3; size >= 1; --size) {
    if (solve(sums, size, coefficients)) break;
  }
  return {x0, coefficients[0], width > 0 ? coefficients[1] / width : 0.0};
}

double interpolate(const Knot& a, const Knot& b, double x) {
  const double h = b.x - a.x;
  const double t = (x - a.x) / h;
  const double t2 = t * t;
  const double t3 = t2 * t;
  return (2 * t3 - 3 * t2 + 1) * a.value + (t3 - 2 * t2 + t) * h * a.slope +
         (3 * t2 - 2 * t3) * b.value + (t3 - t2) * h * b.slope;
}

}  // namespace

std::vector<double> loess(std::span<const double> x, std::span<const double> y, double span) {
  constexpr size_t kKnots = 1000;
  const size_t n = x.size();
  if (n == 0) return {};
  std::vector<size_t> order(n);
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return x[a] < x[b]; });
  std::vector<double> sorted_x;
  std::vector<double> sorted_y;
  for (const size_t i : order) {
    sorted_x.push_back(x[i]);
    sorted_y.push_back(y[i]);
  }
  std::vector<double> distinct = sorted_x;
  distinct.erase(std::unique(distinct.begin(), distinct.end()), distinct.end());
  std::vector<double> places;
  if (distinct.size() <= kKnots) {
    places = distinct;
  } else {
    for (size_t k = 0; k < kKnots; ++k) {
      places.push_back(distinct[k * (distinct.size() - 1) / (kKnots - 1)]);
    }
  }

  const auto wanted = static_cast<size_t>(std::floor(static_cast<double>(n) * span + 1e-5));
  const size_t near = std::clamp<size_t>(wanted, std::min<size_t>(n, 3), n);
  std::vector<Knot> knots;
  size_t first = 0;
  for (const double x0 : places) {
    // The window of the `near` nearest points only ever moves to the right.
    while (first + near < n && sorted_x[first + near] - x0 < x0 - sorted_x[first]) ++first;
    knots.push_back(fit_at(x0, sorted_x, sorted_y, first, first + near));
  }

  std::vector<double> fitted(n);
  size_t k = 0;
  for (size_t i = 0; i < n; ++i) {
    while (k + 1 < knots.size() && knots[k + 1].x <= sorted_x[i]) ++k;
    fitted[order[i]] = knots[k].x == sorted_x[i] || k + 1 == knots.size()
                           ? knots[k].value
                           : interpolate(knots[k], knots[k + 1], sorted_x[i]);
  }
  return fitted;
}

}  // namespace grids::core
