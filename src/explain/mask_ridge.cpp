#include "explain/mask_ridge.hpp"

#include <algorithm>
#include <cmath>

#include "base/simd.hpp"

namespace grids {
namespace {

constexpr int64_t kSums = 16;
constexpr double kTolerance = 1e-9;

size_t at(int64_t i) {
  return static_cast<size_t>(i);
}

/// out_i = Σ_j z_ij v_j, in sixteen sums, which are then added in order.
GRIDS_CLONES void sum_kept(int64_t rows, int64_t columns, const uint8_t* kept, const double* v,
                           double* out) {
  for (int64_t i = 0; i < rows; ++i) {
    const uint8_t* row = kept + i * columns;
    double sums[kSums] = {};
    int64_t j = 0;
    for (; j + kSums <= columns; j += kSums) {
      for (int64_t lane = 0; lane < kSums; ++lane) sums[lane] += row[j + lane] * v[j + lane];
    }
    for (int64_t lane = 0; j < columns; ++j, ++lane) sums[lane] += row[j] * v[j];
    double sum = 0;
    for (const double lane : sums) sum += lane;
    out[i] = sum;
  }
}

/// out_j = Σ_i u_i z_ij.
GRIDS_CLONES void add_kept(int64_t rows, int64_t columns, const uint8_t* kept, const double* u,
                           double* out) {
  for (int64_t j = 0; j < columns; ++j) out[j] = 0;
  for (int64_t i = 0; i < rows; ++i) {
    const uint8_t* row = kept + i * columns;
    const double factor = u[i];
    for (int64_t j = 0; j < columns; ++j) out[j] += factor * row[j];
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
      : table_(table), means_(at(table.columns)), total_(0) {
    for (const double weight : weights) {
      roots_.push_back(std::sqrt(weight));
      total_ += weight;
    }
    add_kept(table_.rows, table_.columns, table_.kept.data(), weights.data(), means_.data());
    for (double& mean : means_) mean /= total_;
  }

  /// A v.
  std::vector<double> times(std::span<const double> v) const {
    std::vector<double> out(at(table_.rows));
    sum_kept(table_.rows, table_.columns, table_.kept.data(), v.data(), out.data());
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
    std::vector<double> out(at(table_.columns));
    add_kept(table_.rows, table_.columns, table_.kept.data(), scaled.data(), out.data());
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
  const KeptTable& table_;
  std::vector<double> roots_;  ///< √w
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
