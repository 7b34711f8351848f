#include "dense_formulation.hpp"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/error.hpp"
#include "train/functions.hpp"

namespace grids::core::bench {
namespace {

constexpr double kNormEpsilon = 1e-5;

/// LibTorch's own threads, for as long as this lives. Afterwards there is one again: the fast
/// paths call oneDNN and torch from blocks that they share among threads themselves.
class AllCores {
 public:
  explicit AllCores(int threads) { at::set_num_threads(threads); }
  ~AllCores() { at::set_num_threads(1); }
  AllCores(const AllCores&) = delete;
  AllCores& operator=(const AllCores&) = delete;
};

at::Tensor to_torch(const Tensor& tensor) {
  at::Tensor result = at::empty(tensor.shape, at::kFloat);
  std::memcpy(result.data_ptr<float>(), tensor.f32(), tensor.bytes.size());
  return result;
}

Tensor from_torch(const at::Tensor& tensor) {
  const at::Tensor flat = tensor.detach().contiguous();
  Tensor result = Tensor::of_f32(flat.sizes().vec());
  std::memcpy(result.f32(), flat.data_ptr<float>(), result.bytes.size());
  return result;
}

std::vector<float> to_vector(const at::Tensor& tensor) {
  const at::Tensor flat = tensor.contiguous();
  return {flat.data_ptr<float>(), flat.data_ptr<float>() + flat.numel()};
}

std::vector<double> to_doubles(const at::Tensor& tensor) {
  const at::Tensor flat = tensor.to(at::kDouble).contiguous();
  return {flat.data_ptr<double>(), flat.data_ptr<double>() + flat.numel()};
}

/// Rows of a pattern as zeros and ones.
at::Tensor to_dense(const CsrPattern& pattern, std::span<const int32_t> rows) {
  at::Tensor result = at::zeros({static_cast<int64_t>(rows.size()), pattern.columns}, at::kLong);
  int64_t* values = result.data_ptr<int64_t>();
  for (size_t i = 0; i < rows.size(); ++i) {
    for (const int32_t column : pattern.row(rows[i])) {
      values[static_cast<int64_t>(i) * pattern.columns + column] = 1;
    }
  }
  return result;
}

/// F clamped at 0, with the gradient of F: the objective's gradient is taken before the clamp.
at::Tensor clamped(const at::Tensor& outputs) {
  return outputs + (at::relu(outputs) - outputs).detach();
}

/// The objective `rate`: outputs and `before` are cells × genes in double.
at::Tensor rate_loss(const at::Tensor& outputs, const at::Tensor& before, int64_t target,
                     double beta) {
  const at::Tensor rates = at::expm1(clamped(outputs)).sum(0);
  const at::Tensor rates_before = at::expm1(at::relu(before)).sum(0);
  const at::Tensor ratio = rates[target] / rates_before[target];
  at::Tensor value = ratio * ratio;
  if (beta > 0) {
    at::Tensor weights = rates_before.clone();
    weights[target] = 0;
    weights = weights / weights.sum();
    // An output predicted to be 0 has no relative change; its weight is 0, whatever it is divided
    // by.
    const at::Tensor change = rates / at::where(rates_before > 0, rates_before, 1.0) - 1;
    value = value + beta * (weights * change * change).sum();
  }
  return value;
}

struct Moments {
  at::Tensor mean, square;
};

}  // namespace

struct DenseFormulation::Impl {
  Impl(const SurrogateFile& given, const CsrPattern& given_open, const DenseOptions& options,
       ThreadPool& given_pool)
      : shape(given.shape), open(given_open), products(options.products), pool(given_pool) {
    for (const auto& [name, tensor] : given.tensors) {
      if (tensor.type == Tensor::Type::kF32) weights[name] = to_torch(tensor);
    }
    first_row = 2 * at::arange(shape.peaks(), at::kLong);
    if (options.replacement.empty()) return;
    const at::Tensor p = at::empty({shape.peaks(), 1});
    std::copy(options.replacement.begin(), options.replacement.end(), p.data_ptr<float>());
    const at::Tensor states =
        weight("atac_model.embedding.weight").view({shape.peaks(), 2, shape.atac_embedding});
    replaced = states.select(1, 0) + p * (states.select(1, 1) - states.select(1, 0));
  }

  const at::Tensor& weight(const std::string& name) const { return weights.at(name); }

  at::Tensor linear(const std::string& name, const at::Tensor& x) const {
    const at::Tensor& w = weight(name + ".weight");
    const at::Tensor& b = weight(name + ".bias");
    if (products == Products::kTorch) return at::linear(x, w, b);
    return grids::core::linear(Pass{pool}, x.contiguous(), w, b);
  }

