#include "explain/mask_ridge.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "base/simd.hpp"

namespace grids {
namespace {

constexpr double kTolerance = 1e-6;

size_t at(int64_t i) {
  return static_cast<size_t>(i);
}

/// Rows that share a pass over a vector.
constexpr int64_t kRows = 4;
using Rows = std::array<const uint8_t*, kRows>;

/// out_i = Σ_j z_ij v_j, each in eight sums, which are then added in order.
GRIDS_CLONES void sum_kept(int64_t columns, const Rows& kept, const double* v, double* out) {
  constexpr int64_t kSums = 8;
  double sums[kRows][kSums] = {};
  int64_t j = 0;
  for (; j + kSums <= columns; j += kSums) {
    for (int64_t i = 0; i < kRows; ++i) {
      for (int64_t lane = 0; lane < kSums; ++lane) {
        sums[i][lane] += kept[at(i)][j + lane] * v[j + lane];
      }
    }
  }
  for (int64_t lane = 0; j < columns; ++j, ++lane) {
    for (int64_t i = 0; i < kRows; ++i) sums[i][lane] += kept[at(i)][j] * v[j];
  }
  for (int64_t i = 0; i < kRows; ++i) {
    out[i] = 0;
    for (int64_t lane = 0; lane < kSums; ++lane) out[i] += sums[i][lane];
  }
}

/// out_j += Σ_i u_i z_ij.
GRIDS_CLONES void add_kept(int64_t columns, const Rows& kept, const double* u, double* out) {
  const uint8_t *a = kept[0], *b = kept[1], *c = kept[2], *d = kept[3];
  const double ua = u[0], ub = u[1], uc = u[2], ud = u[3];
  for (int64_t j = 0; j < columns; ++j) {
    out[j] += (ua * a[j] + ub * b[j]) + (uc * c[j] + ud * d[j]);
  }
}

double dot(std::span<const double> a, std::span<const double> b) {
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

/// The table with its weighted mean taken off each column and each row scaled by √w.
class CentredTable {
 public:
  CentredTable(const KeptTable& table, std::span<const double> weights)
      : table_(table), nothing_(at(table.columns), 0), total_(0) {
    for (const double weight : weights) {
      roots_.push_back(std::sqrt(weight));
      total_ += weight;
    }
    means_ = sum_over_rows({weights.begin(), weights.end()});
    for (double& mean : means_) mean /= total_;
  }

  /// A v.
  std::vector<double> times(std::span<const double> v) const {
    std::vector<double> out(at(padded_rows()));
    for (int64_t i = 0; i < table_.rows; i += kRows) {
      sum_kept(table_.columns, rows_from(i), v.data(), out.data() + i);
    }
    out.resize(at(table_.rows));
    const double mean = dot(means_, v);
    for (size_t i = 0; i < out.size(); ++i) out[i] = roots_[i] * (out[i] - mean);
    return out;
  }

  /// Aᵀ u.
  std::vector<double> transposed_times(std::span<const double> u) const {
    std::vector<double> scaled(u.begin(), u.end());
    for (size_t i = 0; i < scaled.size(); ++i) scaled[i] *= roots_[i];
    double total = 0;
    for (const double value : scaled) total += value;
    auto out = sum_over_rows(std::move(scaled));
    for (size_t j = 0; j < out.size(); ++j) out[j] -= means_[j] * total;
    return out;
  }

  /// √w (y − ȳ).
  std::vector<double> centred(std::span<const double> values) const {
    double mean = 0;
    for (size_t i = 0; i < values.size(); ++i) mean += roots_[i] * roots_[i] * values[i];
    mean /= total_;
    std::vector<double> out(values.size());
    for (size_t i = 0; i < values.size(); ++i) out[i] = roots_[i] * (values[i] - mean);
    return out;
  }

 private:
  int64_t padded_rows() const { return (table_.rows + kRows - 1) / kRows * kRows; }

  /// The rows from i on, and behind the last one rows that keep nothing.
  Rows rows_from(int64_t i) const {
    Rows rows;
    for (int64_t k = 0; k < kRows; ++k) {
      rows[at(k)] = i + k < table_.rows ? table_.row(i + k).data() : nothing_.data();
    }
    return rows;
  }

  /// Σ_i u_i z_ij.
  std::vector<double> sum_over_rows(std::vector<double> u) const {
    u.resize(at(padded_rows()), 0.0);
    std::vector<double> out(at(table_.columns), 0.0);
    for (int64_t i = 0; i < table_.rows; i += kRows) {
      add_kept(table_.columns, rows_from(i), u.data() + i, out.data());
    }
    return out;
  }

  const KeptTable& table_;
  std::vector<uint8_t> nothing_;  ///< a row that keeps nothing
  std::vector<double> roots_;     ///< √w
  std::vector<double> means_;
  double total_;
};

}  // namespace

std::vector<double> mask_ridge(const KeptTable& table, std::span<const double> weights,
                               std::span<const double> values, double penalty) {
  const CentredTable a(table, weights);
  std::vector<double> beta(at(table.columns), 0.0);
  std::vector<double> residual = a.centred(values);
  std::vector<double> slope = a.transposed_times(residual);
  std::vector<double> direction = slope;
  double size = dot(slope, slope);
  const double enough = kTolerance * kTolerance * size;
  // Without rounding as many steps as there are columns or rows would do.
  const int64_t most = 4 * std::min(table.rows, table.columns) + 10;
  for (int64_t step = 0; step < most && size > enough; ++step) {
    const auto image = a.times(direction);
    const double length = size / (dot(image, image) + penalty * dot(direction, direction));
    for (size_t j = 0; j < beta.size(); ++j) beta[j] += length * direction[j];
    for (size_t i = 0; i < residual.size(); ++i) residual[i] -= length * image[i];
    slope = a.transposed_times(residual);
    for (size_t j = 0; j < beta.size(); ++j) slope[j] -= penalty * beta[j];
    const double next = dot(slope, slope);
    for (size_t j = 0; j < beta.size(); ++j) {
      direction[j] = slope[j] + next / size * direction[j];
    }
    size = next;
  }
  return beta;
}

}  // namespace grids
