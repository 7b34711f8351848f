#include "math/mask_ridge.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/at.hpp"

namespace grids::core {
namespace {

constexpr double kLeastProgress = 1e-6;

/// The sums of all subsets of eight numbers: bit k of the index = number k is in.
using SubsetSums = std::array<double, 256>;

void fill_subset_sums(std::span<const double> numbers, SubsetSums& sums) {
  sums[0] = 0;
  for (size_t k = 0; k < 8; ++k) {
    const double number = k < numbers.size() ? numbers[k] : 0;
    for (size_t subset = 0; subset < size_t{1} << k; ++subset) {
      sums[subset + (size_t{1} << k)] = sums[subset] + number;
    }
  }
}

/// The sums of a word: they stay in the nearest cache.
using WordSums = std::array<SubsetSums, 8>;

// The vectoriser packs bytes and sums into vectors only to take them apart again, which is nearly
// twice as slow.
#if defined(__GNUC__) && !defined(__clang__)
__attribute__((optimize("no-tree-vectorize")))
#endif
void add_sums(std::span<const uint64_t> words, const WordSums& sums, double* out) {
  for (size_t i = 0; i < words.size(); ++i) {
    const auto sum = [&, word = words[i]](size_t k) { return sums[k][word >> 8 * k & 255]; };
    out[i] += ((sum(0) + sum(1)) + (sum(2) + sum(3))) + ((sum(4) + sum(5)) + (sum(6) + sum(7)));
  }
}

/// out_i = Σ_j z_ij v_j, in an order that depends on the number of columns alone.
std::vector<double> sum_kept(const KeptTable& table, std::span<const double> v) {
  std::vector<double> out(at(table.rows()), 0.0);
  WordSums sums;
  for (int64_t word = 0; word < table.words(); ++word) {
    for (size_t byte = 0; byte < 8; ++byte) {
      const size_t first = std::min(v.size(), at(64 * word) + 8 * byte);
      fill_subset_sums(v.subspan(first, std::min<size_t>(8, v.size() - first)), sums[byte]);
    }
    add_sums({table.column_words(word), out.size()}, sums, out.data());
  }
  return out;
}

/// Transposes 64 × 64 bits: swaps the off-diagonal quarters, then those of each quarter, and so on.
void transpose(std::array<uint64_t, 64>& block) {
  uint64_t low = 0xffffffff;  // the lower half of every 2 · size bits
  for (size_t size = 32; size > 0; size /= 2, low ^= low << size) {
    for (size_t row = 0; row < 64; ++row) {
      if ((row & size) != 0) continue;
      const uint64_t swapped = (block[row] >> size ^ block[row + size]) & low;
      block[row] ^= swapped << size;
      block[row + size] ^= swapped;
    }
  }
}

double product_of(std::span<const double> a, std::span<const double> b) {
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

/// The table with its weighted mean taken off each column and each row scaled by √w.
class CentredTable {
 public:
  CentredTable(const KeptTable& table, std::span<const double> weights)
      : table_(table), transposed_(table.transposed()) {
    for (const double weight : weights) {
      roots_.push_back(std::sqrt(weight));
      total_ += weight;
    }
    means_ = sum_kept(transposed_, weights);
    for (double& mean : means_) mean /= total_;
  }

  /// A v.
  std::vector<double> times(std::span<const double> v) const {
    auto out = sum_kept(table_, v);
    const double mean = product_of(means_, v);
    for (size_t i = 0; i < out.size(); ++i) out[i] = roots_[i] * (out[i] - mean);
    return out;
  }

  /// Aᵀ u.
  std::vector<double> transposed_times(std::span<const double> u) const {
    std::vector<double> scaled(u.begin(), u.end());
    for (size_t i = 0; i < scaled.size(); ++i) scaled[i] *= roots_[i];
    double total = 0;
    for (const double value : scaled) total += value;
    auto out = sum_kept(transposed_, scaled);
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
  KeptTable transposed_;
  std::vector<double> roots_;  ///< √w
  std::vector<double> means_;
  double total_ = 0;
};

}  // namespace

KeptTable KeptTable::transposed() const {
  KeptTable result(columns_, rows_);
  std::array<uint64_t, 64> block;
  for (int64_t index = 0; index < words(); ++index) {
    for (int64_t row = 0; row < rows_; row += 64) {
      const int64_t rows = std::min<int64_t>(64, rows_ - row);
      const int64_t columns = std::min<int64_t>(64, columns_ - 64 * index);
      block.fill(0);
      std::copy_n(column_words(index) + row, rows, block.begin());
      transpose(block);
      for (int64_t j = 0; j < columns; ++j) result.set_word(64 * index + j, row / 64, block[at(j)]);
    }
  }
  return result;
}

std::vector<double> mask_ridge(const KeptTable& table, std::span<const double> weights,
                               std::span<const double> values, double penalty) {
  const CentredTable a(table, weights);
  std::vector<double> beta(at(table.columns()), 0.0);
  std::vector<double> residual = a.centred(values);
  std::vector<double> slope = a.transposed_times(residual);
  std::vector<double> direction = slope;
  double size = product_of(slope, slope);
  const double enough = kLeastProgress * kLeastProgress * size;
  // Without rounding as many steps as there are columns or rows would do.
  const int64_t most = 4 * std::min(table.rows(), table.columns()) + 10;
  for (int64_t step = 0; step < most && size > enough; ++step) {
    const auto image = a.times(direction);
    const double length =
        size / (product_of(image, image) + penalty * product_of(direction, direction));
    for (size_t j = 0; j < beta.size(); ++j) beta[j] += length * direction[j];
    for (size_t i = 0; i < residual.size(); ++i) residual[i] -= length * image[i];
    slope = a.transposed_times(residual);
    for (size_t j = 0; j < beta.size(); ++j) slope[j] -= penalty * beta[j];
    const double next = product_of(slope, slope);
    for (size_t j = 0; j < beta.size(); ++j) {
      direction[j] = slope[j] + next / size * direction[j];
    }
    size = next;
  }
  return beta;
}

}  // namespace grids::core
