#include "train/functions.hpp"

#include <torch/csrc/autograd/function.h>
#include <torch/csrc/autograd/variable.h>

#include <memory>
#include <utility>

#include "base/error.hpp"
#include "base/gemm.hpp"

namespace grids {
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

at::Tensor new_tensor(at::IntArrayRef sizes) {
  return at::empty(sizes, at::kFloat);
}

const float* data(const at::Tensor& tensor) {
  return tensor.data_ptr<float>();
}

/// Rows of `y` start as the bias.
void fill_rows(at::Tensor& y, const at::Tensor& bias) {
  y.copy_(bias.expand_as(y));
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
  const std::shared_ptr<torch::autograd::Node> node(new BackwardNode(std::move(backward)),
                                                    torch::autograd::deleteNode);
  torch::autograd::edge_list edges;
  for (const auto& input : inputs) edges.push_back(torch::autograd::impl::gradient_edge(input));
  node->set_next_edges(std::move(edges));
  torch::autograd::create_gradient_edge(result, node);
  return result;
}

at::Tensor linear(ThreadPool& pool, const at::Tensor& x, const at::Tensor& weight,
                  const at::Tensor& bias) {
  const int64_t rows = x.size(0), in = x.size(1), out = weight.size(0);
  at::Tensor y;
  {
    const at::NoGradGuard no_grad;
    y = new_tensor({rows, out});
    fill_rows(y, bias);
    gemm(pool, Transpose::kNo, Transpose::kYes, rows, out, in, data(x), in, data(weight), in, 1.0f,
         y.data_ptr<float>(), out);
  }
  const bool wants_x = wants_gradient(x), wants_weight = wants_gradient(weight);
  return differentiable(y, {x, weight, bias},
                        [=, &pool](const at::Tensor& g) -> std::vector<at::Tensor> {
                          at::Tensor to_x, to_weight, to_bias;
                          if (wants_x) {
                            to_x = new_tensor({rows, in});
                            gemm(pool, Transpose::kNo, Transpose::kNo, rows, in, out, data(g), out,
                                 data(weight), in, 0.0f, to_x.data_ptr<float>(), in);
                          }
                          if (wants_weight) {
                            to_weight = new_tensor({out, in});
                            gemm(pool, Transpose::kYes, Transpose::kNo, out, in, rows, data(g), out,
                                 data(x), in, 0.0f, to_weight.data_ptr<float>(), in);
                            to_bias = g.sum(0);
                          }
                          return {to_x, to_weight, to_bias};
                        });
}

at::Tensor block_linear(ThreadPool& pool, int64_t chromosomes, const at::Tensor& x,
                        const at::Tensor& weight, const at::Tensor& bias) {
  const int64_t rows = x.size(0), in = weight.size(1), out = weight.size(0) / chromosomes;
  const int64_t x_row = chromosomes * in, y_row = chromosomes * out;
  at::Tensor y;
  {
    const at::NoGradGuard no_grad;
    y = new_tensor({rows, y_row});
    fill_rows(y, bias);
    float* to = y.data_ptr<float>();
    pool.for_each(chromosomes, [&](int64_t c) {
      gemm(Transpose::kNo, Transpose::kYes, rows, out, in, data(x) + c * in, x_row,
           data(weight) + c * out * in, in, 1.0f, to + c * out, y_row);
    });
  }
  const bool wants_x = wants_gradient(x), wants_weight = wants_gradient(weight);
  return differentiable(
      y, {x, weight, bias}, [=, &pool](const at::Tensor& g) -> std::vector<at::Tensor> {
        at::Tensor to_x, to_weight, to_bias;
        if (wants_x) to_x = new_tensor({rows, x_row});
        if (wants_weight) to_weight = new_tensor({chromosomes * out, in});
        if (wants_weight) to_bias = g.sum(0);
        pool.for_each(chromosomes, [&](int64_t c) {
          const float* from = data(g) + c * out;
          if (wants_x) {
            gemm(Transpose::kNo, Transpose::kNo, rows, in, out, from, y_row,
                 data(weight) + c * out * in, in, 0.0f, to_x.data_ptr<float>() + c * in, x_row);
          }
          if (wants_weight) {
            gemm(Transpose::kYes, Transpose::kNo, out, in, rows, from, y_row, data(x) + c * in,
                 x_row, 0.0f, to_weight.data_ptr<float>() + c * out * in, in);
          }
        });
        return {to_x, to_weight, to_bias};
      });
}

at::Tensor chromosome_sums(ThreadPool& pool, const PeakBlocks& blocks, const BlockedRows& open,
                           const at::Tensor& embedding) {
  const int64_t width = embedding.size(2);
  at::Tensor sums;
  {
    const at::NoGradGuard no_grad;
    sums = new_tensor({open.pattern.rows, blocks.chromosomes() * width});
    chromosome_sums(pool, blocks, open, width, data(embedding), sums.data_ptr<float>());
  }
  return differentiable(sums, {embedding},
                        [&pool, &blocks, &open, width, sizes = embedding.sizes().vec()](
                            const at::Tensor& g) -> std::vector<at::Tensor> {
                          at::Tensor to_embedding = new_tensor(sizes);
                          chromosome_sums_gradient(pool, blocks, open, width, data(g),
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

at::Tensor gradient_like(const at::Tensor& input) {
  return wants_gradient(input) ? at::empty(input.sizes(), at::kFloat) : at::Tensor();
}

float* data_or_null(at::Tensor& tensor) {
  return tensor.defined() ? tensor.data_ptr<float>() : nullptr;
}

}  // namespace

at::Tensor focal_reconstruction(ThreadPool& pool, const PeakBlocks& blocks, const BlockedRows& open,
                                const BlockedRows& closed, const at::Tensor& hidden,
                                const at::Tensor& weight, const at::Tensor& bias) {
  std::vector<at::Tensor> gradients = {gradient_like(hidden), gradient_like(weight),
                                       gradient_like(bias)};
  const double value = focal_reconstruction(
      pool, blocks, open, closed,
      DecoderHead{weight.size(1), data(hidden), data(weight), data(bias)},
      DecoderHeadGradient{data_or_null(gradients[0]), data_or_null(gradients[1]),
                          data_or_null(gradients[2])});
  return fused_loss(value, {hidden, weight, bias}, std::move(gradients));
}

at::Tensor squared_error_at(ThreadPool& pool, const CsrPattern& first, const CsrPattern& second,
                            const at::Tensor& predicted, const at::Tensor& target) {
  std::vector<at::Tensor> gradients = {gradient_like(predicted)};
  const double value = squared_error_at(pool, first, second, data(predicted), data(target),
                                        data_or_null(gradients[0]));
  return fused_loss(value, {predicted}, std::move(gradients));
}

}  // namespace grids
