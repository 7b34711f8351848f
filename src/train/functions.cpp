#include "train/functions.hpp"

#include <torch/csrc/autograd/function.h>
#include <torch/csrc/autograd/variable.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "base/error.hpp"
#include "math/gemm.hpp"
#include "train/kernels_map.hpp"
#include "train/kernels_norm.hpp"

namespace grids::core {
namespace {

using torch::autograd::variable_list;

class BackwardNode final : public torch::autograd::Node {
 public:
  explicit BackwardNode(BackwardFunction backward) : backward_(std::move(backward)) {}

  variable_list apply(variable_list&& gradients) override {
    if (!backward_) throw internal_error("a training graph was differentiated twice");
    const at::NoGradGuard no_grad;
    const BackwardFunction backward = std::exchange(backward_, nullptr);
    const at::Tensor gradient = gradients.at(0);
    if (!gradient.defined()) return variable_list(num_outputs());
    return backward(gradient.contiguous());
  }
  void release_variables() override { backward_ = nullptr; }
  std::string name() const override { return "grids"; }

 private:
  BackwardFunction backward_;
};

const float* data(const at::Tensor& tensor) {
  return tensor.data_ptr<float>();
}

float* data_or_null(at::Tensor& tensor) {
  return tensor.defined() ? tensor.data_ptr<float>() : nullptr;
}

/// Memory for the gradient of `input`; undefined where none is wanted.
at::Tensor gradient_like(const Pass& pass, const at::Tensor& input, bool wanted) {
  return wanted ? pass.take(input.sizes()) : at::Tensor();
}

/// Rows of `y` start as the bias.
void fill_rows(ThreadPool& pool, at::Tensor& y, const at::Tensor& bias) {
  const int64_t columns = bias.numel();
  float* to = y.data_ptr<float>();
  const float* from = data(bias);
  pool.for_blocks(y.size(0), 32, [&](int64_t begin, int64_t end, int64_t) {
    for (int64_t row = begin; row < end; ++row) std::copy_n(from, columns, to + row * columns);
  });
}

at::Tensor sum_of_rows(const Pass& pass, const at::Tensor& x) {
  at::Tensor sums = pass.take({x.size(1)});
  column_sums(pass.pool, x.size(0), x.size(1), data(x), sums.data_ptr<float>());
  return sums;
}

}  // namespace

bool wants_gradient(const at::Tensor& tensor) {
  return at::GradMode::is_enabled() && tensor.requires_grad();
}

at::Tensor differentiable(at::Tensor result, const std::vector<at::Tensor>& inputs,
                          BackwardFunction backward) {
  bool any = false;
  for (const auto& input : inputs) any = any || wants_gradient(input);
  if (!any) return result;
  // A shared_ptr, or torch's own pointer in newer versions; both take over what a unique_ptr holds.
  // Deleted one by one, which the graph of a step, tens of nodes deep, allows.
  std::unique_ptr<torch::autograd::Node> owned =
      std::make_unique<BackwardNode>(std::move(backward));
  const decltype(torch::autograd::Edge::function) node(std::move(owned));
  torch::autograd::edge_list edges;
  for (const auto& input : inputs) edges.push_back(torch::autograd::impl::gradient_edge(input));
  node->set_next_edges(std::move(edges));
  torch::autograd::create_gradient_edge(result, node);
  return result;
}

at::Tensor linear(const Pass& pass, const at::Tensor& x, const at::Tensor& weight,
                  const at::Tensor& bias) {
  const int64_t rows = x.size(0), in = x.size(1), out = weight.size(0);
  at::Tensor y = pass.take({rows, out});
  fill_rows(pass.pool, y, bias);
  gemm(pass.pool, Transpose::kNo, Transpose::kYes, rows, out, in, data(x), in, data(weight), in,
       1.0f, y.data_ptr<float>(), out);
  const bool wants_x = wants_gradient(x), wants_weight = wants_gradient(weight);
  return differentiable(y, {x, weight, bias}, [=](const at::Tensor& g) -> std::vector<at::Tensor> {
    at::Tensor to_x = gradient_like(pass, x, wants_x);
    at::Tensor to_weight = gradient_like(pass, weight, wants_weight);
    at::Tensor to_bias;
    if (wants_x) {
      gemm(pass.pool, Transpose::kNo, Transpose::kNo, rows, in, out, data(g), out, data(weight), in,
           0.0f, to_x.data_ptr<float>(), in);
    }
    if (wants_weight) {
      gemm(pass.pool, Transpose::kYes, Transpose::kNo, out, in, rows, data(g), out, data(x), in,
           0.0f, to_weight.data_ptr<float>(), in);
      to_bias = sum_of_rows(pass, g);
    }
    return {to_x, to_weight, to_bias};
  });
}

at::Tensor block_linear(const Pass& pass, int64_t chromosomes, const at::Tensor& x,
                        const at::Tensor& weight, const at::Tensor& bias) {
  const int64_t rows = x.size(0), in = weight.size(1), out = weight.size(0) / chromosomes;
  const int64_t x_row = chromosomes * in, y_row = chromosomes * out;
  at::Tensor y = pass.take({rows, y_row});
  fill_rows(pass.pool, y, bias);
  pass.pool.for_each(chromosomes, [&, to = y.data_ptr<float>()](int64_t c) {
    gemm(Transpose::kNo, Transpose::kYes, rows, out, in, data(x) + c * in, x_row,
         data(weight) + c * out * in, in, 1.0f, to + c * out, y_row);
  });
  const bool wants_x = wants_gradient(x), wants_weight = wants_gradient(weight);
  return differentiable(y, {x, weight, bias}, [=](const at::Tensor& g) -> std::vector<at::Tensor> {
    at::Tensor to_x = gradient_like(pass, x, wants_x);
    at::Tensor to_weight = gradient_like(pass, weight, wants_weight);
    at::Tensor to_bias;
    if (wants_weight) to_bias = sum_of_rows(pass, g);
    pass.pool.for_each(chromosomes, [&](int64_t c) {
      const float* from = data(g) + c * out;
      if (wants_x) {
        gemm(Transpose::kNo, Transpose::kNo, rows, in, out, from, y_row,
             data(weight) + c * out * in, in, 0.0f, to_x.data_ptr<float>() + c * in, x_row);
      }
      if (wants_weight) {
        gemm(Transpose::kYes, Transpose::kNo, out, in, rows, from, y_row, data(x) + c * in, x_row,
             0.0f, to_weight.data_ptr<float>() + c * out * in, in);
      }
    });
    return {to_x, to_weight, to_bias};
  });
}

namespace {

NormLayer layer_of(int64_t rows, int64_t columns, const at::Tensor& weight, const at::Tensor& bias,
                   const NormStatistics& statistics, const at::Tensor& slopes) {
  NormLayer layer{
      rows, columns, data(weight), data(bias), data(statistics.mean), data(statistics.inverse)};
  layer.of_batch = statistics.of_batch;
  if (slopes.defined()) {
    layer.slopes = data(slopes);
    layer.slope_columns = columns / slopes.size(0);
  }
  return layer;
}

}  // namespace

at::Tensor normalise(const Pass& pass, const at::Tensor& x, const at::Tensor& weight,
                     const at::Tensor& bias, const std::vector<NormStatistics>& parts,
                     const at::Tensor& slopes) {
  const int64_t columns = x.size(1), rows = x.size(0) / static_cast<int64_t>(parts.size());
  at::Tensor y = pass.take(x.sizes());
  for (size_t i = 0; i < parts.size(); ++i) {
    const int64_t from = static_cast<int64_t>(i) * rows * columns;
    normalise(pass.pool, layer_of(rows, columns, weight, bias, parts[i], slopes), data(x) + from,
              y.data_ptr<float>() + from);
  }
  std::vector<at::Tensor> inputs = {x, weight, bias};
  if (slopes.defined()) inputs.push_back(slopes);
  const bool wants_x = wants_gradient(x), wants_weight = wants_gradient(weight);
  return differentiable(y, inputs, [=](const at::Tensor& g) -> std::vector<at::Tensor> {
    std::vector<at::Tensor> to;
    for (size_t i = 0; i < parts.size(); ++i) {
      const int64_t from = static_cast<int64_t>(i) * rows * columns;
      std::vector<at::Tensor> part = {i == 0 ? gradient_like(pass, x, wants_x) : to[0],
                                      gradient_like(pass, weight, wants_weight),
                                      gradient_like(pass, bias, wants_weight)};
      if (slopes.defined()) part.push_back(gradient_like(pass, slopes, wants_weight));
      normalise_gradient(
          pass.pool, layer_of(rows, columns, weight, bias, parts[i], slopes), data(x) + from,
          data(g) + from,
          {wants_x ? data_or_null(part[0]) + from : nullptr, data_or_null(part[1]),
           data_or_null(part[2]), slopes.defined() ? data_or_null(part[3]) : nullptr});
      if (i == 0) {
        to = std::move(part);
        continue;
      }
      for (size_t k = 1; k < part.size(); ++k) {
        if (to[k].defined()) to[k].add_(part[k]);
      }
    }
    return to;
  });
}

at::Tensor mixture_map(const Pass& pass, const MixtureTensors& map, const at::Tensor& x) {
  const int64_t cells = x.size(0);
  MixtureMap kernel;
  kernel.width = x.size(1);
  kernel.experts = map.gate_2_weight.size(0);
  kernel.hidden = map.gate_2_weight.size(1);
  for (const auto& matrix : map.matrices) kernel.matrices.push_back(data(matrix));
  for (const auto& offset : map.offsets) kernel.offsets.push_back(data(offset));
  kernel.gate_0_weight = data(map.gate_0_weight);
  kernel.gate_0_bias = data(map.gate_0_bias);
  kernel.gate_2_weight = data(map.gate_2_weight);
  kernel.gate_2_bias = data(map.gate_2_bias);
  kernel.slope = data(map.slope);
  at::Tensor y = pass.take(x.sizes());
  const auto trace = std::make_shared<MixtureTrace>();
  mixture_map(kernel, cells, data(x), y.data_ptr<float>(), *trace);

  std::vector<at::Tensor> inputs = {
      x, map.gate_0_weight, map.gate_0_bias, map.gate_2_weight, map.gate_2_bias, map.slope};
  inputs.insert(inputs.end(), map.matrices.begin(), map.matrices.end());
  inputs.insert(inputs.end(), map.offsets.begin(), map.offsets.end());
  const bool wants_x = wants_gradient(x);
  return differentiable(y, inputs, [=](const at::Tensor& g) -> std::vector<at::Tensor> {
    std::vector<at::Tensor> to;
    for (size_t i = 0; i < inputs.size(); ++i) {
      to.push_back(gradient_like(pass, inputs[i], i > 0 || wants_x));
    }
    MixtureGradient gradient;
    gradient.x = data_or_null(to[0]);
    gradient.gate_0_weight = to[1].data_ptr<float>();
    gradient.gate_0_bias = to[2].data_ptr<float>();
    gradient.gate_2_weight = to[3].data_ptr<float>();
    gradient.gate_2_bias = to[4].data_ptr<float>();
    gradient.slope = to[5].data_ptr<float>();
    const size_t layers = map.matrices.size();
    for (size_t layer = 0; layer < layers; ++layer) {
      gradient.matrices.push_back(to[6 + layer].data_ptr<float>());
      gradient.offsets.push_back(to[6 + layers + layer].data_ptr<float>());
    }
    mixture_map_gradient(kernel, cells, *trace, data(g), gradient);
    return to;
  });
}

at::Tensor chromosome_sums(const Pass& pass, const PeakBlocks& blocks, const BlockedRows& open,
                           const at::Tensor& embedding) {
  const int64_t width = embedding.size(2);
  at::Tensor sums = pass.take({open.pattern.rows, blocks.chromosomes() * width});
  chromosome_sums(pass.pool, blocks, open, width, data(embedding), sums.data_ptr<float>());
  return differentiable(sums, {embedding},
                        [=, &blocks, &open, sizes = embedding.sizes().vec()](
                            const at::Tensor& g) -> std::vector<at::Tensor> {
                          at::Tensor to_embedding = pass.take(sizes);
                          chromosome_sums_gradient(pass.pool, blocks, open, width, data(g),
                                                   to_embedding.data_ptr<float>());
                          return {to_embedding};
                        });
}

namespace {

/// The scalar of a kernel that computed its gradients on the way; they are scaled only if the
/// scalar's own gradient is not 1.
at::Tensor fused_loss(double value, const std::vector<at::Tensor>& inputs,
                      std::vector<at::Tensor> gradients) {
  // By way of double: a loss that diverges becomes infinite, as the trainer expects, and no error.
  at::Tensor result = at::scalar_tensor(value, at::kDouble).to(at::kFloat);
  return differentiable(result, inputs,
                        [gradients = std::move(gradients)](const at::Tensor& g) mutable {
                          const float scale = g.item<float>();
                          for (auto& gradient : gradients) {
                            if (gradient.defined() && scale != 1.0f) gradient.mul_(scale);
                          }
                          return std::move(gradients);
                        });
}

}  // namespace

at::Tensor focal_reconstruction(const Pass& pass, const PeakBlocks& blocks, const BlockedRows& open,
                                const BlockedRows& closed, const at::Tensor& hidden,
                                const at::Tensor& weight, const at::Tensor& bias) {
  std::vector<at::Tensor> inputs = {hidden, weight, bias}, gradients;
  for (const auto& input : inputs) {
    gradients.push_back(gradient_like(pass, input, wants_gradient(input)));
  }
  const double value = focal_reconstruction(
      pass.pool, blocks, open, closed,
      DecoderHead{weight.size(1), data(hidden), data(weight), data(bias)},
      DecoderHeadGradient{data_or_null(gradients[0]), data_or_null(gradients[1]),
                          data_or_null(gradients[2])});
  return fused_loss(value, inputs, std::move(gradients));
}

at::Tensor squared_error_at(const Pass& pass, const CsrPattern& first, const CsrPattern& second,
                            const at::Tensor& predicted, const at::Tensor& target) {
  std::vector<at::Tensor> gradients = {gradient_like(pass, predicted, wants_gradient(predicted))};
  const double value = squared_error_at(pass.pool, first, second, data(predicted), data(target),
                                        data_or_null(gradients[0]));
  return fused_loss(value, {predicted}, std::move(gradients));
}

PairedError paired_error(const Pass& pass, const CsrPattern& first, const CsrPattern& second,
                         const at::Tensor& decoded, const at::Tensor& target, double weight) {
  const int64_t half = target.numel();
  std::vector<at::Tensor> gradients = {gradient_like(pass, decoded, wants_gradient(decoded))};
  float* gradient = data_or_null(gradients[0]);
  PairedError error;
  error.own = squared_error_at(pass.pool, first, second, data(decoded), data(target), gradient);
  error.mapped = squared_error(pass.pool, weight, {data(decoded) + half, static_cast<size_t>(half)},
                               {data(target), static_cast<size_t>(half)},
                               gradient ? gradient + half : nullptr);
  error.total = fused_loss(error.own + weight * error.mapped, {decoded}, std::move(gradients));
  return error;
}

}  // namespace grids::core
