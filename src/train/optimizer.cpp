#include "train/optimizer.hpp"

#include <cmath>
#include <cstring>

#include "base/error.hpp"

namespace grids::core {
namespace {

std::span<const float> values_of(const at::Tensor& tensor) {
  return {tensor.data_ptr<float>(), static_cast<size_t>(tensor.numel())};
}

void load_moment(const std::map<std::string, Tensor>& tensors, const std::string& name,
                 std::vector<float>& moment) {
  const auto found = tensors.find(name);
  if (found == tensors.end() || found->second.size() != static_cast<int64_t>(moment.size())) {
    throw input_error("no tensor '{}' of {} values", name, moment.size());
  }
  std::memcpy(moment.data(), found->second.f32(), moment.size() * sizeof(float));
}

}  // namespace

Optimizer::Optimizer(const std::vector<NamedTensor>& tensors, const OptimizerOptions& options)
    : options_(options) {
  for (const auto& named : tensors) {
    if (!named.trainable) continue;
    const auto count = static_cast<size_t>(named.tensor->numel());
    entries_.push_back({named, std::vector<float>(count), std::vector<float>(count)});
  }
}

double Optimizer::step(ThreadPool& pool) {
  const at::NoGradGuard no_grad;
  ++steps_;
  for (auto& entry : entries_) {
    at::Tensor& gradient = entry.parameter.tensor->mutable_grad();
    if (!gradient.defined()) gradient = at::zeros_like(*entry.parameter.tensor);
    if (!gradient.is_contiguous()) gradient = gradient.contiguous();
  }
  AdamStep adam_step{options_.rate, options_.beta1, options_.beta2, 1e-8, steps_, 1.0};
  double norm = 0;
  if (options_.clip > 0) {
    for (const auto& entry : entries_) {
      norm += squared_norm(pool, values_of(entry.parameter.tensor->grad()));
    }
    norm = std::sqrt(norm);
    // The small number is torch's clip_grad_norm_'s own.
    if (norm + 1e-6 > options_.clip) adam_step.gradient_scale = options_.clip / (norm + 1e-6);
  }
  for (auto& entry : entries_) {
    at::Tensor& tensor = *entry.parameter.tensor;
    adam(pool, adam_step, {tensor.data_ptr<float>(), static_cast<size_t>(tensor.numel())},
         values_of(tensor.grad()), entry.mean, entry.square);
    tensor.mutable_grad().reset();
  }
  return norm;
}

void Optimizer::save(const std::string& prefix, std::map<std::string, Tensor>& tensors) const {
  for (const auto& entry : entries_) {
    const auto shape = entry.parameter.tensor->sizes().vec();
    tensors[prefix + entry.parameter.name + ".mean"] = Tensor::of_f32(shape, entry.mean);
    tensors[prefix + entry.parameter.name + ".square"] = Tensor::of_f32(shape, entry.square);
  }
}

void Optimizer::load(const std::string& prefix, const std::map<std::string, Tensor>& tensors) {
  for (auto& entry : entries_) {
    load_moment(tensors, prefix + entry.parameter.name + ".mean", entry.mean);
    load_moment(tensors, prefix + entry.parameter.name + ".square", entry.square);
  }
}

}  // namespace grids::core
