#include "model/atac_encoder.hpp"

#include <algorithm>

#include "base/at.hpp"
#include "base/error.hpp"
#include "base/simd.hpp"
#include "math/lanes.hpp"
#include "model/dense_layer.hpp"

namespace grids::core {
namespace {

/// out = start + Σ_i x_i · weight[i, ·]; `width` is a whole number of lanes, `start` may be null.
GRIDS_CLONES void affine_row(int64_t inputs, int64_t width, const float* x, const float* weight,
                             const float* start, float* out) {
  for (int64_t o = 0; o < width; o += kLanes) {
    // Four sums keep four multiply-adds in flight.
    Lanes sum0 = {}, sum1 = {}, sum2 = {}, sum3 = {};
    if (start != nullptr) sum0 = lanes_at(start + o);
    for (int64_t i = 0; i < inputs; i += 4) {  // inputs are whole lanes, so a multiple of 4
      const float* w = weight + i * width + o;
      sum0 += x[i] * lanes_at(w);
      sum1 += x[i + 1] * lanes_at(w + width);
      sum2 += x[i + 2] * lanes_at(w + 2 * width);
      sum3 += x[i + 3] * lanes_at(w + 3 * width);
    }
    lanes_at(out + o) = (sum0 + sum1) + (sum2 + sum3);
  }
}

/// out = scale · x + shift, and its PReLU.
GRIDS_CLONES void scale_row(int64_t width, const float* x, const float* scale, const float* shift,
                            float slope, float* before, float* out) {
  for (int64_t o = 0; o < width; ++o) {
    before[o] = scale[o] * x[o] + shift[o];
    out[o] = before[o] > 0 ? before[o] : slope * before[o];
  }
}

GRIDS_CLONES void add_rows(int64_t width, std::span<const float* const> rows, const float* start,
                           float* out) {
  for (int64_t o = 0; o < width; o += kLanes) {
    Lanes sum = lanes_at(start + o);
    for (const float* row : rows) sum += lanes_at(row + o);
    lanes_at(out + o) = sum;
  }
}

/// Σ over the open peaks of their differences, added to `sum` in double.
GRIDS_CLONES void add_differences(int64_t width, std::span<const int32_t> open,
                                  const float* differences, double* sum) {
  for (int64_t o = 0; o < width; o += kLanes) {
    DoubleLanes total;
    std::copy(sum + o, sum + o + kLanes, reinterpret_cast<double*>(&total));
    for (const int32_t peak : open) {
      const Lanes row = lanes_at(differences + peak * width + o);
      total += __builtin_convertvector(row, DoubleLanes);
    }
    std::copy_n(reinterpret_cast<const double*>(&total), kLanes, sum + o);
  }
}

/// sums[peak − first] += gradient for the open peaks of one cell.
GRIDS_CLONES void scatter_gradient(int64_t width, std::span<const int32_t> open, int32_t first,
                                   const float* gradient, float* sums) {
  for (int64_t o = 0; o < width; o += kLanes) {
    const Lanes row = lanes_at(gradient + o);
    for (const int32_t peak : open) lanes_at(sums + (peak - first) * width + o) += row;
  }
}

/// sums += the gradients of some cells, in order.
GRIDS_CLONES void add_gradients(int64_t width, std::span<const int32_t> cells,
                                const float* gradients, float* sums) {
  for (int64_t o = 0; o < width; o += kLanes) {
    Lanes total = lanes_at(sums + o);
    for (const int32_t cell : cells) total += lanes_at(gradients + cell * width + o);
    lanes_at(sums + o) = total;
  }
}

GRIDS_CLONES void finish_gains(int64_t peaks, int64_t width, const float* total, const float* sums,
                               const float* differences, const float* fractions, double* gains) {
  for (int64_t peak = 0; peak < peaks; ++peak) {
    Lanes gain = {};
    for (int64_t o = 0; o < width; o += kLanes) {
      const Lanes moved = fractions[peak] * lanes_at(total + o) - lanes_at(sums + peak * width + o);
      gain += moved * lanes_at(differences + peak * width + o);
    }
    gains[peak] = sum_of(gain);
  }
}

/// Peaks whose sums of gradients (64 bytes each) stay in the second-level cache.
constexpr int32_t kGainBlock = 2048;
constexpr int64_t kCellBlock = 16;

/// The part of a sorted row that lies in [first, last).
std::span<const int32_t> between(std::span<const int32_t> row, int32_t first, int32_t last) {
  const auto begin = std::lower_bound(row.begin(), row.end(), first);
  return {begin, std::lower_bound(begin, row.end(), last)};
}

}  // namespace

AtacEncoder::AtacEncoder(const SurrogateFile& file)
    : sum_size_(file.shape.atac_embedding),
      sum_stride_(padded(file.shape.atac_embedding)),
      hidden_stride_(padded(file.shape.atac_hidden)),
      latent_(file.shape.latent),
      latent_stride_(padded(file.shape.latent)) {
  const auto& shape = file.shape;
  const int64_t hidden = shape.atac_hidden;
  const std::string prefix = "atac_model.";

  first_peak_.push_back(0);
  for (const int64_t count : shape.chromosome_peaks) {
    const auto c = static_cast<int32_t>(first_peak_.size()) - 1;
    chromosome_of_.insert(chromosome_of_.end(), at(count), c);
    first_peak_.push_back(static_cast<int32_t>(chromosome_of_.size()));
    for (int32_t first = first_peak(c); first < first_peak(c + 1); first += kGainBlock) {
      blocks_.push_back({first, std::min(first + kGainBlock, first_peak(c + 1)), c});
    }
  }

  const float* embedding = load_tensor(file, prefix + "embedding.weight", {peaks(), 2, sum_size_});
  differences_.resize(at(peaks() * sum_stride_), 0.0f);
  base_sums_.resize(at(shape.chromosomes() * sum_stride_), 0.0);
  for (int64_t peak = 0; peak < peaks(); ++peak) {
    const float* closed = embedding + peak * 2 * sum_size_;
    const float* open = closed + sum_size_;
    double* base = base_sums_.data() + chromosome_of_[at(peak)] * sum_stride_;
    for (int64_t i = 0; i < sum_size_; ++i) {
      differences_[at(peak * sum_stride_ + i)] = open[i] - closed[i];
      base[i] += closed[i];
    }
  }

  // Both linear layers behind the concatenation as one: W = W1 · W0, b = W1 · b0 + b1.
  const int64_t all_hidden = shape.chromosomes() * hidden;
  const DenseLayer first = load_dense(file, prefix + "encoder.0", all_hidden, latent_);
  const DenseLayer second = load_dense(file, prefix + "encoder.1", latent_, latent_);
  latent_bias_.resize(at(latent_stride_), 0.0f);
  std::vector<double> both(at(all_hidden * latent_), 0.0);
  for (int64_t o = 0; o < latent_; ++o) {
    double bias = second.bias[at(o)];
    for (int64_t m = 0; m < latent_; ++m) {
      const double w = second.weight[at(m * latent_ + o)];
      bias += w * first.bias[at(m)];
      for (int64_t i = 0; i < all_hidden; ++i) {
        both[at(i * latent_ + o)] += w * first.weight[at(i * latent_ + m)];
      }
    }
    latent_bias_[at(o)] = static_cast<float>(bias);
  }

  for (int64_t c = 0; c < shape.chromosomes(); ++c) {
    const std::string name = prefix + "in_split_layer." + std::to_string(c) + ".";
    ChromosomeLayers layers;
    const ScaleShift norm = load_batch_norm(file, name + "1", sum_size_);
    layers.scale.assign(norm.scale.begin(), norm.scale.end());
    layers.shift.assign(norm.shift.begin(), norm.shift.end());
    layers.scale.resize(at(sum_stride_), 0.0f);
    layers.shift.resize(at(sum_stride_), 0.0f);
    layers.slope_in = load_slope(file, name + "2");
    layers.slope_hidden = load_slope(file, name + "5");
    const DenseLayer linear = load_dense(file, name + "3", name + "4", sum_size_, hidden);
    layers.hidden.resize(at(sum_stride_ * hidden_stride_), 0.0f);
    layers.hidden_bias = linear.bias;
    layers.hidden_bias.resize(at(hidden_stride_), 0.0f);
    for (int64_t i = 0; i < sum_size_; ++i) {
      for (int64_t h = 0; h < hidden; ++h) {
        layers.hidden[at(i * hidden_stride_ + h)] = linear.weight[at(i * hidden + h)];
      }
    }
    layers.out.resize(at(hidden_stride_ * latent_stride_), 0.0f);
    for (int64_t h = 0; h < hidden; ++h) {
      for (int64_t o = 0; o < latent_; ++o) {
        layers.out[at(h * latent_stride_ + o)] =
            static_cast<float>(both[at((c * hidden + h) * latent_ + o)]);
      }
    }
    layers.hidden_back = transposed(sum_stride_, hidden_stride_, layers.hidden);
    layers.out_back = transposed(hidden_stride_, latent_stride_, layers.out);
    layers_.push_back(std::move(layers));
  }
}

std::vector<float> AtacEncoder::chromosome_sums(ThreadPool& pool, const CsrPattern& open) const {
  if (open.columns != peaks()) {
    throw internal_error("cells have {} peaks, the surrogate {}", open.columns, peaks());
  }
  const int64_t row_size = chromosomes() * sum_stride_;
  std::vector<float> sums(at(open.rows * row_size));
  pool.for_blocks(open.rows, kCellBlock, [&](int64_t begin, int64_t end, int64_t) {
    for (int64_t cell = begin; cell < end; ++cell) {
      chromosome_sums_of(open.row(cell), sums.data() + cell * row_size);
    }
  });
  return sums;
}

void AtacEncoder::chromosome_sums_of(std::span<const int32_t> open, float* out) const {
  std::vector<double> total(at(sum_stride_));
  for (int64_t c = 0; c < chromosomes(); ++c) {
    std::copy_n(base_sums_.data() + c * sum_stride_, sum_stride_, total.data());
    add_differences(sum_stride_, between(open, first_peak(c), first_peak(c + 1)),
                    differences_.data(), total.data());
    for (int64_t i = 0; i < sum_stride_; ++i) {
      out[c * sum_stride_ + i] = static_cast<float>(total[at(i)]);
    }
  }
}

namespace {

/// Room for the rows of one chromosome on the stack; wider layers take it from the heap.
class Row {
 public:
  explicit Row(int64_t width) : heap_(width > kSmall ? at(width) : 0) {}
  float* data() { return heap_.empty() ? small_ : heap_.data(); }

