#include "torchscript/script_model.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>

#include "base/at.hpp"
#include "base/error.hpp"
#include "base/random.hpp"
#include "torchscript/script_state.hpp"

namespace grids::core {
namespace {

/// Sizes of a batch that are tried, the first that is sound is taken.
constexpr int64_t kBatches[] = {128, 16, 1};

void require_ids(std::span<const float> values, const std::string& source) {
  const auto bad = std::find_if(values.begin(), values.end(),
                                [](float x) { return x < 0 || x != std::floor(x); });
  if (bad == values.end()) return;
  throw input_error("{}: entry {} is {}; the model embeds ids, which are whole numbers from 0 on",
                    source, bad - values.begin(), *bad);
}

bool same_bits(const float* a, const float* b, int64_t count) {
  return std::memcmp(a, b, at(count) * sizeof(float)) == 0;
}

}  // namespace

ScriptModel::ScriptModel(ScriptModule module, FeatureMatrix rows, std::vector<float> replacement,
                         ThreadPool& pool)
    : module_(std::move(module)),
      rows_(std::move(rows)),
      replacement_(std::move(replacement)),
      pool_(pool) {
  if (static_cast<int64_t>(replacement_.size()) != features()) {
    throw internal_error("{} replacement values for {} features", replacement_.size(), features());
  }
  if (module_.embeds()) {
    require_ids(rows_.values, rows_.source);
    require_ids(replacement_, "the perturbation values");
  }
  const ScriptCalls calls;
  with_context(fmt::format("with the {} features of {}", features(), rows_.source), [&] {
    auto row = at::empty({1, features()}, at::kFloat);
    std::copy(replacement_.begin(), replacement_.end(), row.data_ptr<float>());
    replaced_ = module_.embedded(row);
    outputs_ = module_.forward(replaced_).size(1);
    batch_ = tried_batch();
  });
}

ModelShape ScriptModel::shape() const {
  return {static_cast<int32_t>(rows_.rows), static_cast<int32_t>(features()),
          static_cast<int32_t>(outputs_)};
}

const float* ScriptModel::values(int32_t cell) const {
  return rows_.values.data() + cell * features();
}

bool ScriptModel::differs(int32_t cell, Feature feature) const {
  return values(cell)[feature] != replacement_[at(feature)];
}

std::vector<Feature> ScriptModel::differing(int32_t cell) const {
  std::vector<Feature> found;
  for (Feature j = 0; j < features(); ++j) {
    if (differs(cell, j)) found.push_back(j);
  }
  return found;
}

at::Tensor ScriptModel::batch_of(int64_t count, const std::function<Row(int64_t)>& row) const {
  auto x = at::empty({batch_, features()}, at::kFloat);
  auto* to = x.data_ptr<float>();
  for (int64_t i = 0; i < batch_; ++i, to += features()) {
    if (i >= count) {
      std::copy_n(to - features(), features(), to);
      continue;
    }
    const Row one = row(i);
    std::copy_n(values(one.cell), features(), to);
    for (const Feature j : one.subset) {
      if (j != one.edit.out) to[j] = replacement_[at(j)];
    }
    if (one.edit.in != kNoFeature) to[one.edit.in] = replacement_[at(one.edit.in)];
    // Shut gates are masks, to the last bit.
    for (size_t k = 0; one.gates != nullptr && k < one.gates->features.size(); ++k) {
      const Feature j = one.gates->features[k];
      if (one.gates->gates[k] == 1) to[j] = replacement_[at(j)];
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

void ScriptModel::run(int64_t count, std::span<const int32_t> outputs,
                      const std::function<Row(int64_t)>& row, const PredictionSink& sink) const {
  pool_.for_blocks(count, batch_, [&](int64_t begin, int64_t end, int64_t) {
    const ScriptCalls calls;
    const auto result =
        module_.forward(batch_of(end - begin, [&](int64_t i) { return row(begin + i); }));
    if (result.size(1) != outputs_) {
      throw input_error("{}: gives {} outputs for some rows and {} for others", module_.name(),
                        outputs_, result.size(1));
    }
    std::vector<float> chosen;
    chosen.reserve(at(end - begin) * outputs.size());
    for (int64_t i = begin; i < end; ++i) {
      const float* all = result.data_ptr<float>() + (i - begin) * outputs_;
      for (const int32_t output : outputs) {
        chosen.push_back(all[output]);
        if (std::isfinite(all[output])) continue;
        throw input_error("{}: output {} of row {} of {} is {}", module_.name(), output,
                          row(i).cell, rows_.source, all[output]);
      }
    }
    sink(at(begin), chosen);
  });
}

void ScriptModel::gains_of(int64_t count, const std::function<Row(int64_t)>& row,
                           const at::Tensor& cotangent,
                           const std::function<void(int64_t, std::span<const float>)>& sink) const {
  const ScriptCalls calls;
  const auto slopes = module_.gradient(batch_of(count, row), cotangent);
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

std::unique_ptr<MaskState> ScriptModel::begin(std::span<const Feature> subset,
                                              std::span<const int32_t> cells,
                                              std::span<const int32_t> outputs) const {
  return std::make_unique<ScriptState>(*this, subset, cells, outputs);
}

std::unique_ptr<GradientState> ScriptModel::begin_relaxed(std::span<const int32_t> cells,
                                                          std::span<const int32_t> outputs,
                                                          const Relaxation& relaxation) const {
  return std::make_unique<ScriptState>(*this, cells, outputs, relaxation);
}

void ScriptModel::predict(std::span<const MaskedCell> rows, std::span<const int32_t> outputs,
                          const PredictionSink& sink) const {
  run(
      static_cast<int64_t>(rows.size()), outputs,
      [&](int64_t i) { return Row{.cell = rows[at(i)].cell, .subset = rows[at(i)].subset}; }, sink);
}

int64_t ScriptModel::tried_batch() {
  for (const int64_t batch : kBatches) {
    if (batch == 1 || is_sound(batch)) return batch;
  }
  return 1;
}

/// A row gives the same at every place of a batch: among other rows, and among copies of itself. A
/// few rows at all places and all rows at a few: where places round in two ways, most rows happen
/// not to show it.
bool ScriptModel::is_sound(int64_t batch) {
  batch_ = batch;
  const auto outputs = [&](const std::function<int64_t(int64_t)>& row) {
    return module_.forward(batch_of(batch, [&](int64_t i) {  // rows from all over the matrix
      return Row{.cell = static_cast<int32_t>(row(i) * rows_.rows / batch)};
    }));
  };
  const auto mixed = outputs([](int64_t i) { return i; });
  const auto gives_the_same = [&](const std::function<int64_t(int64_t)>& row) {
    const auto other = outputs(row);
    for (int64_t i = 0; i < batch; ++i) {
      if (!same_bits(other.data_ptr<float>() + i * outputs_,
                     mixed.data_ptr<float>() + row(i) * outputs_, outputs_)) {
        return false;
      }
    }
    return true;
  };
  for (const int64_t place : {int64_t{0}, batch / 3, batch / 2, batch - 1}) {
    if (!gives_the_same([=](int64_t) { return place; })) return false;
    if (!gives_the_same([=](int64_t i) { return (i + place + 1) % batch; })) return false;
  }
  return true;
}

}  // namespace grids::core
