#include "torchscript/script_model.hpp"

#include <algorithm>
#include <cmath>

#include "base/at.hpp"
#include "base/error.hpp"
#include "base/random.hpp"

namespace grids::core {
namespace {

void require_ids(std::span<const float> values, const std::string& source) {
  const auto bad = std::find_if(values.begin(), values.end(),
                                [](float x) { return x < 0 || x != std::floor(x); });
  if (bad == values.end()) return;
  throw input_error("{}: entry {} is {}; the model embeds ids, which are whole numbers from 0 on",
                    source, bad - values.begin(), *bad);
}

}  // namespace

/// A matrix that is moved keeps its values where they are.
ScriptModel::ScriptModel(ScriptModule module, FeatureMatrix rows, std::vector<float> replacement,
                         ThreadPool& pool)
    : RowModel(module.name(),
               {rows.values, rows.rows, rows.features, std::move(replacement), rows.source}, &pool),
      module_(std::move(module)),
      matrix_(std::move(rows)) {
  const auto& p = this->rows().replacement;
  if (module_.embeds()) {
    require_ids(matrix_.values, matrix_.source);
    require_ids(p, "the perturbation values");
  }
  const ScriptCalls calls;
  with_context(fmt::format("with the {} features of {}", features(), matrix_.source), [&] {
    auto row = at::empty({1, features()}, at::kFloat);
    std::copy(p.begin(), p.end(), row.data_ptr<float>());
    replaced_ = module_.embedded(row);
    settle(static_cast<int32_t>(module_.forward(replaced_).size(1)));
  });
}

at::Tensor ScriptModel::batch_of(int64_t count, const RowOf& row) const {
  const int64_t batch = batch_rows();
  auto x = at::empty({batch, features()}, at::kFloat);
  auto* to = x.data_ptr<float>();
  for (int64_t i = 0; i < batch; ++i, to += features()) {
    if (i < count) {
      put_masked(row(i), {to, at(features())});
    } else {
      std::copy_n(to - features(), features(), to);
    }
  }
  auto embedded = module_.embedded(x);
  const int64_t size = replaced_.numel();
  for (int64_t i = 0; i < count; ++i) {
    const Row one = row(i);
    float* e = embedded.data_ptr<float>() + i * size;
    if (one.noise != nullptr) add_noise(one, e);
    if (one.gates != nullptr) apply_gates(one, e);
  }
  return embedded;
}

void ScriptModel::add_noise(const Row& row, float* embedded) const {
  const int64_t size = replaced_.numel() / features();
  const auto* p = replaced_.data_ptr<float>();
  RandomStream random(row.noise->seed, Purpose::kNoise, row.noise->copy,
                      static_cast<uint32_t>(row.cell));
  for (int64_t j = 0; j < features(); ++j) {
    const auto by = static_cast<float>(row.noise->deviation * random.normal());
    for (int64_t k = j * size; k < (j + 1) * size; ++k) {
      embedded[k] += module_.embeds() ? by * (p[k] - embedded[k]) : by;
    }
  }
}

void ScriptModel::apply_gates(const Row& row, float* embedded) const {
  const int64_t size = replaced_.numel() / features();
  const auto* p = replaced_.data_ptr<float>();
  for (size_t i = 0; i < row.gates->features.size(); ++i) {
    const float gate = row.gates->gates[i];
    if (gate == 0 || gate == 1) continue;
    const int64_t j = row.gates->features[i];
    for (int64_t k = j * size; k < (j + 1) * size; ++k) {
      embedded[k] += gate * (p[k] - embedded[k]);
    }
  }
}

std::vector<float> ScriptModel::outputs_of(int64_t count, const RowOf& row) const {
  const ScriptCalls calls;
  const auto result = module_.forward(batch_of(count, row));
  if (result.size(1) != shape().outputs) {
    throw input_error("{}: gives {} outputs for some rows and {} for others", name(),
                      shape().outputs, result.size(1));
  }
  const auto* values = result.data_ptr<float>();
  return {values, values + result.numel()};
}

void ScriptModel::gains_of(int64_t count, const RowOf& row, std::span<const float> cotangent,
                           const RowGains& sink) const {
  const ScriptCalls calls;
  auto directions = at::empty({batch_rows(), shape().outputs}, at::kFloat);
  std::copy(cotangent.begin(), cotangent.end(), directions.data_ptr<float>());
  const auto slopes = module_.gradient(batch_of(count, row), directions);
  const auto unmasked = batch_of(count, [&](int64_t i) { return Row{.cell = row(i).cell}; });
  const int64_t size = replaced_.numel() / features();
  const auto* p = replaced_.data_ptr<float>();
  std::vector<float> gains(at(features()));
  for (int64_t i = 0; i < count; ++i) {
    const float* slope = slopes.data_ptr<float>() + i * features() * size;
    const float* e = unmasked.data_ptr<float>() + i * features() * size;
    for (int64_t j = 0; j < features(); ++j) {
      float gain = 0;
      for (int64_t k = j * size; k < (j + 1) * size; ++k) gain += slope[k] * (p[k] - e[k]);
      gains[at(j)] = gain;
    }
    sink(i, gains);
  }
}

}  // namespace grids::core