  at::Tensor norm(const std::string& name, const at::Tensor& x, bool training) const {
    return at::batch_norm(x, weight(name + ".weight"), weight(name + ".bias"),
                          training ? at::Tensor() : weight(name + ".running_mean"),
                          training ? at::Tensor() : weight(name + ".running_var"), training, 0.1,
                          kNormEpsilon, /*cudnn_enabled=*/false);
  }

  at::Tensor prelu(const std::string& name, const at::Tensor& x) const {
    return at::prelu(x, weight(name + ".weight"));
  }

  /// W_Emb(x): the vector of each peak's state, cells × peaks × d_h.
  at::Tensor embed(const at::Tensor& x) const {
    const at::Tensor table =
        weight("atac_model.embedding.weight").view({2 * shape.peaks(), shape.atac_embedding});
    return at::embedding(table, x + first_row);
  }

  /// From the gathered embedding to the ATAC latent.
  at::Tensor encode(const at::Tensor& embedded, bool training) const {
    const auto parts = embedded.split_with_sizes(shape.chromosome_peaks, 1);
    std::vector<at::Tensor> joined;
    for (size_t c = 0; c < parts.size(); ++c) {
      const auto name = "atac_model.in_split_layer." + std::to_string(c) + ".";
      at::Tensor x = prelu(name + "2", norm(name + "1", parts[c].sum(1), training));
      joined.push_back(prelu(name + "5", norm(name + "4", linear(name + "3", x), training)));
    }
    return linear("atac_model.encoder.1", linear("atac_model.encoder.0", at::cat(joined, 1)));
  }

  /// Mixture of affine maps, with a matrix for each cell.
  at::Tensor map(const std::string& name, at::Tensor x) const {
    const at::Tensor gates =
        at::softmax(linear(name + ".fc_loc.2", at::relu(linear(name + ".fc_loc.0", x))), 1);
    for (int64_t layer = 0; layer < shape.map_layers; ++layer) {
      const auto number = std::to_string(layer);
      const at::Tensor matrices = gates.matmul(weight(name + ".affine_matrices." + number))
                                      .view({x.size(0), shape.latent, shape.latent});
      const at::Tensor offsets = gates.matmul(weight(name + ".affine_offsets." + number));
      if (layer > 0) x = prelu(name + ".act", x);
      x = matrices.matmul(x.unsqueeze(2)).squeeze(2) + offsets;
    }
    return x;
  }

  at::Tensor decode_rna(at::Tensor x) const {
    const std::string name = "rna_model.decoder.";
    x = prelu(name + "2", norm(name + "1", linear(name + "0", x), false));
    x = prelu(name + "5", norm(name + "4", linear(name + "3", x), false));
    return linear(name + "6", x);
  }

  /// Eq. 10, before the clamp.
  at::Tensor predict(const at::Tensor& embedded) const {
    return decode_rna(map("atac2rna_model", encode(embedded, false)));
  }

  /// Logits of all peaks in training mode.
  at::Tensor decode_atac(const at::Tensor& latent) const {
    const at::Tensor x = norm("atac_model.decoder.1", linear("atac_model.decoder.0", latent), true);
    const auto parts = x.split(shape.atac_hidden, 1);
    std::vector<at::Tensor> logits;
    for (size_t c = 0; c < parts.size(); ++c) {
      const auto name = "atac_model.out_split_layer." + std::to_string(c) + ".";
      const at::Tensor hidden =
          prelu(name + "2", norm(name + "1", linear(name + "0", parts[c]), true));
      logits.push_back(linear(name + "3", hidden));
    }
    return at::cat(logits, 1);
  }

  /// Focal binary cross-entropy, gamma 2, over the open peaks and the sampled closed ones.
  static at::Tensor focal_loss(const at::Tensor& logits, const at::Tensor& open,
                               const at::Tensor& closed) {
    const at::Tensor agreement = (2 * open - 1) * logits;
    const at::Tensor miss = at::sigmoid(-agreement);
    const at::Tensor terms = miss * miss * at::softplus(-agreement);
    const at::Tensor counted = open + closed;
    return (terms * counted).sum() / counted.sum();
  }

  std::vector<std::pair<std::string, at::Tensor>> parameters() const {
    std::vector<std::pair<std::string, at::Tensor>> result;
    for (const auto& [name, tensor] : weights) {
      const bool statistic = name.find(".running_") != std::string::npos;
      if (name.starts_with("atac_model.") && !statistic) result.emplace_back(name, tensor);
    }
    return result;
  }

