// What a search adds to its model: sums over cells after an edit.
#include <algorithm>
#include <memory>
#include <stdexcept>
#include <vector>

#include "base/indices.hpp"
#include "kernels/inputs.hpp"
#include "search/objective.hpp"

namespace grids::core::bench {
namespace {

/// Outputs that are there already: an edit touches `touched` cells, evenly spaced, at no cost.
class ReadyState : public MaskState {
 public:
  ReadyState(std::vector<float> outputs, int64_t touched) : outputs_(std::move(outputs)) {
    const auto cells = static_cast<int64_t>(outputs_.size());
    for (int64_t i = 0; i < touched; ++i) {
      positions_.push_back(static_cast<int32_t>((2 * i + 1) * cells / (2 * touched)));
    }
    after_.assign(positions_.size(), 0.5f);
    for (const float& output : after_) rows_.push_back(&output);
  }

  std::span<const Feature> subset() const override { return {}; }
  std::span<const float> outputs() const override { return outputs_; }
  void outputs_after(std::span<const Edit> edits, const EditSink& sink) const override {
    for (size_t edit = 0; edit < edits.size(); ++edit) sink(edit, positions_, {rows_, 1});
  }
  void apply(Edit) override { throw std::logic_error("not measured"); }
  std::unique_ptr<MaskState> on(std::span<const int32_t>) const override {
    throw std::logic_error("not measured");
  }
  void gains(std::span<const float>, std::span<double>) const override {
    throw std::logic_error("not measured");
  }
  void cell_gains(std::span<const float>, const CellGainSink&) const override {
    throw std::logic_error("not measured");
  }

 private:
  std::vector<float> outputs_;
  std::vector<int32_t> positions_;
  std::vector<float> after_;
  std::vector<const float*> rows_;
};

/// Values of many edits at once, as a round of greedy search asks for; arguments: cells, cells that
/// an edit touches.
void values_after_edits(benchmark::State& state) {
  const int64_t cells = state.range(0);
  auto outputs = random_floats(cells, 5);
  for (float& output : outputs) output = std::abs(output);
  Objective objective;
  objective.cells = indices_below(cells);
  objective.outputs = {0};
  objective.loss = make_loss({1, outputs, {}, {}}, {.kind = LossKind::kRate});
  const ReadyState ready(outputs, state.range(1));
  const std::vector<Edit> edits(10000, Edit{kNoFeature, 0});
  for (auto _ : state) {
    benchmark::DoNotOptimize(values_after(objective, ready, edits));
  }
  state.counters["edit"] = benchmark::Counter(
      static_cast<double>(edits.size()),
      benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}

BENCHMARK(values_after_edits)
    ->ArgNames({"cells", "touched"})
    ->Args({700, 1})
    ->Args({700, 28})
    ->Args({70000, 1})
    ->Args({70000, 28})
    ->Args({70000, 2800})
    ->UseRealTime();

}  // namespace
}  // namespace grids::core::bench
