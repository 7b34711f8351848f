#include "torchscript/script_module.hpp"

#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>
#include <c10/util/Exception.h>
#include <fmt/ranges.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/jit/runtime/graph_executor.h>
#include <torch/csrc/jit/serialization/import.h>

#include <string_view>

#include "base/error.hpp"
#include "train/blas.hpp"

namespace grids::core {
namespace {

/// The line of a TorchScript trace that says what happened, without its backtrace.
std::string reason(std::string_view text) {
  constexpr std::string_view kMark = "RuntimeError: ";
  const size_t marked = text.rfind(kMark);
  if (marked != std::string_view::npos) text.remove_prefix(marked + kMark.size());
  while (text.starts_with('\n')) text.remove_prefix(1);
  return std::string(text.substr(0, text.find('\n')));
}

/// Runs what calls torch; its exceptions become errors of the file.
template <typename Body>
auto calling(const std::string& name, std::string_view what, const Body& body) {
  try {
    return body();
  } catch (const Error&) {
    throw;
  } catch (const c10::Error& error) {
    throw input_error("{}: {} failed: {}", name, what, reason(error.what_without_backtrace()));
  } catch (const std::exception& error) {
    throw input_error("{}: {} failed: {}", name, what, reason(error.what()));
  }
}

std::string shape_text(const at::Tensor& tensor) {
  return fmt::format("[{}]", fmt::join(tensor.sizes(), ", "));
}

torch::jit::Module load(const std::filesystem::path& path) {
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) {
    throw input_error("cannot read {}: it is a folder", path.string());
  }
  if (!std::filesystem::exists(path, error)) {
    throw input_error("{}: there is no such file", path.string());
  }
  try {
    auto module = torch::jit::load(path.string(), at::kCPU);
    module.eval();
    for (auto parameter : module.parameters()) parameter.set_requires_grad(false);
    return module;
  } catch (const std::exception&) {
    throw input_error(
        "{}: this is no TorchScript file, or a damaged one; save the model with "
        "torch.jit.script(model).save(…) or torch.jit.trace(model, example).save(…)",
        path.string());
  }
}

}  // namespace

ScriptModule::ScriptModule(const std::filesystem::path& path)
    : name_(path.string()), module_(load(path)) {
  serve_torch_with_onednn();
  at::set_num_threads(1);  // of torch; blocks of rows run side by side on our own threads
  if (!module_.find_method("forward")) {
    throw input_error("{}: the model has no method 'forward'", name_);
  }
  embeds_ = module_.find_method("embed").has_value();
}

at::Tensor ScriptModule::embedded(const at::Tensor& rows) const {
  if (!embeds_) return rows;
  const at::NoGradGuard no_gradient;
  const auto result = calling(name_, "embed", [&] {
    return module_.get_method("embed")({rows.to(at::kLong)}).toTensor().contiguous();
  });
  if (result.dim() != 3 || result.size(0) != rows.size(0) || result.size(1) != rows.size(1) ||
      result.scalar_type() != at::kFloat) {
    throw input_error(
        "{}: embed must return float32 [rows, features, size] of the ids {}, not {} {}", name_,
        shape_text(rows), c10::toString(result.scalar_type()), shape_text(result));
  }
  return result;
}

at::Tensor ScriptModule::outputs_of(const at::Tensor& embedded) const {
  auto result = calling(name_, fmt::format("forward of an input {}", shape_text(embedded)),
                        [&] { return module_.get_method("forward")({embedded}).toTensor(); });
  if (result.dim() == 1) result = result.unsqueeze(1);
  if (result.dim() != 2 || result.size(0) != embedded.size(0) || result.size(1) < 1 ||
      result.scalar_type() != at::kFloat) {
    throw input_error("{}: forward must return float32 [rows, outputs] of an input {}, not {} {}",
                      name_, shape_text(embedded), c10::toString(result.scalar_type()),
                      shape_text(result));
  }
  return result;
}

at::Tensor ScriptModule::forward(const at::Tensor& embedded) const {
  const at::NoGradGuard no_gradient;
  return outputs_of(embedded).contiguous();
}

at::Tensor ScriptModule::gradient(const at::Tensor& embedded, const at::Tensor& cotangent) const {
  const at::AutoGradMode with_gradient(true);
  const auto input = embedded.detach().requires_grad_(true);
  const auto outputs = outputs_of(input);
  if (!outputs.requires_grad()) {
    throw input_error("{}: its outputs have no gradient with respect to its input", name_);
  }
  return calling(name_, "the gradient", [&] {
    return torch::autograd::grad({outputs}, {input}, {cotangent})[0].contiguous();
  });
}

ScriptCalls::ScriptCalls() : optimised_(torch::jit::getGraphExecutorOptimize()) {
  // The number is a property of each thread once it has been set for the process.
  at::init_num_threads();
  torch::jit::setGraphExecutorOptimize(false);
}

ScriptCalls::~ScriptCalls() {
  torch::jit::setGraphExecutorOptimize(optimised_);
}

}  // namespace grids::core