  /// Leaves gradients in the parameters.
  double backward(const at::Tensor& x, const at::Tensor& closed) const {
    for (auto& [name, tensor] : parameters()) {
      tensor.requires_grad_(true);
      tensor.mutable_grad() = at::Tensor();
    }
    const at::Tensor loss =
        focal_loss(decode_atac(encode(embed(x), true)), x.to(at::kFloat), closed);
    loss.backward();
    for (auto& [name, tensor] : parameters()) tensor.requires_grad_(false);
    return loss.item<double>();
  }

  double gradient_norm() const {
    double sum = 0;
    for (const auto& [name, tensor] : parameters()) {
      sum += tensor.grad().square().sum(at::kDouble).item<double>();
    }
    return std::sqrt(sum);
  }

  void adam(double scale) {
    const at::NoGradGuard no_grad;
    const double rate = 1e-3, beta1 = 0.9, beta2 = 0.99;
    ++step;
    const double correction1 = 1 - std::pow(beta1, static_cast<double>(step));
    const double correction2 = 1 - std::pow(beta2, static_cast<double>(step));
    for (auto& [name, tensor] : parameters()) {
      auto& [mean, square] = moments[name];
      if (!mean.defined()) {
        mean = at::zeros_like(tensor);
        square = at::zeros_like(tensor);
      }
      const at::Tensor gradient = tensor.grad() * scale;
      mean.mul_(beta1).add_(gradient, 1 - beta1);
      square.mul_(beta2).addcmul_(gradient, gradient, 1 - beta2);
      tensor.addcdiv_(mean, (square / correction2).sqrt_().add_(1e-8), -rate / correction1);
    }
  }

  at::Tensor before(const DenseProblem& problem) const {
    at::Tensor result = at::empty({static_cast<int64_t>(problem.cells.size()), shape.genes});
    std::copy(problem.before.begin(), problem.before.end(), result.data_ptr<float>());
    return result.to(at::kDouble);
  }

  /// W_Emb(x∖r) of the cells for each of several subsets, one after the other:
  /// (subsets · cells) × peaks × d_h.
  at::Tensor embed_masked(std::span<const int32_t> cells,
                          const std::vector<std::vector<Feature>>& subsets) const {
    const at::Tensor x = to_dense(open, cells);
    const bool in_input = !replaced.defined();
    std::vector<at::Tensor> copies, masks;
    for (const auto& subset : subsets) {
      copies.push_back(x.clone());
      masks.push_back(at::zeros({in_input ? 0 : shape.peaks()}));
      for (const Feature peak : subset) {
        if (in_input) {
          copies.back().select(1, peak).zero_();
        } else {
          masks.back()[peak] = 1;
        }
      }
    }
    const at::Tensor embedded = embed(at::cat(copies, 0));
    if (in_input) return embedded;
    const at::Tensor mask = at::stack(masks).repeat_interleave(x.size(0), 0).unsqueeze(2);
    return embedded + mask * (replaced - embedded);
  }

  /// W_Emb(p) − W_Emb(x) of the unmasked cells.
  at::Tensor replacement_change(std::span<const int32_t> cells) const {
    const at::Tensor x = to_dense(open, cells);
    if (replaced.defined()) return replaced - embed(x);
    return embed(at::zeros_like(x)) - embed(x);
  }