 private:
  static constexpr int64_t kSmall = 128;
  alignas(64) float small_[kSmall];
  std::vector<float> heap_;
};

}  // namespace

std::vector<double> AtacEncoder::difference_products(int64_t chromosome) const {
  const auto width = static_cast<size_t>(sum_stride_);
  std::vector<double> products(width * width, 0.0);
  for (int32_t peak = first_peak(chromosome); peak < first_peak(chromosome + 1); ++peak) {
    const float* d = difference(peak);
    for (size_t a = 0; a < width; ++a) {
      for (size_t b = 0; b < width; ++b) products[a * width + b] += double{d[a]} * double{d[b]};
    }
  }
  return products;
}

void AtacEncoder::contribution(int64_t chromosome, const float* sum, float* out) const {
  const auto& layers = layers_[at(chromosome)];
  Row before(std::max(sum_stride_, hidden_stride_));
  Row in(sum_stride_);
  Row hidden(hidden_stride_);
  scale_row(sum_stride_, sum, layers.scale.data(), layers.shift.data(), layers.slope_in,
            before.data(), in.data());
  affine_row(sum_stride_, hidden_stride_, in.data(), layers.hidden.data(),
             layers.hidden_bias.data(), hidden.data());
  prelu(layers.slope_hidden, hidden_stride_, hidden.data());
  affine_row(hidden_stride_, latent_stride_, hidden.data(), layers.out.data(), nullptr, out);
}

void AtacEncoder::latent_of(std::span<const float* const> contributions, float* out) const {
  Row sum(latent_stride_);
  add_rows(latent_stride_, contributions, latent_bias_.data(), sum.data());
  std::copy_n(sum.data(), latent_, out);
}

void AtacEncoder::contribution_backward(int64_t chromosome, const float* sum,
                                        const float* latent_gradient, float* out) const {
  const auto& layers = layers_[at(chromosome)];
  Row in_before(sum_stride_);
  Row in(sum_stride_);
  Row hidden_before(hidden_stride_);
  Row hidden(hidden_stride_);
  scale_row(sum_stride_, sum, layers.scale.data(), layers.shift.data(), layers.slope_in,
            in_before.data(), in.data());
  affine_row(sum_stride_, hidden_stride_, in.data(), layers.hidden.data(),
             layers.hidden_bias.data(), hidden_before.data());
  affine_row(latent_stride_, hidden_stride_, latent_gradient, layers.out_back.data(), nullptr,
             hidden.data());
  prelu_backward(layers.slope_hidden, hidden_stride_, hidden_before.data(), hidden.data());
  affine_row(hidden_stride_, sum_stride_, hidden.data(), layers.hidden_back.data(), nullptr, out);
  prelu_backward(layers.slope_in, sum_stride_, in_before.data(), out);
  for (int64_t i = 0; i < sum_stride_; ++i) out[i] *= layers.scale[at(i)];
}

BlockStarts AtacEncoder::block_starts(const CsrPattern& open) const {
  BlockStarts result;
  result.blocks = static_cast<int64_t>(blocks_.size());
  result.starts.reserve(at(open.rows * (result.blocks + 1)));
  for (int64_t cell = 0; cell < open.rows; ++cell) {
    const auto row = open.row(cell);
    auto next = row.begin();
    for (const PeakBlock& block : blocks_) {
      next = std::lower_bound(next, row.end(), block.first);
      result.starts.push_back(static_cast<int32_t>(next - row.begin()));
    }
    result.starts.push_back(static_cast<int32_t>(row.size()));
  }
  return result;
}

void AtacEncoder::replacement_gains(ThreadPool& pool, const OpenCells& cells,
                                    std::span<const float> gradients,
                                    std::span<const float> fractions,
                                    std::span<double> gains) const {
  const auto count = std::ssize(cells.chosen);
  pool.for_each(static_cast<int64_t>(blocks_.size()), [&](int64_t b) {
    const auto [first, last, chromosome] = blocks_[at(b)];
    std::vector<float> sums(at((last - first) * sum_stride_), 0.0f);
    std::vector<float> total(at(sum_stride_), 0.0f);
    for (int64_t cell = 0; cell < count; ++cell) {
      const float* gradient = gradients.data() + (chromosome * count + cell) * sum_stride_;
      for (int64_t i = 0; i < sum_stride_; ++i) total[at(i)] += gradient[i];
      // The differences are on their way while the sums are added up.
      const int64_t share = (last - first + count - 1) / count;
      for (int64_t peak = cell * share; peak < std::min<int64_t>(last - first, (cell + 1) * share);
           ++peak) {
        __builtin_prefetch(difference(first) + peak * sum_stride_, 0, 2);
      }
      const int32_t row = cells.chosen[at(cell)];
      const int32_t* start = cells.starts.row(row) + b;
      scatter_gradient(sum_stride_,
                       cells.open.row(row).subspan(at(start[0]), at(start[1] - start[0])), first,
                       gradient, sums.data());
    }
    finish_gains(last - first, sum_stride_, total.data(), sums.data(), difference(first),
                 fractions.data() + first, gains.data() + first);
  });
}

void AtacEncoder::replacement_gains_of(std::span<const int32_t> peaks,
                                       std::span<const std::vector<int32_t>> open,
                                       std::span<const float> gradients,
                                       std::span<const float> fractions,
                                       std::span<double> gains) const {
  const auto stride = at(sum_stride_);
  std::vector<float> total(stride, 0.0f);
  for (size_t first = 0; first < gradients.size(); first += stride) {
    for (size_t i = 0; i < stride; ++i) total[i] += gradients[first + i];
  }
  std::vector<float> sums(peaks.size() * stride, 0.0f), differences, own_fractions;
  differences.reserve(sums.size());
  own_fractions.reserve(peaks.size());
  for (size_t k = 0; k < peaks.size(); ++k) {
    add_gradients(sum_stride_, open[k], gradients.data(), sums.data() + k * stride);
    const float* own = difference(peaks[k]);
    differences.insert(differences.end(), own, own + stride);
    own_fractions.push_back(fractions[at(peaks[k])]);
  }
  std::vector<double> result(peaks.size());
  finish_gains(std::ssize(peaks), sum_stride_, total.data(), sums.data(), differences.data(),
               own_fractions.data(), result.data());
  for (size_t k = 0; k < peaks.size(); ++k) gains[at(peaks[k])] = result[k];
}

}  // namespace grids::core
