/// A user's network as a TorchScript file: loaded, checked, and run on batches of rows.
///
/// What the file must offer:
/// - `forward(x: float32 [rows, features]) → float32 [rows, outputs]` (or [rows]: one output), or,
///   for inputs that are ids (words, tokens):
/// - `embed(ids: int64 [rows, features]) → float32 [rows, features, size]`, an embedding layer, and
///   `forward(embedded: float32 [rows, features, size]) → float32 [rows, outputs]`. A feature's
///   embedding may depend on its id and its place, not on other features.
/// Any number of rows, each computed without regard to the others, as networks do once
/// `model.eval()` was called (it is called here too). Everything runs on the CPU.
#pragma once

#include <ATen/ATen.h>
#include <torch/csrc/jit/api/module.h>

#include <cstdint>
#include <filesystem>
#include <string>

namespace grids::core {

class ScriptModule {
 public:
  /// Throws Error(kInput) naming the file when it is no TorchScript.
  explicit ScriptModule(const std::filesystem::path& path);

  const std::string& name() const { return name_; }
  /// Whether inputs are ids, see above.
  bool embeds() const { return embeds_; }

  /// What `forward` takes of rows (rows × features: ids as numbers, or the numbers themselves).
  at::Tensor embedded(const at::Tensor& rows) const;
  /// rows × outputs. All functions throw Error(kInput) with the network's own words when it fails,
  /// and when what it returns has another shape or type.
  at::Tensor forward(const at::Tensor& embedded) const;
  /// ∂(cotangent · outputs)/∂embedded, of its shape; `cotangent` is rows × outputs.
  at::Tensor gradient(const at::Tensor& embedded, const at::Tensor& cotangent) const;

 private:
  at::Tensor outputs_of(const at::Tensor& embedded) const;

  std::string name_;
  torch::jit::Module module_;
  bool embeds_ = false;
};

/// For the time of a block of work on one thread: torch takes no threads of its own, and programs
/// run as they were written, since an optimiser that watches the first runs and then rewrites the
/// program would make results depend on what ran before.
class ScriptCalls {
 public:
  ScriptCalls();
  ~ScriptCalls();
  ScriptCalls(const ScriptCalls&) = delete;
  ScriptCalls& operator=(const ScriptCalls&) = delete;

 private:
  bool optimised_;
};

}  // namespace grids::core