  SurrogateShape shape;
  const CsrPattern& open;
  Products products;
  ThreadPool& pool;
  std::map<std::string, at::Tensor> weights;
  at::Tensor first_row;  // peaks: the row of each peak's closed state
  at::Tensor replaced;   // peaks × d_h: W_Emb(p); undefined when peaks are closed in the input
  std::map<std::string, Moments> moments;
  int64_t step = 0;
};

DenseFormulation::DenseFormulation(const SurrogateFile& file, const CsrPattern& open,
                                   const DenseOptions& options, ThreadPool& pool)
    : impl_(std::make_unique<Impl>(file, open, options, pool)) {}

DenseFormulation::~DenseFormulation() = default;

std::vector<float> DenseFormulation::predict(std::span<const int32_t> cells,
                                             std::span<const Feature> masked) const {
  const AllCores cores(impl_->pool.threads());
  const at::NoGradGuard no_grad;
  constexpr size_t kCells = 64;  // at once, to bound memory
  std::vector<float> result;
  for (size_t begin = 0; begin < cells.size(); begin += kCells) {
    const auto some = cells.subspan(begin, std::min(kCells, cells.size() - begin));
    const auto part = to_vector(impl_->predict(
        impl_->embed_masked(some, {std::vector<Feature>(masked.begin(), masked.end())})));
    result.insert(result.end(), part.begin(), part.end());
  }
  return result;
}

DenseProblem DenseFormulation::problem(std::vector<int32_t> cells, int32_t target,
                                       double beta) const {
  DenseProblem result{std::move(cells), target, beta, {}};
  result.before = predict(result.cells, {});
  return result;
}

std::vector<double> DenseFormulation::gains(const DenseProblem& problem,
                                            std::span<const Feature> subset) const {
  const AllCores cores(impl_->pool.threads());
  at::Tensor embedded =
      impl_->embed_masked(problem.cells, {std::vector<Feature>(subset.begin(), subset.end())});
  embedded.requires_grad_(true);
  rate_loss(impl_->predict(embedded).to(at::kDouble), impl_->before(problem), problem.target,
            problem.beta)
      .backward();
  const at::NoGradGuard no_grad;
  const at::Tensor change = impl_->replacement_change(problem.cells);
  return to_doubles((embedded.grad() * change).sum(2).to(at::kDouble).sum(0));
}

std::vector<double> DenseFormulation::values(const DenseProblem& problem,
                                             std::span<const Feature> subset, size_t coordinate,
                                             std::span<const Feature> candidates) const {
  const AllCores cores(impl_->pool.threads());
  const at::NoGradGuard no_grad;
  std::vector<Feature> others(subset.begin(), subset.end());
  others.erase(others.begin() + static_cast<std::ptrdiff_t>(coordinate));
  const at::Tensor before = impl_->before(problem);
  std::vector<double> values;
  for (size_t begin = 0; begin < candidates.size(); begin += static_cast<size_t>(kTrialSubsets)) {
    const size_t end = std::min(candidates.size(), begin + static_cast<size_t>(kTrialSubsets));
    std::vector<std::vector<Feature>> trials;
    for (size_t i = begin; i < end; ++i) {
      trials.push_back(others);
      trials.back().push_back(candidates[i]);
    }
    const at::Tensor outputs = impl_->predict(impl_->embed_masked(problem.cells, trials));
    for (const at::Tensor& part : outputs.split(static_cast<int64_t>(problem.cells.size()), 0)) {
      values.push_back(
          rate_loss(part.to(at::kDouble), before, problem.target, problem.beta).item<double>());
    }
  }
  return values;
}

DenseStep DenseFormulation::coordinate_step(const DenseProblem& problem,
                                            std::span<const Feature> subset, size_t coordinate,
                                            int64_t count) const {
  DenseStep step;
  step.gains = gains(problem, subset);
  std::vector<Feature> ranked;
  for (Feature peak = 0; peak < static_cast<Feature>(step.gains.size()); ++peak) {
    if (std::find(subset.begin(), subset.end(), peak) == subset.end()) ranked.push_back(peak);
  }
  count = std::min(count, static_cast<int64_t>(ranked.size()));
  std::partial_sort(ranked.begin(), ranked.begin() + count, ranked.end(),
                    [&](Feature a, Feature b) {
                      const double da = step.gains[static_cast<size_t>(a)];
                      const double db = step.gains[static_cast<size_t>(b)];
                      return da != db ? da < db : a < b;
                    });
  step.candidates.assign(ranked.begin(), ranked.begin() + count);
  step.values = values(problem, subset, coordinate, step.candidates);
  return step;
}

DenseTrainingStep DenseFormulation::training_gradients(std::span<const int32_t> cells,
                                                       const CsrPattern& closed) const {
  const AllCores cores(impl_->pool.threads());
  std::vector<int32_t> rows(cells.size());
  for (size_t i = 0; i < rows.size(); ++i) rows[i] = static_cast<int32_t>(i);
  DenseTrainingStep result;
  result.loss =
      impl_->backward(to_dense(impl_->open, cells), to_dense(closed, rows).to(at::kFloat));
  result.norm = impl_->gradient_norm();
  for (const auto& [name, tensor] : impl_->parameters()) {
    result.gradients[name] = from_torch(tensor.grad());
  }
  return result;
}

double DenseFormulation::training_step(std::span<const int32_t> cells, uint64_t seed) {
  const AllCores cores(impl_->pool.threads());
  at::manual_seed(seed);
  const at::Tensor x = to_dense(impl_->open, cells);
  const double opened = x.sum().item<double>();
  const double share = std::min(1.0, opened / (static_cast<double>(x.numel()) - opened));
  const at::Tensor closed = (at::rand(x.sizes()) < share).logical_and_(x == 0).to(at::kFloat);
  const double loss = impl_->backward(x, closed);
  impl_->adam(std::min(1.0, 1.0 / std::max(impl_->gradient_norm(), 1e-12)));
  return loss;
}

}  // namespace grids::core::bench
